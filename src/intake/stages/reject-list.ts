/**
 * Reject lists of the service, the domain and the account. A sender that is to be told is refused while that is possible:
 * at RCPT, or before the mail is acknowledged when all its recipients refuse its author. Nobody is sent a report of it, for that
 * would reach whoever was named as the sender. People whose mail the owner always takes are looked up first.
 */
import type { RejectLists } from '../../directory/reject-lists.ts';
import { MailError } from '../../mail/error.ts';
import type { HeaderBlock } from '../../mail/header.ts';
import { addressesIn } from '../../mail/address.ts';
import { findRejected, type RejectEntry } from '../../mail/reject-list.ts';
import type { MailAccount, MailStore } from '../../mailstore/api.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Counter, Metrics } from '../../telemetry/metrics.ts';
import type { LocalRecipient } from '../arrival.ts';
import { noteDropped, ownRejects } from '../own-rejects.ts';
import { isProven, personAt } from '../people.ts';
import type { Arriving, Delivery, NamedRecipient, Stage } from '../pipeline.ts';
import { INTAKE } from './parts.ts';

export interface RejectListParts {
  readonly store: Pick<MailStore, 'open'>;
  readonly rejectLists: Pick<RejectLists, 'of'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

export class RejectListStage implements Stage {
  readonly name = 'reject-list';
  readonly does = 'refuses, puts aside or drops mail of senders that the service, the domain or the owner rejects';
  readonly needs = ['envelope', 'header', 'account'] as const;
  readonly gives = ['junk', 'trust'] as const;
  readonly onFailure = 'retry';
  readonly #parts: RejectListParts;
  readonly #rejected: Counter<'action'>;

  constructor(parts: RejectListParts) {
    this.#parts = parts;
    this.#rejected = parts.metrics.counter('mails_rejected_total', 'Mails of senders on a reject list.', ['action']);
  }

  async recipient({ sender, recipient }: NamedRecipient): Promise<void> {
    const entry = await this.#find(recipient, [sender]);
    if (entry?.action === 'refuse') throw this.#refusal(entry, sender, recipient.address);
  }

  async header({ recipients, header, source, sender }: Arriving): Promise<void> {
    const authors = authorsOf(header);
    if (source !== 'outside' || authors.length === 0) return;
    let refusal: MailError | undefined;
    for (const recipient of recipients) {
      const entry = await this.#find(recipient, authors);
      if (entry?.action !== 'refuse') return;
      refusal ??= this.#refusal(entry, sender, recipient.address);
    }
    if (refusal !== undefined) throw refusal;
  }

  applies({ recipient }: Delivery): boolean {
    return recipient.own === undefined;
  }

  async deliver(delivery: Delivery): Promise<boolean> {
    const { mail, recipient, findings, account } = delivery;
    const { log, clock } = this.#parts;
    const { details } = await delivery.content();
    const authors = details.envelope.from.map(({ address }) => address);
    const person = authors.length === 1 ? await personAt(account, authors[0] ?? '') : undefined;
    if (person !== undefined && isProven(mail)) findings.person = person;
    if (findings.person?.accept) findings.trusted = true;
    const [system, domain, own] = await this.#lists({ account: account.id, address: recipient.address }, account);
    const senders = [mail.sender, ...authors];
    const given = findRejected(system, senders) ?? findRejected(domain, senders);
    const entry = given ?? (findings.trusted ? undefined : findRejected(own, senders));
    if (entry === undefined) return false;
    log.info({ id: mail.id, recipient: recipient.address, ...entry }, 'the sender is on a reject list');
    if (entry.action !== 'discard') {
      this.#rejected.inc({ action: 'junk' });
      findings.junk ??= 'its sender is on a reject list';
      return false;
    }
    this.#rejected.inc({ action: 'discard' });
    const sender = authors[0] ?? mail.sender;
    await noteDropped(account, { delivery: recipient.deliveryId, at: clock.now(), sender, entry: entry.sender });
    return true;
  }

  /** Whoever is always taken is taken although this is not yet proven: what comes then is looked at again. */
  async #find(recipient: LocalRecipient, senders: readonly string[]): Promise<RejectEntry | undefined> {
    using account = await this.#parts.store.open(INTAKE, recipient.account, { records: 'known' });
    const lists = await this.#lists(recipient, account);
    const found = lists.map((list) => findRejected(list, senders));
    const given = found[0] ?? found[1];
    if (given !== undefined || found[2] === undefined) return given;
    for (const sender of senders) if ((await personAt(account, sender))?.accept) return undefined;
    return found[2];
  }

  /** Of the service, the domain and the account. */
  async #lists(
    { address }: LocalRecipient,
    account: MailAccount,
  ): Promise<readonly [system: readonly RejectEntry[], domain: readonly RejectEntry[], own: readonly RejectEntry[]]> {
    const { rejectLists } = this.#parts;
    const domain = address.slice(address.lastIndexOf('@') + 1);
    return [await rejectLists.of(''), await rejectLists.of(domain), await ownRejects(account)];
  }

  #refusal(entry: RejectEntry, sender: string, recipient: string): MailError {
    this.#rejected.inc({ action: 'refuse' });
    return new MailError('rejected', 'user', `${recipient} takes no mail of <${sender}> (${entry.sender})`);
  }
}

function authorsOf(header: HeaderBlock): string[] {
  return addressesIn(header.first('from') ?? '');
}
