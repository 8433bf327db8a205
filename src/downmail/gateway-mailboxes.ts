/**
 * Sender mailboxes that a gateway keeps for recipients: each has an account of its own, so that what strangers send one of them takes nobody
 * else's room, and its sender id is made of the recipient's address (the paper's `/recipientID/senderID/mailNo/`).
 */
import { hash } from 'node:crypto';
import { addressText, normalAddress } from '../directory/address.ts';
import type { Directory } from '../directory/api.ts';
import { MailError } from '../mail/error.ts';
import { domainOf } from '../mail/path.ts';
import type { AccountId, MailStore, Principal } from '../mailstore/api.ts';
import type { SenderMailboxFacts } from '../mailstore/sender-mailbox.ts';
import { recipientIdOf, type SenderIds } from './ids.ts';

export interface GatewayMailboxParts {
  readonly directory: Pick<Directory, 'account' | 'addAccount' | 'domain' | 'addDomain'>;
  readonly store: Pick<MailStore, 'open'>;
  readonly senderIds: Pick<SenderIds, 'take'>;
  readonly hostname: string;
}

const SYSTEM: Principal = { kind: 'system', role: 'intake' };
/** Of a local part (RFC 5321 §4.5.3.1.1: 64): the letters of an address, and what tells namesakes apart. */
const LETTERS = 40;
const DIGEST = 16;

export class GatewayMailboxes {
  readonly #parts: GatewayMailboxParts;
  /** Of their accounts. */
  readonly domain: string;

  constructor(parts: GatewayMailboxParts) {
    this.#parts = parts;
    this.domain = `gateway.${parts.hostname.toLowerCase()}`;
  }

  /** Is this the address of such an account? No mail goes there. */
  owns(address: string): boolean {
    return domainOf(address).toLowerCase() === this.domain;
  }

  /** Where originals for everybody arrive, before one has a place with their recipient. */
  async arrivals(): Promise<AccountId> {
    const address = `originals@${this.domain}`;
    return (await this.#parts.directory.account(address))?.id ?? this.#add(address, 'Originals on their way');
  }

  /** Undefined when nothing is kept for this recipient. */
  async of(recipient: string): Promise<AccountId | undefined> {
    return (await this.#parts.directory.account(this.#addressOf(recipient)))?.id;
  }

  async facts(recipient: string): Promise<SenderMailboxFacts | undefined> {
    const id = await this.of(recipient);
    if (id === undefined) return undefined;
    using account = await this.#parts.store.open(SYSTEM, id);
    return await account.senderMailbox.facts();
  }

  /** Opens it, or gives it another limit. After a crash on the way it is done once more. */
  async open(
    recipient: string,
    limit: number | undefined,
  ): Promise<{ readonly id: AccountId; readonly facts: SenderMailboxFacts }> {
    const { store, senderIds } = this.#parts;
    const id = (await this.of(recipient)) ?? (await this.#add(this.#addressOf(recipient), recipient));
    using account = await store.open(SYSTEM, id);
    const known = await account.senderMailbox.facts();
    const senderId = known?.senderId ?? (await senderIds.take(`${recipientIdOf(recipient)}@${this.domain}`, id));
    return { id, facts: await account.senderMailbox.open(senderId, limit) };
  }

  async #add(address: string, displayName: string): Promise<AccountId> {
    const { directory } = this.#parts;
    try {
      if ((await directory.domain(this.domain)) === undefined) await directory.addDomain(this.domain);
      return (await directory.addAccount(address, { displayName })).id;
    } catch (error) {
      if (!(error instanceof MailError) || error.code !== 'conflict') throw error;
      // Two mails at once, and the other one was first.
      const known = await directory.account(address);
      if (known !== undefined) return known.id;
      throw new MailError('busy', 'temporary', `${address} is being made`, { cause: error });
    }
  }

  #addressOf(recipient: string): string {
    const comparable = addressText(normalAddress(recipient));
    const digest = hash('sha256', comparable, 'hex').slice(0, DIGEST);
    return `${recipientIdOf(comparable).slice(0, LETTERS)}-${digest}@${this.domain}`;
  }
}
