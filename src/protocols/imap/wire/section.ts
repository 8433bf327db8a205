/** Body sections of FETCH: `BODY[1.2.HEADER.FIELDS (From To)]<0.100>` (RFC 3501 §6.4.5), `BINARY[1.2]` (RFC 3516). */
import { type Decoder, malformed } from './decoder.ts';

export type SectionText = '' | 'HEADER' | 'HEADER.FIELDS' | 'HEADER.FIELDS.NOT' | 'TEXT' | 'MIME';

export interface Section {
  /** Part numbers; empty = the whole message. */
  readonly path: readonly number[];
  readonly text: SectionText;
  /** Of HEADER.FIELDS and its NOT: names as the client wrote them. */
  readonly fields: readonly string[];
  readonly partial: { readonly start: number; readonly length: number } | undefined;
}

export const WHOLE: Section = { path: [], text: '', fields: [], partial: undefined };

/** Part numbers deeper than any message that is kept in parts. */
const DEPTH = 100;

const TEXTS: ReadonlySet<string> = new Set(['HEADER', 'HEADER.FIELDS', 'HEADER.FIELDS.NOT', 'TEXT', 'MIME']);

/** From `[` to `]`, and the `<start.length>` after it. */
export function section(d: Decoder): Section {
  d.expect('[');
  const path: number[] = [];
  let text = '';
  for (;;) {
    const c = d.peek();
    if (c < 0x30 || c > 0x39) {
      text = d.next(']') ? '' : d.until(' ]').toUpperCase();
      // `BODY[1.]` is nobody's part.
      if (text === '' && path.length > 0) throw malformed('part number expected');
      break;
    }
    const n = d.number();
    if (n === 0 || path.length >= DEPTH) throw malformed('no such part number');
    path.push(n);
    if (!d.take('.')) break;
  }
  if (text !== '' && !TEXTS.has(text)) throw malformed('unknown section');
  if (text === 'MIME' && path.length === 0) throw malformed('MIME needs a part number');
  const fields = text.startsWith('HEADER.FIELDS') ? fieldNames(d.sp()) : [];
  d.expect(']');
  return { path, text: text as SectionText, fields, partial: partial(d) };
}

/** Part numbers alone: only a part as a whole has an encoding. */
export function binarySection(d: Decoder): Section {
  const asked = section(d);
  if (asked.text !== '') throw malformed('BINARY is of parts');
  return asked;
}

function fieldNames(d: Decoder): string[] {
  const names = d.list(() => {
    const name = d.astring().toString('latin1');
    for (let i = 0; i < name.length; i++) {
      const c = name.charCodeAt(i);
      if (c <= 0x20 || c >= 0x7f || c === 0x3a) throw malformed('no such header field name');
    }
    return name;
  });
  if (names.length === 0) throw malformed('header field names expected');
  return names;
}

function partial(d: Decoder): Section['partial'] {
  if (!d.take('<')) return undefined;
  const start = d.number64();
  d.expect('.');
  const length = d.number64();
  if (length === 0) throw malformed('a part of no bytes');
  d.expect('>');
  return { start, length };
}

/** What the answer names: the same section, with only the start of the partial (RFC 3501 §7.4.2). */
export function sectionLabel(item: 'BODY' | 'BINARY' | 'BINARY.SIZE', s: Section): string {
  const path = s.path.join('.');
  const text = s.text === '' ? '' : `${path === '' ? '' : '.'}${s.text}`;
  // Names that are not plain atoms go back quoted.
  const names = s.fields.map((name) =>
    /^[^\s"\\(){}%*\]]+$/.test(name) ? name : `"${name.replace(/["\\]/g, '\\$&')}"`,
  );
  const fields = s.fields.length === 0 ? '' : ` (${names.join(' ')})`;
  return `${item}[${path}${text}${fields}]${s.partial === undefined ? '' : `<${s.partial.start}>`}`;
}
