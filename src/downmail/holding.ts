/** Which recipients of a mail get a notification instead of it, and whether there is a mailbox to keep it in (MTA_n, relaying allowed). */
import type { Directory } from '../directory/api.ts';
import { normalAddress } from '../directory/address.ts';
import { isKnown } from '../intake/people.ts';
import { isDownmailSignal } from '../mail/downmail/fields.ts';
import { MailError } from '../mail/error.ts';
import type { HeaderBlock } from '../mail/header.ts';
import type { AccountId, MailAccount, MailStore, Principal } from '../mailstore/api.ts';
import type { Hold, SenderMailboxFacts } from '../mailstore/sender-mailbox.ts';
import type { Clock } from '../ports/clock.ts';
import { decideSending } from './decision.ts';
import type { SenderIds } from './ids.ts';
import type { NotificationTakers } from './notification-takers.ts';
import { type DownmailPolicy, type DownmailSetting, downmailSetting, type SenderMode } from './policy.ts';

export interface HoldingParts {
  readonly policy: DownmailPolicy;
  readonly senderIds: Pick<SenderIds, 'take'>;
  readonly takers: Pick<NotificationTakers, 'takes'>;
  readonly directory: Pick<Directory, 'account'>;
  readonly store: Pick<MailStore, 'open'>;
  readonly clock: Clock;
}

export interface OutgoingMail {
  /** Envelope sender; '' is never held. */
  readonly sender: string;
  readonly header: HeaderBlock;
  readonly size: number;
  readonly bodySize: number;
  /** What the sender wants for this one mail. */
  readonly asked?: 'held' | 'whole';
  /** Held for everybody, whatever is set; `until`: and no longer, milliseconds since 1970. */
  readonly confidential?: { readonly until?: number };
  readonly recipients: readonly { readonly address: string; readonly account?: AccountId }[];
}

export interface ToHold {
  /** Addresses. */
  readonly recipients: ReadonlySet<string>;
  readonly hold: Omit<Hold, 'digest'>;
}

const SYSTEM: Principal = { kind: 'system', role: 'intake' };

export class Holding {
  readonly #parts: HoldingParts;

  constructor(parts: HoldingParts) {
    this.#parts = parts;
  }

  /** Whether any mail may be held: else nobody needs to look at it. */
  get on(): boolean {
    const { mode } = this.#parts.policy;
    return mode === 'downmail' || mode === 'hybrid-send';
  }

  /** Whether this account's mail may be held at all. */
  async holdsFor(account: Pick<MailAccount, 'senderMailbox'>): Promise<boolean> {
    if (!this.on) return false;
    return this.#parts.policy.mailboxes === 'automatic' || (await account.senderMailbox.facts()) !== undefined;
  }

  /** Undefined: all goes whole. Throws `sender-mailbox-missing`. */
  async decide(account: MailAccount, mail: OutgoingMail): Promise<ToHold | undefined> {
    const { policy } = this.#parts;
    const { confidential } = mail;
    if (!this.on && (mail.asked === 'held' || confidential))
      throw new MailError('sender-mailbox-missing', 'user', 'this server holds no mail');
    if (!this.on || mail.sender === '' || isDownmailSignal(mail.header)) {
      if (confidential)
        throw new MailError('not-allowed', 'user', 'such a mail travels whole, and is not confidential');
      return undefined;
    }
    const setting = await downmailSetting(account);
    const mode = await this.#modeOf(account.id, setting);
    const recipients = new Set<string>();
    for (const recipient of mail.recipients)
      if (confidential || (await this.#isHeld(account, mail, setting, mode, recipient)))
        recipients.add(recipient.address);
    if (recipients.size === 0) return undefined;
    await this.mailboxOf(account);
    return {
      recipients,
      hold: {
        // When a confidential one ends is its sender's to say.
        keep: confidential ? 'until-expired' : (setting.keep ?? policy.keep),
        days: setting.days ?? policy.days,
        ...(policy.count === 'each' && { countsEach: true }),
        ...(confidential && { confidential: true }),
        ...(confidential?.until !== undefined && { until: confidential.until }),
      },
    };
  }

  /** Opened when there is none yet and the policy says so. Throws `sender-mailbox-missing`. */
  async mailboxOf(account: MailAccount): Promise<SenderMailboxFacts> {
    const known = await account.senderMailbox.facts();
    if (known) return known;
    const { policy } = this.#parts;
    if (policy.mailboxes === 'automatic') return this.open(account, policy.room === 0 ? undefined : policy.room);
    throw new MailError('sender-mailbox-missing', 'user', `account ${account.id} has no sender mailbox`);
  }

  /** Opens a sender mailbox, or gives the one that is there another limit. */
  async open(account: MailAccount, limit: number | undefined): Promise<SenderMailboxFacts> {
    const { directory, senderIds } = this.#parts;
    const owner = await directory.account(account.id);
    if (owner === undefined) throw new MailError('account-missing', 'user', `no account ${account.id}`);
    return account.senderMailbox.open(await senderIds.take(owner.address, account.id), limit);
  }

  async #modeOf(account: AccountId, { send }: DownmailSetting): Promise<SenderMode> {
    const { policy, directory } = this.#parts;
    if (send !== 'system' || policy.domains.size === 0) return send;
    const { address = '' } = (await directory.account(account)) ?? {};
    return policy.domains.get(address.slice(address.lastIndexOf('@') + 1).toLowerCase()) ?? 'system';
  }

  async #isHeld(
    account: MailAccount,
    { asked, size, bodySize }: OutgoingMail,
    setting: DownmailSetting,
    sender: SenderMode,
    { address, account: local }: OutgoingMail['recipients'][number],
  ): Promise<boolean> {
    const { policy, clock } = this.#parts;
    const original = bodySize > policy.signalLimit;
    const large = policy.largeLimit > 0 && size > policy.largeLimit;
    const contact = contactRule(setting, address);
    // What costs a look-up is looked up only where it decides.
    const asks = original && asked === undefined && contact === undefined && !large;
    const known = asks && sender === 'strangers' && (await isKnown(account, address, clock.now()));
    const asksSide = asks && sender === 'system' && policy.phase === 'introduction';
    const recipient = asksSide && (await this.#takes(address, local)) ? 'downmail' : 'conventional';
    const facts = { original, large, system: policy.mode, sender, known, phase: policy.phase, recipient } as const;
    const verdict = decideSending({ ...facts, ...(asked && { asked }), ...(contact && { contact }) });
    return verdict === 'held';
  }

  async #takes(address: string, local: AccountId | undefined): Promise<boolean> {
    const { policy, takers, store } = this.#parts;
    if (local === undefined) return takers.takes(address.slice(address.lastIndexOf('@') + 1));
    if (policy.mode !== 'downmail') return false;
    using account = await store.open(SYSTEM, local);
    return (await downmailSetting(account)).receive !== 'originals';
  }
}

function contactRule({ whole = [], held = [] }: DownmailSetting, address: string): 'held' | 'whole' | undefined {
  const name = comparable(address);
  if (whole.some((one) => comparable(one) === name)) return 'whole';
  return held.some((one) => comparable(one) === name) ? 'held' : undefined;
}

function comparable(address: string): string {
  try {
    const { local, domain } = normalAddress(address);
    return `${local}@${domain}`;
  } catch {
    return address;
  }
}
