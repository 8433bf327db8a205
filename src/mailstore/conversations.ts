/**
 * Conversations. A message's thread is given at delivery and never changes; when a message that was missing shows that two
 * threads belong together, the commit that adds it says so in a row. A conversation is what these rows connect: the same
 * whatever the order in which its messages came.
 */
import type { Key, KeyValueStore } from '../ports/kv.ts';
import {
  type AccountId,
  type Conversation,
  type ConversationPage,
  Flag,
  type FolderId,
  type MsgId,
  type ThreadId,
} from './api.ts';
import { accountPartition, allJoined, joinedKey, joinedOf } from './keys.ts';
import type { MailboxIndex } from './mailbox-index.ts';
import type { MessageTable } from './message-table.ts';
import { messageIds } from './query.ts';

/** Which threads of an account belong together: seldom any, so they are read when somebody asks. */
export class Joined {
  readonly #neighbours = new Map<ThreadId, ThreadId[]>();
  readonly #found = new Map<ThreadId, readonly ThreadId[]>();

  static async load(kv: KeyValueStore, account: AccountId): Promise<Joined> {
    const joined = new Joined();
    for await (const page of kv.scan(accountPartition(account), allJoined()))
      for (const [key] of page) {
        const [one, other] = joinedOf(key);
        joined.#add(one, other);
        joined.#add(other, one);
      }
    return joined;
  }

  #add(thread: ThreadId, neighbour: ThreadId): void {
    const known = this.#neighbours.get(thread);
    if (known) known.push(neighbour);
    else this.#neighbours.set(thread, [neighbour]);
  }

  /** The oldest first: ids begin with the time. */
  threadsOf(thread: ThreadId): readonly ThreadId[] {
    if (!this.#neighbours.has(thread)) return [thread];
    const known = this.#found.get(thread);
    if (known) return known;
    const all = new Set([thread]);
    // A set goes on with what is added to it meanwhile.
    for (const one of all) for (const next of this.#neighbours.get(one) ?? []) all.add(next);
    const threads = [...all].sort();
    for (const one of threads) this.#found.set(one, threads);
    return threads;
  }

  /** Rows of conversations of which one thread at most has messages left. */
  rowsOfOne(table: MessageTable): Key[] {
    const left = new Set<ThreadId>();
    for (const slot of table.slotsOfThreads(this.#neighbours.keys())) left.add(table.threadAt(slot));
    const rows: Key[] = [];
    // All threads of a conversation have the same list.
    const counted = new Map<readonly ThreadId[], number>();
    for (const [thread, neighbours] of this.#neighbours) {
      const threads = this.threadsOf(thread);
      const count = counted.get(threads) ?? threads.filter((one) => left.has(one)).length;
      counted.set(threads, count);
      if (count > 1) continue;
      for (const other of neighbours) if (thread < other) rows.push(joinedKey(thread, other));
    }
    return rows;
  }
}

/** Messages of a conversation that are named, and those that are said to have come last. */
const MOST_HERE = 1000;
const LATEST = 8;

export function listConversations(
  index: MailboxIndex,
  joined: Joined,
  folder: FolderId,
  { after, limit }: ConversationPage,
): Conversation[] {
  const { table } = index;
  const seen = new Set<ThreadId>();
  const shown = new Map<ThreadId, { newest: MsgId; total: number; unread: number; ids: MsgId[]; here: MsgId[] }>();
  for (const id of messageIds(index, { folder, sort: 'internalDate', descending: true })) {
    if (shown.size === limit) break;
    const slot = table.find(id);
    const thread = joined.threadsOf(table.threadAt(slot))[0]!;
    if (seen.has(thread)) continue;
    seen.add(thread);
    // One that begins before was shown already.
    if (after && !isBehind(1000 * table.internal[slot]!, id, after)) continue;
    shown.set(thread, { newest: id, total: 0, unread: 0, ids: [], here: [] });
  }
  const threads = [...shown.keys()].flatMap((thread) => joined.threadsOf(thread));
  for (const slot of table.slotsOfThreads(threads)) {
    const conversation = shown.get(joined.threadsOf(table.threadAt(slot))[0]!)!;
    conversation.total++;
    if (!(table.flags[slot]! & Flag.seen)) conversation.unread++;
    conversation.ids.push(table.ids[slot]! as MsgId);
    if (table.folders[slot] === folder) conversation.here.push(table.ids[slot]! as MsgId);
  }
  return Array.from(shown, ([id, { newest, total, unread, ids, here }]) => ({
    id,
    newest,
    total,
    unread,
    // Slots ascend as messages came.
    here: here.slice(-MOST_HERE).reverse(),
    latest: ids.slice(-LATEST).reverse(),
  }));
}

function isBehind(internalDate: number, id: MsgId, after: NonNullable<ConversationPage['after']>): boolean {
  return internalDate === after.internalDate ? id < after.id : internalDate < after.internalDate;
}
