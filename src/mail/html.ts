/**
 * HTML to text without a DOM: one pass, linear in any input, nothing nested deeper than a counter. (Parsers that build
 * a tree take seconds for a megabyte of unclosed tags.) Good enough to read, to search and to preview.
 */

/** Characters of the text that are made. */
export const MAX_TEXT = 1 << 20;

/** Their content is not text. */
const SKIPPED = new Set(['style', 'script', 'title', 'noscript', 'template', 'svg', 'math', 'xml', 'object', 'select']);
/** Empty lines around them: 2; their own line: 1. */
const BREAKS = new Map<string, number>([
  ...['p', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'blockquote', 'pre', 'ul', 'ol', 'dl', 'table', 'hr'].map(
    (name) => [name, 2] as const,
  ),
  ...[
    'div',
    'tr',
    'li',
    'dt',
    'dd',
    'br',
    'section',
    'article',
    'header',
    'footer',
    'main',
    'nav',
    'aside',
    'address',
    'center',
    'form',
    'fieldset',
    'figure',
    'figcaption',
    'body',
    'caption',
    'thead',
    'tbody',
    'tfoot',
    'title',
  ].map((name) => [name, 1] as const),
]);

/** The readable text of an HTML page or fragment, at most `limit` characters (some more at the end). */
export function htmlToText(html: string, limit = MAX_TEXT): string {
  return new HtmlReader(html, limit).read();
}

class HtmlReader {
  readonly #html: string;
  readonly #limit: number;
  #out = '';
  /** Line breaks due before the next text; a blank is due. */
  #breaks = 0;
  #blank = false;
  #pre = 0;
  /** From here on there is no such quote any more: keeps unterminated attributes linear. */
  #noQuoteAfter = new Map<number, number>();

  constructor(html: string, limit: number) {
    this.#html = html;
    this.#limit = limit;
  }

  read(): string {
    const html = this.#html;
    let i = 0;
    while (i < html.length && this.#out.length < this.#limit) {
      const open = html.indexOf('<', i);
      if (open < 0) {
        this.#text(i, html.length);
        break;
      }
      if (open > i) this.#text(i, open);
      i = this.#markup(open);
    }
    return this.#out;
  }

  /** A tag, a comment, or a '<' that is text; answers the position after it. */
  #markup(open: number): number {
    const html = this.#html;
    const next = html.charCodeAt(open + 1);
    if (next === 0x21 && html.startsWith('<!--', open)) return after(html, '-->', open + 4);
    if (next === 0x21 || next === 0x3f) return after(html, '>', open);
    const closing = next === 0x2f;
    const nameStart = closing ? open + 2 : open + 1;
    if (!isLetter(html.charCodeAt(nameStart))) {
      if (closing) return after(html, '>', open);
      this.#append('<');
      return open + 1;
    }
    let nameEnd = nameStart + 1;
    while (isNameCharacter(html.charCodeAt(nameEnd)) && nameEnd - nameStart < 32) nameEnd += 1;
    const name = html.slice(nameStart, nameEnd).toLowerCase();
    const end = this.#tagEnd(nameEnd);
    const selfClosing = html.charCodeAt(end - 2) === 0x2f;
    if (!closing && !selfClosing && SKIPPED.has(name)) return this.#skip(name, end);
    this.#tag(name, closing);
    return end;
  }

  #tag(name: string, closing: boolean): void {
    if (name === 'pre') this.#pre = Math.max(0, this.#pre + (closing ? -1 : 1));
    const breaks = BREAKS.get(name);
    if (breaks !== undefined) {
      if (name === 'br') this.#breaks = Math.min(this.#breaks + 1, 3);
      else this.#breaks = Math.max(this.#breaks, breaks);
      if (name === 'hr') this.#append('---');
      if (name === 'hr') this.#breaks = 2;
      if (name === 'li' && !closing) {
        this.#append('*');
        this.#blank = true;
      }
    } else if (name === 'td' || name === 'th') this.#blank = true;
  }

  /** Position after the '>' of a tag; one inside quotes does not count. */
  #tagEnd(start: number): number {
    const html = this.#html;
    for (let i = start; i < html.length; i += 1) {
      const code = html.charCodeAt(i);
      if (code === 0x3e) return i + 1;
      if ((code === 0x22 || code === 0x27) && html.charCodeAt(i - 1) === 0x3d) {
        const close = this.#closingQuote(code, i + 1);
        if (close > 0) i = close;
      }
    }
    return html.length;
  }

  #closingQuote(quote: number, from: number): number {
    const none = this.#noQuoteAfter.get(quote);
    if (none !== undefined && from >= none) return -1;
    const close = this.#html.indexOf(String.fromCharCode(quote), from);
    if (close < 0) this.#noQuoteAfter.set(quote, from);
    return close;
  }

  /** Position after the end tag of an element whose content is no text. */
  #skip(name: string, from: number): number {
    const html = this.#html;
    let at = html.indexOf('</', from);
    while (at >= 0) {
      if (html.slice(at + 2, at + 2 + name.length).toLowerCase() === name) return after(html, '>', at);
      at = html.indexOf('</', at + 2);
    }
    return html.length;
  }

  #text(start: number, end: number): void {
    const room = Math.max(this.#limit - this.#out.length, 0) * 4 + 100;
    const raw = this.#html.slice(start, Math.min(end, start + room));
    if (this.#pre > 0) {
      this.#append(decodeEntities(raw));
      return;
    }
    const text = decodeEntities(raw.replaceAll(/[ \t\r\n\f]+/g, ' '));
    if (text === ' ') {
      this.#blank = true;
      return;
    }
    if (text.startsWith(' ')) this.#blank = true;
    const solid = text.slice(text.startsWith(' ') ? 1 : 0, text.endsWith(' ') ? -1 : undefined);
    this.#append(solid);
    if (text.endsWith(' ')) this.#blank = true;
  }

  #append(text: string): void {
    if (text === '') return;
    if (this.#breaks > 0) {
      if (this.#out !== '') this.#out += '\n'.repeat(this.#breaks);
    } else if (this.#blank && this.#out !== '') this.#out += ' ';
    this.#breaks = 0;
    this.#blank = false;
    this.#out += text;
  }
}

function after(html: string, what: string, from: number): number {
  const at = html.indexOf(what, from);
  return at < 0 ? html.length : at + what.length;
}

function isLetter(code: number): boolean {
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}

function isNameCharacter(code: number): boolean {
  return isLetter(code) || (code >= 0x30 && code <= 0x39) || code === 0x2d || code === 0x3a;
}

/** Names of U+00A0 to U+00FF in order (HTML 4 §24.2). */
const LATIN =
  'nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml';
const ENTITIES = new Map<string, string>([
  ...LATIN.split(' ').map((name, i) => [name, String.fromCharCode(0xa0 + i)] as const),
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
  ['zwnj', '\u200c'],
  ['zwj', '\u200d'],
  ['ensp', ' '],
  ['emsp', ' '],
  ['thinsp', ' '],
  ['ndash', '–'],
  ['mdash', '—'],
  ['lsquo', '‘'],
  ['rsquo', '’'],
  ['sbquo', '‚'],
  ['ldquo', '“'],
  ['rdquo', '”'],
  ['bdquo', '„'],
  ['hellip', '…'],
  ['bull', '•'],
  ['trade', '™'],
  ['euro', '€'],
  ['larr', '←'],
  ['rarr', '→'],
  ['check', '✓'],
]);

function decodeEntities(text: string): string {
  return text.includes('&') ? text.replaceAll(/&(#x[0-9a-f]{1,6}|#\d{1,7}|[a-z][a-z0-9]{1,8});?/gi, entity) : text;
}

function entity(whole: string, name: string): string {
  if (name.charCodeAt(0) !== 0x23) return ENTITIES.get(name) ?? ENTITIES.get(name.toLowerCase()) ?? whole;
  const isHex = (name.charCodeAt(1) | 0x20) === 0x78;
  const code = Number.parseInt(name.slice(isHex ? 2 : 1), isHex ? 16 : 10);
  return code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? String.fromCodePoint(code) : '\ufffd';
}
