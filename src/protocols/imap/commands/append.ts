import { MailError } from '../../../mail/error.ts';
import type { NewMessage } from '../../../mailstore/api.ts';
import { may } from '../../../mailstore/rights.ts';
import { command, SIGNED_IN, whenSignedIn } from '../command.ts';
import { requireCountWithinLimit } from '../message-limit.ts';
import type { Place } from '../places.ts';
import { orTryCreate, Refusal } from '../reply.ts';
import type { Session } from '../session.ts';
import { dateTime } from '../wire/date.ts';
import { type Decoder, LiteralNeeded, malformed } from '../wire/decoder.ts';
import { type FlagSet, flagList } from '../wire/flag.ts';
import { formatSet } from '../wire/sequence-set.ts';
import { target } from './copy.ts';

/** Messages of one command, which are one commit. */
const MOST = 1000;

/** What precedes a message, and its size. */
export interface Announced {
  readonly flags: FlagSet;
  readonly date: number | undefined;
  readonly size: number;
  /** Inside `UTF8 (...)`: a parenthesis follows. */
  readonly enclosed: boolean;
}

/** ` (flags) "date" {size}`: all of the command, or one message of several. */
export function announced(d: Decoder): Announced {
  d.sp();
  let flags: FlagSet = { flags: 0, keywords: [] };
  if (d.next('(')) {
    flags = flagList(d);
    d.sp();
  }
  let date: number | undefined;
  if (d.next('"')) {
    date = dateTime(d);
    d.sp();
  }
  const enclosed = d.takeWord('UTF8');
  if (enclosed) d.sp().expect('(');
  return { flags, date, size: d.streamed().size, enclosed };
}

/** The message behind a literal, if one follows. */
async function following(session: Session, { enclosed }: Announced): Promise<Announced | undefined> {
  const d = await session.following();
  if (enclosed) d.expect(')');
  if (d.atEnd()) return undefined;
  try {
    if (d.next(' ')) return announced(d);
  } catch (error) {
    // Nothing between two messages can be a literal.
    if (!(error instanceof LiteralNeeded)) throw error;
  }
  throw malformed('end of command expected');
}

/** The messages of the command, each asked for once it is known that it may come. `freed`: bytes that go in their place. */
export async function* arriving(
  session: Session,
  first: Announced,
  { account, folder }: Place,
  freed = 0,
): AsyncGenerator<NewMessage> {
  let bytes = -freed;
  let count = 0;
  for (let one: Announced | undefined = first; one !== undefined; one = await following(session, one)) {
    const { flags, date, size } = one;
    requireCountWithinLimit(session, ++count);
    if (count > MOST) throw new MailError('limit', 'user', `more than ${MOST} messages at once`);
    if (size > session.services.messageSize) throw new MailError('too-large', 'user', 'The message is too large');
    // With several it takes all of them back (RFC 3502 §6.3.11).
    if (size === 0) throw new Refusal('NO', '[CANNOT] The message is empty');
    bytes += size;
    const { used, limit } = account.quota();
    if (limit !== undefined && used + bytes > limit) throw new MailError('over-quota', 'user', 'The account is full');
    yield {
      raw: session.literal(),
      to: { folder: folder.id, ...flags, ...(date === undefined ? {} : { internalDate: date }) },
    };
  }
}

/** Where messages are to come. */
export async function appendTarget(session: Session, path: string): Promise<Place> {
  const place = await target(session, path);
  if (!may(place.folder, 'i')) throw new MailError('not-allowed', 'user', 'that needs the right to insert');
  return place;
}

/**
 * APPEND (RFC 3501 §6.3.11, APPENDUID: RFC 4315 §3, APPENDLIMIT: RFC 7889, with NUL: RFC 3516 §4.4, several messages: RFC 3502). All of it or
 * nothing is kept.
 */
export const append = command<{ path: string; first: Announced }>({
  name: 'APPEND',
  states: SIGNED_IN,
  streams: true,
  capabilities: [
    { word: (facts) => `APPENDLIMIT=${facts.messageSize}`, when: (facts) => facts.signedIn },
    ...whenSignedIn('MULTIAPPEND'),
  ],
  parse: (d) => ({ path: d.sp().mailbox(), first: announced(d) }),
  async run({ path, first }, session) {
    const place = await appendTarget(session, path);
    try {
      const placed = await place.account.addMessages(arriving(session, first, place));
      const uids = formatSet(placed.map(({ uid }) => uid));
      return `[APPENDUID ${place.folder.uidValidity} ${uids}] APPEND completed`;
    } catch (error) {
      throw orTryCreate(error);
    }
  },
});
