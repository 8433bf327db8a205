/**
 * The reference KeyValueStore: a sorted map per partition, nothing else. On request it is nasty: it does, with seeded
 * chance, everything the port allows a store to do, and that a well-behaved one hardly ever does.
 */
import type { Clock } from '../ports/clock.ts';
import {
  type Batch,
  type CommitId,
  type CommitResult,
  type Entry,
  type Head,
  type ImmutableEntry,
  type Key,
  type KeyValueStore,
  KV_LIMITS,
  type Partition,
  type PartitionKind,
  type Range,
  type Value,
  type Version,
} from '../ports/kv.ts';
import { checkBucket, checkCommit, checkEntries, checkPartition, compareKeys, seal, unseal } from './kv-rows.ts';
import { SeededRandom } from './random-seeded.ts';

/** Chances from 0 to 1; each defaults to a value that makes a test of a few hundred commits meet it often. */
export interface Nasty {
  readonly seed: number;
  /** A conflict although the version was the expected one (as after a serialisation failure). Default 0.05. */
  readonly conflict?: number;
  /** `unknown` for a commit that was applied. Default 0.04. */
  readonly unknownApplied?: number;
  /** `unknown` for a commit that was not, and never will be. Default 0.04. */
  readonly unknownLost?: number;
  /** `unknown` for a commit that is applied a little later, unless `resolve` or another commit came first. Default 0.04. */
  readonly late?: number;
  /** Scans read page by page, of a few rows, what is there at that moment. Default true. */
  readonly torn?: boolean;
  /** Answers come late and out of order: at most this many turns of the event loop before the work and after it, or
   * milliseconds of `clock` when there is one. Default 3. */
  readonly slow?: number;
  readonly clock?: Clock;
}

interface Part {
  version: Version;
  commitId: CommitId | undefined;
  header: Buffer | undefined;
  readonly rows: SortedRows;
  readonly buckets: Map<string, SortedRows>;
  /** Where each commit started, the latest last. */
  readonly commits: Map<CommitId, Version>;
  /** Commits that may still apply, and how to stop them. */
  readonly late: Map<CommitId, () => void>;
}

const REMEMBERED_COMMITS = 4096;
const PAGE = 256;

export class MemoryKv implements KeyValueStore {
  readonly limits = KV_LIMITS;
  readonly supports: KeyValueStore['supports'];
  /** Nothing is refused here; tests count it up. */
  lost = 0;
  /** What the nastiness did so far, so that a test can tell that it happened. */
  readonly injected = { conflict: 0, unknownApplied: 0, unknownLost: 0, late: 0, lateApplied: 0, fenced: 0 };
  readonly #parts = new Map<Partition, Part>();
  readonly #nasty: (Required<Omit<Nasty, 'clock'>> & Pick<Nasty, 'clock'>) | undefined;
  readonly #random: SeededRandom;

  constructor(nasty?: Nasty) {
    this.#nasty = nasty && {
      conflict: 0.05,
      unknownApplied: 0.04,
      unknownLost: 0.04,
      late: 0.04,
      torn: true,
      slow: 3,
      ...nasty,
    };
    this.#random = new SeededRandom(nasty?.seed ?? 0);
    this.supports = { snapshots: !this.#nasty?.torn, orderedWrites: !this.#nasty?.slow, backup: false };
  }

  async head(p: Partition): Promise<Head> {
    checkPartition(p);
    await this.#wait();
    const part = this.#parts.get(p);
    const head: Head = {
      version: part?.version ?? 0,
      commitId: part?.commitId,
      value: part?.header && unseal(place(p), part.header, () => `header of ${p}`),
    };
    await this.#wait();
    return head;
  }

  async get(p: Partition, keys: readonly Key[]): Promise<(Value | undefined)[]> {
    checkPartition(p);
    await this.#wait();
    const rows = this.#parts.get(p)?.rows;
    const values = keys.map((key) => rows && read(p, '', rows, binary(key)));
    await this.#wait();
    return values;
  }

  async *scan(p: Partition, range: Range): AsyncIterable<readonly Entry[]> {
    checkPartition(p);
    yield* this.#pages(p, '', () => this.#parts.get(p)?.rows, range);
  }

  async commit(p: Partition, expect: Version, next: Version, batch: Batch, id: CommitId): Promise<CommitResult> {
    checkCommit(p, expect, next, batch, id);
    const work = sealBatch(p, batch);
    await this.#wait();
    const result = this.#attempt(p, expect, next, work, id);
    await this.#wait();
    return result;
  }

  async resolve(p: Partition, expect: Version, id: CommitId): Promise<'applied' | 'not-applied'> {
    checkPartition(p);
    await this.#wait();
    const part = this.#part(p);
    const applied = part.commits.get(id) === expect;
    if (!applied) {
      part.late.get(id)?.();
      // As an adapter that cannot know would: nothing that started at `expect` can apply after this.
      if (this.#nasty && part.version === expect) {
        part.version++;
        part.commitId = `fence.${part.version}` as CommitId;
        this.injected.fenced++;
      }
    }
    await this.#wait();
    return applied ? 'applied' : 'not-applied';
  }

  async putImmutable(p: Partition, bucket: string, rows: readonly Entry[]): Promise<void> {
    checkPartition(p);
    checkBucket(bucket);
    checkEntries(rows);
    const sealed = rows.map(([key, value]) => [binary(key), seal(place(p, bucket, key), value)] as const);
    await this.#wait();
    const { buckets } = this.#part(p);
    let into = buckets.get(bucket);
    if (!into) buckets.set(bucket, (into = new SortedRows()));
    for (const [key, value] of sealed) if (!into.get(key)) into.set(key, value);
    await this.#wait();
  }

  async getImmutable(p: Partition, bucket: string, keys: readonly Key[]): Promise<(Value | undefined)[]> {
    checkPartition(p);
    checkBucket(bucket);
    await this.#wait();
    const rows = this.#parts.get(p)?.buckets.get(bucket);
    const values = keys.map((key) => rows && read(p, bucket, rows, binary(key)));
    await this.#wait();
    return values;
  }

  async *scanImmutable(
    p: Partition,
    bucket: string | undefined,
    range: Range,
  ): AsyncIterable<readonly ImmutableEntry[]> {
    checkPartition(p);
    if (bucket !== undefined) checkBucket(bucket);
    const names = bucket === undefined ? [...(this.#parts.get(p)?.buckets.keys() ?? [])].sort() : [bucket];
    if (range.reverse) names.reverse();
    let left = range.limit ?? Number.POSITIVE_INFINITY;
    for (const name of names) {
      if (left <= 0) return;
      const rows = () => this.#parts.get(p)?.buckets.get(name);
      for await (const page of this.#pages(p, name, rows, { ...range, limit: left })) {
        left -= page.length;
        yield page.map(([key, value]) => ({ bucket: name, key, value }));
      }
    }
  }

  async dropImmutable(p: Partition, bucket: string, keys: readonly Key[]): Promise<void> {
    checkPartition(p);
    checkBucket(bucket);
    await this.#wait();
    const buckets = this.#parts.get(p)?.buckets;
    const rows = buckets?.get(bucket);
    if (rows) {
      for (const key of keys) rows.remove(binary(key));
      if (rows.size === 0) buckets?.delete(bucket);
    }
    await this.#wait();
  }

  async *partitions(kind: PartitionKind, after?: Partition): AsyncIterable<Partition> {
    await this.#wait();
    const names = [...this.#parts.entries()]
      .filter(([p, part]) => p.startsWith(`${kind}/`) && (part.version > 0 || part.buckets.size > 0))
      .map(([p]) => Buffer.from(p))
      .sort(compareKeys);
    const from = after === undefined ? undefined : Buffer.from(after);
    for (const name of names) if (!from || compareKeys(name, from) > 0) yield name.toString() as Partition;
  }

  /** Flips one bit of a stored row, as a worn-out disk does; for tests. Answers whether there was such a row. */
  damage(p: Partition, bucket: string | undefined, key: Key): boolean {
    const part = this.#parts.get(p);
    const value = (bucket === undefined ? part?.rows : part?.buckets.get(bucket))?.get(binary(key));
    if (!value) return false;
    const at = this.#random.below(value.length);
    value[at]! ^= 1 << this.#random.below(8);
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const part of this.#parts.values()) for (const stop of part.late.values()) stop();
  }

  #part(p: Partition): Part {
    let part = this.#parts.get(p);
    if (!part) {
      part = {
        version: 0,
        commitId: undefined,
        header: undefined,
        rows: new SortedRows(),
        buckets: new Map(),
        commits: new Map(),
        late: new Map(),
      };
      this.#parts.set(p, part);
    }
    return part;
  }

  #attempt(p: Partition, expect: Version, next: Version, work: SealedBatch, id: CommitId): CommitResult {
    const part = this.#part(p);
    if (part.version !== expect) return { kind: 'conflict', version: part.version };
    const nasty = this.#nasty;
    if (!nasty) return apply(part, expect, next, work, id);
    let dice = this.#random.fraction();
    if ((dice -= nasty.conflict) < 0) {
      this.injected.conflict++;
      return { kind: 'conflict', version: part.version };
    }
    if ((dice -= nasty.unknownApplied) < 0) {
      this.injected.unknownApplied++;
      apply(part, expect, next, work, id);
      return { kind: 'unknown' };
    }
    if ((dice -= nasty.unknownLost) < 0) {
      this.injected.unknownLost++;
      return { kind: 'unknown' };
    }
    if ((dice -= nasty.late) < 0) {
      this.injected.late++;
      this.#applyLater(part, expect, next, work, id);
      return { kind: 'unknown' };
    }
    return apply(part, expect, next, work, id);
  }

  #applyLater(part: Part, expect: Version, next: Version, work: SealedBatch, id: CommitId): void {
    const clock = this.#nasty?.clock;
    const run = () => {
      part.late.delete(id);
      if (part.version !== expect) return;
      apply(part, expect, next, work, id);
      this.injected.lateApplied++;
    };
    const delay = 1 + this.#random.below(4 * (this.#nasty?.slow ?? 0) + 8);
    let timer: Disposable | undefined;
    let stopped = false;
    if (clock) timer = clock.after(delay, run);
    else void turns(delay).then(() => stopped || run());
    part.late.set(id, () => {
      stopped = true;
      timer?.[Symbol.dispose]();
      part.late.delete(id);
    });
  }

  async #wait(): Promise<void> {
    const nasty = this.#nasty;
    if (!nasty?.slow) return;
    const delay = this.#random.below(nasty.slow + 1);
    if (nasty.clock) await nasty.clock.sleep(delay);
    else await turns(delay);
  }

  async *#pages(
    p: Partition,
    bucket: string,
    rows: () => SortedRows | undefined,
    range: Range,
  ): AsyncIterable<readonly Entry[]> {
    await this.#wait();
    let start = range.start && binary(range.start);
    let end = range.end && binary(range.end);
    let left = range.limit ?? Number.POSITIVE_INFINITY;
    if (!this.#nasty?.torn) {
      const all = rows()?.range(start, end, range.reverse ?? false, left) ?? [];
      for (let i = 0; i < all.length; i += PAGE)
        yield all.slice(i, i + PAGE).map(([key, sealed]) => open(p, bucket, key, sealed));
      return;
    }
    while (left > 0) {
      const page = rows()?.range(start, end, range.reverse ?? false, Math.min(left, 1 + this.#random.below(4))) ?? [];
      if (page.length === 0) return;
      left -= page.length;
      const last = page.at(-1)![0];
      if (range.reverse) end = last;
      else start = `${last}\0`;
      yield page.map(([key, sealed]) => open(p, bucket, key, sealed));
      await turns(1);
      await this.#wait();
    }
  }
}

interface SealedBatch {
  readonly header: Buffer | undefined;
  readonly clear: readonly (readonly [start: string | undefined, end: string | undefined])[];
  readonly remove: readonly string[];
  readonly put: readonly (readonly [key: string, sealed: Buffer])[];
}

/** Taken over at once: the caller may use its buffers again. */
function sealBatch(p: Partition, batch: Batch): SealedBatch {
  const work: SealedBatch = {
    header: batch.header && seal(place(p), batch.header),
    clear: (batch.clear ?? []).map(({ start, end }) => [start && binary(start), end && binary(end)] as const),
    remove: (batch.remove ?? []).map(binary),
    put: (batch.put ?? []).map(([key, value]) => [binary(key), seal(place(p, '', key), value)] as const),
  };
  const keys = new Set(work.remove);
  for (const [key] of work.put) keys.add(key);
  if (keys.size !== work.remove.length + work.put.length) throw new RangeError(`a key twice in one commit of ${p}`);
  return work;
}

function apply(part: Part, expect: Version, next: Version, work: SealedBatch, id: CommitId): CommitResult {
  const { rows, commits } = part;
  for (const [start, end] of work.clear) rows.clear(start, end);
  for (const key of work.remove) rows.remove(key);
  for (const [key, sealed] of work.put) rows.set(key, sealed);
  part.version = next;
  part.commitId = id;
  if (work.header) part.header = work.header;
  commits.set(id, expect);
  if (commits.size > REMEMBERED_COMMITS) commits.delete(commits.keys().next().value!);
  return { kind: 'applied' };
}

function read(p: Partition, bucket: string, rows: SortedRows, key: string): Value | undefined {
  const sealed = rows.get(key);
  return sealed && open(p, bucket, key, sealed)[1];
}

function open(p: Partition, bucket: string, key: string, sealed: Buffer): Entry {
  const bytes = Buffer.from(key, 'latin1');
  return [bytes, unseal(place(p, bucket, bytes), sealed, () => `row ${bytes.toString('hex')} of ${p} ${bucket}`)];
}

/** What a row's checksum covers beside its value: no two places have the same bytes. Without a key: the header. */
function place(p: Partition, bucket = '', key?: Key): Buffer {
  return key ? Buffer.concat([Buffer.from(`${p}\0${bucket}\0`), key]) : Buffer.from(p);
}

/** Strings of bytes compare as the bytes do, and can be keys of a Map. */
function binary(key: Key): string {
  return Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1');
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}

class SortedRows {
  readonly #values = new Map<string, Buffer>();
  #keys: string[] = [];

  get size(): number {
    return this.#keys.length;
  }

  get(key: string): Buffer | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: Buffer): void {
    if (!this.#values.has(key)) {
      const last = this.#keys.at(-1);
      if (last === undefined || last < key) this.#keys.push(key);
      else this.#keys.splice(this.#find(key), 0, key);
    }
    this.#values.set(key, value);
  }

  remove(key: string): void {
    if (this.#values.delete(key)) this.#keys.splice(this.#find(key), 1);
  }

  clear(start: string | undefined, end: string | undefined): void {
    const from = start === undefined ? 0 : this.#find(start);
    const to = end === undefined ? this.#keys.length : this.#find(end);
    if (to > from) for (const key of this.#keys.splice(from, to - from)) this.#values.delete(key);
  }

  range(start: string | undefined, end: string | undefined, reverse: boolean, limit: number): [string, Buffer][] {
    const from = start === undefined ? 0 : this.#find(start);
    const to = end === undefined ? this.#keys.length : this.#find(end);
    const count = Math.max(0, Math.min(limit, to - from));
    const keys = reverse ? this.#keys.slice(to - count, to).reverse() : this.#keys.slice(from, from + count);
    return keys.map((key) => [key, this.#values.get(key)!]);
  }

  /** Position of the first key that is not below this one. */
  #find(key: string): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#keys[middle]! < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
