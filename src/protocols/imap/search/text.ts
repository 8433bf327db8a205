/** The text of a message as SEARCH sees it: decoded, and folded so that case and normal form do not matter. */
import { decodeCharset } from '../../../mail/charset.ts';
import { bodyDecoder } from '../../../mail/encoding.ts';
import { HeaderBlock, MAX_HEADER_BYTES } from '../../../mail/header.ts';
import type { MailAddress, Part } from '../../../mail/message.ts';
import { readableText } from '../../../mail/text.ts';
import { decodeWords } from '../../../mail/words.ts';
import type { Body } from '../../../mailstore/api.ts';
import { ForwardReader } from './forward-reader.ts';

/** A part up to this size is decoded in one turn. */
const WHOLE = 256 * 1024;

export function fold(text: string): string {
  return text.normalize('NFC').toLowerCase();
}

/** Names and addresses of an envelope field, folded. */
export function addressText(addresses: readonly MailAddress[]): string {
  const one = ({ name, address, group }: MailAddress): string =>
    group === undefined ? `${name} <${address}>` : `${group.name}: ${group.members.map(one).join(', ')}`;
  return fold(addresses.map(one).join(', '));
}

/** A header field as SEARCH sees it. */
export interface FieldText {
  /** Lower case. */
  readonly name: string;
  /** Folded. */
  readonly value: string;
}

export async function headerText(body: Pick<Body, 'bytes'>, part: Part): Promise<FieldText[]> {
  const end = Math.min(part.bodyStart, part.headerStart + MAX_HEADER_BYTES);
  const block = HeaderBlock.parse(await body.bytes(part.headerStart, end));
  return block.fields.map((field) => ({ name: field.name, value: fold(decodeWords(block.valueOf(field))) }));
}

/**
 * The texts of a message's parts, and the header fields of messages inside it, folded, one after the other. A large part
 * comes in pieces, each of which begins with the last `overlap` characters of the one before it.
 */
export async function* bodyTexts(body: Body, root: Part, overlap: number): AsyncGenerator<string> {
  await using forward = new ForwardReader(body);
  const parts: Part[] = [root];
  for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
    parts.push(...part.children.toReversed());
    if (part.type === 'message' && part.children[0] !== undefined) {
      for (const { name, value } of await headerText(forward, part.children[0])) yield `${name}: ${value}`;
    } else if (part.type === 'text' && part.bodyEnd - part.bodyStart > WHOLE) {
      yield* pieces(body, part, overlap);
    } else if (part.type === 'text' && part.bodyEnd > part.bodyStart) {
      yield fold(readableText(part, await forward.bytes(part.bodyStart, part.bodyEnd)));
    }
  }
}

/** A part too large to decode in one turn, as it is written (HTML as its source), cut at line ends where there are any. */
async function* pieces(body: Body, part: Part, overlap: number): AsyncGenerator<string> {
  const charset = part.params.get('charset') ?? '';
  const decoder = bodyDecoder(part.encoding);
  // Of these LF is more than one byte.
  const cutsAnywhere = /^(utf-?(16|32)|ucs)/i.test(charset);
  let bytes = Buffer.alloc(0);
  let before = '';
  const text = (upTo: number): string => {
    const piece = before + fold(decodeCharset(bytes.subarray(0, upTo), charset));
    bytes = Buffer.from(bytes.subarray(upTo));
    before = overlap > 0 ? piece.slice(-overlap) : '';
    return piece;
  };
  for await (const piece of body.stream(part.bodyStart, part.bodyEnd)) {
    bytes = Buffer.concat([bytes, decoder.push(piece)]);
    const line = cutsAnywhere ? bytes.length & ~3 : bytes.lastIndexOf(0x0a) + 1;
    if (line > 0) yield text(line);
    else if (bytes.length > WHOLE) yield text(bytes.length);
  }
  bytes = Buffer.concat([bytes, decoder.end()]);
  if (bytes.length > 0) yield text(bytes.length);
}
