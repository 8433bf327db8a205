/** Sends the notices that the owner's rules ask for (RFC 5435, RFC 5436), once the mail is filed; and tells of rules that failed. */
import type { NotifyAction } from '../../mail/sieve/actions.ts';
import type { Delivery, Stage } from '../pipeline.ts';
import type { Person } from '../people.ts';
import { sendNotice, tellOwner } from '../sieve/notices.ts';
import { isUserError, readAgain, type SendingParts } from './parts.ts';

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
    const { recipient } = delivery;
    const about = {
      id: delivery.mail.id,
      sender: delivery.mail.sender,
      owner: recipient.address,
      key: recipient.deliveryId,
      requireTls: delivery.mail.requireTls,
    };
    if (failure) await tellOwner(account, this.#parts, { ...failure, owner: recipient.address, when: 'arrival' });
    for (const action of notices) {
      try {
        await sendNotice(account, this.#parts, about, mail, action);
      } catch (error) {
        if (!isUserError(error)) throw error;
        log.warn({ err: error, account: account.id }, 'a notice could not be sent');
      }
    }
    return false;
  }
}

/** Of mail by somebody whom the owner named. */
function noticesFor(person: Person | undefined): readonly NotifyAction[] {
  const { notify = [], address = '', importance = 'normal' } = person ?? {};
  if (notify.length === 0) return [];
  const subject = `New mail from ${address} / 새 메일`;
  return [{ type: 'notify', recipients: notify, from: '', importance, subject, message: '', headers: [] }];
}
