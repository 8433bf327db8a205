/**
 * What is counted for reports, by day and by the domain that the report will be about. Counting is a step in memory, and the day's counts stay there; those of
 * domains that changed are written behind: a crash costs the last two minutes, no mail waits, and nothing is read. Each start writes rows of its own, which are
 * summed up when the report is made. Whoever makes up domains fills what there is for a day, and no more.
 */
import { Transactions } from '../../directory/transact.ts';
import type { Entry, Key, KeyValueStore, Partition } from '../../ports/kv.ts';
import type { KeptRowsParts } from '../kept-rows.ts';

export const COUNT_LIMITS = {
  /** Domains of a day. */
  subjects: 5_000,
  /** Different facts of a domain and a day, and of all domains of a day. */
  factsOfSubject: 2_000,
  facts: 50_000,
  writeEveryMs: 120_000,
};
export type CountLimits = typeof COUNT_LIMITS;

export const DAY_MS = 86_400_000;
const MOST_SUBJECT = 253;
const MOST_FACT = 3_000;
const ROW_BYTES = 128 << 10;
const ROWS_PER_COMMIT = 20;
/** Tells the rows of one start from those of another. */
const RUN_BYTES = 8;

export interface Counted {
  readonly subject: string;
  readonly facts: ReadonlyMap<string, number>;
  /** Its rows, to be forgotten. */
  readonly keys: readonly Key[];
}

interface Counting {
  readonly facts: Map<string, number>;
  changed: boolean;
}

export class DailyCounts implements AsyncDisposable {
  readonly #parts: KeptRowsParts;
  readonly #partition: Partition;
  readonly #limits: CountLimits;
  readonly #transactions: Transactions;
  #day: number;
  #run: Uint8Array;
  #counts = new Map<string, Counting>();
  #facts = 0;
  #passedOver = 0;
  #timer: Disposable | undefined;
  #writing: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(parts: KeptRowsParts, partition: Partition, limits: Partial<CountLimits> = {}) {
    this.#parts = parts;
    this.#partition = partition;
    this.#limits = { ...COUNT_LIMITS, ...limits };
    this.#transactions = new Transactions(parts.kv, parts.clock, parts.random);
    this.#day = dayOf(parts.clock.now());
    this.#run = parts.random.bytes(RUN_BYTES);
  }

  /** `subject` is a domain in lower case. */
  add(subject: string, fact: string): void {
    if (dayOf(this.#parts.clock.now()) !== this.#day) this.#logged(this.turn());
    let counting = this.#counts.get(subject);
    const seen = counting?.facts.get(fact);
    if (seen === undefined && !this.#fits(subject, fact, counting)) {
      this.#passedOver++;
      return;
    }
    if (counting === undefined) this.#counts.set(subject, (counting = { facts: new Map(), changed: false }));
    if (seen === undefined) this.#facts++;
    counting.facts.set(fact, (seen ?? 0) + 1);
    counting.changed = true;
    this.#timer ??= this.#parts.clock.after(this.#limits.writeEveryMs, () => {
      this.#timer = undefined;
      this.#logged(this.write());
    });
  }

  #fits(subject: string, fact: string, counting: Counting | undefined): boolean {
    const { subjects, factsOfSubject, facts } = this.#limits;
    if (this.#closed || subject.length > MOST_SUBJECT || fact.length > MOST_FACT || this.#facts >= facts) return false;
    return counting === undefined ? this.#counts.size < subjects : counting.facts.size < factsOfSubject;
  }

  /** Resolves when what was counted so far is durable. */
  write(): Promise<void> {
    const [day, run, counts] = [this.#day, this.#run, this.#counts];
    const write = (): Promise<void> => this.#write(day, run, counts);
    this.#writing = this.#writing.then(write, write);
    return this.#writing;
  }

  /** The same, and what comes from now on is counted anew, in rows of its own. */
  turn(): Promise<void> {
    const written = this.write();
    if (this.#passedOver > 0) {
      const { log } = this.#parts;
      log.warn(
        { passedOver: this.#passedOver, partition: this.#partition },
        'more was to be counted than reports hold',
      );
    }
    this.#day = dayOf(this.#parts.clock.now());
    this.#run = this.#parts.random.bytes(RUN_BYTES);
    this.#counts = new Map();
    this.#facts = 0;
    this.#passedOver = 0;
    return written;
  }

  /** Days since 1970 of which something is written, in order. */
  async days(): Promise<readonly number[]> {
    const found: number[] = [];
    for (let start = dayKey(0); ; ) {
      const first = await firstKey(this.#parts.kv, this.#partition, start);
      if (first === undefined) return found;
      const day = Buffer.from(first).readUInt32BE(0);
      found.push(day);
      start = dayKey(day + 1);
    }
  }

  /** What was counted and written on a day about the next domain in order. */
  async next(day: number, after = ''): Promise<Counted | undefined> {
    let subject: string | undefined;
    const facts = new Map<string, number>();
    const keys: Key[] = [];
    const start = after === '' ? dayKey(day) : Buffer.concat([dayKey(day), Buffer.from(after), Buffer.of(1)]);
    scan: for await (const page of this.#parts.kv.scan(this.#partition, { start, end: dayKey(day + 1) }))
      for (const [key, value] of page) {
        const name = subjectIn(key);
        if (name !== (subject ??= name)) break scan;
        keys.push(key);
        for (const [fact, n] of JSON.parse(Buffer.from(value).toString()) as [string, number][])
          facts.set(fact, (facts.get(fact) ?? 0) + n);
      }
    return subject === undefined ? undefined : { subject, facts, keys };
  }

  /** It is reported, or nobody wants to know. */
  async forget({ keys }: Pick<Counted, 'keys'>): Promise<void> {
    await this.#transactions.run(this.#partition, () => ({ batch: { remove: keys }, result: undefined }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#timer?.[Symbol.dispose]();
    this.#logged(this.write());
    await this.#writing.catch(() => undefined);
  }

  /** What a failure loses is what was counted since the last time. */
  #logged(writing: Promise<void>): void {
    writing.catch((error: unknown) =>
      this.#parts.log.warn({ err: error, partition: this.#partition }, 'what is counted for reports was not written'),
    );
  }

  async #write(day: number, run: Uint8Array, counts: ReadonlyMap<string, Counting>): Promise<void> {
    let put: Entry[] = [];
    const commit = async (): Promise<void> => {
      const rows = put;
      put = [];
      if (rows.length > 0)
        await this.#transactions.run(this.#partition, () => ({ batch: { put: rows }, result: undefined }));
    };
    try {
      for (const [subject, counting] of counts) {
        if (!counting.changed) continue;
        counting.changed = false;
        let part = 0;
        for (const some of inRows(counting.facts)) {
          put.push([rowKey(day, subject, run, part++), Buffer.from(some)]);
          if (put.length >= ROWS_PER_COMMIT) await commit();
        }
      }
      await commit();
    } catch (error) {
      for (const counting of counts.values()) counting.changed = true;
      throw error;
    }
  }
}

export function dayOf(time: number): number {
  return Math.floor(time / DAY_MS);
}

/** Values of rows, none too long. A fact stays in the same one: they are in the order in which they were first seen. */
function* inRows(facts: ReadonlyMap<string, number>): Generator<string> {
  let some: (readonly [string, number])[] = [];
  let bytes = 0;
  for (const entry of facts) {
    some.push(entry);
    bytes += 3 * entry[0].length;
    if (bytes < ROW_BYTES) continue;
    yield JSON.stringify(some);
    some = [];
    bytes = 0;
  }
  if (some.length > 0) yield JSON.stringify(some);
}

async function firstKey(kv: KeyValueStore, partition: Partition, start: Key): Promise<Key | undefined> {
  for await (const page of kv.scan(partition, { start, limit: 1 })) for (const [key] of page) return key;
  return undefined;
}

/** Day, domain, NUL, run, and which row of it. */
function rowKey(day: number, subject: string, run: Uint8Array, part: number): Key {
  return Buffer.concat([dayKey(day), Buffer.from(subject), Buffer.of(0), run, Buffer.of(part >> 8, part & 0xff)]);
}

function dayKey(day: number): Buffer {
  const key = Buffer.alloc(4);
  key.writeUInt32BE(day);
  return key;
}

function subjectIn(key: Key): string {
  const bytes = Buffer.from(key);
  return bytes.subarray(4, bytes.indexOf(0, 4)).toString();
}
