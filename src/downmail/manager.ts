/** What a sender does with his sender mailbox (SMM, its second function): sees what takes room, deletes, tells recipients once more. */
import type { Dispatcher } from '../delivery/dispatcher.ts';
import type { AccountId, MailAccount } from '../mailstore/api.ts';
import type { Held } from '../mailstore/sender-mailbox.ts';
import type { SubmissionId } from '../mailstore/submission.ts';
import { normalAddress } from '../directory/address.ts';
import { passwordHash, type PickUpPasswords } from './passwords.ts';

export interface ManagerParts {
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

  /** What opens a confidential mail beside its link. */
  passCode(account: AccountId, submission: SubmissionId): string {
    return this.#parts.passwords.codeOf(account, submission);
  }

  /** Their recipients are told once more; `renew`: with a new password, after which the old one is worth nothing. Answers how many. */
  async notify(account: MailAccount, filter: HeldFilter, renew: boolean): Promise<number> {
    const { passwords, dispatcher } = this.#parts;
    const found: Held[] = [];
    for await (const held of listWaiting(account, { ...filter, fetched: false })) found.push(held);
    const hash = (ref: Parameters<PickUpPasswords['of']>[1], issue: number): string =>
      passwordHash(passwords.of(account.id, ref, issue));
    const effects = await account.senderMailbox.notifyAgain(found, renew ? { passwordHash: hash } : {});
    dispatcher.wake(account.id, effects);
    return found.length;
  }
}

/** Copies that may still be fetched, the newest mail first. `from`: mails before this one. */
export async function* listWaiting(
  account: MailAccount,
  filter: HeldFilter = {},
  from?: SubmissionId,
): AsyncGenerator<Held> {
  const wanted = filter.recipients && new Set(filter.recipients.map(comparable));
  const { mail, after = 0, before = Number.POSITIVE_INFINITY, fetched } = filter;
  const range = { ...(mail !== undefined && { mail }), ...(from !== undefined && { before: from }) };
  for await (const held of account.senderMailbox.list(range)) {
    const { recipient } = held;
    const sent = held.mail.released ?? held.mail.created;
    if (recipient.state !== 'waiting' || sent < after || sent >= before) continue;
    if (fetched !== undefined && fetched !== (recipient.held.fetched !== undefined)) continue;
    if (wanted !== undefined && !isWanted(wanted, recipient.address)) continue;
    yield held;
  }
}

export interface EndedCounts {
  readonly deleted: number;
  /** Of them: fetched before. */
  readonly fetched: number;
}

/** Nobody fetches these from now on. */
export async function deleteWaiting(account: MailAccount, filter: HeldFilter): Promise<EndedCounts> {
  let deleted = 0;
  let fetched = 0;
  let step: Held[] = [];
  const end = async (): Promise<void> => {
    const { ended } = await account.senderMailbox.end(step, 'recalled');
    deleted += ended.length;
    fetched += ended.filter(({ recipient }) => recipient.state === 'fetched').length;
    step = [];
  };
  for await (const held of listWaiting(account, filter)) {
    step.push(held);
    if (step.length === STEP) await end();
  }
  if (step.length > 0) await end();
  return { deleted, fetched };
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
