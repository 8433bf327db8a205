/**
 * The small records of an account in memory, for what is looked up with every mail (rules, lists, people): whole kinds, so that
 * what is not there is known as well. The change log says when a kind has changed; while the store is ahead of the index,
 * nothing here is used.
 */
import type { KeyValueStore, Value, Version } from '../ports/kv.ts';
import type { AccountId } from './api.ts';
import { accountPartition, recordOf, recordsOf } from './keys.ts';
import { checkedRecordKey } from './operations/records.ts';

/** A kind that has more than this stays in the store. */
const MOST_RECORDS = 50;
const MOST_BYTES = 16 << 10;
const MOST_KINDS = 50;

/** Values by id. */
type Records = ReadonlyMap<string, Value>;

export class RecordCache {
  readonly #kv: KeyValueStore;
  readonly #account: AccountId;
  readonly #indexVersion: () => Version;
  readonly #kinds = new Map<string, Records | 'many'>();
  /** Moves on with each change: what was read before one may be old. */
  #changes = 0;

  constructor(kv: KeyValueStore, account: AccountId, indexVersion: () => Version) {
    this.#kv = kv;
    this.#account = account;
    this.#indexVersion = indexVersion;
  }

  /** A kind of many stays one: counting them again after each change would cost more than it could ever spare. */
  changed(kind: string): void {
    this.#changes++;
    if (this.#kinds.get(kind) !== 'many') this.#kinds.delete(kind);
  }

  clear(): void {
    this.#changes++;
    this.#kinds.clear();
  }

  /** What this node knows of a kind, without asking the store; undefined when it knows nothing. */
  known(kind: string): Records | undefined {
    const known = this.#kinds.get(kind);
    return known === 'many' ? undefined : known;
  }

  /** From memory, or from the store where that does not have the whole kind. */
  async one(kind: string, id: string): Promise<Value | undefined> {
    const records = await this.all(kind);
    if (records !== undefined && records.size === 0) return undefined;
    const key = checkedRecordKey(kind, id);
    return records ? records.get(id) : (await this.#kv.get(accountPartition(this.#account), [key]))[0];
  }

  /** All of a kind, however many; as `one`. */
  async entries(kind: string): Promise<[string, Value][]> {
    checkedRecordKey(kind, '-');
    const few = await this.all(kind);
    if (few) return [...few];
    const found: [string, Value][] = [];
    for await (const page of this.#kv.scan(accountPartition(this.#account), recordsOf(kind)))
      for (const [key, value] of page) found.push([recordOf(key)[1], Buffer.from(value)]);
    return found;
  }

  /** Undefined when the store has to be asked. */
  async all(kind: string): Promise<Records | undefined> {
    const p = accountPartition(this.#account);
    if ((await this.#kv.head(p)).version !== this.#indexVersion()) return undefined;
    const known = this.#kinds.get(kind);
    if (known) return known === 'many' ? undefined : known;
    const changes = this.#changes;
    const records = await this.#read(kind);
    const isCurrent = (await this.#kv.head(p)).version === this.#indexVersion() && changes === this.#changes;
    if (!isCurrent) return undefined;
    if (this.#kinds.size >= MOST_KINDS) this.#kinds.clear();
    this.#kinds.set(kind, records ?? 'many');
    return records;
  }

  /** Undefined when there are too many. */
  async #read(kind: string): Promise<Records | undefined> {
    const records = new Map<string, Value>();
    let bytes = 0;
    const range = { ...recordsOf(kind), limit: MOST_RECORDS + 1 };
    for await (const page of this.#kv.scan(accountPartition(this.#account), range))
      for (const [key, value] of page) {
        bytes += value.length;
        if (records.size === MOST_RECORDS || bytes > MOST_BYTES) return undefined;
        records.set(recordOf(key)[1], Buffer.from(value));
      }
    return records;
  }
}
