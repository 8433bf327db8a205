/**
 * What happens to a mail that one of our users sends, over SMTP or the API: who it may claim to be, whom it may go to, and
 * then one commit in the sender's account, from which everything else follows.
 */
import { hash } from 'node:crypto';
import type { Directory } from '../directory/api.ts';
import type { Dispatcher } from '../delivery/dispatcher.ts';
import type { FastBlock } from '../delivery/fast-block.ts';
import type { Suppressions } from '../delivery/feedback/suppressions.ts';
import type { Origin, RawMail } from '../intake/arrival.ts';
import { HEAD_LIMIT } from '../intake/arrival.ts';
import { Content, headerOf } from '../intake/content.ts';
import type { RecipientRate } from '../intake/rate.ts';
import type { Recipients } from '../intake/recipients.ts';
import { hops, MAX_HOPS, separator } from '../intake/trace.ts';
import type { DsnRequest, RecipientDsn } from '../mail/dsn-request.ts';
import { MailError } from '../mail/error.ts';
import { HeaderBlock } from '../mail/header.ts';
import { parseMailbox } from '../mail/path.ts';
import { isTlsOptional } from '../mail/tls-required.ts';
import { decodeWords } from '../mail/words.ts';
import type { AccountId, FolderId, MailAccount, MailStore, Principal, Staged } from '../mailstore/api.ts';
import { Flag } from '../mailstore/api.ts';
import type { Delivery, NewSubmission, SubmissionId, SubmissionRecipient, Submitted } from '../mailstore/submission.ts'; // prettier-ignore
import type { Clock } from '../ports/clock.ts';
import type { Queue } from '../ports/queue.ts';
import type { Random } from '../ports/random.ts';
import type { MailFlow } from '../telemetry/flow.ts';
import type { Log } from '../telemetry/log.ts';
import { keepRefused } from '../delivery/refused-mail.ts';
import type { Holding } from '../downmail/holding.ts';
import { submittedHeader } from './header.ts';
import type { OutgoingCheck } from './outgoing-check.ts';
import { WireDigest, WireScan } from './wire-scan.ts';

export type User = Principal & { readonly kind: 'user' };

/** Whom a mail is for. */
export interface Addressee {
  /** In the form in which addresses are compared. */
  readonly address: string;
  /** One of our accounts. */
  readonly account?: AccountId;
  /** As in `LocalRecipient`. */
  readonly apart?: true;
  /** The domain whose servers get it; '' for ours. */
  readonly destination: string;
  readonly dsn?: RecipientDsn;
}

export interface Submission {
  readonly by: User;
  /** Envelope sender; '' for the null sender (receipts). */
  readonly sender: string;
  /** As `recipient` answered them. */
  readonly recipients: readonly Addressee[];
  readonly mail: RawMail;
  readonly origin: Origin;
  /** The sender's own copy: the folder for it; or into Sent if its owner wants that of mail from programs, which mostly
   * put their own there. Absent: none. */
  readonly copy?: FolderId | 'as-set';
  /** The same key of the same sender is the same mail, whatever it says: sent again, it is delivered once. Without it a mail
   * with the same Message-ID, content and envelope is. */
  readonly key?: string;
  /** Nothing is attempted before; milliseconds since 1970. */
  readonly sendAt?: number;
  readonly dsn?: DsnRequest;
  readonly requireTls?: boolean;
  /** Which kind of mail it is; else what its header says, else what its account mostly sends. */
  readonly category?: string;
  /** BODY=BINARYMIME. */
  readonly binary?: boolean;
  /** Whether it stays in the sender mailbox until it is fetched, whatever is set; absent: as set. */
  readonly downmail?: 'held' | 'whole';
  /** It is read at the sender mailbox, with a pass code, and never leaves it; `until`: and no longer, milliseconds since 1970. */
  readonly confidential?: { readonly until?: number };
}

export interface SubmitParts {
  readonly directory: Pick<Directory, 'maySendAs' | 'account'>;
  readonly fastBlock: Pick<FastBlock, 'admit' | 'check'>;
  readonly recipients: Recipients;
  readonly rate: RecipientRate;
  readonly store: Pick<MailStore, 'open' | 'stage'>;
  readonly dispatcher: Pick<Dispatcher, 'wake'>;
  readonly queue: Pick<Queue, 'add' | 'list'>;
  readonly suppressions: Pick<Suppressions, 'check'>;
  /** Absent: nobody watches. */
  readonly flow?: Pick<MailFlow, 'tell'>;
  /** Absent: nobody looks. */
  readonly outgoing?: Pick<OutgoingCheck, 'check'>;
  /** Absent: no mail is held. */
  readonly holding?: Pick<Holding, 'on' | 'decide' | 'holdsFor'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly hostname: string;
  /** Whether mail goes to other domains. */
  readonly remote: boolean;
  /** Which mail leaves with a return path of its own. */
  readonly bounceAddresses: 'never' | 'lists' | 'always';
}

/** How far ahead a mail may be put, in milliseconds. */
export const FARTHEST_SEND_AT = 366 * 86_400_000;
/** Recipients that share a transaction with the next server (RFC 5321 §4.5.3.1.8). */
const DELIVERY_RECIPIENTS = 100;
/** Recipients of held mail that share a row. */
const HELD_RECIPIENTS = 20;
const SUBJECT_LENGTH = 200;

/** What a mail itself is refused for; a full mailbox or a rate is about the moment. */
const CHECKS: ReadonlySet<string> = new Set([
  'not-allowed',
  'sending-suspended',
  'too-large',
  'mail-loop',
  'infected',
  'looks-like-spam',
]);

export class Submit {
  readonly #parts: SubmitParts;

  constructor(parts: SubmitParts) {
    this.#parts = parts;
  }

  /** Throws `not-allowed`, `sending-suspended`. */
  async checkSender(by: User, sender: string): Promise<void> {
    this.#parts.fastBlock.check(by.account);
    if (sender === '' || (await this.#parts.directory.maySendAs(by.account, sender))) return;
    throw new MailError('not-allowed', 'user', `${by.address} may not send as ${sender}`);
  }

  /**
   * Whom a mail to this address reaches. Throws as `Recipients.resolve`; also `limit` when the account sends too much, and `suppressed`.
   * `remote-recipient`: this server delivers to its own domains only.
   */
  async recipient(by: User, address: string, size: number, remote: string): Promise<Addressee> {
    const { store, rate, suppressions } = this.#parts;
    const addressee = await this.#resolve(address, size);
    using account = await store.open(by, by.account);
    try {
      await suppressions.check(account, addressee.address);
    } catch (error) {
      const refused = { by, sender: by.address, recipients: [addressee], remote };
      if (error instanceof MailError && error.code === 'suppressed') await this.#keepRefused(refused, error);
      throw error;
    }
    await rate.count(remote, by.account);
    return addressee;
  }

  async #resolve(address: string, size: number): Promise<Addressee> {
    try {
      return { ...(await this.#parts.recipients.resolve(address, size)), destination: '' };
    } catch (error) {
      if (!(error instanceof MailError) || error.code !== 'remote-recipient' || !this.#parts.remote) throw error;
      const mailbox = parseMailbox(address);
      if (mailbox === undefined) throw new MailError('address-syntax', 'user', `${address} is no address`);
      return { address: mailbox.address, destination: mailbox.domain };
    }
  }

  /** Whether a mail of this account can stay here until it is fetched. */
  async holdsMail(account: Pick<MailAccount, 'senderMailbox'>): Promise<boolean> {
    return (await this.#parts.holding?.holdsFor(account)) ?? false;
  }

  /** Resolves once the mail cannot be lost. Throws `not-allowed` for an author the user is not or a category that is not its
   * own, `sending-suspended`, `mail-loop`, `too-large`, `over-quota` when there is no room for the sender's copy, `limit` when
   * the account sends too much; what `OutgoingCheck` throws; `sender-mailbox-missing` and `sender-mailbox-full` when it is to be held. */
  async send(submission: Submission): Promise<Submitted> {
    try {
      return await this.#send(submission);
    } catch (error) {
      if (error instanceof MailError && CHECKS.has(error.code))
        await this.#keepRefused({ ...submission, remote: submission.origin.remote }, error);
      throw error;
    }
  }

  /** What becomes of this must not hide why the mail was refused. */
  async #keepRefused(
    { by, sender, recipients, remote }: Pick<Submission, 'by' | 'sender' | 'recipients'> & { readonly remote: string },
    { code, message }: MailError,
  ): Promise<void> {
    const { queue, log } = this.#parts;
    const addresses = recipients.map(({ address }) => address);
    const refused = { refused: code, account: by.account, sender, recipients: addresses, remote };
    await keepRefused(queue, refused, message).catch((error: unknown) =>
      log.warn({ err: error, account: by.account }, 'a refused mail could not be kept in the error queue'),
    );
  }

  async #send(submission: Submission): Promise<Submitted> {
    const { clock, store, rate, dispatcher, log, random, hostname } = this.#parts;
    const { by, sender, recipients, mail, origin, sendAt, dsn, requireTls = false, binary = false } = submission;
    const now = clock.now();
    if (sendAt !== undefined && sendAt > now + FARTHEST_SEND_AT)
      throw new MailError('limit', 'user', 'a mail can be put one year ahead at most');
    const added = `<${Buffer.from(random.bytes(15)).toString('base64url')}@${hostname}>`;
    await rate.countMail(origin.remote, by.account);
    const header = await this.#checked(submission, added);
    const category = await this.#category(by, submission.category ?? header.category);
    await this.#parts.fastBlock.admit(by.account, origin.remote, recipients.length);
    using account = await store.open(by, by.account);
    const copyTo = submission.copy === 'as-set' ? await copySetting(account) : submission.copy;
    const block = HeaderBlock.parse(headerOf(mail));
    const messageId = block.first('message-id');
    const content = new Content({ ...mail, head: header.head }, header.added + separator(mail.head, block));
    const scan = new WireScan();
    const scanned = content.bytes instanceof Uint8Array ? content.bytes : scan.through(content.bytes);
    if (scanned instanceof Uint8Array) scan.push(scanned);
    const { holding } = this.#parts;
    const digest = holding?.on === true ? new WireDigest() : undefined;
    const raw = digest === undefined ? scanned : digest.through(scanned);
    const places =
      copyTo === undefined ? [{ account: by.account }] : [{ account: by.account }, { account: by.account }];
    const [staged, copy] = (await store.stage(places, raw)) as [Staged, Staged | undefined];
    const written = this.#parts.outgoing || holding ? await account.staged(staged, { atOnce: true }) : undefined;
    if (written)
      await this.#parts.outgoing?.check(written, {
        id: staged.email,
        sender,
        recipients: recipients.map(({ address }) => address),
        user: by.address,
        size: staged.size,
        stream: () => written.body.stream(),
      });
    const toHold =
      written &&
      (await holding?.decide(account, {
        sender,
        header: block,
        size: staged.size,
        bodySize: staged.size - written.details.structure.bodyStart,
        ...(submission.downmail && { asked: submission.downmail }),
        ...(submission.confidential && { confidential: submission.confidential }),
        recipients,
      }));
    if (submission.confidential && toHold === undefined)
      throw new MailError('sender-mailbox-missing', 'user', 'this server holds no mail');
    const international = [sender, ...recipients.map(({ address }) => address)].some((address) => !isAscii(address));
    const key = submission.key ?? (messageId === undefined ? undefined : identityOf(submission, content.digest()));
    const { bounceAddresses } = this.#parts;
    const ownReturnPath =
      sender !== '' && (bounceAddresses === 'always' || (bounceAddresses === 'lists' && isForMany(block)));
    const facts: NewSubmission = {
      sender,
      messageId: messageId ?? added,
      subject: Array.from(decodeWords(block.first('subject') ?? ''))
        .slice(0, SUBJECT_LENGTH)
        .join(''),
      created: now,
      size: staged.size,
      needs: {
        smtputf8: international || scan.headerEightBit,
        eightBit: scan.eightBit,
        binary: binary && scan.binary,
      },
      ...(dsn && { dsn }),
      requireTls,
      ...(!requireTls && isTlsOptional(block) && { tlsOptional: true as const }),
      ...(category !== undefined && { category }),
      origin,
      ...(sendAt !== undefined && { sendAt }),
      ...(ownReturnPath && { bounceAddress: true }),
      ...(header.receipt && { receipt: true }),
      deliveries: deliveriesOf(recipients, toHold?.recipients),
      ...(toHold && digest && { hold: { ...toHold.hold, digest: digest.hex() } }),
      ...(copy && copyTo !== undefined && { copy: { staged: copy, folder: copyTo, flags: Flag.seen } }),
      ...(key !== undefined && { key }),
    };
    const submitted = await account.outgoing.submit(staged, facts);
    log.info(
      {
        id: submitted.id,
        sender,
        account: by.account,
        recipients: recipients.length,
        size: staged.size,
        duplicate: submitted.duplicate,
      },
      'mail submitted',
    );
    if (!submitted.duplicate)
      this.#parts.flow?.tell('submitted', { id: submitted.id, sender, to: recipients.map(({ address }) => address) });
    dispatcher.wake(by.account, submitted.effects);
    return submitted;
  }

  /** Wants a mail back: `outgoing.recall`, and what it takes is done from now on. */
  async recall(account: MailAccount, id: SubmissionId): Promise<'cancelled' | 'asked' | undefined> {
    const state = await account.outgoing.recall(id);
    if (state !== undefined) {
      this.#parts.log.info({ id, account: account.id, state }, 'a mail is recalled');
      this.#parts.dispatcher.wake(account.id);
    }
    return state;
  }

  /** Only what the administrator allows it: the addresses of one kind of mail shall not suffer from another. */
  async #category(by: User, asked: string | undefined): Promise<string | undefined> {
    const { categories = [] } = (await this.#parts.directory.account(by.account)) ?? {};
    if (asked === undefined) return categories[0];
    if (!categories.includes(asked))
      throw new MailError(
        'not-allowed',
        'user',
        `${by.address} may not send mail of the category ${asked.slice(0, 50)}`,
      );
    return asked;
  }

  async #checked({ by, sender, mail }: Submission, messageId: string) {
    const own = headerOf(mail);
    const passed = hops(HeaderBlock.parse(own));
    if (passed >= MAX_HOPS) throw new MailError('mail-loop', 'user', `it has passed ${passed} servers: this is a loop`);
    const header = submittedHeader(mail.head, {
      sender: sender || by.address,
      now: this.#parts.clock.now(),
      messageId,
    });
    if (header.unchecked || own.length + header.added.length + 4 > HEAD_LIMIT)
      throw new MailError('too-large', 'user', 'the header is too long, or names too many authors');
    if (header.ambiguous) throw new MailError('not-allowed', 'user', 'there is more than one From or Sender field');
    for (const author of new Set(header.authors)) await this.checkSender(by, author);
    return header;
  }
}

/** A program that sends again what it was not told we have sends the same. */
function identityOf({ sender, recipients, sendAt = 0 }: Submission, digest: string): string {
  const envelope = [sender, sendAt, ...recipients.map(({ address }) => address).sort()].join('\0');
  return hash('sha256', `${envelope}\0\0${digest}`, 'base64url').slice(0, 22);
}

function deliveriesOf(
  recipients: readonly Addressee[],
  held: ReadonlySet<string> = new Set(),
): Omit<Delivery, 'tries'>[] {
  const deliveries = byDestination(recipients.filter(({ address }) => !held.has(address)));
  const waiting = recipients.filter(({ address }) => held.has(address));
  for (let at = 0; at < waiting.length; at += HELD_RECIPIENTS) {
    const some = waiting.slice(at, at + HELD_RECIPIENTS);
    deliveries.push({
      destination: '',
      held: true,
      recipients: some.map(({ destination: _, ...recipient }) => ({ ...recipient, state: 'queued' })),
    });
  }
  return deliveries;
}

function byDestination(recipients: readonly Addressee[]): Omit<Delivery, 'tries'>[] {
  const deliveries: { destination: string; recipients: SubmissionRecipient[] }[] = [];
  const filling = new Map<string, SubmissionRecipient[]>();
  for (const { destination, ...recipient } of recipients) {
    let some = filling.get(destination);
    if (some === undefined || some.length === DELIVERY_RECIPIENTS) {
      some = [];
      filling.set(destination, some);
      deliveries.push({ destination, recipients: some });
    }
    some.push({ ...recipient, state: 'queued' });
  }
  return deliveries;
}

/** What lists and newsletters send (RFC 2369, RFC 2919, RFC 8058): many of its addresses are old, and nobody reads what comes back. */
function isForMany(header: HeaderBlock): boolean {
  return (
    header.fields.some(({ name }) => name === 'list-id' || name === 'list-unsubscribe') ||
    /^\s*(bulk|list)\b/i.test(header.first('precedence') ?? '')
  );
}

/** What an account has set about the mail it sends. */
export const SENDING = { kind: 'setting', id: 'sending' } as const;
export interface SendingSetting {
  /** Mail from mail programs leaves a copy in Sent, too. */
  readonly copyFromPrograms: boolean;
}

async function copySetting(account: MailAccount): Promise<FolderId | undefined> {
  const setting = await account.record<SendingSetting>(SENDING.kind, SENDING.id);
  return setting?.copyFromPrograms === true ? account.folderWithRole('sent')?.id : undefined;
}

function isAscii(text: string): boolean {
  return /^[\0-\x7f]*$/.test(text);
}
