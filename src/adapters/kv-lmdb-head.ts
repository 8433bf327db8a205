/** A partition's header row: its version, the id of the commit that made it, and the header's value. */
import { type CommitId, Damaged, type Partition, type Version } from '../ports/kv.ts';

/** version u48 | has a value u8 | length of id u8 | id | value */
export function encodeHead(version: Version, id: CommitId, value: Buffer | undefined): Buffer {
  const bytes = Buffer.allocUnsafe(8 + id.length + (value?.length ?? 0));
  bytes.writeUIntLE(version % 2 ** 32, 0, 4);
  bytes.writeUInt16LE(Math.floor(version / 2 ** 32) & 0xffff, 4);
  bytes[6] = (value ? 1 : 0) | (Math.floor(version / 2 ** 48) << 1);
  bytes[7] = id.length;
  bytes.write(id, 8, 'latin1');
  if (value) bytes.set(value, 8 + id.length);
  return bytes;
}

export function decodeHead(bytes: Uint8Array, p: Partition) {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (head.length < 8) throw new Damaged(`header of ${p}: too short`);
  const start = 8 + head[7]!;
  return {
    version: head.readUInt32LE(0) + head.readUInt16LE(4) * 2 ** 32 + (head[6]! >> 1) * 2 ** 48,
    commitId: head.toString('latin1', 8, start) as CommitId,
    value: head[6]! & 1 ? head.subarray(start) : undefined,
  };
}
