/**
 * Logos of domains are SVG Tiny PS (draft-svg-tiny-ps-abrotman): a picture that nothing runs in and that fetches nothing. Whoever shows them refuses others, so
 * an operator is told what is wrong with the own one.
 */

/** Larger ones are not shown everywhere. */
export const LOGO_BYTES = 32 << 10;
const MOST_DEPTH = 64;
const TITLE_LENGTH = 64;

/** What SVG has and this profile has not. */
const FORBIDDEN = new Set(
  `a animate animateColor animateMotion animateTransform animation audio clipPath cursor discard filter foreignObject handler image listener marker mask
  pattern prefetch script set style symbol video view`
    .split(/\s+/)
    .map((name) => name.toLowerCase()),
);

interface Tag {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly isEmpty: boolean;
}

/** Undefined when nothing is. */
export function logoFault(svg: string): string | undefined {
  if (Buffer.byteLength(svg) > LOGO_BYTES) return `it has more than ${LOGO_BYTES >> 10} KB`;
  const open: string[] = [];
  let seen = 0;
  let title: string | undefined;
  for (let at = svg.indexOf('<'); at >= 0; at = svg.indexOf('<', at)) {
    const skipped = skip(svg, at);
    if (skipped !== undefined) {
      if (skipped < 0) return 'it is no XML: something begins and does not end';
      at = skipped;
      continue;
    }
    if (svg.startsWith('<!', at)) return 'it declares a document type, or entities';
    const end = endOfTag(svg, at);
    if (end < 0) return 'it is no XML: a tag does not end';
    if (svg[at + 1] === '/') {
      const name = svg.slice(at + 2, end).trim();
      if (open.pop() !== name) return `it is no XML: </${name.slice(0, 40)}> ends nothing`;
      at = end + 1;
      continue;
    }
    const tag = readTag(svg.slice(at + 1, end));
    if (tag === undefined) return 'it is no XML: a tag cannot be read';
    const fault = seen++ === 0 ? rootFault(tag) : undefined;
    const wrong = fault ?? (open.length === 0 && seen > 1 ? 'it has more than one root' : faultOf(tag));
    if (wrong !== undefined) return wrong;
    if (tag.name === 'title' && open.length === 1)
      title ??= svg.slice(end + 1, Math.max(end + 1, svg.indexOf('<', end)));
    if (!tag.isEmpty && open.push(tag.name) > MOST_DEPTH) return `its elements are more than ${MOST_DEPTH} deep`;
    at = end + 1;
  }
  if (seen === 0 || open.length > 0) return 'it is no XML: something begins and does not end';
  const text = title?.trim() ?? '';
  return text === '' || text.length > TITLE_LENGTH ? `it needs a title of 1 to ${TITLE_LENGTH} characters` : undefined;
}

/** Behind a comment, an instruction or unparsed text; -1: it does not end; undefined: none of them begins here. */
function skip(svg: string, at: number): number | undefined {
  for (const [begin, end] of [
    ['<!--', '-->'],
    ['<?', '?>'],
    ['<![CDATA[', ']]>'],
  ] as const) {
    if (!svg.startsWith(begin, at)) continue;
    const found = svg.indexOf(end, at + begin.length);
    return found < 0 ? -1 : found + end.length;
  }
  return undefined;
}

/** Of its '>'. */
function endOfTag(svg: string, from: number): number {
  let quote = '';
  for (let at = from + 1; at < svg.length; at++) {
    const c = svg[at]!;
    if (quote !== '') quote = c === quote ? '' : quote;
    else if (c === '"' || c === "'") quote = c;
    else if (c === '>') return at;
    else if (c === '<') return -1;
  }
  return -1;
}

function readTag(text: string): Tag | undefined {
  const isEmpty = text.endsWith('/');
  const inner = isEmpty ? text.slice(0, -1) : text;
  const name = /^[A-Za-z_][\w.:-]*/.exec(inner)?.[0];
  if (name === undefined) return undefined;
  const attributes = new Map<string, string>();
  const one = /\s+([A-Za-z_][\w.:-]*)\s*=\s*(?:"([^"]*)"|'([^']*)')/y;
  let at = name.length;
  for (one.lastIndex = at; ; at = one.lastIndex) {
    const found = one.exec(inner);
    if (found === null) break;
    const [, key = '', double, single] = found;
    if (attributes.has(key)) return undefined;
    attributes.set(key, double ?? single ?? '');
  }
  return inner.slice(at).trim() === '' ? { name, attributes, isEmpty } : undefined;
}

function rootFault({ name, attributes }: Tag): string | undefined {
  if (name !== 'svg') return `its root is <${name.slice(0, 40)}>, not <svg>`;
  for (const [key, wanted] of [
    ['xmlns', 'http://www.w3.org/2000/svg'],
    ['version', '1.2'],
    ['baseProfile', 'tiny-ps'],
  ] as const)
    if (attributes.get(key) !== wanted) return `its root has no ${key}="${wanted}"`;
  const placed = ['x', 'y'].find((key) => attributes.has(key));
  return placed === undefined ? undefined : `its root has the attribute ${placed}`;
}

function faultOf({ name, attributes }: Tag): string | undefined {
  const bare = name.slice(name.indexOf(':') + 1).toLowerCase();
  if (FORBIDDEN.has(bare)) return `it has an element <${name.slice(0, 40)}>`;
  for (const [key, value] of attributes) {
    const plain = key.slice(key.indexOf(':') + 1).toLowerCase();
    if (/^on[a-z]/.test(plain)) return `it has an attribute ${key.slice(0, 40)}`;
    if (plain === 'href' && !value.startsWith('#')) return `it refers to ${value.slice(0, 80)}`;
    const elsewhere = value
      .split(/url\(/i)
      .slice(1)
      .some((link) => !/^[\s'"]{0,10}#/.test(link));
    if (elsewhere) return `it refers to ${value.slice(0, 80)}`;
  }
  return undefined;
}
