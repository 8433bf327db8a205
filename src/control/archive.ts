/** A file that is made while it is sent, over the control socket: as items of base64. */
import type { OperationIo } from './operation.ts';

export async function sendArchive(
  pieces: AsyncIterable<Uint8Array>,
  io: OperationIo<string>,
): Promise<{ bytes: number }> {
  let bytes = 0;
  for await (const piece of pieces) {
    io.signal.throwIfAborted();
    io.item(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength).toString('base64'));
    await io.taken();
    bytes += piece.length;
  }
  return { bytes };
}
