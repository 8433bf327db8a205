/** Lists by conversation: one row for the messages of one, which stands for all of them in what is done to it. */
import type { z } from 'zod';
import type { Address } from '../api.ts';
import type { conversation } from '../../../src/protocols/http/schemas.ts';
import { displayName } from '../words/format.ts';

export type Conversation = z.output<typeof conversation>;

interface Order {
  readonly filter: string;
  readonly sort: string;
  readonly order: string;
}

/** Conversations have one order, the newest first; lists in another one are of messages. */
export function isGrouped(wanted: boolean, { filter, sort, order }: Order): boolean {
  return wanted && filter === 'all' && sort === 'date' && order === 'desc';
}

/** What is done to a row is done to all messages of its conversation that are in the list's folder. */
export function membersOf(
  ids: readonly string[],
  conversationOf: (id: string) => Conversation | undefined,
): readonly string[] {
  return [...new Set(ids.flatMap((id) => [id, ...(conversationOf(id)?.messages ?? [])]))];
}

const SHOWN = 3;

/** Who takes part, the last first: `Minji, Jun, Sora +2`. */
export function participants(people: readonly Address[]): string {
  const shown = people.slice(0, SHOWN).map(displayName).join(', ');
  return people.length > SHOWN ? `${shown} +${people.length - SHOWN}` : shown;
}

/** As it is when all these messages have been read, or none. */
export function marked(conversation: Conversation, ids: ReadonlySet<string>, read: boolean): Conversation {
  const some = conversation.messages.filter((id) => ids.has(id)).length;
  if (some === 0) return conversation;
  const unread = read
    ? Math.max(0, conversation.unread - some)
    : Math.min(conversation.total, conversation.unread + some);
  return { ...conversation, unread };
}
