import { MailError } from '../../../mail/error.ts';
import type { MailAccount, MsgId, Placed, Superseded, Uid } from '../../../mailstore/api.ts';
import { command, whenSignedIn } from '../command.ts';
import type { Place } from '../places.ts';
import { orTryCreate, Refusal } from '../reply.ts';
import type { Session } from '../session.ts';
import type { Decoder } from '../wire/decoder.ts';
import { type SequenceSet, seqNumber } from '../wire/sequence-set.ts';
import { type Announced, announced, appendTarget, arriving } from './append.ts';
import { modseqAfter, requireExpunge } from './expunge.ts';

interface ReplaceArgs {
  readonly which: SequenceSet;
  readonly path: string;
  readonly message: Announced;
}

function parse(d: Decoder): ReplaceArgs {
  const number = seqNumber(d.sp());
  return { which: [[number, number]], path: d.sp().mailbox(), message: announced(d) };
}

async function run({ which, path, message }: ReplaceArgs, session: Session, byUid: boolean): Promise<string> {
  requireExpunge(session);
  if (!session.selected.may('t')) throw new MailError('not-allowed', 'user', 'that needs the right to mark as deleted');
  const { folder, tracker, account } = session.selected;
  const { view } = tracker;
  const at = session.selected.spans(which, byUid ? 'uid' : 'number')[0]?.[0];
  if (at === undefined || view.flagsAt(at) < 0) throw gone();
  const old = { id: view.ids[at] as MsgId, folder, uid: view.uids[at] as Uid };
  const place = await appendTarget(session, path);
  try {
    const { uidValidity, uid } =
      place.account === account
        ? await replaced(session, message, place, old, view.sizeAt(at))
        : await movedAway(session, message, place, old);
    // Before the EXPUNGE (RFC 8508 §4.3).
    session.out.line(`* OK [APPENDUID ${uidValidity} ${uid}] The new message is there`);
    return `${modseqAfter(session)}REPLACE completed`;
  } catch (error) {
    throw orTryCreate(error);
  }
}

async function replaced(session: Session, message: Announced, place: Place, old: Superseded, size: number) {
  const [placed] = await place.account.addMessages(one(session, message, place, size), old);
  return placed as Placed;
}

/** Between two accounts the new message is there before the old one goes; if that cannot be, the new one is taken back. */
async function movedAway(session: Session, message: Announced, place: Place, old: Superseded) {
  const [added] = await place.account.addMessages(one(session, message, place, 0));
  const placed = added as Placed;
  try {
    const { removed } = await session.selected.account.deleteMessage([old.id], { as: [old] });
    if (removed === 0) throw gone();
  } catch (error) {
    await takeBack(session, place.account, placed);
    throw error;
  }
  return placed;
}

/** Where it is not allowed, as in a folder where one may only insert, the client hears at least what it has brought about. */
async function takeBack(
  session: Session,
  account: MailAccount,
  { id, folder, uid, uidValidity }: Placed,
): Promise<void> {
  try {
    const { removed } = await account.deleteMessage([id], { as: [{ folder, uid }] });
    if (removed > 0) return;
  } catch (error) {
    session.connection.log.warn({ err: error }, 'a message that replaces nothing could not be taken back');
  }
  session.out.line(`* OK [APPENDUID ${uidValidity} ${uid}] The new message is there nevertheless`);
}

const gone = (): Refusal => new Refusal('NO', '[EXPUNGEISSUED] The message is gone');

/** RFC 8508 §4.7: a message for a message. */
async function* one(session: Session, message: Announced, place: Place, freed: number) {
  let first = true;
  for await (const arrived of arriving(session, message, place, freed)) {
    if (!first) throw new Refusal('BAD', 'REPLACE takes one message');
    first = false;
    yield arrived;
  }
}

/** REPLACE (RFC 8508): the new message comes as the old one goes, in one commit. */
export const replace = command<ReplaceArgs>({
  name: 'REPLACE',
  removes: true,
  byNumber: true,
  states: ['selected'],
  streams: true,
  capabilities: whenSignedIn('REPLACE'),
  parse,
  run: (args, session) => run(args, session, false),
});

/** UID REPLACE (RFC 8508 §3.3). */
export const uidReplace = command<ReplaceArgs>({
  name: 'UID REPLACE',
  removes: true,
  states: ['selected'],
  streams: true,
  parse,
  run: (args, session) => run(args, session, true),
});
