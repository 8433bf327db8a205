/**
 * Cutting a message up: parts of 64 KiB and more become blobs, decoded when they can be written again to the byte, as
 * received otherwise; what is left goes into rows, or into a blob as well when it is large or many share it.
 */
import { createHash } from 'node:crypto';
import { Base64Encoder, type Base64Recipe, ExactBase64Decoder } from '../mail/base64-exact.ts';
import type { Part } from '../mail/message.ts';
import type { BlobRef, Segment } from './details.ts';
import { Patience, type RawSource } from './raw-source.ts';

/** A part of this size is a blob of its own. */
export const BLOB_BYTES = 64 << 10;
/** What is left over becomes a blob, too, when it is larger than this. */
const REST_BYTES = 256 << 10;
/** The largest parts, when there are more. */
const MOST_BLOBS = 100;

export interface Cut {
  readonly segments: readonly Segment[];
  readonly blobs: readonly BlobRef[];
  /** For the rows. */
  readonly rest: Uint8Array;
}

export interface Content {
  readonly sha256: string;
  readonly size: number;
  readonly bytes: () => Uint8Array | AsyncIterable<Uint8Array>;
}

interface Stretch {
  readonly start: number;
  readonly end: number;
}

export interface LargePart extends Stretch {
  readonly encoding: string;
}

/** `large`: in the order of their bytes. `sharedRest`: the rest becomes a blob whatever its size. */
export async function cutMessage(
  source: RawSource,
  large: readonly LargePart[],
  sharedRest: boolean,
  store: (content: Content) => Promise<BlobRef>,
): Promise<Cut> {
  const blobs: BlobRef[] = [];
  const put = async (content: Content): Promise<number> => {
    const known = blobs.findIndex(({ sha256 }) => sha256 === content.sha256);
    return known >= 0 ? known : blobs.push(await store(content)) - 1;
  };
  const segments: Segment[] = [];
  const between: Stretch[] = [];
  let at = 0;
  for (const part of large) {
    between.push({ start: at, end: part.start });
    segments.push(await cutPart(source, part, put));
    at = part.end;
  }
  between.push({ start: at, end: source.size });
  const restBytes = between.reduce((sum, { start, end }) => sum + end - start, 0);
  if (!sharedRest && restBytes <= REST_BYTES) {
    const rest = Buffer.concat(await Array.fromAsync(stretches(source, between), (piece) => Buffer.from(piece)));
    return { segments: weave(between, segments, undefined), blobs, rest };
  }
  const { sha256, size } = await digest(stretches(source, between));
  const blob = size === 0 ? undefined : await put({ sha256, size, bytes: () => stretches(source, between) });
  return { segments: weave(between, segments, blob), blobs, rest: new Uint8Array(0) };
}

async function cutPart(
  source: RawSource,
  part: LargePart,
  put: (content: Content) => Promise<number>,
): Promise<Segment> {
  const length = part.end - part.start;
  const asReceived = await digest(source.read(part.start, part.end));
  const exact = part.encoding === 'base64' ? await decodable(source, part) : undefined;
  if (exact) {
    const { recipe, sha256, size } = exact;
    // Written again and compared: not assumed.
    const again = await digest(encoded(decoded(source, part), recipe));
    if (again.sha256 === asReceived.sha256)
      return { kind: 'base64', length, recipe, blob: await put({ sha256, size, bytes: () => decoded(source, part) }) };
  }
  const blob = await put({ ...asReceived, bytes: () => source.read(part.start, part.end) });
  return { kind: 'blob', length, blob, offset: 0 };
}

async function decodable(
  source: RawSource,
  part: Stretch,
): Promise<{ recipe: Base64Recipe; sha256: string; size: number } | undefined> {
  const decoder = new ExactBase64Decoder();
  const digester = createHash('sha256');
  const patience = new Patience();
  let size = 0;
  for await (const piece of source.read(part.start, part.end)) {
    const bytes = decoder.push(piece);
    if (decoder.failed) return undefined;
    digester.update(bytes);
    size += bytes.length;
    await patience.pause();
  }
  const { rest, recipe } = decoder.end();
  if (!recipe) return undefined;
  return { recipe, sha256: digester.update(rest).digest('hex'), size: size + rest.length };
}

async function* decoded(source: RawSource, part: Stretch): AsyncIterable<Uint8Array> {
  const decoder = new ExactBase64Decoder();
  const patience = new Patience();
  for await (const piece of source.read(part.start, part.end)) {
    yield decoder.push(piece);
    await patience.pause();
  }
  yield decoder.end().rest;
}

async function* encoded(content: AsyncIterable<Uint8Array>, recipe: Base64Recipe): AsyncIterable<Uint8Array> {
  const encoder = new Base64Encoder(recipe);
  for await (const piece of content) yield encoder.push(piece);
  yield encoder.end();
}

async function* stretches(source: RawSource, all: readonly Stretch[]): AsyncIterable<Uint8Array> {
  for (const { start, end } of all) yield* source.read(start, end);
}

async function digest(bytes: AsyncIterable<Uint8Array>): Promise<{ sha256: string; size: number }> {
  const digester = createHash('sha256');
  const patience = new Patience();
  let size = 0;
  for await (const piece of bytes) {
    digester.update(piece);
    size += piece.length;
    await patience.pause();
  }
  return { sha256: digester.digest('hex'), size };
}

/** The rest's stretches and the parts between them, in the order of the message. */
function weave(between: readonly Stretch[], parts: readonly Segment[], restBlob: number | undefined): Segment[] {
  const segments: Segment[] = [];
  let offset = 0;
  between.forEach(({ start, end }, i) => {
    const length = end - start;
    if (length > 0)
      segments.push(
        restBlob === undefined ? { kind: 'rows', length } : { kind: 'blob', length, blob: restBlob, offset },
      );
    offset += length;
    const part = parts[i];
    if (part) segments.push(part);
  });
  return segments;
}

/** Leaves of at least 64 KiB, in the order of their bytes. */
export function largeParts(root: Part): LargePart[] {
  const found: LargePart[] = [];
  const open: Part[] = [root];
  for (let part = open.pop(); part; part = open.pop()) {
    const { bodyStart: start, bodyEnd: end, encoding } = part;
    if (end - start < BLOB_BYTES) continue;
    if (part.children.length === 0) found.push({ start, end, encoding });
    else open.push(...part.children);
  }
  if (found.length > MOST_BLOBS) found.sort((a, b) => b.end - b.start - (a.end - a.start)).length = MOST_BLOBS;
  return found.sort((a, b) => a.start - b.start);
}
