import { command, whenSignedIn } from '../command.ts';
import { orTryCreate } from '../reply.ts';
import type { Session } from '../session.ts';
import { formatSet } from '../wire/sequence-set.ts';
import { type CopyArgs, copyArguments, inParts, namedBy, spansOf, target } from './copy.ts';
import { requireWritable } from './expunge.ts';

async function run({ set, path }: CopyArgs, session: Session, byUid: boolean): Promise<string> {
  requireWritable(session);
  const spans = spansOf(session, set, byUid);
  const folder = await target(session, path);
  const named = namedBy(session, spans);
  if (named.ids.length === 0) return 'MOVE completed';
  try {
    for (const { ids, as } of inParts(named)) {
      const moved = await session.account.move(ids, folder.id, as);
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

/** MOVE (RFC 6851): no message is ever in both folders or in none; up to 10,000 go together. */
export const move = command<CopyArgs>({
  name: 'MOVE',
  states: ['selected'],
  capabilities: whenSignedIn('MOVE'),
  parse: copyArguments,
  run: (args, session) => run(args, session, false),
});

/** UID MOVE (RFC 6851). */
export const uidMove = command<CopyArgs>({
  name: 'UID MOVE',
  states: ['selected'],
  parse: copyArguments,
  run: (args, session) => run(args, session, true),
});
