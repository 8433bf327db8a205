/**
 * MESSAGELIMIT (RFC 9738): how many messages one command works on. Of more, FETCH, STORE, SEARCH, MOVE and UID EXPUNGE take those with the highest
 * UIDs and say which the lowest was; what is done whole or not at all (COPY, SORT, THREAD, several messages in one APPEND) is refused.
 */
import type { Uid } from '../../mailstore/api.ts';
import type { Capability } from './command.ts';
import { Refusal } from './reply.ts';
import type { Session } from './session.ts';
import { countOf, lastOfSpans, positionsOf, type Spans } from './wire/sequence-set.ts';

export const messageLimit: Capability = {
  word: (facts) => `MESSAGELIMIT=${facts.messageLimit}`,
  when: (facts) => facts.signedIn && facts.messageLimit !== undefined,
};

/** The positions that the command works on. */
export function withinLimit(session: Session, spans: Spans): Spans {
  const { messageLimit: limit } = session.services;
  if (limit === undefined || countOf(spans) <= limit) return spans;
  const last = lastOfSpans(spans, limit);
  session.lowestUid = lowestUid(session, last);
  return last;
}

/** For rows: the highest UID first where the limit was reached (RFC 9738 §3.1). */
export function inOrderOfLimit(session: Session, spans: Spans): Spans {
  if (session.lowestUid === undefined) return spans;
  return [...positionsOf(spans)].reverse().map((at) => [at, at + 1] as const);
}

/** Refuses what would be cut where all or nothing is done. */
export function requireWithinLimit(session: Session, spans: Spans): void {
  const { messageLimit: limit } = session.services;
  if (limit === undefined || countOf(spans) <= limit) return;
  throw new Refusal(
    'NO',
    `[MESSAGELIMIT ${limit} ${lowestUid(session, lastOfSpans(spans, limit))}] Too many messages for one command`,
  );
}

/** The same of so many messages that have no UIDs yet, or of results that are counted from one end. */
export function requireCountWithinLimit({ services }: Session, count: number): void {
  const { messageLimit: limit } = services;
  if (limit !== undefined && count > limit)
    throw new Refusal('NO', `[MESSAGELIMIT ${limit}] Too many messages for one command`);
}

/** The text of the tagged OK: it names the limit that was reached, unless it has another response code (RFC 9738 §3.1). */
export function withLimitCode(session: Session, text: string): string {
  if (session.lowestUid === undefined) return text;
  if (!text.startsWith('[')) return `${limitCode(session)} ${text}`;
  tellLimit(session);
  return text;
}

/** Untagged, where the tagged reply has another response code. */
export function tellLimit(session: Session): void {
  if (session.lowestUid !== undefined)
    session.out.line(`* NO ${limitCode(session)} Messages with lower UIDs were left out`);
}

function limitCode({ services, lowestUid }: Session): string {
  return `[MESSAGELIMIT ${services.messageLimit} ${lowestUid}]`;
}

function lowestUid({ selected }: Session, spans: Spans): Uid {
  return selected.tracker.view.uids[spans[0]?.[0] ?? 0] as Uid;
}
