/** MIME of what was signed or encrypted, byte for byte: only this browser has it in the clear, so nobody else can take it apart. */

export interface Entity {
  /** All of it, as a signature covers it. */
  readonly raw: Uint8Array;
  readonly type: string;
  /** Of Content-Type, names in lower case. */
  readonly params: ReadonlyMap<string, string>;
  readonly name: string;
  readonly attached: boolean;
  /** Decoded; empty for a multipart. */
  readonly body: Uint8Array;
  readonly parts: readonly Entity[];
}

const MOST_PARTS = 200;
const DEEPEST = 10;
const MOST_HEADER = 256 << 10;
const LF = 10;

/** Never throws: what cannot be read is text. */
export function entityOf(raw: Uint8Array): Entity {
  return read(raw, 0, { parts: MOST_PARTS });
}

function read(raw: Uint8Array, depth: number, left: { parts: number }): Entity {
  left.parts--;
  const start = bodyStart(raw);
  const fields = fieldsOf(binary(raw.subarray(0, Math.min(start, MOST_HEADER))));
  const [type, params] = valueOf(fields.get('content-type') ?? 'text/plain');
  const [disposition, more] = valueOf(fields.get('content-disposition') ?? '');
  const body = raw.subarray(start);
  const boundary = params.get('boundary') ?? '';
  const common = {
    raw,
    type,
    params,
    name: more.get('filename') ?? params.get('name') ?? '',
    attached: disposition === 'attachment',
  };
  if (type.startsWith('multipart/') && boundary !== '' && boundary.length <= 200 && depth < DEEPEST) {
    const parts: Entity[] = [];
    for (const part of split(body, boundary)) if (left.parts > 0) parts.push(read(part, depth + 1, left));
    return { ...common, body: new Uint8Array(0), parts };
  }
  return {
    ...common,
    body: decode(body, (fields.get('content-transfer-encoding') ?? '').trim().toLowerCase()),
    parts: [],
  };
}

/** Behind the first empty line. */
function bodyStart(raw: Uint8Array): number {
  if (raw[0] === LF) return 1;
  if (raw[0] === 13 && raw[1] === LF) return 2;
  for (let at = raw.indexOf(LF); at !== -1; at = raw.indexOf(LF, at + 1)) {
    if (raw[at + 1] === LF) return at + 2;
    if (raw[at + 1] === 13 && raw[at + 2] === LF) return at + 3;
  }
  return raw.length;
}

function fieldsOf(header: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const line of header.replaceAll(/\r?\n(?=[ \t])/g, '').split(/\r?\n/)) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(colon, 0)).trim().toLowerCase();
    // The first one counts, as everywhere else.
    if (name !== '' && !fields.has(name)) fields.set(name, line.slice(colon + 1).trim());
  }
  return fields;
}

/** `value; name=param; name="param"`. */
function valueOf(text: string): [string, ReadonlyMap<string, string>] {
  const params = new Map<string, string>();
  const [value = '', ...rest] = partsOf(text);
  for (const part of rest) {
    const equals = part.indexOf('=');
    if (equals === -1) continue;
    const inside = part.slice(equals + 1).trim();
    const plain = inside.startsWith('"') ? inside.slice(1, -1).replaceAll(/\\(.)/g, '$1') : inside;
    params.set(part.slice(0, equals).trim().toLowerCase(), plain);
  }
  return [value.trim().toLowerCase(), params];
}

/** At semicolons that are not quoted. */
function partsOf(text: string): string[] {
  const parts: string[] = [];
  let from = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '\\' && quoted) at++;
    else if (text[at] === '"') quoted = !quoted;
    else if (text[at] === ';' && !quoted) {
      parts.push(text.slice(from, at));
      from = at + 1;
    }
  }
  return [...parts, text.slice(from)];
}

/** RFC 2046 §5.1.1: the line break before a delimiter belongs to it. */
function* split(body: Uint8Array, boundary: string): Generator<Uint8Array> {
  const text = binary(body);
  const delimiter = `--${boundary}`;
  let from = -1;
  for (let at = text.indexOf(delimiter); at !== -1; at = text.indexOf(delimiter, at + 1)) {
    if (at !== 0 && text[at - 1] !== '\n') continue;
    const end = text.indexOf('\n', at);
    const rest = text.slice(at + delimiter.length, end === -1 ? undefined : end);
    const last = rest.startsWith('--');
    if ((last ? rest.slice(2) : rest).trim() !== '') continue;
    if (from !== -1) yield body.subarray(from, Math.max(from, at - (text[at - 2] === '\r' ? 2 : 1)));
    if (last || end === -1) return;
    from = end + 1;
  }
  if (from !== -1) yield body.subarray(from);
}

function decode(body: Uint8Array, encoding: string): Uint8Array {
  if (encoding === 'base64') {
    try {
      return Uint8Array.from(atob(binary(body).replaceAll(/[^A-Za-z0-9+/]/g, '')), (c) => c.charCodeAt(0));
    } catch {
      return body;
    }
  }
  if (encoding !== 'quoted-printable') return body;
  const plain = binary(body)
    .replaceAll(/=[ \t]{0,80}\r?\n/g, '')
    .replaceAll(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return Uint8Array.from(plain, (c) => c.charCodeAt(0));
}

/** A character for each byte. */
function binary(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return text;
}

/** What a person is shown of it: text, never a page, whatever it says it is. */
export interface Readable {
  readonly text: string;
  readonly files: readonly { readonly name: string; readonly type: string; readonly body: Uint8Array }[];
}

export function readableOf(entity: Entity): Readable {
  const texts: string[] = [];
  const files: { name: string; type: string; body: Uint8Array }[] = [];
  collect(entity, texts, files);
  return { text: texts.join('\n').trimEnd(), files };
}

function collect(entity: Entity, texts: string[], files: { name: string; type: string; body: Uint8Array }[]): void {
  const { type, parts, attached, name, body } = entity;
  if (type === 'multipart/alternative') {
    const chosen = parts.find((one) => one.type === 'text/plain') ?? parts.at(-1);
    if (chosen !== undefined) collect(chosen, texts, files);
  } else if (parts.length > 0) for (const part of parts) collect(part, texts, files);
  else if (attached || !(type === 'text/plain' || type === 'text/html')) {
    // The signature itself is nobody's file.
    if (!type.endsWith('pkcs7-signature')) files.push({ name, type, body });
  } else texts.push(type === 'text/html' ? withoutTags(charsOf(entity)) : charsOf(entity));
}

function charsOf({ body, params }: Entity): string {
  let decoder: TextDecoder;
  try {
    decoder = new TextDecoder(params.get('charset') ?? 'utf-8');
  } catch {
    decoder = new TextDecoder();
  }
  return decoder.decode(body).replaceAll('\r\n', '\n');
}

/** A document that belongs to no window loads nothing and runs nothing. */
function withoutTags(html: string): string {
  const page = new DOMParser().parseFromString(html, 'text/html');
  for (const one of page.querySelectorAll('script, style, title, template')) one.remove();
  for (const one of page.querySelectorAll('br, p, div, tr, li, h1, h2, h3')) one.append('\n');
  return (page.body.textContent ?? '').replaceAll(/\n{3,}/g, '\n\n');
}
