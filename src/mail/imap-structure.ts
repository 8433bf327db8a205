/**
 * ENVELOPE, BODY and BODYSTRUCTURE as they go over the wire (RFC 9051 §7.5.2, RFC 3501 §7.4.2), made once when a
 * message is stored.
 *
 * Safe for every client: strings are ASCII without control characters, quoted, or literals where they are long. Encoded
 * words stay as they were written. Raw eight-bit text, which no quoted string may carry and whose charset no client can
 * know, is sent as an encoded word in UTF-8; eight-bit addresses (RFC 6532) as literals in UTF-8.
 */
import type { RawAddress } from './address.ts';
import { type RawEnvelope, readEnvelope } from './envelope.ts';
import { languages } from './mime-fields.ts';
import type { ScannedPart } from './mime.ts';
import type { RawParam } from './params.ts';
import { decodeEightBit, decodeWords, encodeWords } from './words.ts';

/** Longer strings are literals: some clients read a line into a buffer of a fixed size. */
const LONGEST_QUOTED = 1000;
const MAX_TEXT = 8000;
const EMPTY_ENVELOPE = '(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)';

/** Strings here have one character per byte. */
export function imapEnvelope(raw: RawEnvelope | undefined, bodyCharset: string): Buffer {
  return Buffer.from(envelopeText(raw, bodyCharset), 'latin1');
}

/** BODY and BODYSTRUCTURE, which is BODY with extension data. */
export function imapBodies(part: ScannedPart): { readonly body: Buffer; readonly bodyStructure: Buffer } {
  const [plain, extended] = bodies(part, charsetOf(part));
  return { body: Buffer.from(plain, 'latin1'), bodyStructure: Buffer.from(extended, 'latin1') };
}

/** What raw eight-bit text in headers is in when it is not UTF-8: the charset of the first text part. */
export function charsetOf(part: ScannedPart): string {
  for (let at: ScannedPart | undefined = part; at !== undefined; at = at.children[0]) {
    if (at.type === 'text') return at.fields.charset;
  }
  return '';
}

function envelopeText(raw: RawEnvelope | undefined, bodyCharset: string): string {
  if (raw === undefined) return EMPTY_ENVELOPE;
  const from = addressList(raw.from, bodyCharset);
  // Absent or empty, they are those who wrote it (RFC 9051 §7.5.2).
  const sender = raw.sender.length === 0 ? from : addressList(raw.sender, bodyCharset);
  const replyTo = raw.replyTo.length === 0 ? from : addressList(raw.replyTo, bodyCharset);
  const to = addressList(raw.to, bodyCharset);
  const cc = addressList(raw.cc, bodyCharset);
  const bcc = addressList(raw.bcc, bodyCharset);
  const subject = text(raw.subject, bodyCharset);
  return `(${nstring(raw.date)} ${subject} ${from} ${sender} ${replyTo} ${to} ${cc} ${bcc} ${nstring(raw.inReplyTo)} ${nstring(raw.messageId)})`;
}

function addressList(addresses: readonly RawAddress[], bodyCharset: string): string {
  if (addresses.length === 0) return 'NIL';
  let out = '(';
  for (const address of addresses) {
    if (address.kind === 'end') out += '(NIL NIL NIL NIL)';
    else if (address.kind === 'group') out += `(NIL NIL ${text(address.name, bodyCharset)} NIL)`;
    else {
      const name = address.name === '' ? 'NIL' : text(address.name, bodyCharset);
      const route = address.route === '' ? 'NIL' : string(address.route);
      // NIL as host would begin a group.
      out += `(${name} ${route} ${string(address.local)} ${string(address.domain)})`;
    }
  }
  return `${out})`;
}

/** Without and with extension data. */
type Bodies = readonly [plain: string, extended: string];

function bodies(part: ScannedPart, bodyCharset: string): Bodies {
  if (part.type === 'multipart') return multipart(part, bodyCharset);
  const { fields } = part;
  const parameters =
    fields.rawParams === undefined && part.type === 'text'
      ? '("charset" "us-ascii")'
      : params(fields.rawParams ?? [], bodyCharset);
  const id = fields.rawId === '' ? 'NIL' : string(fields.rawId);
  const description = fields.rawDescription === '' ? 'NIL' : text(fields.rawDescription, bodyCharset);
  const encoding = string(part.encoding);
  const size = part.bodyEnd - part.bodyStart;
  const start = `(${string(part.type)} ${string(part.subtype)} ${parameters} ${id} ${description} ${encoding} ${size}`;
  const md5 = fields.rawMd5 === '' ? 'NIL' : string(fields.rawMd5);
  const end = ` ${md5} ${extension(part, bodyCharset)})`;
  const [message] = part.children;
  if (message !== undefined) {
    const envelope = envelopeText(message.header && readEnvelope(message.header), bodyCharset);
    const [plain, extended] = bodies(message, bodyCharset);
    return [`${start} ${envelope} ${plain} ${part.lines})`, `${start} ${envelope} ${extended} ${part.lines}${end}`];
  }
  if (part.type === 'message' && part.subtype === 'rfc822') {
    // Too deep, or encoded: the grammar still wants a message here.
    const inside = `${EMPTY_ENVELOPE} ("application" "octet-stream" NIL NIL NIL ${encoding} ${size}`;
    return [`${start} ${inside}) ${part.lines})`, `${start} ${inside}${NO_EXTENSION}) ${part.lines}${end}`];
  }
  const lines = part.type === 'text' ? ` ${part.lines}` : '';
  return [`${start}${lines})`, `${start}${lines}${end}`];
}

function multipart(part: ScannedPart, bodyCharset: string): Bodies {
  let plain = '(';
  let extended = '(';
  for (const child of part.children) {
    const inside = bodies(child, bodyCharset);
    plain += inside[0];
    extended += inside[1];
  }
  if (part.children.length === 0) {
    // The grammar wants at least one part.
    const empty = '("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0';
    plain += `${empty})`;
    extended += `${empty}${NO_EXTENSION})`;
  }
  const subtype = string(part.subtype);
  const end = `${params(part.fields.rawParams ?? [], bodyCharset)} ${extension(part, bodyCharset)}`;
  return [`${plain} ${subtype})`, `${extended} ${subtype} ${end})`];
}

/** MD5, disposition, language, location. */
const NO_EXTENSION = ' NIL NIL NIL NIL';

/** Disposition, language, location. */
function extension(part: ScannedPart, bodyCharset: string): string {
  const { fields } = part;
  const disposition =
    fields.disposition === ''
      ? 'NIL'
      : `(${string(fields.disposition)} ${params(fields.rawDispositionParams, bodyCharset)})`;
  const location = fields.rawLocation === '' ? 'NIL' : string(fields.rawLocation);
  return `${disposition} ${language(fields.rawLanguage)} ${location}`;
}

function language(value: string): string {
  if (value === '') return 'NIL';
  const tags = languages(value);
  if (tags.length === 0) return 'NIL';
  return tags.length === 1 ? string(tags[0]!) : `(${tags.map(string).join(' ')})`;
}

function params(list: readonly RawParam[], bodyCharset: string): string {
  if (list.length === 0) return 'NIL';
  let out = '(';
  for (const [name, value] of list) out += `${out === '(' ? '' : ' '}${string(name)} ${text(value, bodyCharset)}`;
  return `${out})`;
}

/** Text that people read: raw eight-bit becomes an encoded word. */
function text(value: string | undefined, bodyCharset: string): string {
  if (value === undefined) return 'NIL';
  const kept = value.length > MAX_TEXT ? cutAtBlank(value) : value;
  return isClean(kept) ? quoted(kept) : string(encodeWords(decodeWords(kept, bodyCharset)));
}

function nstring(value: string | undefined): string {
  return value === undefined ? 'NIL' : string(value.length > MAX_TEXT ? cutAtBlank(value) : value);
}

/** A string that programs read. Eight-bit bytes become UTF-8 in a literal, control characters are dropped. */
function string(value: string): string {
  if (isClean(value)) return quoted(value);
  const bytes = Buffer.from(decodeEightBit(value, ''));
  const clean = bytes.toString('latin1');
  return isClean(clean) ? quoted(clean) : `{${bytes.length}}\r\n${clean}`;
}

function quoted(value: string): string {
  if (value.length > LONGEST_QUOTED) return `{${value.length}}\r\n${value}`;
  return value.includes('"') || value.includes('\\') ? `"${value.replaceAll(/["\\]/g, '\\$&')}"` : `"${value}"`;
}

/** Printable ASCII? */
function isClean(value: string): boolean {
  for (let i = 0; i < value.length; i += 1) {
    const code = value.charCodeAt(i);
    if (code < 0x20 || code >= 0x7f) return false;
  }
  return true;
}

function cutAtBlank(value: string): string {
  const blank = value.lastIndexOf(' ', MAX_TEXT);
  return value.slice(0, blank > 0 ? blank : MAX_TEXT);
}
