/**
 * By what a message finds its thread: its own Message-ID and those it answers, each together with the base subject
 * (RFC 8621 §3: a new subject is a new conversation).
 */
import type { Envelope } from '../mail/message.ts';
import { baseSubject, threadParents } from '../mail/thread.ts';
import type { Key } from '../ports/kv.ts';
import { threadKey } from './keys.ts';

export interface ThreadKey {
  readonly key: Key;
  /** The row is written when it is missing: for the own id, the nearest parents and the root, so that they are recognised should
   * they come later. */
  readonly keep: boolean;
}

/** Ancestors that are looked for; the nearest ones, and the root. */
const MOST_PARENTS = 20;
const MOST_KEPT = 8;

/** The own id first, then its parents, the nearest first. */
export function threadKeys(envelope: Envelope): ThreadKey[] {
  const parents = threadParents(envelope.references, envelope.inReplyTo);
  const near = parents.slice(-MOST_PARENTS).reverse();
  const root = parents[0];
  if (root !== undefined && parents.length > MOST_PARENTS) near.push(root);
  if (near.length === 0 && envelope.messageId === '') return [];
  const subject = baseSubject(envelope.subject).text;
  const ids = new Map<string, boolean>();
  if (envelope.messageId !== '') ids.set(envelope.messageId, true);
  near.forEach((id, i) => {
    if (!ids.has(id)) ids.set(id, i < MOST_KEPT || id === root);
  });
  return Array.from(ids, ([id, keep]) => ({ key: threadKey(id, subject), keep }));
}
