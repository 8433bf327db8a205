/** What a recipient does at the sender mailbox (SMM, its first function): signs in with what his notification says, and fetches. */
import { randomBytes } from 'node:crypto';
import type { Dispatcher } from '../delivery/dispatcher.ts';
import { MailError } from '../mail/error.ts';
import type { Body, MailAccount, MailStore, MessageDetails, Principal } from '../mailstore/api.ts';
import { type Held, type KeepPolicy, visibleId } from '../mailstore/sender-mailbox.ts';
import { networkOf } from '../net/address.ts';
import { type ScramOffer, scramProves, scramSignature } from '../net/scram.ts';
import type { Cache } from '../ports/cache.ts';
import type { Clock } from '../ports/clock.ts';
import { parseUserId, type SenderIds } from './ids.ts';
import { isCode, isPassword, pickUpKeys, type PickUpPasswords } from './passwords.ts';

export type PickUpProtocol = 'web' | 'pop3' | 'imap' | 'fetch';

/** A mail that its recipient has signed in for. */
export interface HeldMail extends Disposable {
  /** `/kdhong/tjkimcntcackr/2/` */
  readonly userId: string;
  readonly sender: string;
  readonly recipient: string;
  readonly subject: string;
  /** Milliseconds since 1970, as all times here. */
  readonly created: number;
  readonly size: number;
  /** SHA-256 of the original as it is handed out, hexadecimal. */
  readonly digest: string;
  readonly expires: number;
  readonly keep: KeepPolicy;
  /** It is shown and not handed over: no file of it is given out. */
  readonly confidential: boolean;
  /** It came for its recipient from a conventional sender, and the gateway keeps it. */
  readonly atGateway: boolean;
  /** The first time that all of it was handed out. */
  readonly fetched: number | undefined;
  /** `message-missing` when it has ended meanwhile. */
  content(): Promise<{ readonly details: MessageDetails; readonly body: Body }>;
  /** After all of it was handed out: the first time the sender gets a receipt. `ended`: it goes within the hour. Throws `message-missing` when
   * it could not be fetched any more. */
  markFetched(by: PickUpProtocol): Promise<{ readonly first: boolean; readonly ended: boolean }>;
  /** The recipient needs it no longer. `kept`: by the sender's policy it stays until it expires. */
  delete(): Promise<'deleted' | 'kept'>;
}

export type Opened =
  | { readonly kind: 'mail'; readonly mail: HeldMail }
  | {
      readonly kind: 'gone';
      readonly state: 'fetched' | 'expired' | 'recalled';
      /** When that was. */
      readonly at: number | undefined;
    }
  | Confidential;

/** Its sender wants it to be read on the page alone, and with its pass code. Whoever is told so has the password. */
export interface Confidential {
  readonly kind: 'confidential';
  /** Why it is not opened: this is no page; there is no code; a wrong one; too many wrong ones were tried before. */
  readonly why: 'page-only' | 'code-missing' | 'code-wrong' | 'locked';
  readonly sender: string;
  readonly recipient: string;
  readonly subject: string;
  readonly expires: number;
}

export interface PickUpParts {
  readonly store: Pick<MailStore, 'open'>;
  readonly senderIds: Pick<SenderIds, 'owner'>;
  readonly passwords: PickUpPasswords;
  readonly dispatcher: Pick<Dispatcher, 'wake'>;
  readonly cache: Cache;
  readonly clock: Clock;
}

const SYSTEM: Principal = { kind: 'system', role: 'intake' };
/** Wrong passwords from one network in an hour, whatever the id, and at one id: others must not lock its recipient out. */
const NETWORK_TRIES = 100;
const ID_TRIES = 20;
/** Wrong pass codes for one copy, from wherever: then its sender has to send it anew. */
export const CODE_TRIES = 5;
const WINDOW_MS = 3_600_000;

export class PickUp {
  readonly #parts: PickUpParts;

  constructor(parts: PickUpParts) {
    this.#parts = parts;
  }

  /** Has it the form of a user id in a notification? Only with the slash before it: otherwise it may be an account. */
  static isUserId(name: string): boolean {
    return name.startsWith('/') && parseUserId(name) !== undefined;
  }

  /**
   * Throws `auth-failed`, the same for an id that does not exist and for a wrong password; `auth-throttled` after too many of them.
   * Only who has the password learns that a mail is gone. `code`: the pass code of a confidential one.
   */
  async open(
    userId: string,
    password: string,
    { protocol, remote, code }: { readonly protocol: PickUpProtocol; readonly remote: string; readonly code?: string },
  ): Promise<Opened> {
    const { store, senderIds, clock } = this.#parts;
    const id = parseUserId(userId);
    const name = nameOf(id);
    const counters = await this.#throttle(name, remote);
    const owner = id && (await senderIds.owner(id.senderId));
    const account = owner && (await openOrNone(store, owner));
    try {
      const held = id && (await account?.senderMailbox.find(id.recipientId, id.mailNo));
      if (!isPassword(password, held?.recipient.held.passwordHash)) {
        await this.#count(counters);
        if (held) await account?.senderMailbox.failed(held);
        throw new MailError('auth-failed', 'user', `no held mail ${name}, or a wrong password`);
      }
      if (account === undefined || held === undefined) throw new MailError('bug', 'bug', 'a password of nothing');
      const ended = endOf(held, clock.now());
      if (ended !== undefined) {
        account[Symbol.dispose]();
        return { kind: 'gone', ...ended };
      }
      const why = held.mail.hold.confidential && (await this.#barrier(account, held, protocol, code));
      if (why !== undefined) {
        if (why === 'code-wrong') await this.#count(counters);
        account[Symbol.dispose]();
        const { sender, subject } = held.mail;
        const { address: recipient, held: copy } = held.recipient;
        return { kind: 'confidential', why, sender, recipient, subject, expires: copy.expires };
      }
      return { kind: 'mail', mail: new OpenedMail(this.#parts, account, held) };
    } catch (error) {
      account?.[Symbol.dispose]();
      throw error;
    }
  }

  /** What is between a confidential mail and who has its password; undefined: nothing. */
  async #barrier(
    account: MailAccount,
    held: Held,
    protocol: PickUpProtocol,
    code: string | undefined,
  ): Promise<Confidential['why'] | undefined> {
    if (protocol !== 'web') return 'page-only';
    if ((held.recipient.held.codeTries ?? 0) >= CODE_TRIES) return 'locked';
    if (code === undefined) return 'code-missing';
    if ((await account.senderMailbox.triesCode(held)) > CODE_TRIES) return 'locked';
    if (!isCode(code, this.#parts.passwords.codeOf(account.id, held.submission))) return 'code-wrong';
    await account.senderMailbox.knewCode(held);
    return undefined;
  }

  /** The same by SCRAM-SHA-256: the password, of which only a hash is stored, is made once more and its keys are compared. */
  scram(
    userId: string,
    from: { readonly protocol: PickUpProtocol; readonly remote: string },
  ): ScramOffer<() => Promise<Opened>> {
    const parameters = this.#parts.passwords.scramParameters(userId);
    return {
      ...parameters,
      nonce: randomBytes(18).toString('base64'),
      prove: async (authMessage, proof) => {
        const id = parseUserId(userId);
        await this.#throttle(nameOf(id), from.remote);
        const password = await this.#passwordOf(id);
        const keys = await pickUpKeys(password ?? '', parameters);
        if (!scramProves(keys, authMessage, proof) || password === undefined) {
          await this.open(userId, '', from);
          throw new MailError('bug', 'bug', 'an empty password was right');
        }
        return { who: () => this.open(userId, password, from), signature: scramSignature(keys, authMessage) };
      },
    };
  }

  async #passwordOf(id: ReturnType<typeof parseUserId>): Promise<string | undefined> {
    const { store, senderIds, passwords } = this.#parts;
    const owner = id && (await senderIds.owner(id.senderId));
    if (id === undefined || owner === undefined) return undefined;
    using account = await openOrNone(store, owner);
    const held = await account?.senderMailbox.find(id.recipientId, id.mailNo);
    return held && passwords.of(owner, held, held.recipient.held.issue);
  }

  async #throttle(name: string, remote: string): Promise<readonly { key: string; most: number }[]> {
    const network = networkOf(remote);
    const counters = [
      { key: `pick-up:network:${network}`, most: NETWORK_TRIES },
      { key: `pick-up:id:${network} ${name}`, most: ID_TRIES },
    ];
    for (const { key, most } of counters) {
      const count = await this.#parts.cache.get(`${key} full`);
      if (count !== undefined) throw new MailError('auth-throttled', 'temporary', `${most} wrong passwords: ${key}`);
    }
    return counters;
  }

  async #count(counters: readonly { key: string; most: number }[]): Promise<void> {
    const { cache } = this.#parts;
    for (const { key, most } of counters)
      if ((await cache.increment(key, 1, WINDOW_MS)) >= most) await cache.set(`${key} full`, Buffer.of(1), WINDOW_MS);
  }
}

function nameOf(id: ReturnType<typeof parseUserId>): string {
  return id === undefined ? 'malformed' : `${id.senderId}/${id.recipientId}/${id.mailNo}`;
}

class OpenedMail implements HeldMail {
  readonly #parts: PickUpParts;
  readonly #account: MailAccount & Disposable;
  #held: Held;

  constructor(parts: PickUpParts, account: MailAccount & Disposable, held: Held) {
    this.#parts = parts;
    this.#account = account;
    this.#held = held;
  }

  [Symbol.dispose](): void {
    this.#account[Symbol.dispose]();
  }

  get userId(): string {
    return visibleId(this.#held.senderId, this.#held.recipient.held);
  }
  get sender(): string {
    return this.#held.mail.sender;
  }
  get recipient(): string {
    return this.#held.recipient.address;
  }
  get subject(): string {
    return this.#held.mail.subject;
  }
  get created(): number {
    return this.#held.mail.created;
  }
  get size(): number {
    return this.#held.mail.size;
  }
  get digest(): string {
    return this.#held.mail.hold.digest;
  }
  get expires(): number {
    return this.#held.recipient.held.expires;
  }
  get keep(): KeepPolicy {
    return this.#held.mail.hold.keep;
  }
  get confidential(): boolean {
    return this.#held.mail.hold.confidential === true;
  }
  get atGateway(): boolean {
    return this.#held.mail.hold.gateway !== undefined;
  }
  get fetched(): number | undefined {
    return this.#held.recipient.held.fetched;
  }

  async content(): Promise<{ details: MessageDetails; body: Body }> {
    const now = await this.#account.senderMailbox.get(this.#held);
    if (now === undefined || endOf(now, this.#parts.clock.now())) throw this.#gone();
    const { submission: email, mail } = this.#held;
    return this.#account.staged({ account: this.#account.id, email, size: mail.size });
  }

  async markFetched(by: PickUpProtocol): Promise<{ first: boolean; ended: boolean }> {
    const fetched = await this.#account.senderMailbox.fetched(this.#held, by);
    if (fetched === undefined) throw this.#gone();
    this.#parts.dispatcher.wake(this.#account.id, fetched.effects);
    this.#held = (await this.#account.senderMailbox.get(this.#held)) ?? this.#held;
    return { first: fetched.first, ended: this.keep === 'until-fetched' };
  }

  async delete(): Promise<'deleted' | 'kept'> {
    if (this.keep === 'until-expired') return 'kept';
    // Whoever deletes it unread did not fetch it; nobody else can any more.
    await this.#account.senderMailbox.end([this.#held], 'fetched');
    return 'deleted';
  }

  #gone(): MailError {
    return new MailError('message-missing', 'user', `${this.userId} is kept no longer`);
  }
}

/** What became of it, and when; undefined while it may be fetched. */
function endOf(
  { mail, recipient }: Held,
  now: number,
): { readonly state: 'fetched' | 'expired' | 'recalled'; readonly at: number | undefined } | undefined {
  const { state, at, held } = recipient;
  // Nobody was told of it: there is nothing else that a stranger could be told now.
  if (state === 'bounced') return { state: 'expired', at };
  if (state === 'fetched' || state === 'expired' || state === 'recalled') return { state, at };
  const isTakenBack = held.fetched === undefined || mail.hold.confidential === true;
  if (mail.recalled !== undefined && isTakenBack) return { state: 'recalled', at: mail.recalled };
  if (now < held.expires) return undefined;
  return held.fetched === undefined ? { state: 'expired', at: held.expires } : { state: 'fetched', at: held.fetched };
}

async function openOrNone(store: Pick<MailStore, 'open'>, account: Parameters<MailStore['open']>[1]) {
  try {
    return await store.open(SYSTEM, account);
  } catch (error) {
    if (error instanceof MailError && error.code === 'account-missing') return undefined;
    throw error;
  }
}
