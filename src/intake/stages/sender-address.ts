/**
 * Mail from other servers whose author or sender cannot be answered (D-21): no address at all, a domain that does not exist or takes
 * no mail (RFC 7505), or one of ours where nobody has that address. It goes to Junk, or is refused, as the operator says.
 */
import type { Directory } from '../../directory/api.ts';
import { addressesIn } from '../../mail/address.ts';
import { MailError } from '../../mail/error.ts';
import { parseMailbox } from '../../mail/path.ts';
import { isLoopback } from '../../net/address.ts';
import { DnsError, type Resolver } from '../../ports/resolver.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Authentication } from '../authentication/results.ts';
import { isProven } from '../people.ts';
import type { Arrived, Delivery, Stage } from '../pipeline.ts';
import type { IntakePayload } from '../entry.ts';

export interface SenderAddressParts {
  readonly directory: Pick<Directory, 'route'>;
  readonly resolver: Pick<Resolver, 'mx' | 'addresses'>;
  readonly log: Log;
  readonly action: 'junk' | 'refuse';
  /** Whether mail from this machine is looked at, too. */
  readonly loopback: boolean;
}

/** Names that nobody has (RFC 6761 §6.3, §6.4), and that exist in one house only. */
const NOWHERE: ReadonlySet<string> = new Set(['invalid', 'localhost', 'localdomain', 'local']);
const DEADLINE_MS = 5_000;
/** Authors of a mail that are looked at. */
const MOST_AUTHORS = 5;

export class SenderAddressStage implements Stage {
  readonly name = 'sender-address';
  readonly does: string;
  readonly needs = ['envelope', 'header', 'account'] as const;
  readonly gives = ['junk'] as const;
  readonly onFailure = 'accept';
  readonly deadlineMs = DEADLINE_MS;
  readonly #parts: SenderAddressParts;
  /** All recipients of an entry have the same mail. */
  readonly #looked = new WeakMap<IntakePayload, Promise<string | undefined>>();

  constructor(parts: SenderAddressParts) {
    this.#parts = parts;
    const what = "mail whose author's or sender's address cannot be right";
    this.does = parts.action === 'refuse' ? `refuses ${what}` : `puts ${what} into Junk`;
  }

  async content({ source, sender, origin, header, authentication }: Arrived): Promise<void> {
    if (this.#parts.action !== 'refuse' || source !== 'outside' || !this.#looksAt(origin.remote)) return;
    const why = await this.#wrong(
      sender,
      addressesIn(header.first('from') ?? ''),
      authentication,
      AbortSignal.timeout(DEADLINE_MS),
    ); // prettier-ignore
    if (why !== undefined) throw new MailError('wrong-sender', 'user', why);
  }

  applies({ mail, findings, recipient }: Delivery): boolean {
    if (mail.client === undefined || recipient.own !== undefined || findings.trusted === true) return false;
    return this.#looksAt(mail.client.address);
  }

  async deliver(delivery: Delivery, deadline: AbortSignal): Promise<boolean> {
    const { mail, findings, recipient } = delivery;
    let looked = this.#looked.get(mail);
    if (looked === undefined) {
      looked = this.#look(delivery, deadline);
      looked.catch(() => undefined);
      this.#looked.set(mail, looked);
    }
    const why = await looked;
    if (why !== undefined) {
      findings.junk ??= why;
      this.#parts.log.info({ id: mail.id, recipient: recipient.address, why }, 'the sender cannot be right');
    }
    return false;
  }

  #looksAt(client: string): boolean {
    return this.#parts.loopback || !isLoopback(client);
  }

  async #look(delivery: Delivery, deadline: AbortSignal): Promise<string | undefined> {
    const { mail } = delivery;
    const { details } = await delivery.content();
    const authors = details.envelope.from.flatMap(({ address, group }) =>
      group === undefined ? [address] : group.members.map((member) => member.address),
    );
    return this.#wrong(mail.sender, authors, mail.authentication, deadline);
  }

  /** Why it cannot be right; undefined when it may be. */
  async #wrong(
    sender: string,
    authors: readonly string[],
    authentication: Authentication | undefined,
    deadline: AbortSignal,
  ): Promise<string | undefined> {
    if (authors.length === 0) return 'it names no author';
    const isShown = authentication !== undefined && isProven({ authentication });
    for (const address of new Set([...authors.slice(0, MOST_AUTHORS), ...(sender === '' ? [] : [sender])])) {
      const why = await this.#wrongAddress(address, isShown, deadline);
      if (why !== undefined) return why;
    }
    return undefined;
  }

  async #wrongAddress(address: string, isShown: boolean, deadline: AbortSignal): Promise<string | undefined> {
    const { directory } = this.#parts;
    const mailbox = parseMailbox(address);
    if (mailbox === undefined) return `${address.slice(0, 100) || 'its author'} is no address`;
    const { domain } = mailbox;
    // An address of one machine, not of a domain.
    if (domain.startsWith('[')) return undefined;
    const route = await directory.route(mailbox.address);
    if (route.kind === 'unknown' && !isShown) return `nobody here is ${mailbox.address}`;
    if (route.kind !== 'remote') return undefined;
    const labels = domain.split('.');
    if (labels.length < 2 || NOWHERE.has(labels.at(-1) ?? '')) return `there is no domain ${domain}`;
    return this.#wrongDomain(domain, deadline);
  }

  /** What DNS does not answer now says nothing. */
  async #wrongDomain(domain: string, deadline: AbortSignal): Promise<string | undefined> {
    const { resolver } = this.#parts;
    try {
      const records = await resolver.mx(domain, deadline);
      return records.every(({ exchange }) => exchange === '') ? `${domain} takes no mail` : undefined;
    } catch (error) {
      if (!(error instanceof DnsError)) return undefined;
      if (error.kind === 'nxdomain') return `there is no domain ${domain}`;
      if (error.kind !== 'nodata') return undefined;
    }
    try {
      await resolver.addresses(domain, deadline);
      return undefined;
    } catch (error) {
      return error instanceof DnsError && error.permanent ? `${domain} takes no mail` : undefined;
    }
  }
}
