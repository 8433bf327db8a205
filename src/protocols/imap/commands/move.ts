import { MailError } from '../../../mail/error.ts';
import { command, whenSignedIn } from '../command.ts';
import { addThere } from '../copy-between.ts';
import { withinLimit } from '../message-limit.ts';
import type { Place } from '../places.ts';
import { Progress } from '../progress.ts';
import { orTryCreate } from '../reply.ts';
import type { Session } from '../session.ts';
import { formatSet } from '../wire/sequence-set.ts';
import { type CopyArgs, copyArguments, inParts, type Named, namedBy, spansOf, target } from './copy.ts';
import { requireWritable } from './expunge.ts';

async function run({ set, path }: CopyArgs, session: Session, byUid: boolean): Promise<string> {
  requireWritable(session);
  const spans = withinLimit(session, spansOf(session, set, byUid));
  const place = await target(session, path);
  const { folder } = place;
  const { account } = session.selected;
  const named = namedBy(session, spans);
  if (named.ids.length === 0) return 'MOVE completed';
  try {
    if (place.account !== account) return await moveBetween(session, named, place);
    for (const { ids, as } of inParts(named)) {
      const moved = await account.move(ids, folder.id, as);
      if (moved.length === 0) continue;
      const from = formatSet(moved.map(({ fromUid }) => fromUid));
      const to = formatSet(moved.map(({ placed }) => placed.uid));
      // Before the EXPUNGEs, which take the numbers away (RFC 6851 §4.3).
      session.out.line(`* OK [COPYUID ${folder.uidValidity} ${from} ${to}] Moved`);
    }
    return 'MOVE completed';
  } catch (error) {
    throw orTryCreate(error);
  }
}

/** One by one: what was moved before one that cannot be stays moved. */
async function moveBetween(session: Session, named: Named, { account: there, folder }: Place): Promise<string> {
  const { selected } = session;
  const { account } = selected;
  if (!selected.may('t') || !selected.may('e'))
    throw new MailError('not-allowed', 'user', 'that needs the right to expunge');
  const progress = new Progress(session, named.ids.length);
  let done = 0;
  const places = new Map(named.ids.map((id, i) => [id, named.as[i]!]));
  const once = { now: session.now() };
  for await (const { from, placed } of addThere(account, named, { account: there, folder: folder.id }, once)) {
    const { uid } = places.get(from)!;
    await account.deleteMessage([from], { as: [places.get(from)!] });
    session.out.line(`* OK [COPYUID ${folder.uidValidity} ${uid} ${placed.uid}] Moved`);
    progress.tell(++done);
  }
  return 'MOVE completed';
}

/** MOVE (RFC 6851): no message is ever in both folders or in none; up to 10,000 go together. */
export const move = command<CopyArgs>({
  name: 'MOVE',
  removes: true,
  byNumber: true,
  states: ['selected'],
  capabilities: whenSignedIn('MOVE'),
  parse: copyArguments,
  run: (args, session) => run(args, session, false),
});

/** UID MOVE (RFC 6851). */
export const uidMove = command<CopyArgs>({
  name: 'UID MOVE',
  removes: true,
  states: ['selected'],
  parse: copyArguments,
  run: (args, session) => run(args, session, true),
});
