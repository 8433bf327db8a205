/**
 * One shard of the queues: a partition whose changes are gathered and committed in groups. Its lease is its version:
 * whoever opens a shard moves the version on, and the commits of an earlier owner conflict from then on.
 */
import { MailError } from '../mail/error.ts';
import { type CommitId, type Key, type KeyValueStore, type Partition, StoreFailed, type Value } from '../ports/kv.ts';
import type { Random } from '../ports/random.ts';

interface Change {
  readonly rows: readonly { readonly key: Key; readonly value: Value | undefined }[];
  readonly bytes: number;
  readonly done: (error?: unknown) => void;
}

export class QueueShard {
  readonly partition: Partition;
  readonly #kv: KeyValueStore;
  readonly #owner: string;
  readonly #header: Buffer;
  #version: number;
  #commits = 0;
  #opened = false;
  #waiting: Change[] = [];
  #running: Promise<void> | undefined;

  private constructor(kv: KeyValueStore, partition: Partition, owner: string, version: number) {
    this.#kv = kv;
    this.partition = partition;
    this.#owner = owner;
    this.#header = Buffer.from(owner);
    this.#version = version;
  }

  /** Takes the shard over from whoever had it. */
  static async open(kv: KeyValueStore, partition: Partition, random: Random): Promise<QueueShard> {
    const owner = Buffer.from(random.bytes(12)).toString('hex');
    const { version } = await kv.head(partition);
    const shard = new QueueShard(kv, partition, owner, version);
    await shard.#commit([]);
    shard.#opened = true;
    return shard;
  }

  /** Changes under way and waiting. */
  get load(): number {
    return this.#waiting.length + (this.#running ? 1 : 0);
  }

  /** Resolves when the rows are durable (undefined removes). Everything asked for meanwhile shares one commit. */
  write(rows: Change['rows']): Promise<void> {
    let bytes = 0;
    for (const { key, value } of rows) bytes += key.length + (value?.length ?? 0);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ rows, bytes, done: (error) => (error === undefined ? resolve() : reject(error as Error)) });
      this.#running ??= this.#run();
    });
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async #run(): Promise<void> {
    // The rest of this turn's changes join the first commit.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const group = this.#nextGroup();
      try {
        await this.#commit(group);
        for (const change of group) change.done();
      } catch (error) {
        for (const change of group) change.done(error);
      }
    }
    this.#running = undefined;
  }

  #nextGroup(): Change[] {
    const { limits } = this.#kv;
    let ops = 0;
    let bytes = 0;
    let take = 0;
    for (const change of this.#waiting) {
      ops += change.rows.length;
      bytes += change.bytes;
      if (take > 0 && (ops > limits.group.ops || bytes > limits.bytes / 2)) break;
      take++;
    }
    return this.#waiting.splice(0, take);
  }

  async #commit(group: readonly Change[]): Promise<void> {
    const rows = new Map<string, { key: Key; value: Value | undefined }>();
    for (const change of group) for (const row of change.rows) rows.set(Buffer.from(row.key).toString('latin1'), row);
    const put: [Key, Value][] = [];
    const remove: Key[] = [];
    for (const { key, value } of rows.values()) {
      if (value) put.push([key, value]);
      else remove.push(key);
    }
    for (;;) {
      const id = `${this.#owner}-${(this.#commits++).toString(36)}` as CommitId;
      const expect = this.#version;
      const batch = { header: this.#header, put, remove };
      const result = await this.#kv.commit(this.partition, expect, expect + 1, batch, id);
      if (result.kind === 'applied' || (result.kind === 'unknown' && (await this.#settled(expect, id)))) {
        this.#version = expect + 1;
        return;
      }
      const head = await this.#kv.head(this.partition);
      // With our header the store only gave up, or fenced an attempt of ours: the next one starts from there.
      const ours = head.value !== undefined && Buffer.compare(head.value, this.#header) === 0;
      if (!ours && this.#opened)
        throw new StoreFailed(`queue shard ${this.partition} was taken over by another process`);
      this.#version = head.version;
    }
  }

  async #settled(expect: number, id: CommitId): Promise<boolean> {
    return (await this.#kv.resolve(this.partition, expect, id)) === 'applied';
  }
}

/** A payload that fits one row with room for its envelope. */
export const MAX_PAYLOAD = 200 << 10;

export function encodeRow(row: object): Buffer {
  const value = Buffer.from(JSON.stringify(row));
  if (value.length > MAX_PAYLOAD + (16 << 10))
    throw new MailError('too-large', 'bug', `a queue entry of ${value.length} bytes: at most ${MAX_PAYLOAD}`);
  return value;
}
