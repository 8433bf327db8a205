/**
 * The queues on a key-value store. The rows are the truth; what is due when, who has what and which tags wait is kept
 * in memory and read from the rows at the start. So after a crash everything that was not done is due again.
 *
 * An entry is one row, `20 queue id`, in one of a few shards, and stays in its shard for life: moving it to another
 * queue is one commit. Several shards let adding go on while a commit of another shard is under way.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { MailError } from '../mail/error.ts';
import type { Clock } from '../ports/clock.ts';
import { Damaged, type Key, type KeyValueStore, partition } from '../ports/kv.ts';
import {
  type NewEntry,
  type Queue,
  type QueueCounts,
  type QueueEntry,
  type QueueId,
  type QueueName,
} from '../ports/queue.ts';
import { QUEUE_NAMES } from '../ports/queue.ts';
import type { Random } from '../ports/random.ts';
import { QueueLane } from './queue-lane.ts';
import { ALL_ROWS, encode, oneLine, parseKey, type Row, rowKey, view } from './queue-rows.ts';
import { QueueShard } from './queue-shard.ts';

/** Entries whose payload stays in memory until they are taken; the others' is read again. */
const PAYLOADS_IN_MEMORY = 4_000;
/** Entries that are in memory alone. */
const MOST_UNWRITTEN = 2_000;

export interface QueueOptions {
  readonly kv: KeyValueStore;
  readonly clock: Clock;
  readonly random: Random;
  /** Shards this process works on, named for ever. */
  readonly shards?: readonly string[];
  /** How many entries have been read so far. */
  readonly onRead?: (entries: number) => void;
}

interface Item {
  readonly id: QueueId;
  readonly shard: QueueShard;
  queue: QueueName;
  readonly created: number;
  due: number;
  attempts: number;
  reason: string | undefined;
  held: boolean;
  readonly tags: readonly string[];
  /** It has a row; else its payload stays in memory. */
  written: boolean;
  promoted: boolean;
  /** `changing` while an operator's change is under way. */
  state: 'waiting' | 'taken' | 'changing';
  payload: { readonly value: unknown } | undefined;
}

export async function openQueue(options: QueueOptions): Promise<Queue> {
  const queue = new KvQueue(options);
  await queue.load(options.shards ?? ['0', '1', '2', '3'], options.onRead);
  return queue;
}

class KvQueue implements Queue {
  readonly #kv: KeyValueStore;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #shards: QueueShard[] = [];
  readonly #items = new Map<QueueId, Item>();
  readonly #tags = new Map<string, Set<Item>>();
  readonly #lanes = new Map<QueueName, QueueLane>();
  #payloads = 0;
  #unwritten = 0;
  #lastId = '';
  #counter = 0;

  constructor({ kv, clock, random }: QueueOptions) {
    this.#kv = kv;
    this.#clock = clock;
    this.#random = random;
    for (const name of QUEUE_NAMES) this.#lanes.set(name, new QueueLane(clock));
  }

  async load(shards: readonly string[], onRead?: (entries: number) => void): Promise<void> {
    for (const name of shards) {
      const shard = await QueueShard.open(this.#kv, partition('q', name), this.#random);
      this.#shards.push(shard);
      for await (const rows of this.#kv.scan(shard.partition, ALL_ROWS)) {
        for (const [key, value] of rows) {
          const { queue, id } = parseKey(key);
          this.#insert(this.#item(id, shard, queue, JSON.parse(Buffer.from(value).toString()) as Row));
        }
        onRead?.(this.#items.size);
        // A store that is read from memory never waits by itself.
        await nextTurn();
      }
    }
  }

  newId(): QueueId {
    const time = this.#clock.now().toString(16).padStart(12, '0');
    if (time !== this.#lastId) {
      this.#lastId = time;
      this.#counter = 0;
    }
    const count = (this.#counter++).toString(16).padStart(4, '0');
    return `${time}${count}${Buffer.from(this.#random.bytes(4)).toString('hex')}` as QueueId;
  }

  async add(queue: QueueName, entries: readonly NewEntry[]): Promise<QueueId[]> {
    const shard = this.#quietest();
    const now = this.#clock.now();
    let room = MOST_UNWRITTEN - this.#unwritten;
    const items = entries.map(({ id, payload, tags, due, reason, again = false }) => {
      const item = this.#item(id ?? this.newId(), shard, queue, {
        created: now,
        due: due ?? now,
        attempts: 0,
        payload,
        ...(tags && { tags }),
        ...(reason !== undefined && { reason: oneLine(reason) }),
      });
      if (again && room-- > 0) item.written = false;
      return item;
    });
    await this.#write(
      items.filter(({ written }) => written).map((item) => ({ item, value: encode(item, item.payload?.value) })),
    );
    for (const item of items) this.#insert(item);
    this.#lane(queue).wake();
    return items.map(({ id }) => id);
  }

  async take(queue: QueueName, limit: number): Promise<QueueEntry[]> {
    const lane = this.#lane(queue);
    const now = this.#clock.now();
    const taken: Item[] = [];
    while (taken.length < limit) {
      const first = lane.heap.first;
      if (!first || first.at > now) break;
      lane.heap.pop();
      const item = this.#current(queue, first.id as QueueId, first.at);
      if (!item) continue;
      item.state = 'taken';
      taken.push(item);
    }
    lane.schedule();
    await this.#fetchPayloads(taken);
    const entries = taken.map((item) => view(item, item.payload?.value));
    for (const item of taken) this.#forgetPayload(item);
    return entries;
  }

  async done(entries: readonly QueueEntry[]): Promise<void> {
    const items = entries.map((entry) => this.#taken(entry));
    await this.#write(items.filter(({ written }) => written).map((item) => ({ item, value: undefined })));
    for (const item of items) this.#remove(item);
  }

  async retry(entry: QueueEntry, how: { due: number; reason: string; payload?: unknown }): Promise<void> {
    const item = this.#taken(entry);
    const payload = 'payload' in how ? how.payload : entry.payload;
    const next = { ...item, due: how.due, attempts: item.attempts + 1, reason: oneLine(how.reason) };
    await this.#write([{ item, value: encode(next, payload) }]);
    this.#isWritten(item);
    item.due = next.due;
    item.attempts = next.attempts;
    item.reason = next.reason;
    this.#release(item);
  }

  giveBack({ id }: QueueEntry, afterMs: number): void {
    const item = this.#items.get(id);
    if (item?.state !== 'taken') return;
    item.due = this.#clock.now() + afterMs;
    this.#release(item);
  }

  async move(entry: QueueEntry, to: QueueName, reason: string, payload: unknown = entry.payload): Promise<void> {
    const item = this.#items.get(entry.id);
    // What somebody else has moved meanwhile is not moved again.
    if (item === undefined || item.state === 'changing' || item.queue !== entry.queue)
      throw new MailError('conflict', 'temporary', `queue entry ${entry.id} is gone, or somebody is at it`);
    const before = item.state;
    item.state = 'changing';
    const next = { ...item, queue: to, due: this.#clock.now(), attempts: 0, reason: oneLine(reason) };
    const rows = [
      ...(item.written ? [{ key: rowKey(item), value: undefined }] : []),
      { key: rowKey(next), value: encode(next, payload) },
    ];
    try {
      await item.shard.write(rows);
    } catch (error) {
      item.state = before;
      if (before === 'waiting') this.#release(item);
      throw error;
    }
    this.#isWritten(item);
    this.#forgetPayload(item);
    item.queue = to;
    item.due = next.due;
    item.attempts = next.attempts;
    item.reason = next.reason;
    this.#release(item);
  }

  promote(queue: QueueName, tag: string): Promise<number> {
    let promoted = 0;
    for (const item of this.#tags.get(tag) ?? []) {
      if (item.queue !== queue || item.state !== 'waiting' || item.held || item.promoted) continue;
      item.promoted = true;
      this.#lane(queue).heap.push({ at: -1, id: item.id });
      promoted++;
    }
    if (promoted > 0) this.#lane(queue).wake();
    return Promise.resolve(promoted);
  }

  async list(queue: QueueName, options: { after?: QueueId; limit?: number; tag?: string } = {}): Promise<QueueEntry[]> {
    const { after = '', limit = 100, tag } = options;
    const items: Item[] = [];
    for (const item of tag === undefined ? this.#items.values() : (this.#tags.get(tag) ?? []))
      if (item.queue === queue && item.id > after) items.push(item);
    items.sort((a, b) => (a.id < b.id ? -1 : 1));
    const entries: QueueEntry[] = [];
    for (const item of items) {
      if (entries.length >= limit) break;
      const entry = await this.get(item.id);
      if (entry) entries.push(entry);
    }
    return entries;
  }

  async get(id: QueueId): Promise<QueueEntry | undefined> {
    const item = this.#items.get(id);
    if (!item) return undefined;
    if (item.payload) return view(item, item.payload.value);
    const [value] = await this.#kv.get(item.shard.partition, [rowKey(item)]);
    return value && view(item, (JSON.parse(Buffer.from(value).toString()) as Row).payload);
  }

  hold(ids: readonly QueueId[]): Promise<number> {
    return this.#operate(ids, (item) => (item.held ? undefined : { ...item, held: true }));
  }

  release(ids: readonly QueueId[]): Promise<number> {
    return this.#operate(ids, (item) => (item.held ? { ...item, held: false, due: this.#clock.now() } : undefined));
  }

  drop(ids: readonly QueueId[]): Promise<number> {
    return this.#operate(ids, () => 'drop');
  }

  counts(): Promise<Record<QueueName, QueueCounts>> {
    const now = this.#clock.now();
    const counts = Object.fromEntries(
      QUEUE_NAMES.map((name) => [name, { waiting: 0, due: 0, held: 0, oldest: undefined, dueSince: undefined }]),
    ) as Record<QueueName, { -readonly [K in keyof QueueCounts]: QueueCounts[K] }>;
    for (const item of this.#items.values()) {
      const count = counts[item.queue];
      if (item.held) count.held++;
      else count.waiting++;
      if (!item.held && (item.promoted || item.due <= now)) {
        count.due++;
        count.dueSince = Math.min(count.dueSince ?? now, item.due);
      }
      if (count.oldest === undefined || item.created < count.oldest) count.oldest = item.created;
    }
    return Promise.resolve(counts);
  }

  onDue(queue: QueueName, wake: () => void): Disposable {
    return this.#lane(queue).onDue(wake);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const lane of this.#lanes.values()) lane[Symbol.dispose]();
    for (const shard of this.#shards) await shard.idle();
  }

  // --- in memory ----------------------------------------------------------------------------------------------------

  #item(id: QueueId, shard: QueueShard, queue: QueueName, row: Row): Item {
    const { created, due, attempts, reason, held = false, tags = [], payload } = row;
    return {
      id,
      shard,
      queue,
      created,
      due,
      attempts,
      reason,
      held,
      tags,
      written: true,
      promoted: false,
      state: 'waiting',
      payload: { value: payload },
    }; // prettier-ignore
  }

  #insert(item: Item): void {
    this.#items.set(item.id, item);
    if (!item.written) this.#unwritten++;
    if (!item.written || this.#payloads < PAYLOADS_IN_MEMORY) this.#payloads++;
    else item.payload = undefined;
    for (const tag of item.tags) {
      const tagged = this.#tags.get(tag);
      if (tagged) tagged.add(item);
      else this.#tags.set(tag, new Set([item]));
    }
    this.#wait(item);
  }

  #remove(item: Item): void {
    this.#isWritten(item);
    this.#forgetPayload(item);
    this.#items.delete(item.id);
    for (const tag of item.tags) {
      const tagged = this.#tags.get(tag);
      tagged?.delete(item);
      if (tagged?.size === 0) this.#tags.delete(tag);
    }
  }

  /** Or it is gone: nothing of it is in memory alone any more. */
  #isWritten(item: Item): void {
    if (item.written) return;
    item.written = true;
    this.#unwritten--;
    // What was written may be another payload.
    this.#forgetPayload(item);
  }

  #forgetPayload(item: Item): void {
    if (!item.payload || !item.written) return;
    item.payload = undefined;
    this.#payloads--;
  }

  /** Back among those that wait. */
  #release(item: Item): void {
    item.promoted = false;
    item.state = 'waiting';
    this.#wait(item);
    this.#lane(item.queue).wake();
  }

  #wait(item: Item): void {
    if (!item.held) this.#lane(item.queue).heap.push({ at: item.due, id: item.id });
  }

  /** The item that this heap entry still stands for. */
  #current(queue: QueueName, id: QueueId, at: number): Item | undefined {
    const item = this.#items.get(id);
    if (!item || item.queue !== queue || item.state !== 'waiting' || item.held) return undefined;
    return (item.promoted ? at === -1 : at === item.due) ? item : undefined;
  }

  #taken({ id }: QueueEntry): Item {
    const item = this.#items.get(id);
    if (item?.state !== 'taken') throw new MailError('bug', 'bug', `queue entry ${id} was not taken`);
    return item;
  }

  #lane(queue: QueueName): QueueLane {
    return this.#lanes.get(queue) as QueueLane;
  }

  #quietest(): QueueShard {
    let best = this.#shards[0] as QueueShard;
    for (const shard of this.#shards) if (shard.load < best.load) best = shard;
    return best;
  }

  // --- rows ---------------------------------------------------------------------------------------------------------

  async #write(changes: readonly { item: Item; value: Buffer | undefined }[]): Promise<void> {
    const byShard = new Map<QueueShard, { key: Key; value: Buffer | undefined }[]>();
    for (const { item, value } of changes) {
      const rows = byShard.get(item.shard) ?? [];
      rows.push({ key: rowKey(item), value });
      byShard.set(item.shard, rows);
    }
    await Promise.all(Array.from(byShard, ([shard, rows]) => shard.write(rows)));
  }

  async #fetchPayloads(items: readonly Item[]): Promise<void> {
    const missing = items.filter((item) => !item.payload);
    if (missing.length === 0) return;
    try {
      for (const item of missing) {
        const [value] = await this.#kv.get(item.shard.partition, [rowKey(item)]);
        if (!value) throw new Damaged(`queue entry ${item.id} is gone from ${item.shard.partition}`);
        item.payload = { value: (JSON.parse(Buffer.from(value).toString()) as Row).payload };
        this.#payloads++;
      }
    } catch (error) {
      for (const item of items) this.#release(item);
      throw error;
    }
  }

  async #operate(ids: readonly QueueId[], change: (item: Item) => Item | 'drop' | undefined): Promise<number> {
    let changed = 0;
    for (const id of new Set(ids)) {
      const item = this.#items.get(id);
      if (item?.state !== 'waiting') continue;
      const next = change(item);
      if (!next) continue;
      item.state = 'changing';
      try {
        const payload = next === 'drop' ? undefined : (await this.get(id))?.payload;
        if (next !== 'drop' || item.written)
          await this.#write([{ item, value: next === 'drop' ? undefined : encode(next, payload) }]);
      } catch (error) {
        this.#release(item);
        throw error;
      }
      changed++;
      if (next === 'drop') {
        this.#remove(item);
        continue;
      }
      this.#isWritten(item);
      item.held = next.held;
      item.due = next.due;
      this.#release(item);
    }
    return changed;
  }
}
