/** Building blocks of the corpus: entities as header lines and body bytes, put together by hand. */
import iconv from 'iconv-lite';
import type { SeededRandom } from './random.ts';

export interface Entity {
  /** Lines without their ends; one character per byte; folds may be inside. */
  readonly header: readonly string[];
  readonly body: Buffer;
}

export function entity(header: readonly string[], body: Buffer): Entity {
  return { header, body };
}

const CRLF = Buffer.from('\r\n');

function bytesOf({ header, body }: Entity): Buffer {
  return Buffer.concat([Buffer.from(header.map((line) => `${line}\r\n`).join(''), 'latin1'), CRLF, body]);
}

/** Whole messages end in CRLF, have no bare CR or LF and no NUL, whatever was put into them. */
export function message(content: Entity | Buffer): Buffer {
  const bytes = Buffer.isBuffer(content) ? content : bytesOf(content);
  const out: number[] = [];
  let clean = !bytes.includes(0) && bytes.subarray(-2).equals(CRLF);
  for (let i = bytes.indexOf(0x0a); clean && i >= 0; i = bytes.indexOf(0x0a, i + 1)) clean = bytes[i - 1] === 0x0d;
  for (let i = bytes.indexOf(0x0d); clean && i >= 0; i = bytes.indexOf(0x0d, i + 1)) clean = bytes[i + 1] === 0x0a;
  if (clean) return bytes;
  for (let i = 0; i < bytes.length; i += 1) {
    const byte = bytes[i]!;
    if (byte === 0 || byte === 0x0d) continue;
    if (byte === 0x0a) out.push(0x0d);
    out.push(byte);
  }
  if (out.at(-1) !== 0x0a) out.push(0x0d, 0x0a);
  return Buffer.from(out);
}

export function multipart(subtype: string, random: SeededRandom, parts: readonly Entity[]): Entity {
  const boundary = `=_${random.bytes(9).toString('hex')}`;
  const pieces: Buffer[] = [];
  for (const part of parts) pieces.push(Buffer.from(`--${boundary}\r\n`), bytesOf(part), CRLF);
  pieces.push(Buffer.from(`--${boundary}--\r\n`));
  return entity([`Content-Type: multipart/${subtype}; boundary="${boundary}"`], Buffer.concat(pieces));
}

export function text(subtype: string, charset: string, encoding: string, content: Buffer): Entity {
  const header = [`Content-Type: text/${subtype}; charset=${charset}`, `Content-Transfer-Encoding: ${encoding}`];
  if (encoding === 'base64') return entity(header, wrapBase64(content));
  if (encoding === 'quoted-printable') return entity(header, quotedPrintable(content));
  return entity(header, Buffer.concat([content, CRLF]));
}

export function wrapBase64(content: Buffer, lineLength = 76): Buffer {
  const characters = content.toString('base64');
  const lines: string[] = [];
  for (let at = 0; at < characters.length; at += lineLength) lines.push(characters.slice(at, at + lineLength));
  return Buffer.from(`${lines.join('\r\n')}\r\n`);
}

function quotedPrintable(content: Buffer): Buffer {
  let out = '';
  let column = 0;
  for (let i = 0; i < content.length; i += 1) {
    const byte = content[i]!;
    if (byte === 0x0d && content[i + 1] === 0x0a) {
      out += '\r\n';
      column = 0;
      i += 1;
      continue;
    }
    const isPlain = byte >= 0x20 && byte < 0x7f && byte !== 0x3d && !(byte === 0x20 && content[i + 1] === 0x0d);
    const piece = isPlain ? String.fromCharCode(byte) : `=${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    if (column + piece.length > 75) {
      out += '=\r\n';
      column = 0;
    }
    out += piece;
    column += piece.length;
  }
  return Buffer.from(`${out}\r\n`);
}

export function encode(value: string, charset: string): Buffer {
  return iconv.encode(value, charset);
}

/** RFC 1557. */
export function encode2022Kr(value: string): Buffer {
  const out: number[] = [...Buffer.from('\x1b$)C\r\n')];
  let shifted = false;
  for (const byte of iconv.encode(value, 'euc-kr')) {
    if (byte >= 0x80 !== shifted) {
      shifted = byte >= 0x80;
      out.push(shifted ? 0x0e : 0x0f);
    }
    out.push(byte & 0x7f);
  }
  if (shifted) out.push(0x0f);
  return Buffer.from(out);
}
