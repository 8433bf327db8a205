/**
 * Receipts for mail that was read (RFC 8098): never without the reader's consent, never twice (RFC 3503), never where an answer
 * could go round or confirm an address to a stranger who sends to many.
 */
import type { Directory } from '../directory/api.ts';
import type { AutomaticMail } from '../intake/automatic.ts';
import { languageOf } from '../intake/language.ts';
import { isKnown } from '../intake/people.ts';
import { BULK, firstWord, LIST_FIELDS } from '../intake/sieve/vacation.ts';
import { automaticMessageId } from '../intake/stages/parts.ts';
import { addressesIn } from '../mail/address.ts';
import type { ComposeAddress } from '../mail/compose.ts';
import { MailError } from '../mail/error.ts';
import { HeaderBlock } from '../mail/header.ts';
import { composeMdn, type Mdn, receiptAskers } from '../mail/mdn.ts';
import {
  type Body,
  Flag,
  type MailAccount,
  type MessageDetails,
  type MessageMeta,
  type MsgId,
} from '../mailstore/api.ts'; // prettier-ignore
import { RECEIPT_SENT } from '../mailstore/submission.ts';
import type { Clock } from '../ports/clock.ts';

export interface ReceiptParts {
  readonly directory: Pick<Directory, 'account' | 'maySendAs'>;
  readonly automatic: Pick<AutomaticMail, 'send'>;
  readonly clock: Clock;
  readonly hostname: string;
}

/** A receipt that may be sent. */
export interface ReceiptRequest {
  /** Who asks. */
  readonly to: readonly string[];
  /** Only the reader himself can decide: the mail does not come from where the receipt would go (RFC 8098 §2.1). */
  readonly mustAsk: boolean;
}

/** What an account's owner wants to be done when somebody asks for a receipt; `known`: by itself to people he knows, else he is asked. */
export const RECEIPT_ANSWERS = ['ask', 'always', 'known', 'never'] as const;
export type ReceiptAnswer = (typeof RECEIPT_ANSWERS)[number];

const SETTING = ['settings', 'receipts'] as const;
const HEADER_BYTES = 256 << 10;
/** Recipients of a mail that are looked through for the reader's own address. */
const MOST_LOOKED_AT = 50;
/** What one wrote oneself, and what nobody shall know that it arrived. */
const SILENT: ReadonlySet<string | undefined> = new Set(['sent', 'drafts', 'junk']);

interface Read {
  readonly meta: MessageMeta;
  readonly details: MessageDetails;
  readonly body: Body;
}

export async function receiptAnswer(account: Pick<MailAccount, 'record'>): Promise<ReceiptAnswer> {
  return (await account.record<ReceiptAnswer>(...SETTING)) ?? 'ask';
}

export async function putReceiptAnswer(account: Pick<MailAccount, 'putRecord'>, answer: ReceiptAnswer): Promise<void> {
  await account.putRecord(...SETTING, answer);
}

export class Receipts {
  readonly #parts: ReceiptParts;

  constructor(parts: ReceiptParts) {
    this.#parts = parts;
  }

  /** Whether the owner is to be asked about a message. Undefined: nobody wants a receipt, it is settled, or the owner never sends any. */
  async open(account: MailAccount, read: Read): Promise<ReceiptRequest | undefined> {
    const found = await this.#requested(account, read);
    return found === undefined || (await receiptAnswer(account)) === 'never' ? undefined : found.request;
  }

  /** The owner wants it sent. Throws `conflict` when none is asked for, or it was sent or declined before. */
  async send(account: MailAccount, id: MsgId, disposition: Mdn['disposition']): Promise<void> {
    const read = await account.getMessage(id);
    const found = await this.#requested(account, read);
    if (found === undefined) throw new MailError('conflict', 'user', 'no receipt is to be sent for this message');
    await this.#send(account, read, found, disposition, false);
  }

  /** The owner wants none sent, and not to be asked again. */
  async decline(account: MailAccount, id: MsgId): Promise<void> {
    const meta = account.meta(id);
    if (meta === undefined) throw new MailError('message-missing', 'user', 'the message is gone');
    await account.updateMessage(copiesOf(account, meta), { mode: 'add', flags: 0, keywords: [RECEIPT_SENT] });
  }

  /** The owner has opened a message: a receipt goes if he wants that without being asked. Answers whether one went. */
  async opened(account: MailAccount, id: MsgId): Promise<boolean> {
    const answer = await receiptAnswer(account);
    if (answer === 'ask' || answer === 'never') return false;
    const read = await account.getMessage(id);
    const found = await this.#requested(account, read);
    if (found === undefined || found.request.mustAsk) return false;
    const [to = ''] = found.request.to;
    if (answer === 'known' && !(await isKnown(account, to, this.#parts.clock.now()))) return false;
    await this.#send(account, read, found, 'displayed', true);
    return true;
  }

  async #requested(
    account: MailAccount,
    { meta, details, body }: Read,
  ): Promise<{ readonly request: ReceiptRequest; readonly header: Buffer } | undefined> {
    const lower = RECEIPT_SENT.toLowerCase();
    if (meta.keywords.some((keyword) => keyword.toLowerCase() === lower)) return undefined;
    if ((meta.flags & Flag.draft) !== 0 || SILENT.has(account.folder(meta.folder)?.role)) return undefined;
    // A report, a receipt among them, is never answered (RFC 8098 §2.1).
    if (details.structure.type === 'multipart' && details.structure.subtype === 'report') return undefined;
    const header = Buffer.from(await body.bytes(0, Math.min(details.structure.bodyStart, HEADER_BYTES)));
    const block = HeaderBlock.parse(header);
    const to = receiptAskers(block);
    if (to === undefined || isForMany(block)) return undefined;
    const path = block.first('return-path');
    const sender = path === undefined ? undefined : (addressesIn(path)[0] ?? '');
    if (sender === '') return undefined;
    for (const { address } of details.envelope.from.slice(0, MOST_LOOKED_AT))
      if (await this.#parts.directory.maySendAs(account.id, address)) return undefined;
    const mustAsk = to.length > 1 || sender?.toLowerCase() !== to[0]?.toLowerCase();
    return { request: { to, mustAsk }, header };
  }

  /** The mark and the receipt are one commit: two who read at once send one. */
  async #send(
    account: MailAccount,
    { meta, details }: Read,
    { request, header }: { readonly request: ReceiptRequest; readonly header: Buffer },
    disposition: Mdn['disposition'],
    automatic: boolean,
  ): Promise<void> {
    const { clock, hostname } = this.#parts;
    const { envelope } = details;
    const key = `receipt ${meta.email}`;
    const raw = composeMdn({
      from: await this.#reader(account, details),
      to: request.to,
      disposition,
      automatic,
      messageId: automaticMessageId(account.id, key, hostname),
      date: clock.now(),
      hostname,
      language: await languageOf(account),
      original: {
        header,
        messageId: envelope.messageId,
        subject: envelope.subject,
        date: envelope.date,
        originalRecipient: HeaderBlock.parse(header).first('original-recipient'),
      },
    });
    await this.#parts.automatic.send({
      account: account.id,
      sender: '',
      recipient: request.to,
      mail: { head: raw },
      key,
      requireTls: false,
      answers: copiesOf(account, meta),
    });
  }

  /** As whom the mail addressed him. */
  async #reader(account: MailAccount, { envelope }: MessageDetails): Promise<ComposeAddress> {
    const { directory } = this.#parts;
    const owner = await directory.account(account.id);
    if (owner === undefined) throw new MailError('account-missing', 'user', 'the account is gone');
    const name = owner.displayName;
    for (const { address } of [...envelope.to, ...envelope.cc].slice(0, MOST_LOOKED_AT))
      if (await directory.maySendAs(account.id, address)) return { name, address };
    return { name, address: owner.address };
  }
}

/** All placements of one mail: copies are no reason for a second receipt. */
function copiesOf(account: MailAccount, { id, email, thread }: MessageMeta): readonly MsgId[] {
  const copies = account.getMessageIds({ threads: [thread] }).filter((one) => account.meta(one)?.email === email);
  return copies.length > 0 ? copies : [id];
}

function isForMany(header: HeaderBlock): boolean {
  return (
    header.fields.some(({ name }) => LIST_FIELDS.has(name)) || BULK.has(firstWord(header.first('precedence') ?? ''))
  );
}
