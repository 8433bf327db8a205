/** BINARY (RFC 3516): a part without its content transfer encoding. */
import { bodyDecoder } from '../../../mail/encoding.ts';
import type { Part } from '../../../mail/message.ts';
import type { Body, MessageDetails } from '../../../mailstore/api.ts';
import { Refusal } from '../reply.ts';
import type { Section } from '../wire/section.ts';
import { partAt } from './body-section.ts';

const IDENTITIES: ReadonlySet<string> = new Set(['7bit', '8bit', 'binary']);
const DECODED: ReadonlySet<string> = new Set(['base64', 'quoted-printable']);

/** What a section is without its encoding, found by decoding it once. */
export interface BinaryFacts {
  readonly size: number;
  /** It holds a NUL, which only a literal8 may. */
  readonly nul: boolean;
}

/** The bytes of the section, partial applied, in pieces; undefined when there is no such part. Asked again, they come again. */
export function binaryPieces(
  { structure, size }: MessageDetails,
  body: Body,
  { path, partial }: Section,
): (() => AsyncGenerator<Uint8Array>) | undefined {
  if (path.length === 0) return () => part(body.stream(0, size), partial);
  const found = partAt(structure, path);
  if (found === undefined) return undefined;
  const { bodyStart, bodyEnd } = found;
  const encoding = encodingOf(found);
  return () => {
    const stored = body.stream(bodyStart, bodyEnd);
    return part(encoding === undefined ? stored : decoded(stored, encoding), partial);
  };
}

/** Undefined where the bytes are what they say. */
function encodingOf({ type, encoding }: Part): string | undefined {
  // A part of parts is never encoded as a whole (RFC 2045 §6.4).
  if (type === 'multipart' || IDENTITIES.has(encoding)) return undefined;
  if (DECODED.has(encoding)) return encoding;
  throw new Refusal('NO', '[UNKNOWN-CTE] The encoding of the part is not known');
}

async function* decoded(pieces: AsyncIterable<Uint8Array>, encoding: string): AsyncGenerator<Uint8Array> {
  const decoder = bodyDecoder(encoding);
  for await (const piece of pieces) yield decoder.push(piece);
  yield decoder.end();
}

async function* part(pieces: AsyncIterable<Uint8Array>, partial: Section['partial']): AsyncGenerator<Uint8Array> {
  let skip = partial?.start ?? 0;
  let left = partial?.length ?? Number.POSITIVE_INFINITY;
  for await (const piece of pieces) {
    const from = Math.min(skip, piece.length);
    skip -= from;
    const some = piece.subarray(from, Math.min(piece.length, from + left));
    left -= some.length;
    if (some.length > 0) yield some;
    if (left === 0) return;
  }
}

export async function binaryFacts(pieces: AsyncIterable<Uint8Array>): Promise<BinaryFacts> {
  let size = 0;
  let nul = false;
  for await (const piece of pieces) {
    size += piece.length;
    nul ||= piece.includes(0);
  }
  return { size, nul };
}
