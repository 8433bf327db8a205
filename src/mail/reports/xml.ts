/**
 * XML as far as reports need it: elements and text. No document type, so no entities but the five, and nothing that is
 * fetched or repeated; prefixes of names and attributes are left out.
 */

export interface XmlElement {
  /** Without prefix. */
  readonly name: string;
  readonly children: XmlElement[];
  /** Of its own, trimmed. */
  text: string;
}

const MOST_ELEMENTS = 200_000;
const MOST_DEPTH = 20;
/** Elements before others get their turn. */
const TURN = 5_000;
const ENTITIES = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
]);

/** The outermost element; undefined when this is not such a document. One pass, in which others get their turn. */
export async function parseXml(source: string): Promise<XmlElement | undefined> {
  const top: XmlElement = { name: '', children: [], text: '' };
  const open: XmlElement[] = [top];
  let elements = 0;
  for (let at = 0; at < source.length; ) {
    const current = open.at(-1) as XmlElement;
    const tag = source.indexOf('<', at);
    const text = source.slice(at, tag < 0 ? source.length : tag);
    if (text.trim() !== '') current.text += unescaped(text.trim());
    if (tag < 0) break;
    const skipped = source[tag + 1] === '?' || source[tag + 1] === '!' ? skip(source, tag) : undefined;
    if (skipped !== undefined) {
      if (skipped.data !== undefined) current.text += skipped.data;
      at = skipped.end;
      continue;
    }
    const close = source.indexOf('>', tag);
    if (close < 0 || source[tag + 1] === '!') return undefined;
    const inside = source.slice(tag + 1, close);
    at = close + 1;
    const name = nameIn(inside);
    if (inside.startsWith('/')) {
      if (open.length === 1 || current.name !== name) return undefined;
      open.pop();
      continue;
    }
    if (name === '' || ++elements > MOST_ELEMENTS || open.length > MOST_DEPTH) return undefined;
    if (elements % TURN === 0) await new Promise((resolve) => setImmediate(resolve));
    const element: XmlElement = { name, children: [], text: '' };
    current.children.push(element);
    if (!inside.endsWith('/')) open.push(element);
  }
  const [root, ...more] = top.children;
  return open.length === 1 && more.length === 0 ? root : undefined;
}

/** The text of the first element of that path; '' when it is not there. */
export function textAt(element: XmlElement | undefined, ...path: readonly string[]): string {
  let found = element;
  for (const name of path) found = found?.children.find((child) => child.name === name);
  return found?.text ?? '';
}

/** Declarations, comments and character data. */
function skip(source: string, tag: number): { readonly end: number; readonly data?: string } | undefined {
  for (const [begin, end] of [
    ['<?', '?>'],
    ['<!--', '-->'],
    ['<![CDATA[', ']]>'],
  ] as const) {
    if (!source.startsWith(begin, tag)) continue;
    const found = source.indexOf(end, tag + begin.length);
    const stop = found < 0 ? source.length : found;
    const data = begin === '<![CDATA[' ? { data: source.slice(tag + begin.length, stop) } : {};
    return { end: stop + end.length, ...data };
  }
  return undefined;
}

function nameIn(inside: string): string {
  const name = /^\/?([\w.:-]{1,100})(?=[\s/]|$)/.exec(inside)?.[1] ?? '';
  return name.slice(name.indexOf(':') + 1);
}

function unescaped(text: string): string {
  return text.replace(/&(#\d{1,7}|#x[0-9a-fA-F]{1,6}|[a-z]{1,5});/g, (whole, name: string) => {
    if (!name.startsWith('#')) return ENTITIES.get(name) ?? whole;
    const code = name[1] === 'x' ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
