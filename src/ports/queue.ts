/**
 * Queue: work that must not be lost. Lives on the KeyValueStore (the store is the truth; shards are leased to nodes).
 *
 * Durable when `add` resolves. At least once: after a crash every entry that was not `done` comes again, so whoever
 * works on an entry does so under an id derived from it. Entries come in order of due time, promoted ones first.
 */
export type QueueName = 'intake' | 'outbound' | 'error' | 'hard-bounce' | 'soft-bounce' | 'complaint';
/** Stored by position: names are added at the end. */
export const QUEUE_NAMES: readonly QueueName[] = [
  'intake',
  'outbound',
  'error',
  'hard-bounce',
  'soft-bounce',
  'complaint',
]; // prettier-ignore

/** Names an entry for ever; printable ASCII, sorts by time of creation. */
export type QueueId = string & { readonly __brand: 'QueueId' };

export interface NewEntry {
  /** Chosen by the caller when it needs to know it beforehand (`newId`). */
  readonly id?: QueueId;
  /** What the entry is about, at most 200 KiB; JSON-able. */
  readonly payload: unknown;
  /** Names by which `promote` and `list` find it, e.g. account ids or a destination. */
  readonly tags?: readonly string[];
  /** Milliseconds since 1970; absent = now. */
  readonly due?: number;
  /** Why it is there, of an entry that begins in the error queue. */
  readonly reason?: string;
  /**
   * Whoever adds it adds it again after a crash, until it is done or waits. So it need not be durable before somebody has it wait
   * (`retry`, `move`, `hold`): one that is done at once is never written.
   */
  readonly again?: boolean;
}

export interface QueueEntry {
  readonly id: QueueId;
  readonly queue: QueueName;
  readonly payload: unknown;
  readonly tags: readonly string[];
  readonly created: number;
  readonly due: number;
  readonly attempts: number;
  /** Why the last attempt failed, or why it is in the error queue; one line. */
  readonly reason: string | undefined;
  readonly held: boolean;
}

export interface QueueCounts {
  readonly waiting: number;
  readonly due: number;
  readonly held: number;
  /** Creation time of the oldest entry. */
  readonly oldest: number | undefined;
  /** Since when the entry is due that has waited longest for its turn; undefined when none is due. */
  readonly dueSince: number | undefined;
}

export interface Queue extends AsyncDisposable {
  newId(): QueueId;
  /** One commit for all of them. */
  add(queue: QueueName, entries: readonly NewEntry[]): Promise<QueueId[]>;
  /** Due entries nobody else has, at most `limit`; they stay taken until one of the calls below, or a restart. */
  take(queue: QueueName, limit: number): Promise<QueueEntry[]>;
  done(entries: readonly QueueEntry[]): Promise<void>;
  /** Back into its queue: one attempt more. */
  retry(entry: QueueEntry, how: { due: number; reason: string; payload?: unknown }): Promise<void>;
  /** Nothing about it could be written: due again after so many milliseconds, as it was. In memory alone, so it never fails; nothing happens to
   * an entry that is not taken. */
  giveBack(entry: QueueEntry, afterMs: number): void;
  /** Into another queue, in one commit, with its reason; it is due there at once and its attempts begin anew. Also for
   * entries that nobody has taken (an operator's "deliver again" from the error queue to intake). */
  move(entry: QueueEntry, to: QueueName, reason: string, payload?: unknown): Promise<void>;
  /** Makes the waiting entries with this tag due now, before the others. Cheap when there are none. */
  promote(queue: QueueName, tag: string): Promise<number>;
  list(queue: QueueName, options?: { after?: QueueId; limit?: number; tag?: string }): Promise<QueueEntry[]>;
  get(id: QueueId): Promise<QueueEntry | undefined>;
  /** For operators: entries that are taken at the moment are left alone; answers what was changed. */
  hold(ids: readonly QueueId[]): Promise<number>;
  release(ids: readonly QueueId[]): Promise<number>;
  drop(ids: readonly QueueId[]): Promise<number>;
  counts(): Promise<Record<QueueName, QueueCounts>>;
  /** Called whenever something becomes due in the queue (also by time). */
  onDue(queue: QueueName, wake: () => void): Disposable;
}
