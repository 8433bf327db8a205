import { MailError } from '../../../mail/error.ts';
import { Flag, type MsgId, type Uid } from '../../../mailstore/api.ts';
import { command, whenSignedIn } from '../command.ts';
import { withinLimit } from '../message-limit.ts';
import { Refusal } from '../reply.ts';
import type { Session } from '../session.ts';
import { positionsOf, type SequenceSet, sequenceSet } from '../wire/sequence-set.ts';

/** Deletes for ever what is marked \Deleted in the selected folder, of these UIDs or of all. */
export async function expungeDeleted(session: Session, uids?: SequenceSet): Promise<void> {
  const { selected } = session;
  const { folder, tracker } = selected;
  const { view } = tracker;
  const marked: (readonly [number, number])[] = [];
  for (const at of positionsOf(uids === undefined ? [[0, view.length]] : selected.spans(uids, 'uid'))) {
    const flags = view.flagsAt(at);
    if (flags >= 0 && (flags & Flag.deleted) !== 0) marked.push([at, at + 1]);
  }
  // EXPUNGE and CLOSE know no limit (RFC 9738 §3.1).
  const going = [...positionsOf(uids === undefined ? marked : withinLimit(session, marked))];
  const ids = going.map((at) => view.ids[at] as MsgId);
  const as = going.map((at) => ({ folder, uid: view.uids[at] as Uid }));
  // Whom another session takes out of the folder, or spares, before our commit is spared.
  if (ids.length > 0) await session.selected.account.deleteMessage(ids, { as, flags: Flag.deleted });
}

/** What a client that resynchronises remembers of the folder from now on (RFC 7162 §3.2.7). */
export function modseqAfter({ enabled, selected }: Session): string {
  const folder = enabled.has('QRESYNC') ? selected.account.folder(selected.folder) : undefined;
  return folder === undefined ? '' : `[HIGHESTMODSEQ ${folder.highestModseq}] `;
}

export function requireWritable(session: Session): void {
  if (session.selected.readOnly) throw new Refusal('NO', '[NOPERM] The mailbox is open for reading only');
}

export function requireExpunge(session: Session): void {
  requireWritable(session);
  if (!session.selected.may('e')) throw new MailError('not-allowed', 'user', 'that needs the right to expunge');
}

/** EXPUNGE (RFC 3501 §6.4.3): the numbers that went are told like anybody else's. */
export const expunge = command({
  name: 'EXPUNGE',
  removes: true,
  states: ['selected'],
  parse: (d) => d.end(),
  async run(_args, session) {
    requireExpunge(session);
    await expungeDeleted(session);
    return `${modseqAfter(session)}EXPUNGE completed`;
  },
});

/** UID EXPUNGE (RFC 4315 §2.1). */
export const uidExpunge = command<SequenceSet>({
  name: 'UID EXPUNGE',
  removes: true,
  states: ['selected'],
  capabilities: whenSignedIn('UIDPLUS'),
  parse(d) {
    const set = sequenceSet(d.sp());
    d.end();
    return set;
  },
  async run(set, session) {
    requireExpunge(session);
    await expungeDeleted(session, set);
    return `${modseqAfter(session)}UID EXPUNGE completed`;
  },
});
