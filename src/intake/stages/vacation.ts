/** Sends what the owner's rules answer with: never to lists, machines, forged senders and oneself, once per sender and period. */
import type { VacationAction } from '../../mail/sieve/actions.ts';
import type { SieveHeader } from '../../mail/sieve/header.ts';
import type { MailAccount } from '../../mailstore/api.ts';
import type { Delivery, Stage } from '../pipeline.ts';
import { isForged } from '../sieve/forged.ts';
import { SieveMemory } from '../sieve/memory.ts';
import { Turns } from '../sieve/turns.ts';
import { composeAnswer, fromOf, ownAddresses, whyNoAnswer } from '../sieve/vacation.ts';
import { automaticMessageId, INTAKE, isUserError, type SendingParts } from './parts.ts';

export class VacationStage implements Stage {
  readonly name = 'vacation';
  readonly does = 'answers in the name of an owner who is away (RFC 3834)';
  readonly needs = ['envelope', 'header', 'plan'] as const;
  readonly onFailure = 'retry';
  readonly #parts: SendingParts;
  readonly #turns = new Turns();

  constructor(parts: SendingParts) {
    this.#parts = parts;
  }

  async deliver(delivery: Delivery): Promise<boolean> {
    const { plan } = delivery.findings;
    if (plan === undefined || plan.answers.length === 0) return false;
    const { store, log } = this.#parts;
    using account = await store.open(INTAKE, delivery.recipient.staged.account);
    for (const action of plan.answers) {
      try {
        await this.#answer(account, delivery, plan.header, action);
      } catch (error) {
        // An answer that cannot be written is no reason to try the mail that came again and again.
        if (!isUserError(error)) throw error;
        log.warn({ err: error, account: account.id }, 'an answer could not be sent');
      }
    }
    return false;
  }

  /** Once per sender, handle and period; one mail after the other, so that two at once are one. */
  async #answer(account: MailAccount, delivery: Delivery, header: SieveHeader, action: VacationAction): Promise<void> {
    const { automatic, directory, log, clock, hostname } = this.#parts;
    const now = clock.now();
    const memory = new SieveMemory(account, delivery.recipient.deliveryId, now);
    const { mail, recipient } = delivery;
    const owner = await directory.account(account.id);
    const addresses = [recipient.address, owner?.address ?? '', ...(owner?.aliases ?? []), ...action.addresses];
    const why = isForged(mail)
      ? 'its sender is not who sent it'
      : (delivery.findings.junk ?? whyNoAnswer(mail.sender, header, ownAddresses(addresses)));
    const id = `vacation ${action.handle} ${mail.sender.toLowerCase()}`;
    await this.#turns.run(account.id, async () => {
      if (why !== undefined || (await memory.has(id)) || (await automatic.reach(mail.sender)) === undefined) {
        log.info({ id: mail.id, recipient: recipient.address, why: why ?? 'was answered' }, 'no vacation answer');
        return;
      }
      const key = `sieve vacation ${recipient.deliveryId}`;
      const asked = fromOf(action.from);
      const mayUse = asked !== undefined && (await directory.maySendAs(account.id, asked.address));
      const raw = await composeAnswer({
        action,
        to: mail.sender,
        from: mayUse ? asked : { name: owner?.displayName ?? '', address: recipient.address },
        header,
        messageId: automaticMessageId(account.id, key, hostname),
        date: now,
      });
      await automatic.send({
        account: account.id,
        sender: '',
        recipient: mail.sender,
        mail: { head: raw },
        key,
        requireTls: mail.requireTls,
      });
      await memory.remember(id, action.seconds);
    });
  }
}
