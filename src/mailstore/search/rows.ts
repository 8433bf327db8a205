/** Rows of segments in the store, and a cache of them that all accounts of a node share. */
import { Damaged, type Entry, type KeyValueStore } from '../../ports/kv.ts';
import type { AccountId } from '../api.ts';
import { accountPartition, SEARCH, searchRowKey, searchSegmentOf } from '../keys.ts';
import type { RowKind, RowSource, SegmentFacts } from './segment.ts';
import type { Row } from './work.ts';

/** Least recently used first; bounded in bytes. */
export class RowCache {
  readonly #most: number;
  readonly #rows = new Map<string, Uint8Array>();
  #bytes = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get(name: string): Uint8Array | undefined {
    const row = this.#rows.get(name);
    if (row) {
      this.#rows.delete(name);
      this.#rows.set(name, row);
    }
    return row;
  }

  put(name: string, row: Uint8Array): void {
    if (this.#rows.has(name)) return;
    this.#rows.set(name, row);
    this.#bytes += row.length + 200;
    for (const [oldest, bytes] of this.#rows) {
      if (this.#bytes <= this.#most) break;
      this.#rows.delete(oldest);
      this.#bytes -= bytes.length + 200;
    }
  }
}

export class StoredRows implements RowSource {
  readonly #kv: KeyValueStore;
  readonly #account: AccountId;
  readonly #segment: string;
  readonly #cache: RowCache | undefined;

  constructor(kv: KeyValueStore, account: AccountId, segment: string, cache?: RowCache) {
    this.#kv = kv;
    this.#account = account;
    this.#segment = segment;
    this.#cache = cache;
  }

  async row(kind: RowKind, number: number): Promise<Uint8Array> {
    const name = `${this.#segment} ${kind} ${number}`;
    const known = this.#cache?.get(name);
    if (known) return known;
    const key = searchRowKey(this.#segment, kind, number);
    const [row] = await this.#kv.getImmutable(accountPartition(this.#account), SEARCH, [key]);
    if (!row) throw new Damaged(`search: row ${number} of kind ${kind} of segment ${this.#segment} is missing`);
    this.#cache?.put(name, row);
    return row;
  }
}

export async function writeRows(
  kv: KeyValueStore,
  account: AccountId,
  segment: string,
  rows: readonly Row[],
): Promise<void> {
  const entries = rows.map(([kind, number, bytes]): Entry => [searchRowKey(segment, kind, number), bytes]);
  for (let at = 0; at < entries.length; at += 32)
    await kv.putImmutable(accountPartition(account), SEARCH, entries.slice(at, at + 32));
}

export async function dropSegment(kv: KeyValueStore, account: AccountId, { id, rows }: SegmentFacts): Promise<void> {
  const keys = rows.flatMap((count, kind) => Array.from({ length: count }, (_, n) => searchRowKey(id, kind, n)));
  for (let at = 0; at < keys.length; at += 500)
    await kv.dropImmutable(accountPartition(account), SEARCH, keys.slice(at, at + 500));
}

/** Rows of segments that nothing names and that were begun before `time`, as a crash leaves them. */
export async function dropUnnamed(
  kv: KeyValueStore,
  account: AccountId,
  named: ReadonlySet<string>,
  time: number,
): Promise<number> {
  const p = accountPartition(account);
  let dropped = 0;
  const drop = async (keys: readonly Uint8Array[]): Promise<void> => {
    dropped += keys.length;
    if (keys.length > 0) await kv.dropImmutable(p, SEARCH, keys);
  };
  let keys: Uint8Array[] = [];
  for await (const page of kv.scanImmutable(p, SEARCH, {}))
    for (const { key } of page) {
      const segment = searchSegmentOf(key);
      if (!named.has(segment) && segmentTime(segment) < time) keys.push(key);
      if (keys.length < 500) continue;
      await drop(keys);
      keys = [];
    }
  await drop(keys);
  return dropped;
}

/** When it was begun, in milliseconds since 1970. */
export function segmentTime(segment: string): number {
  return Number.parseInt(segment.slice(0, 12), 16);
}
