/** The row that says which segments an account's index has, and how far it reaches. Changed by an ordinary commit. */
import { MailError } from '../../mail/error.ts';
import type { KeyValueStore } from '../../ports/kv.ts';
import type { AccountId } from '../api.ts';
import { ByteReader, ByteWriter } from '../bytes.ts';
import type { Operation } from '../commit.ts';
import { accountPartition, searchManifestKey } from '../keys.ts';
import type { SegmentFacts } from './segment.ts';

/** Of the segments and of how text becomes words: another one is rebuilt. */
const FORMAT = 3;
const ID_BYTES = 12;

export interface SearchManifest {
  /** Every message up to this id is in a segment, or gone. */
  readonly upTo: number;
  /** In order of their ids. */
  readonly segments: readonly SegmentFacts[];
}

export const NO_MANIFEST: SearchManifest = { upTo: 0, segments: [] };

export function encodeManifest({ upTo, segments }: SearchManifest): Uint8Array {
  const w = new ByteWriter().u8(FORMAT).u32(upTo).u16(segments.length);
  for (const { id, first, last, docs, words, bytes, rows } of segments) {
    w.hex(id).u32(first).u32(last).u32(docs).f64(words).f64(bytes);
    for (const count of rows) w.u32(count);
  }
  return w.take();
}

/** None for one of another format: then the index is made anew. */
export function decodeManifest(row: Uint8Array | undefined): SearchManifest {
  if (!row) return NO_MANIFEST;
  const r = new ByteReader(row);
  if (r.u8() !== FORMAT) return NO_MANIFEST;
  const upTo = r.u32();
  const segments: SegmentFacts[] = [];
  for (let left = r.u16(); left > 0; left--)
    segments.push({
      id: r.hex(ID_BYTES),
      first: r.u32(),
      last: r.u32(),
      docs: r.u32(),
      words: r.f64(),
      bytes: r.f64(),
      rows: [r.u32(), r.u32(), r.u32(), r.u32()],
    });
  return { upTo, segments };
}

export async function readManifestRow(kv: KeyValueStore, account: AccountId): Promise<Uint8Array | undefined> {
  const [row] = await kv.get(accountPartition(account), [searchManifestKey()]);
  return row;
}

/** `conflict` when the row is no longer `before`: somebody else indexed meanwhile. Whatever it was, when that cannot be read. */
export function putManifest(
  before: Uint8Array | undefined | 'unreadable',
  manifest: SearchManifest,
): Operation<Uint8Array> {
  const key = searchManifestKey();
  const row = encodeManifest(manifest);
  return {
    reads: () => (before === 'unreadable' ? [] : [key]),
    plan(draft) {
      if (before !== 'unreadable' && !sameBytes(draft.row(key), before))
        throw new MailError('conflict', 'temporary', 'the index was changed');
      return { changes: [], put: [[key, row]], result: row };
    },
  };
}

export function sameBytes(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : Buffer.compare(a, b) === 0;
}
