/** Looks for what deceives: the mail is delivered, and its reader is told what to be careful of. */
import { isLoopback } from '../../net/address.ts';
import type { AccountId, MailAccount } from '../../mailstore/api.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Counter, Metrics } from '../../telemetry/metrics.ts';
import { AddressBooks } from '../contacts/address-book.ts';
import type { Delivery, Stage } from '../pipeline.ts';
import type { BadHosts } from '../protection/bad-hosts.ts';
import { knownPeople, type KnownPeople, lookAt, seenDomain } from '../protection/look.ts';
import { SEEN_DOMAIN } from '../protection/warnings.ts';
import { readMailText } from '../spam/mail-text.ts';

export interface ProtectionParts {
  readonly bad: BadHosts;
  /** Whether mail from this machine itself is looked at, too. */
  readonly loopback: boolean;
  readonly clock: Clock;
  readonly metrics: Metrics;
}

/** A name that was written to since is a stranger's for so long at most. */
const BOOK_MS = 60_000;
const MOST_BOOKS = 1_000;

export class ProtectionStage implements Stage {
  readonly name = 'protection';
  readonly does = 'looks for what passes itself off as something else, so that its reader can be warned';
  readonly needs = ['envelope', 'header', 'body', 'account'] as const;
  readonly gives = ['warnings'] as const;
  readonly onFailure = 'accept';
  readonly #parts: ProtectionParts;
  readonly #books = new AddressBooks();
  readonly #recent = new Map<AccountId, { readonly at: number; readonly people: KnownPeople }>();
  readonly #warned: Counter<'code'>;

  constructor(parts: ProtectionParts) {
    this.#parts = parts;
    this.#warned = parts.metrics.counter('mail_warnings_total', 'Warnings that readers of mails were given.', ['code']);
  }

  applies({ mail, recipient, findings }: Delivery): boolean {
    if (mail.client === undefined || recipient.own !== undefined || findings.trusted) return false;
    return this.#parts.loopback || !isLoopback(mail.client.address);
  }

  async deliver(delivery: Delivery): Promise<boolean> {
    const { mail, recipient, findings, account } = delivery;
    const { bad, clock } = this.#parts;
    await bad.refresh(clock.monotonic());
    const { details, body } = await delivery.content();
    const text = findings.text ?? (await readMailText(details, body));
    const author = text.envelope.from[0]?.address ?? '';
    const domain = seenDomain(author);
    const newDomain = domain !== undefined && (await account.record(SEEN_DOMAIN, domain)) === undefined;
    const { address } = recipient;
    const people = await this.#people(account, address);
    const warnings = lookAt({ mail, text, address, people, newDomain, harm: findings.harm, bad });
    if (warnings.length > 0) findings.warnings = warnings;
    // What is junk makes nobody known.
    if (newDomain && findings.junk === undefined) findings.seenDomain = domain;
    for (const { code, level } of warnings) if (level === 'warning') this.#warned.inc({ code });
    return false;
  }

  async #people(account: MailAccount, address: string): Promise<KnownPeople> {
    const now = this.#parts.clock.monotonic();
    const known = this.#recent.get(account.id);
    if (known !== undefined && now - known.at < BOOK_MS) return known.people;
    const people = knownPeople(await this.#books.of(account), address);
    this.#recent.delete(account.id);
    this.#recent.set(account.id, { at: now, people });
    for (const [id] of this.#recent) {
      if (this.#recent.size <= MOST_BOOKS) break;
      this.#recent.delete(id);
    }
    return people;
  }
}
