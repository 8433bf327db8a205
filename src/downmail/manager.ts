/** What a sender does with his sender mailbox (SMM, its second function): sees what takes room, deletes, tells recipients once more. */
import type { Dispatcher } from '../delivery/dispatcher.ts';
import type { MailAccount } from '../mailstore/api.ts';
import type { Held, SenderMailboxFacts } from '../mailstore/sender-mailbox.ts';
import type { SubmissionId } from '../mailstore/submission.ts';
import { normalAddress } from '../directory/address.ts';
import type { Holding } from './holding.ts';
import { passwordHash, type PickUpPasswords } from './passwords.ts';

export interface ManagerParts {
  readonly holding: Pick<Holding, 'open'>;
  readonly passwords: PickUpPasswords;
  readonly dispatcher: Pick<Dispatcher, 'wake'>;
}

/** Which copies: those for which all of it holds. */
export interface HeldFilter {
  /** One mail, to all its recipients. */
  readonly mail?: SubmissionId;
  /** One of these: an address, or `@domain` for all of a domain. */
  readonly recipients?: readonly string[];
  /** Sent at or after, and before; milliseconds since 1970. */
  readonly after?: number;
  readonly before?: number;
  /** Fetched at least once, or not yet. */
  readonly fetched?: boolean;
}

/** Copies that are ended in one step. */
const STEP = 1_000;

export class SenderMailboxManager {
  readonly #parts: ManagerParts;

  constructor(parts: ManagerParts) {
    this.#parts = parts;
  }

  /** Opens a sender mailbox for an account, or changes how much it may hold. */
  open(account: MailAccount, limit: number | undefined): Promise<SenderMailboxFacts> {
    return this.#parts.holding.open(account, limit);
  }

  /** Copies that may still be fetched, the newest mail first. `from`: mails before this one. */
  async *list(account: MailAccount, filter: HeldFilter = {}, from?: SubmissionId): AsyncGenerator<Held> {
    const wanted = filter.recipients && new Set(filter.recipients.map(comparable));
    const { mail, after = 0, before = Number.POSITIVE_INFINITY, fetched } = filter;
    const range = { ...(mail !== undefined && { mail }), ...(from !== undefined && { before: from }) };
    for await (const held of account.senderMailbox.list(range)) {
      const { recipient } = held;
      const created = held.mail.released ?? held.mail.created;
      if (recipient.state !== 'waiting' || created < after || created >= before) continue;
      if (fetched !== undefined && fetched !== (recipient.held.fetched !== undefined)) continue;
      if (wanted !== undefined && !isWanted(wanted, recipient.address)) continue;
      yield held;
    }
  }

  /** Nobody fetches these from now on. Answers how many, and how many of them were fetched before. */
  async delete(account: MailAccount, filter: HeldFilter): Promise<{ deleted: number; fetched: number }> {
    const counts = { deleted: 0, fetched: 0 };
    let step: Held[] = [];
    const end = async (): Promise<void> => {
      const { ended } = await account.senderMailbox.end(step, 'recalled');
      counts.deleted += ended.length;
      counts.fetched += ended.filter(({ recipient }) => recipient.state === 'fetched').length;
      step = [];
    };
    for await (const held of this.list(account, filter)) {
      step.push(held);
      if (step.length === STEP) await end();
    }
    if (step.length > 0) await end();
    return counts;
  }

  /** Their recipients are told once more; `renew`: with a new password, after which the old one is worth nothing. Answers how many. */
  async notify(account: MailAccount, filter: HeldFilter, renew: boolean): Promise<number> {
    const { passwords, dispatcher } = this.#parts;
    const found: Held[] = [];
    for await (const held of this.list(account, { ...filter, fetched: false })) found.push(held);
    const hash = (ref: Parameters<PickUpPasswords['of']>[1], issue: number): string =>
      passwordHash(passwords.of(account.id, ref, issue));
    const effects = await account.senderMailbox.notifyAgain(found, renew ? { passwordHash: hash } : {});
    dispatcher.wake(account.id, effects);
    return found.length;
  }
}

function isWanted(wanted: ReadonlySet<string>, address: string): boolean {
  const name = comparable(address);
  return wanted.has(name) || wanted.has(name.slice(name.lastIndexOf('@')));
}

function comparable(address: string): string {
  if (address.startsWith('@')) return address.toLowerCase();
  try {
    const { local, domain } = normalAddress(address);
    return `${local}@${domain}`;
  } catch {
    return address.toLowerCase();
  }
}
