/** A mail that is read once for signing: its header, then piece by piece with pauses. */
import { MAX_HEADER_BYTES } from '../mail/header.ts';
import type { LineWatch } from '../mail/signable.ts';

/** Bytes hashed before others get their turn. */
const PIECE = 64 << 10;

/** At least the header, whatever came with it too. */
export async function readHead(pieces: AsyncIterator<Uint8Array>): Promise<Buffer> {
  const read: Uint8Array[] = [];
  let head = Buffer.alloc(0);
  let size = 0;
  while (size <= MAX_HEADER_BYTES) {
    const next = await pieces.next();
    if (next.done === true) break;
    read.push(next.value);
    size += next.value.length;
    head = Buffer.concat(read);
    if (head.includes('\r\n\r\n')) break;
  }
  return head;
}

/** A body with an endless line is not hashed to its end. */
export async function* watched(
  head: Buffer,
  pieces: AsyncIterator<Uint8Array>,
  watch: LineWatch,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (let piece: Uint8Array = head; ; ) {
    for (let at = 0; at < piece.length; at += PIECE) {
      const some = piece.subarray(at, at + PIECE);
      watch.push(some);
      if (watch.exceeded) return;
      yield some;
      if (at + PIECE < piece.length) await new Promise((resolve) => setImmediate(resolve));
    }
    const next = await pieces.next();
    if (next.done === true) return;
    piece = next.value;
  }
}
