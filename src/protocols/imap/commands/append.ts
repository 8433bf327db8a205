import { MailError } from '../../../mail/error.ts';
import { command, SIGNED_IN } from '../command.ts';
import { may } from '../../../mailstore/rights.ts';
import { orTryCreate, Refusal } from '../reply.ts';
import { dateTime } from '../wire/date.ts';
import { malformed } from '../wire/decoder.ts';
import { type FlagSet, flagList } from '../wire/flag.ts';
import { target } from './copy.ts';

interface AppendArgs {
  readonly path: string;
  readonly flags: FlagSet;
  readonly date: number | undefined;
  readonly size: number;
}

/** APPEND (RFC 3501 §6.3.11, APPENDUID: RFC 4315 §3, APPENDLIMIT: RFC 7889). Nothing is kept unless all of it came. */
export const append = command<AppendArgs>({
  name: 'APPEND',
  states: SIGNED_IN,
  streams: true,
  capabilities: [{ word: (facts) => `APPENDLIMIT=${facts.messageSize}`, when: (facts) => facts.signedIn }],
  parse(d) {
    const path = d.sp().mailbox();
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
    const literal = d.streamed();
    if (literal.binary) throw malformed('binary literals are for BINARY only');
    return { path, flags, date, size: literal.size };
  },
  async run({ path, flags, date, size }, session) {
    if (size > session.facts.messageSize) throw new MailError('too-large', 'user', 'The message is too large');
    if (size === 0) throw new Refusal('NO', '[CANNOT] The message is empty');
    const { account, folder } = await target(session, path);
    if (!may(folder, 'i')) throw new MailError('not-allowed', 'user', 'that needs the right to insert');
    const { used, limit } = account.quota();
    if (limit !== undefined && used + size > limit) throw new MailError('over-quota', 'user', 'The account is full');
    try {
      const placed = await account.addMessage(session.literal(), {
        folder: folder.id,
        ...flags,
        ...(date === undefined ? {} : { internalDate: date }),
      });
      return `[APPENDUID ${placed.uidValidity} ${placed.uid}] APPEND completed`;
    } catch (error) {
      throw orTryCreate(error);
    }
  },
});
