/** Reading a message's bytes back: rows, and blobs for its large parts, in the order in which they came. */
import { Base64Encoder, decodedStart, encodedSize } from '../mail/base64-exact.ts';
import { MailError } from '../mail/error.ts';
import type { BlobStore } from '../ports/blob.ts';
import { Damaged, type KeyValueStore, type Value } from '../ports/kv.ts';
import type { AccountId, Body } from './api.ts';
import { refKey, type Segment, type StoredDetails } from './details.ts';
import { accountPartition, bodyKey, bucketOf } from './keys.ts';

/** Bytes of a body row. */
export const BODY_CHUNK = 240 << 10;
const PIECE = 64 << 10;

export interface BodyOptions {
  /** The first body row, when it has been read. */
  readonly firstRow?: Value;
  /** Called before damage is reported: what was removed meanwhile is not damaged. */
  readonly beforeDamaged?: () => Promise<void>;
}

export class StoredBody implements Body {
  readonly #kv: KeyValueStore;
  readonly #blobs: BlobStore;
  readonly #account: AccountId;
  readonly #details: StoredDetails;
  /** The row read last: the next piece is mostly in it. */
  #row: { readonly number: number; readonly bytes: Uint8Array } | undefined;
  readonly #beforeDamaged: BodyOptions['beforeDamaged'];

  constructor(
    kv: KeyValueStore,
    blobs: BlobStore,
    account: AccountId,
    details: StoredDetails,
    { firstRow, beforeDamaged }: BodyOptions = {},
  ) {
    this.#kv = kv;
    this.#blobs = blobs;
    this.#account = account;
    this.#details = details;
    this.#row = firstRow && { number: 0, bytes: firstRow };
    this.#beforeDamaged = beforeDamaged;
  }

  get size(): number {
    return this.#details.size;
  }

  async bytes(start = 0, end = this.size): Promise<Uint8Array> {
    const atOnce = await this.#ofOneRow(start, end);
    if (atOnce) return atOnce;
    const pieces: Uint8Array[] = [];
    for await (const piece of this.#read(start, end)) pieces.push(piece);
    return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
  }

  async *stream(start = 0, end = this.size): AsyncIterable<Uint8Array> {
    const atOnce = await this.#ofOneRow(start, end);
    for await (const piece of atOnce ? [atOnce] : this.#read(start, end))
      for (let at = 0; at < piece.length; at += PIECE) yield piece.subarray(at, at + PIECE);
  }

  /** Most messages are one row, and need no walk over segments; undefined for the others. */
  async #ofOneRow(start: number, end: number): Promise<Uint8Array | undefined> {
    const { prefix, segments } = this.#details.plan;
    const only = segments.length === 1 ? segments[0]! : undefined;
    // Of nothing there is no row.
    if (only?.kind !== 'rows' || only.length === 0 || only.length > BODY_CHUNK) return undefined;
    let row: Uint8Array;
    try {
      row = this.#row?.bytes ?? (await this.#bodyRow(0));
      if (row.length !== only.length) throw new Damaged('body row 0 has another length than the details say');
    } catch (error) {
      throw await this.#toTell(error);
    }
    const from = Math.max(0, start);
    const to = Math.max(from, Math.min(end, this.size));
    const front = prefix.length;
    const inRow = row.subarray(Math.max(0, from - front), Math.max(0, to - front));
    return from < front ? Buffer.concat([prefix.subarray(from, to), inRow]) : inRow;
  }

  async *#read(start: number, end: number): AsyncIterable<Uint8Array> {
    try {
      yield* this.#stretches(Math.max(0, start), Math.min(end, this.size));
    } catch (error) {
      throw await this.#toTell(error);
    }
  }

  async #toTell(error: unknown): Promise<unknown> {
    if (!(error instanceof Damaged)) return error;
    await this.#beforeDamaged?.();
    const { email } = this.#details;
    return new MailError('damaged', 'bug', `email ${email} of ${this.#account}: ${error.message}`, { cause: error });
  }

  async *#stretches(start: number, end: number): AsyncIterable<Uint8Array> {
    const { prefix, segments } = this.#details.plan;
    if (start < Math.min(end, prefix.length)) yield prefix.subarray(start, Math.min(end, prefix.length));
    let at = prefix.length;
    let inRows = 0;
    for (const segment of segments) {
      const from = Math.max(start, at) - at;
      const to = Math.min(end, at + segment.length) - at;
      if (from < to) {
        if (segment.kind === 'rows') yield* this.#rows(inRows + from, inRows + to);
        else if (segment.kind === 'blob') yield* this.#blob(segment, segment.offset + from, segment.offset + to);
        else yield* this.#base64(segment, from, to);
      }
      at += segment.length;
      if (segment.kind === 'rows') inRows += segment.length;
    }
  }

  async *#rows(start: number, end: number): AsyncIterable<Uint8Array> {
    for (let at = start; at < end; ) {
      const number = Math.floor(at / BODY_CHUNK);
      const bytes = await this.#bodyRow(number);
      const from = at - number * BODY_CHUNK;
      const to = Math.min(bytes.length, end - number * BODY_CHUNK);
      if (to <= from) throw new Damaged(`body row ${number} is too short`);
      yield bytes.subarray(from, to);
      at += to - from;
    }
  }

  async #bodyRow(number: number): Promise<Uint8Array> {
    if (this.#row?.number === number) return this.#row.bytes;
    const { email } = this.#details;
    const p = accountPartition(this.#account);
    const [bytes] = await this.#kv.getImmutable(p, bucketOf(email), [bodyKey(email, number)]);
    if (!bytes) throw new Damaged(`body row ${number} is missing`);
    this.#row = { number, bytes };
    return bytes;
  }

  async *#blob(segment: { readonly blob: number }, start: number, end: number): AsyncIterable<Uint8Array> {
    const ref = this.#details.plan.blobs[segment.blob];
    if (!ref) throw new Damaged(`no blob ${segment.blob}`);
    const bytes = await this.#blobs.get(refKey(ref), start, end);
    if (!bytes) throw new Damaged(`blob ${refKey(ref)} is missing`);
    let left = end - start;
    for await (const piece of bytes) {
      left -= piece.length;
      yield piece;
    }
    if (left !== 0) throw new Damaged(`blob ${refKey(ref)} is too short`);
  }

  async *#base64(segment: Segment & { kind: 'base64' }, start: number, end: number): AsyncIterable<Uint8Array> {
    const { recipe } = segment;
    const size = this.#details.plan.blobs[segment.blob]?.size ?? 0;
    if (segment.length !== encodedSize(recipe, size)) throw new Damaged('a part of another length than its blob says');
    const { from, skip } = decodedStart(recipe, size, start);
    // A little more than needed: three bytes give at least four characters.
    const to = Math.min(size, from + Math.ceil((skip + end - start) / 4) * 3 + 3);
    const encoder = new Base64Encoder(recipe, from);
    let at = start - skip;
    const cut = (encoded: Uint8Array): Uint8Array => {
      const piece = encoded.subarray(Math.max(0, start - at), Math.max(0, end - at));
      at += encoded.length;
      return piece;
    };
    if (from < to) for await (const piece of this.#blob(segment, from, to)) yield cut(encoder.push(piece));
    if (to === size) yield cut(encoder.end());
  }
}
