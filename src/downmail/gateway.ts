/**
 * The gateway (메일연동장치): keeps the originals of conventional senders for recipients who want notifications, in a sender mailbox in the
 * recipient's name, and sends the notification in the sender's place. It is part of the recipient's own service, or a service of its own to which
 * originals are handed over; then the return path leads to whoever sent them, as for any mail that is passed on.
 */
import type { Authentication } from '../intake/authentication/results.ts';
import type { AutomaticMail } from '../intake/automatic.ts';
import { asForwarded, passedOn } from '../intake/passed-on.ts';
import type { Delivery } from '../intake/pipeline.ts';
import type { Elsewhere } from '../intake/recipients.ts';
import type { ReturnPaths } from '../intake/return-paths.ts';
import { authorOf } from '../mail/downmail/origin.ts';
import { MailError } from '../mail/error.ts';
import { HeaderBlock } from '../mail/header.ts';
import { domainOf } from '../mail/path.ts';
import type { AccountId, MailStore, Principal } from '../mailstore/api.ts';
import type { GatewayMailboxes } from './gateway-mailboxes.ts';
import type { DownmailPolicy } from './policy.ts';

export interface GatewayParts {
  readonly store: Pick<MailStore, 'open'>;
  readonly automatic: Pick<AutomaticMail, 'send'>;
  readonly returnPaths: Pick<ReturnPaths, 'forwardAddress'>;
  readonly mailboxes: GatewayMailboxes;
  readonly policy: Pick<DownmailPolicy, 'mode' | 'gateway' | 'keep' | 'days'>;
}

const SYSTEM: Principal = { kind: 'system', role: 'intake' };

export class Gateway implements Elsewhere {
  readonly #parts: GatewayParts;

  constructor(parts: GatewayParts) {
    this.#parts = parts;
  }

  /** Is this service the gateway for them, and nothing else? */
  serves(address: string): boolean {
    const { mode, gateway } = this.#parts.policy;
    return mode === 'gateway' && gateway.domains.has(domainOf(address).toLowerCase());
  }

  owns(address: string): boolean {
    return this.#parts.mailboxes.owns(address);
  }

  /** Whether recipients here have one. */
  get usable(): boolean {
    return this.#parts.policy.gateway.to !== '';
  }

  /** The account at which a mail arrives that is handed over to us. Throws `remote-recipient` for others than those we are the gateway for, and
   * `originals-refused`. */
  async arriving(address: string): Promise<AccountId> {
    const { mailboxes, policy } = this.#parts;
    if (!this.serves(address))
      throw new MailError('remote-recipient', 'user', `${domainOf(address)} is none of our domains`);
    if (policy.gateway.mailboxes === 'opened' && (await mailboxes.facts(address)) === undefined) throw refused(address);
    return mailboxes.arrivals();
  }

  /** Throws `originals-refused`, `gateway-full` when such a mail cannot be kept for the recipient; what another service answers is known when it
   * was asked. A mailbox is made for people here, and for those elsewhere whose own service hands a mail over. */
  async check(recipient: string, size: number, authentication: Authentication | undefined): Promise<void> {
    const { mailboxes, policy } = this.#parts;
    if (!this.#isHere(recipient)) return;
    const facts = await mailboxes.facts(recipient);
    const { result, domain } = authentication?.spf ?? { result: 'none', domain: '' };
    const isVouchedFor = result === 'pass' && domain.toLowerCase() === domainOf(recipient).toLowerCase();
    const mayOpen = policy.gateway.mailboxes === 'automatic' && (isVouchedFor || !this.serves(recipient));
    if (facts === undefined && !mayOpen) throw refused(recipient);
    const { used, limit } = facts ?? { used: 0, limit: policy.gateway.room || undefined };
    if (limit !== undefined && used + size > limit) throw full(recipient);
  }

  /** Keeps it, or hands it over: when resolved it cannot be lost. Once more changes nothing. Throws as
   * `check`, and what `AutomaticMail.send` does. */
  async take(delivery: Delivery): Promise<void> {
    const { store, automatic, mailboxes, policy, returnPaths } = this.#parts;
    const { mail, recipient } = delivery;
    const { address, deliveryId } = recipient;
    using arrived = await store.open(SYSTEM, recipient.staged.account);
    const content = await arrived.staged(recipient.staged);
    const header = HeaderBlock.parse(await content.body.bytes(0, content.details.structure.bodyStart));
    const raw = await passedOn(content, address);
    const common = {
      recipient: address,
      mail: raw,
      key: `gateway ${deliveryId}`,
      requireTls: mail.requireTls,
    };
    if (!this.#isHere(address)) {
      const forwarded = await asForwarded('remote', delivery, returnPaths);
      await automatic.send({ ...common, ...forwarded, account: arrived.id, through: policy.gateway.to });
      return;
    }
    const author = authorOf(header) || mail.sender;
    // At a service of its own the return path is already that of whoever handed it over.
    const forwarded = this.serves(address)
      ? { sender: mail.sender }
      : await asForwarded('remote', delivery, returnPaths);
    const facts = await mailboxes.facts(address);
    if (facts === undefined && policy.gateway.mailboxes === 'opened') throw refused(address);
    const account = facts && (await mailboxes.of(address));
    try {
      await automatic.send({
        ...common,
        ...forwarded,
        account: account ?? (await mailboxes.open(address, policy.gateway.room || undefined)).id,
        hold: { keep: policy.keep, days: policy.days, gateway: { author } },
      });
    } catch (error) {
      throw error instanceof MailError && error.code === 'sender-mailbox-full' ? full(address, error) : error;
    }
  }

  #isHere(recipient: string): boolean {
    return this.serves(recipient) || this.#parts.policy.gateway.to === 'here';
  }
}

function refused(recipient: string): MailError {
  return new MailError('originals-refused', 'user', `the gateway keeps nothing for ${recipient}`);
}

function full(recipient: string, cause?: MailError): MailError {
  return new MailError('gateway-full', 'user', `there is no room for what is kept for ${recipient}`, { cause });
}
