import { MailError } from '../../../mail/error.ts';
import type { MailAccount, MsgId, Places, Uid } from '../../../mailstore/api.ts';
import { command } from '../command.ts';
import { addThere, type Copied } from '../copy-between.ts';
import { requireWithinLimit } from '../message-limit.ts';
import type { Place } from '../places.ts';
import { Progress } from '../progress.ts';
import { orTryCreate } from '../reply.ts';
import type { Session } from '../session.ts';
import type { Decoder } from '../wire/decoder.ts';
import { formatSet, positionsOf, type SequenceSet, sequenceSet, type Spans } from '../wire/sequence-set.ts';

export interface CopyArgs {
  readonly set: SequenceSet;
  readonly path: string;
}

export function copyArguments(d: Decoder): CopyArgs {
  const set = sequenceSet(d.sp());
  const path = d.sp().mailbox();
  d.end();
  return { set, path };
}

/** The positions that a command's set names, by number or by UID. */
export function spansOf(session: Session, set: SequenceSet, byUid: boolean): Spans {
  return session.selected.spans(set, byUid ? 'uid' : 'number');
}

/** Messages, and where each lay when the client was told of it: whoever took one elsewhere has taken it from this command. */
export interface Named {
  readonly ids: readonly MsgId[];
  readonly as: Places;
}

export function namedBy(session: Session, spans: Spans): Named {
  const { folder, tracker } = session.selected;
  const { view } = tracker;
  const positions = [...positionsOf(spans)];
  return {
    ids: positions.map((at) => view.ids[at] as MsgId),
    as: positions.map((at) => ({ folder, uid: view.uids[at] as Uid })),
  };
}

/** Where COPY and MOVE go. */
export async function target(session: Session, path: string): Promise<Place> {
  try {
    return await session.places.existing(path);
  } catch (error) {
    throw orTryCreate(error);
  }
}

/** Messages that are copied or moved in one commit; more go in several. */
const PART = 10_000;

export function* inParts({ ids, as }: Named): Generator<Named> {
  for (let at = 0; at < ids.length; at += PART) yield { ids: ids.slice(at, at + PART), as: as.slice(at, at + PART) };
}

/** All or nothing (RFC 3501 §6.4.7): copies made before one that cannot be made are taken back. */
async function copyAll(
  session: Session,
  from: MailAccount,
  named: Named,
  to: Place,
): Promise<[from: MsgId, to: Uid][]> {
  const progress = new Progress(session, named.ids.length);
  const made: MsgId[] = [];
  const pairs: [MsgId, Uid][] = [];
  const note = (copied: Copied): void => {
    made.push(copied.placed.id);
    pairs.push([copied.from, copied.placed.uid]);
    progress.tell(made.length);
  };
  try {
    if (to.account !== from) {
      for await (const copied of addThere(from, named, { account: to.account, folder: to.folder.id })) note(copied);
      return pairs;
    }
    for (const { ids, as } of inParts(named)) for (const one of await from.copy(ids, to.folder.id, as)) note(one);
    return pairs;
  } catch (error) {
    // With a right to insert alone copies stay.
    if (made.length > 0) await to.account.deleteMessage(made).catch(() => undefined);
    throw error;
  }
}

async function run({ set, path }: CopyArgs, session: Session, byUid: boolean): Promise<string> {
  const spans = spansOf(session, set, byUid);
  requireWithinLimit(session, spans);
  const place = await target(session, path);
  const named = namedBy(session, spans);
  if (named.ids.length === 0) return 'COPY completed';
  try {
    const copies = await copyAll(session, session.selected.account, named, place);
    if (copies.length === 0) throw new MailError('message-missing', 'user', 'All of the messages are gone');
    const { view } = session.selected.tracker;
    const uids = new Map<MsgId, number>();
    for (const at of positionsOf(spans)) uids.set(view.ids[at] as MsgId, view.uids[at] as number);
    const from = formatSet(copies.map(([id]) => uids.get(id) as number));
    const to = formatSet(copies.map(([, uid]) => uid));
    return `[COPYUID ${place.folder.uidValidity} ${from} ${to}] COPY completed`;
  } catch (error) {
    throw orTryCreate(error);
  }
}

/** COPY (RFC 3501 §6.4.7): all or nothing. COPYUID: RFC 4315 §3. */
export const copy = command<CopyArgs>({
  name: 'COPY',
  byNumber: true,
  states: ['selected'],
  parse: copyArguments,
  run: (args, session) => run(args, session, false),
});

/** UID COPY (RFC 3501 §6.4.8). */
export const uidCopy = command<CopyArgs>({
  name: 'UID COPY',
  states: ['selected'],
  parse: copyArguments,
  run: (args, session) => run(args, session, true),
});
