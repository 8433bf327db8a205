/** Sends what the owner's rules, or a note of absence, answer with: never to lists, machines, forged senders and oneself, once per sender and period. */
import type { VacationAction } from '../../mail/sieve/actions.ts';
import type { SieveHeader } from '../../mail/sieve/header.ts';
import type { MailAccount } from '../../mailstore/api.ts';
import { absenceOf, absenceText, isAway, timeZoneOf } from '../absence.ts';
import { languageOf } from '../language.ts';
import { isKnown } from '../people.ts';
import type { Delivery, Stage } from '../pipeline.ts';
import { isForged } from '../sieve/forged.ts';
import { SieveMemory } from '../sieve/memory.ts';
import { Turns } from '../sieve/turns.ts';
import { composeAnswer, fromOf, ownAddresses, whyNoAnswer } from '../sieve/vacation.ts';
import { automaticMessageId, isUserError, readAgain, type SendingParts } from './parts.ts';

export class VacationStage implements Stage {
  readonly name = 'vacation';
  readonly does = 'answers in the name of an owner who is away (RFC 3834)';
  readonly needs = ['envelope', 'header', 'account', 'plan'] as const;
  readonly onFailure = 'retry';
  readonly #parts: SendingParts;
  readonly #turns = new Turns();

  constructor(parts: SendingParts) {
    this.#parts = parts;
  }

  applies({ recipient, findings }: Delivery): boolean {
    return recipient.own === undefined && findings.junk === undefined;
  }

  async deliver(delivery: Delivery): Promise<boolean> {
    const { account } = delivery;
    const { log } = this.#parts;
    const { plan } = delivery.findings;
    const answers: Answering[] = plan?.answers.map((action) => ({ action })) ?? [];
    // A script that answers says what the owner wants to be said; what nobody gets is not answered.
    const isTaken = plan === undefined || plan.places.length > 0 || plan.redirected;
    if (answers.length === 0 && isTaken) answers.push(...(await this.#absent(account, delivery)));
    if (answers.length === 0) return false;
    const header = (plan ?? (await readAgain(delivery))).header;
    for (const answer of answers) {
      try {
        await this.#answer(account, delivery, header, answer);
      } catch (error) {
        // An answer that cannot be written is no reason to try the mail that came again and again.
        if (!isUserError(error)) throw error;
        log.warn({ err: error, account: account.id }, 'an answer could not be sent');
      }
    }
    return false;
  }

  async #absent(account: MailAccount, { mail }: Delivery): Promise<readonly Answering[]> {
    const { directory, clock } = this.#parts;
    const absence = await absenceOf(account);
    const now = clock.now();
    if (absence === undefined || !isAway(absence, await timeZoneOf(account), now)) return [];
    if (absence.knownOnly && !(await isKnown(account, mail.sender, now))) return [];
    const { subject, text, html, days, changed } = absence;
    const owner = await directory.account(account.id);
    const name = owner?.displayName || (owner?.address ?? '');
    const reason = text.trim() === '' ? absenceText(name, await languageOf(account)) : text;
    const action: VacationAction = {
      type: 'vacation',
      handle: `absence ${changed}`,
      seconds: days * 86_400,
      subject,
      from: '',
      addresses: [],
      reason,
      mime: false,
    };
    return [{ action, ...(html !== undefined && { html }) }];
  }

  /** Once per sender, handle and period; one mail after the other, so that two at once are one. */
  async #answer(
    account: MailAccount,
    delivery: Delivery,
    header: SieveHeader,
    { action, html }: Answering,
  ): Promise<void> {
    const { automatic, directory, log, clock, hostname } = this.#parts;
    const now = clock.now();
    const memory = new SieveMemory(account, delivery.recipient.deliveryId, now);
    const { mail, recipient } = delivery;
    const owner = await directory.account(account.id);
    const addresses = [recipient.address, owner?.address ?? '', ...(owner?.aliases ?? []), ...action.addresses];
    const why = isForged(mail)
      ? 'its sender is not who sent it'
      : whyNoAnswer(mail.sender, header, ownAddresses(addresses));
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
        ...(html !== undefined && { html }),
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

interface Answering {
  readonly action: VacationAction;
  readonly html?: string;
}
