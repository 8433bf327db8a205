import { decodeOrcpt } from '../../../mail/dsn.ts';
import type { Notify, RecipientDsn } from '../../../mail/dsn-request.ts';
import { MailError } from '../../../mail/error.ts';
import type { Mailbox, PathError } from '../../../mail/path.ts';
import { parsePath } from '../../../mail/path.ts';
import type { Addressee } from '../../../submit/submit.ts';
import type { SmtpCommand } from '../command.ts';
import type { Reply } from '../reply.ts';
import { replyTo } from '../reply.ts';
import type { SmtpSession } from '../session.ts';
import type { Transaction } from '../transaction.ts';
import { parseParameters, pathStart } from '../wire/command-line.ts';

const SYNTAX: Reply = { code: 501, status: '5.5.4', text: 'Syntax: RCPT TO:<address>' };
const UNUSABLE: Record<PathError, Reply> = {
  syntax: { code: 501, status: '5.1.3', text: 'This is not an address' },
  'too-long': { code: 501, status: '5.1.3', text: 'This address is too long' },
  'needs-smtputf8': { code: 553, status: '5.6.7', text: 'This address needs the parameter SMTPUTF8 at MAIL' },
};
const RELAYING: Reply = { code: 550, status: '5.7.1', text: 'Relaying denied' };
const NOT_DELIVERED: Reply = { code: 550, status: '5.3.2', text: 'This server delivers to its own domains only' };

/** RCPT (RFC 5321 §4.1.1.3) with NOTIFY and ORCPT: whoever is not here is refused now, so that nobody gets a bounce for mail he did not send. */
export const rcpt: SmtpCommand = {
  name: 'RCPT',
  states: ['sender', 'recipients'],
  argument: true,
  keywords: ({ parts }) => [`LIMITS RCPTMAX=${parts.limits.recipients}`],
  async run(argument, session) {
    const { parts } = session;
    const transaction = session.transaction as Transaction;
    const start = pathStart(argument, 'TO');
    if (start === undefined) return session.refuse(SYNTAX);
    const path = parsePath(argument.slice(start), { utf8: transaction.utf8, postmaster: true });
    if (!path.ok) return session.refuse(UNUSABLE[path.error]);
    const mailbox = path.mailbox as Mailbox;
    const parameters = parseParameters(argument.slice(start + path.end));
    if (parameters === undefined) return session.refuse(SYNTAX);
    for (const [keyword, value] of parameters) {
      const known = parts.role === 'submission' && DSN_PARAMETERS.get(keyword);
      if (known === false || known === undefined)
        return session.refuse({
          code: 555,
          status: '5.5.4',
          text: `The parameter ${keyword.slice(0, 40)} is not known`,
        });
      if (!known(value)) return session.refuse(SYNTAX);
    }
    const dsn = recipientDsn(parameters);
    if (transaction.accepted >= parts.limits.recipients)
      return session.refuse({ code: 452, status: '4.5.3', text: 'Too many recipients, send to these first' });
    const fault = parts.hook?.(mailbox);
    if (fault?.kind === 'refuse') return session.refuse(fault.reply);
    if (fault?.kind === 'delay') await parts.clock.sleep(fault.ms);
    try {
      const recipient = { ...(await resolve(mailbox, transaction, session)), ...(dsn && { dsn }) };
      transaction.accepted++;
      const who = recipient.apart ? recipient.address : (recipient.account ?? recipient.address);
      if (!transaction.recipients.has(who)) transaction.recipients.set(who, recipient);
      session.reply(250, '2.1.5', 'Recipient taken');
    } catch (error) {
      if (!(error instanceof MailError)) throw error;
      session.connection.log.debug({ code: error.code, reason: error.message }, 'recipient refused');
      const { sender } = transaction;
      parts.flow?.tell('refused', { id: '', sender, to: [mailbox.address], detail: error.message });
      session.refuse(refusal(error, mailbox, session));
    }
  },
};

/** RFC 3461 §4.1, §4.2. */
const DSN_PARAMETERS: ReadonlyMap<string, (value: string) => boolean> = new Map([
  ['NOTIFY', isNotify],
  ['ORCPT', (value: string) => value.length <= 500 && decodeOrcpt(value) !== undefined],
]);

const NOTIFY: ReadonlySet<string> = new Set(['SUCCESS', 'FAILURE', 'DELAY']);

function isNotify(value: string): boolean {
  const words = value.toUpperCase().split(',');
  return value.toUpperCase() === 'NEVER' || (words.length <= NOTIFY.size && words.every((word) => NOTIFY.has(word)));
}

function recipientDsn(parameters: ReadonlyMap<string, string>): RecipientDsn | undefined {
  const notify = parameters.get('NOTIFY')?.toUpperCase().split(',') as Notify[] | undefined;
  const orcpt = parameters.get('ORCPT');
  if (notify === undefined && orcpt === undefined) return undefined;
  return { ...(notify && { notify }), ...(orcpt !== undefined && { orcpt }) };
}

async function resolve(mailbox: Mailbox, { size, sender }: Transaction, session: SmtpSession): Promise<Addressee> {
  const { parts, user, connection } = session;
  const { address } = mailbox;
  if (user !== undefined) return parts.submit.recipient(user, address, size, connection.remoteAddress);
  const recipient = await parts.recipients.arriving(address, size, sender);
  if (parts.role === 'smtp') {
    await parts.rate.count(connection.remoteAddress);
    await parts.intake.checkRecipient({ sender, recipient, remote: connection.remoteAddress });
  }
  return { ...recipient, destination: '' };
}

function refusal(error: MailError, { local }: Mailbox, { user }: SmtpSession): Reply {
  switch (error.code) {
    case 'remote-recipient':
      return user === undefined ? RELAYING : NOT_DELIVERED;
    case 'account-suspended':
      // Strangers do not learn who is suspended (C7).
      return user === undefined ? replyTo(new MailError('unknown-recipient', 'user', error.message)) : replyTo(error);
    case 'unknown-recipient':
      // The old ways to name another host in a local part: whoever tries them wants a relay (D12).
      return user === undefined && /[%!@]/.test(local) ? RELAYING : replyTo(error);
    default:
      return replyTo(error);
  }
}
