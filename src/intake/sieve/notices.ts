/** What scripts have sent to others about a mail (RFC 5435, RFC 5436), and to their owner when they fail. */
import { hash } from 'node:crypto';
import { composeMessage } from '../../mail/compose.ts';
import type { NotifyAction } from '../../mail/sieve/actions.ts';
import type { MailAccount } from '../../mailstore/api.ts';
import type { Plan } from '../plan.ts';
import { automaticMessageId, inboxOf, type SendingParts } from '../stages/parts.ts';
import { scriptFailed, type ScriptFailure } from './notice.ts';
import { fromOf } from './vacation.ts';

/** The mail that a notice is about, and whose it is. */
export interface NoticeAbout {
  /** For the log. */
  readonly id: string;
  /** Of its envelope. */
  readonly sender: string;
  /** The address of whoever has the script. */
  readonly owner: string;
  /** The same when the script runs again on the same mail. */
  readonly key: string;
  readonly requireTls: boolean | undefined;
}

/** What a machine sent causes no notification (RFC 5436 §2.7.1): two of these could go on for ever. */
export async function sendNotice(
  account: MailAccount,
  { automatic, directory, clock, log, hostname }: Omit<SendingParts, 'store'>,
  about: NoticeAbout,
  { details, header }: Pick<Plan, 'details' | 'header'>,
  action: NotifyAction,
): Promise<void> {
  if (header.all('auto-submitted').some(({ text }) => !/^no\b/i.test(text))) return;
  const asked = fromOf(action.from);
  const mayUse = asked !== undefined && (await directory.maySendAs(account.id, asked.address));
  const from = details.envelope.from[0];
  for (const to of action.recipients) {
    const key = `sieve notify ${about.key} ${to} ${hash('sha256', action.subject, 'base64url')}`;
    if ((await automatic.reach(to)) === undefined) {
      log.warn({ id: about.id, recipient: about.owner, to }, 'nobody was notified: no mail goes there');
      continue;
    }
    const raw = await composeMessage({
      from: mayUse ? asked : { address: about.owner },
      to: [{ address: to }],
      subject: action.subject
        .replaceAll(/[\0-\x1f\x7f-\x9f\u2028\u2029]+/g, ' ')
        .slice(0, 500)
        .toWellFormed(), // prettier-ignore
      text: action.message || `${from?.name ?? ''} <${from?.address ?? about.sender}>\n${details.envelope.subject}\n`,
      importance: action.importance,
      messageId: automaticMessageId(account.id, key, hostname),
      date: clock.now(),
      headers: [
        ['Auto-Submitted', `auto-notified; owner-email="${about.owner.replaceAll(/["\\]/g, '\\$&')}"`],
        ...action.headers,
      ], // prettier-ignore
    });
    const sender = about.sender === '' ? '' : about.owner;
    const { requireTls } = about;
    await automatic.send({ account: account.id, sender, recipient: to, mail: { head: raw }, key, requireTls });
  }
}

/** A mail in INBOX, once a day for each script that fails in the same way. */
export async function tellOwner(
  account: MailAccount,
  { hostname, clock, log }: Pick<SendingParts, 'hostname' | 'clock' | 'log'>,
  { owner, script, error, when }: NonNullable<Plan['failure']> & Pick<ScriptFailure, 'owner' | 'when'>,
): Promise<void> {
  const key = `sieve-failed ${hash('sha256', `${script.digest} ${error.message}`, 'base64url')}`;
  try {
    const inbox = inboxOf(account);
    await account.once(key, async () => {
      const raw = await scriptFailed({
        owner,
        script: script.name,
        problem: error.message,
        when,
        hostname,
        messageId: automaticMessageId(account.id, key, hostname),
        now: clock.now(),
      });
      await account.addMessage(raw, { folder: inbox.id });
      return true;
    });
  } catch (failure) {
    // The mail itself is what matters.
    log.warn({ err: failure, account: account.id }, 'the owner could not be told that a script failed');
  }
}
