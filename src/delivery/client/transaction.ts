/** One mail in one session: MAIL, RCPT, and the body by BDAT or DATA. What becomes of each recipient is told as far as it is known. */
import type { Mailbox } from '../../mail/path.ts';
import type { OutgoingRecipient } from '../transfer.ts';
import { type Envelope, mailCommand, rcptCommand } from './envelope.ts';
import { asItIs, type Block, framed } from './framing.ts';
import { SLOWEST_BODY } from './limits.ts';
import { type Reply, replyText } from './reply.ts';
import type { SmtpSession } from './session.ts';
import { WireError } from './wire.ts';

export type Verdict =
  /** Taken, or refused: the reply says which. */
  | { readonly kind: 'reply'; readonly reply: Reply; readonly to: Step }
  /** All that was asked for went out, and no reply came: it may have arrived. */
  | { readonly kind: 'unknown'; readonly reason: string }
  /** Too many recipients for this transaction: another one at once (RFC 5321 §4.5.3.1.10). */
  | { readonly kind: 'next' };

export type Step = 'MAIL' | 'RCPT' | 'DATA' | 'BDAT' | 'end';

/** The session ended. Recipients without a verdict got nothing from it. */
export class SessionLost extends Error {
  override readonly name = 'SessionLost';
  /** What the server said last, when it was a farewell (421). */
  readonly reply: Reply | undefined;
  constructor(message: string, reply?: Reply, options?: ErrorOptions) {
    super(message, options);
    this.reply = reply;
  }
}

/** The mail itself could not be read. */
export class BodyFailed extends Error {
  override readonly name = 'BodyFailed';
}

/** Of one BDAT chunk. */
const CHUNK = 512 << 10;

interface Asked {
  readonly mailbox: Mailbox;
  readonly recipient: OutgoingRecipient;
  /** Where its verdict goes. */
  readonly index: number;
}

/**
 * Fills in `verdicts` as they become known, also when it throws `SessionLost` or `BodyFailed`; the session is of no use
 * then. After a return it is, `dirty` or not.
 */
export async function transact(
  session: SmtpSession,
  envelope: Envelope,
  asked: readonly Asked[],
  verdicts: (Verdict | undefined)[],
): Promise<void> {
  session.used += 1;
  try {
    const { capabilities } = session;
    const inChunks = capabilities.has('CHUNKING');
    // RFC 2920 §3.1: DATA may be the last of a group.
    const withData = !inChunks && capabilities.has('PIPELINING');
    const accepted = await openEnvelope(session, envelope, asked, verdicts, withData ? 'DATA\r\n' : '');
    if (accepted.length === 0) return withData ? await sendNothing(session) : undefined;
    const settle = (verdict: Verdict): void => {
      for (const { index } of accepted) verdicts[index] = verdict;
    };
    if (inChunks) await sendChunks(session, envelope, settle);
    else await sendData(session, envelope, settle, withData);
  } catch (error) {
    session.wire.destroy();
    if (error instanceof WireError) throw new SessionLost(error.message, undefined, { cause: error });
    throw error;
  }
}

/** Answers those whose RCPT was accepted. `more` goes out with the commands when they go together; its reply is not read here. */
async function openEnvelope(
  session: SmtpSession,
  envelope: Envelope,
  asked: readonly Asked[],
  verdicts: (Verdict | undefined)[],
  more: string,
): Promise<readonly Asked[]> {
  const { wire, capabilities, timeouts } = session;
  const commands = [
    mailCommand(envelope, capabilities),
    ...asked.map(({ mailbox, recipient }) => rcptCommand(mailbox, recipient, capabilities)),
  ];
  const together = capabilities.has('PIPELINING');
  session.dirty = true;
  if (together) await wire.write(commands.join('') + more, timeouts.mailMs);
  const next = async (index: number, timeoutMs: number): Promise<Reply> => {
    if (!together) await wire.write(commands[index] ?? '', timeoutMs);
    return notFarewell(await wire.reply(timeoutMs));
  };
  const mail = await next(0, timeouts.mailMs);
  const refused = mail.code !== 250;
  const accepted: Asked[] = [];
  for (const [i, one] of asked.entries()) {
    if (refused) {
      verdicts[one.index] = { kind: 'reply', reply: mail, to: 'MAIL' };
      if (!together) continue;
    }
    const reply = await next(i + 1, timeouts.rcptMs);
    if (refused) continue;
    if (reply.code === 250 || reply.code === 251) accepted.push(one);
    else if (reply.code === 452 && accepted.length > 0) verdicts[one.index] = { kind: 'next' };
    else verdicts[one.index] = { kind: 'reply', reply, to: 'RCPT' };
  }
  return accepted;
}

type Settle = (verdict: Verdict) => void;

/** DATA went out with recipients that were all refused: a server may want to hear the end of it all the same. */
async function sendNothing(session: SmtpSession): Promise<void> {
  const { wire, timeouts } = session;
  const go = notFarewell(await wire.reply(timeouts.dataMs));
  if (go.code === 354) await session.command('.\r\n', timeouts.endMs);
}

async function sendData(session: SmtpSession, { mail }: Envelope, settle: Settle, isAsked: boolean): Promise<void> {
  const { wire, timeouts } = session;
  if (!isAsked) await wire.write('DATA\r\n', timeouts.dataMs);
  const go = notFarewell(await wire.reply(timeouts.dataMs));
  if (go.code !== 354) return settle({ kind: 'reply', reply: go, to: 'DATA' });
  {
    using _slow = bodyDeadline(session, mail.size);
    for await (const { bytes } of readable(framed(mail.body(), { stuff: true }))) {
      // A server that answers before the end has given the mail up.
      if (wire.spoken) return await interrupted(session, settle);
      await wire.write(bytes, timeouts.blockMs);
    }
  }
  settle(await final(session));
}

async function sendChunks(session: SmtpSession, { mail, body }: Envelope, settle: Settle): Promise<void> {
  const { wire, timeouts } = session;
  const blocks =
    body === 'BINARYMIME' ? asItIs(mail.body(), CHUNK) : framed(mail.body(), { stuff: false, block: CHUNK });
  {
    using _slow = bodyDeadline(session, mail.size);
    for await (const { bytes, last } of readable(blocks)) {
      const header = Buffer.from(`BDAT ${bytes.length}${last ? ' LAST' : ''}\r\n`);
      await wire.write(Buffer.concat([header, bytes]), timeouts.blockMs);
      if (last) break;
      const reply = notFarewell(await wire.reply(timeouts.endMs));
      if (reply.code !== 250) return settle({ kind: 'reply', reply, to: 'BDAT' });
    }
  }
  settle(await final(session));
}

async function final(session: SmtpSession): Promise<Verdict> {
  try {
    const reply = await session.wire.reply(session.timeouts.endMs);
    if (reply.code < 300) session.dirty = false;
    if (reply.code === 421) session.wire.destroy();
    return { kind: 'reply', reply, to: 'end' };
  } catch (error) {
    // The server may have it: whether it comes again is for the queue to say, not for the next server of the domain.
    return { kind: 'unknown', reason: `no word after the end of the mail: ${(error as Error).message}` };
  }
}

/** In the middle of DATA there is no way back: what it said is all we hear. */
async function interrupted(session: SmtpSession, settle: Settle): Promise<void> {
  const reply = notFarewell(await session.wire.reply(session.timeouts.endMs));
  session.wire.destroy();
  if (reply.code < 400) throw new SessionLost(`the server answered before the end of the mail: ${replyText(reply)}`);
  settle({ kind: 'reply', reply, to: 'DATA' });
}

/** 421 may come at any moment (RFC 5321 §3.8). */
function notFarewell(reply: Reply): Reply {
  if (reply.code === 421) throw new SessionLost(`the server ended the session: ${replyText(reply)}`, reply);
  return reply;
}

/** What goes wrong with reading the mail is not the server's fault. */
async function* readable(blocks: AsyncGenerator<Block>): AsyncGenerator<Block> {
  for (;;) {
    let block: IteratorResult<Block>;
    try {
      block = await blocks.next();
    } catch (error) {
      throw new BodyFailed('the mail could not be read', { cause: error });
    }
    if (block.done) return;
    yield block.value;
  }
}

/** A server that takes each block at the last moment would hold us for days. */
function bodyDeadline({ wire, clock, timeouts }: SmtpSession, size: number): Disposable {
  const ms = timeouts.blockMs + (size / SLOWEST_BODY) * 1000;
  return clock.after(ms, () => wire.destroy('timeout', 'the body was taken too slowly'));
}
