/** HTML by template functions: whatever is put in is text, unless it was made here. */

export class Html {
  readonly #markup: string;
  constructor(markup: string) {
    this.#markup = markup;
  }
  toString(): string {
    return this.#markup;
  }
}

type Content = string | number | Html | readonly Content[];

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Attributes must be quoted in the template. */
export function html(template: TemplateStringsArray, ...contents: readonly Content[]): Html {
  let markup = template[0] ?? '';
  contents.forEach((content, i) => (markup += render(content) + (template[i + 1] ?? '')));
  return new Html(markup);
}

function render(content: Content): string {
  if (content instanceof Html) return content.toString();
  if (Array.isArray(content)) return content.map(render).join('');
  return String(content).replace(/[&<>"']/g, (c) => ESCAPES[c] ?? c);
}
