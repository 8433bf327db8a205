/** What the tests of a KeyValueStore read and write rows with. */
import type { Batch, CommitId, Entry, KeyValueStore, Partition, Range, Version } from './kv.ts';

let serial = 0;
/** A commit id that was never used. */
export function freshId(): CommitId {
  return `test.${(serial++).toString(36)}.${Math.random().toString(36).slice(2, 10)}` as CommitId;
}

/** Commits on top of whatever is there, as every caller must: conflicts are tried again, unknowns are resolved. */
export async function commitNow(kv: KeyValueStore, p: Partition, batch: Batch): Promise<Version> {
  for (;;) {
    const { version } = await kv.head(p);
    const id = freshId();
    const { kind } = await kv.commit(p, version, version + 1, batch, id);
    if (kind === 'applied' || (kind === 'unknown' && (await kv.resolve(p, version, id)) === 'applied'))
      return version + 1;
  }
}

export const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
export const text = (value: string): Uint8Array => new TextEncoder().encode(value);
export const plain = (value: Uint8Array | undefined): string | undefined =>
  value && Buffer.from(value).toString('latin1');

export const same = (a: Uint8Array | undefined, b: Uint8Array): boolean =>
  a !== undefined && Buffer.compare(a, b) === 0;

export async function collect(kv: KeyValueStore, p: Partition, range: Range = {}): Promise<[string, string][]> {
  const rows: [string, string][] = [];
  for await (const page of kv.scan(p, range)) for (const [key, value] of page) rows.push([plain(key)!, plain(value)!]);
  return rows;
}

export async function collectImmutable(kv: KeyValueStore, p: Partition, bucket: string | undefined, range: Range = {}) {
  const rows: string[] = [];
  for await (const page of kv.scanImmutable(p, bucket, range))
    for (const { bucket: b, key, value } of page) rows.push(`${b}:${plain(key)}=${plain(value)}`);
  return rows;
}

/** Rows whose keys and values may be given as text. */
export const put = (...rows: [Uint8Array | string, Uint8Array | string][]): Entry[] =>
  rows.map(([k, v]) => [typeof k === 'string' ? text(k) : k, typeof v === 'string' ? text(v) : v]);
