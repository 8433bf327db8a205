/**
 * Which accounts changed? The node that commits writes `dirty(slot, hour) → account` before its first commit in an hour,
 * and again when a commit ends in a later hour. A consumer reads the last three hours of every slot again and again.
 */
import { hash } from 'node:crypto';
import type { Clock } from '../ports/clock.ts';
import { type Key, type KeyValueStore, type Partition, partition, StoreFailed, StoreFull } from '../ports/kv.ts';
import type { AccountId } from './api.ts';

export const SLOTS = 1024;
const HOUR = 3_600_000;
const DIRTY = 'dirty';
const NOTHING = new Uint8Array(0);
/** Accounts whose hour is remembered; forgetting one only writes its row once more. */
const MOST_REMEMBERED = 100_000;

export function slotOf(account: AccountId): number {
  return hash('sha256', account, 'buffer').readUInt16BE(0) % SLOTS;
}

function slotPartition(slot: number): Partition {
  return partition('s', String(slot));
}

function dirtyKey(hour: number, account = ''): Key {
  const key = Buffer.allocUnsafe(4 + Buffer.byteLength(account));
  key.writeUInt32BE(hour, 0);
  key.write(account, 4);
  return key;
}

export class ChangeFeed {
  readonly #kv: KeyValueStore;
  readonly #clock: Clock;
  readonly #marked = new Map<AccountId, number>();
  readonly #marking = new Map<AccountId, Promise<void>>();

  constructor(kv: KeyValueStore, clock: Clock) {
    this.#kv = kv;
    this.#clock = clock;
  }

  /** Before and after each commit: mostly only a look into a map. */
  mark(account: AccountId): Promise<void> | undefined {
    const hour = this.#hour();
    if (this.#marked.get(account) === hour) return undefined;
    let marking = this.#marking.get(account);
    if (!marking) {
      marking = this.#mark(account, hour).finally(() => this.#marking.delete(account));
      this.#marking.set(account, marking);
    }
    // Where the store keeps the order of writes, the row is durable no later than the commit.
    return this.#kv.supports.orderedWrites ? undefined : marking;
  }

  async #mark(account: AccountId, hour: number): Promise<void> {
    try {
      await this.#kv.putImmutable(slotPartition(slotOf(account)), DIRTY, [[dirtyKey(hour, account), NOTHING]]);
      if (this.#marked.size >= MOST_REMEMBERED) this.#marked.clear();
      this.#marked.set(account, hour);
    } catch (error) {
      // Without room mail can still be deleted. A store that failed says so to the commit, too.
      if (!(error instanceof StoreFull) && !(error instanceof StoreFailed)) throw error;
    }
  }

  /** Accounts of a slot that may have changed since the hour in which `since` is, each once. */
  async changed(slot: number, since: number): Promise<Set<AccountId>> {
    const found = new Set<AccountId>();
    const range = { start: dirtyKey(Math.floor(since / HOUR)) };
    for await (const page of this.#kv.scanImmutable(slotPartition(slot), DIRTY, range))
      for (const { key } of page) found.add(Buffer.from(key.subarray(4)).toString() as AccountId);
    return found;
  }

  /** The same of all slots. */
  async *changedSince(since: number): AsyncIterable<AccountId> {
    for await (const p of this.#kv.partitions('s')) yield* await this.changed(Number(p.slice(2)), since);
  }

  /** Forgets rows from before `time`; answers how many there were. */
  async forgetBefore(time: number): Promise<number> {
    let dropped = 0;
    for await (const p of this.#kv.partitions('s')) {
      const keys: Key[] = [];
      for await (const page of this.#kv.scanImmutable(p, DIRTY, { end: dirtyKey(Math.floor(time / HOUR)) }))
        for (const { key } of page) keys.push(key);
      if (keys.length > 0) await this.#kv.dropImmutable(p, DIRTY, keys);
      dropped += keys.length;
    }
    return dropped;
  }

  #hour(): number {
    return Math.floor(this.#clock.now() / HOUR);
  }
}
