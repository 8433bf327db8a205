/**
 * vCard files as lines: RFC 6350 §3, and its older forms (2.1 with quoted-printable and CHARSET as phones wrote them, 3.0
 * of RFC 2426). On bytes, for only each property says in which charset its value is.
 */
import { decodeCharset } from '../charset.ts';
import { decodeBody } from '../encoding.ts';

/** A property: `item1.TEL;TYPE=cell:010-…`. */
export interface Property {
  /** Upper case, without its group. */
  readonly name: string;
  /** Names in upper case; a value without a name (2.1) is a TYPE. Values as they stand there. */
  readonly params: ReadonlyMap<string, readonly string[]>;
  readonly value: string;
}

/** Bytes of one property; a photo that is larger is passed over. */
const MOST_BYTES = 256 << 10;
const MOST_PARAMS = 30;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const TAB = 0x09;
const EQUALS = 0x3d;

/** The properties of a file, one by one; lines that are none are passed over. */
export function* properties(bytes: Buffer): Generator<Property> {
  let at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  while (at < bytes.length) {
    const pieces: Buffer[] = [];
    let size = 0;
    let quoted: boolean | undefined;
    for (;;) {
      const lf = bytes.indexOf(LF, at);
      const end = lf < 0 ? bytes.length : lf;
      const line = bytes.subarray(at, end > at && bytes[end - 1] === CR ? end - 1 : end);
      at = end + 1;
      size += line.length;
      if (size <= MOST_BYTES) pieces.push(line);
      quoted ??= isQuotedPrintable(line);
      // A soft line break of quoted-printable: what follows belongs to it, whatever it begins with.
      if (quoted && line.at(-1) === EQUALS && at < bytes.length) {
        if (size <= MOST_BYTES) pieces.push(Buffer.from('\r\n'));
        continue;
      }
      if (at >= bytes.length || (bytes[at] !== SPACE && bytes[at] !== TAB)) break;
      at++;
    }
    if (size > MOST_BYTES) continue;
    const property = propertyOf(pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces));
    if (property !== undefined) yield property;
  }
}

function isQuotedPrintable(line: Buffer): boolean {
  const colon = line.indexOf(0x3a);
  return colon > 0 && /[;=]QUOTED-PRINTABLE(?:;|$)/i.test(line.toString('latin1', 0, Math.min(colon, 1_000)));
}

/** The head is ASCII but for what is in quotes; the value is decoded as it says. */
function propertyOf(line: Buffer): Property | undefined {
  const colon = endOfHead(line);
  if (colon <= 0) return undefined;
  const [name = '', ...rest] = splitHead(decodeCharset(line.subarray(0, colon), ''));
  const params = new Map<string, string[]>();
  for (const one of rest.slice(0, MOST_PARAMS)) {
    const equals = one.indexOf('=');
    const key = equals < 0 ? bareName(one) : one.slice(0, equals).trim().toUpperCase();
    const values = params.get(key) ?? [];
    const value = unquoted(equals < 0 ? one : one.slice(equals + 1));
    params.set(key, [...values, ...value.split(',')].slice(0, MOST_PARAMS));
  }
  const first = (key: string) => (params.get(key)?.[0] ?? '').trim().toLowerCase();
  const encoding = first('ENCODING') === 'b' ? 'base64' : first('ENCODING');
  const value = decodeCharset(decodeBody(line.subarray(colon + 1), encoding), first('CHARSET'));
  return {
    name: name
      .slice(name.lastIndexOf('.') + 1)
      .trim()
      .toUpperCase(),
    params,
    value,
  };
}

/** vCard 2.1 leaves the names of parameters out. */
function bareName(value: string): string {
  return /^(?:quoted-printable|base64|b|8bit|7bit)$/i.test(value.trim()) ? 'ENCODING' : 'TYPE';
}

/** The first colon that stands in no quotes. */
function endOfHead(line: Buffer): number {
  let quoted = false;
  for (let i = 0; i < line.length; i++) {
    if (line[i] === 0x22) quoted = !quoted;
    else if (line[i] === 0x3a && !quoted) return i;
  }
  return -1;
}

function splitHead(head: string): string[] {
  const parts: string[] = [];
  let from = 0;
  let quoted = false;
  for (let i = 0; i < head.length; i++) {
    if (head[i] === '"') quoted = !quoted;
    else if (head[i] === ';' && !quoted) {
      parts.push(head.slice(from, i));
      from = i + 1;
    }
  }
  return [...parts, head.slice(from)];
}

/** RFC 6868: what no parameter can hold is written with a circumflex. */
function unquoted(value: string): string {
  const inner = value.trim().replaceAll('"', '');
  return inner.replaceAll(/\^[n'^]/g, (pair) => (pair === '^n' ? '\n' : pair === "^'" ? '"' : '^'));
}

/** The fields of a value, cut where nothing escapes the separator, and without their escapes. */
export function fieldsOf(value: string, separator: ';' | ','): string[] {
  const fields: string[] = [];
  let field = '';
  let from = 0;
  for (let i = 0; i < value.length; i++) {
    const c = value[i];
    if (c === '\\' && i + 1 < value.length) {
      const next = value[i + 1]!;
      field += value.slice(from, i) + (next === 'n' || next === 'N' ? '\n' : next);
      from = i + 2;
      i++;
    } else if (c === separator) {
      fields.push(field + value.slice(from, i));
      field = '';
      from = i + 1;
    }
  }
  return [...fields, field + value.slice(from)];
}

export function textOf(value: string): string {
  let text = '';
  let from = 0;
  for (let i = value.indexOf('\\'); i >= 0 && i + 1 < value.length; i = value.indexOf('\\', i + 2)) {
    const next = value[i + 1]!;
    text += value.slice(from, i) + (next === 'n' || next === 'N' ? '\n' : next);
    from = i + 2;
  }
  return text + value.slice(from);
}
