/** Sends the notices that the owner's rules ask for (RFC 5435, RFC 5436), once the mail is filed; and tells of rules that failed. */
import { hash } from 'node:crypto';
import { composeMessage } from '../../mail/compose.ts';
import type { NotifyAction } from '../../mail/sieve/actions.ts';
import type { MailAccount } from '../../mailstore/api.ts';
import type { Delivery, Stage } from '../pipeline.ts';
import type { Person } from '../people.ts';
import type { Plan } from '../plan.ts';
import { scriptFailed } from '../sieve/notice.ts';
import { fromOf } from '../sieve/vacation.ts';
import { automaticMessageId, inboxOf, isUserError, readAgain, type SendingParts } from './parts.ts';

export class NotifyStage implements Stage {
  readonly name = 'notify';
  readonly does = 'sends the notices that the rules ask for, and tells the owner of rules that failed';
  readonly needs = ['header', 'account', 'plan'] as const;
  readonly onFailure = 'retry';
  readonly #parts: SendingParts;

  constructor(parts: SendingParts) {
    this.#parts = parts;
  }

  applies({ findings: { plan, person, junk } }: Delivery): boolean {
    if (plan?.failure !== undefined) return true;
    return junk === undefined && (plan?.notices.length || person?.notify?.length || 0) > 0;
  }

  async deliver(delivery: Delivery): Promise<boolean> {
    const { account } = delivery;
    const { plan, junk, person } = delivery.findings;
    const notices = junk === undefined ? [...(plan?.notices ?? []), ...noticesFor(person)] : [];
    const { log } = this.#parts;
    const failure = plan?.failure;
    const mail = plan ?? (await readAgain(delivery));
    if (failure) await this.#tellOwner(account, delivery.recipient.address, failure);
    for (const action of notices) {
      try {
        await this.#notify(account, delivery, mail, action);
      } catch (error) {
        if (!isUserError(error)) throw error;
        log.warn({ err: error, account: account.id }, 'a notice could not be sent');
      }
    }
    return false;
  }

  /** What a machine sent causes no notification (RFC 5436 §2.7.1): two of these could go on for ever. */
  async #notify(
    account: MailAccount,
    delivery: Delivery,
    plan: Pick<Plan, 'details' | 'header'>,
    action: NotifyAction,
  ): Promise<void> {
    const { automatic, directory, clock, log, hostname } = this.#parts;
    const { details, header } = plan;
    const { mail, recipient } = delivery;
    if (header.all('auto-submitted').some(({ text }) => !/^no\b/i.test(text))) return;
    const asked = fromOf(action.from);
    const mayUse = asked !== undefined && (await directory.maySendAs(account.id, asked.address));
    const from = details.envelope.from[0];
    for (const to of action.recipients) {
      const key = `sieve notify ${recipient.deliveryId} ${to} ${hash('sha256', action.subject, 'base64url')}`;
      if ((await automatic.reach(to)) === undefined) {
        log.warn({ id: mail.id, recipient: recipient.address, to }, 'nobody was notified: no mail goes there');
        continue;
      }
      const raw = await composeMessage({
        from: mayUse ? asked : { address: recipient.address },
        to: [{ address: to }],
        subject: action.subject
          .replaceAll(/[\0-\x1f\x7f-\x9f\u2028\u2029]+/g, ' ')
          .slice(0, 500)
          .toWellFormed(), // prettier-ignore
        text: action.message || `${from?.name ?? ''} <${from?.address ?? mail.sender}>\n${details.envelope.subject}\n`,
        importance: action.importance,
        messageId: automaticMessageId(account.id, key, hostname),
        date: clock.now(),
        headers: [
          ['Auto-Submitted', `auto-notified; owner-email="${recipient.address.replaceAll(/["\\]/g, '\\$&')}"`],
          ...action.headers,
        ], // prettier-ignore
      });
      const sender = mail.sender === '' ? '' : recipient.address;
      await automatic.send({
        account: account.id,
        sender,
        recipient: to,
        mail: { head: raw },
        key,
        requireTls: mail.requireTls,
      });
    }
  }

  /** A mail in INBOX, once a day for each script that fails in the same way. */
  async #tellOwner(
    account: MailAccount,
    owner: string,
    { script, error }: NonNullable<Plan['failure']>,
  ): Promise<void> {
    const { hostname, clock, log } = this.#parts;
    const key = `sieve-failed ${hash('sha256', `${script.digest} ${error.message}`, 'base64url')}`;
    try {
      const inbox = inboxOf(account);
      await account.once(key, async () => {
        const raw = await scriptFailed({
          owner,
          script: script.name,
          problem: error.message,
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
}

/** Of mail by somebody whom the owner named. */
function noticesFor(person: Person | undefined): readonly NotifyAction[] {
  const { notify = [], address = '', importance = 'normal' } = person ?? {};
  if (notify.length === 0) return [];
  const subject = `New mail from ${address} / 새 메일`;
  return [{ type: 'notify', recipients: notify, from: '', importance, subject, message: '', headers: [] }];
}
