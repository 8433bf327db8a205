/** What a submitted mail's header must have and must not say (RFC 6409 §5, §6, §8). */
import { decodeAddresses, parseAddressList } from '../mail/address.ts';
import { formatDate } from '../mail/date.ts';
import { NOTIFICATION_FIELD, RECEIPT_FIELD } from '../mail/downmail/fields.ts';
import { HeaderBlock } from '../mail/header.ts';
import type { HeaderField } from '../mail/header.ts';
import { receiptAskers } from '../mail/mdn.ts';

export interface SubmittedHeader {
  /** The addresses of From and Sender, decoded; encoded words in an address are not. */
  readonly authors: readonly string[];
  /** More than one From or Sender field: readers would disagree about the author. */
  readonly ambiguous: boolean;
  /** It is so long, or names so many authors, that not all of it was looked at. */
  readonly unchecked: boolean;
  /** Fields to put on top because they are missing. */
  readonly added: string;
  /** It asks to be told when it is read. */
  readonly receipt: boolean;
  /** The kind of mail that it says it is. */
  readonly category?: string;
  /** The head without Bcc (RFC 5322 §3.6.3), and without what is said to this server only. */
  readonly head: Buffer;
}

export interface Missing {
  /** For From, when there is none. */
  readonly sender: string;
  readonly now: number;
  /** With its angle brackets. */
  readonly messageId: string;
}

/** Nobody writes as more than a few; far below what the address parser stops at. */
const MAX_AUTHORS = 100;
const MAX_AUTHORS_LENGTH = 64 << 10;
/** Ours: by which of our addresses the mail goes. */
const CATEGORY_FIELD = 'x-pabal-category';
/** What somebody has chosen for a draft. */
export const DRAFT_FIELD = 'Pabal-Draft';
/** Only the service says where an original waits, and who has fetched it. */
const HIDDEN = new Set([
  'bcc',
  'resent-bcc',
  CATEGORY_FIELD,
  DRAFT_FIELD.toLowerCase(),
  NOTIFICATION_FIELD.toLowerCase(),
  RECEIPT_FIELD.toLowerCase(),
]);
const AUTHOR_FIELDS: readonly string[] = ['from', 'sender'];

/** `head` begins with the whole header block. */
export function submittedHeader(head: Buffer, missing: Missing): SubmittedHeader {
  const block = HeaderBlock.parse(head);
  const from = block.all('from');
  const sender = block.all('sender');
  const authors = [...from, ...sender].flatMap((value) =>
    decodeAddresses(parseAddressList(value)).flatMap(({ address, group }) =>
      group === undefined ? [address] : group.members.map((member) => member.address),
    ),
  );
  const category = block.first(CATEGORY_FIELD)?.trim().toLowerCase();
  const added = [
    from.length === 0 ? `From: <${missing.sender}>\r\n` : '',
    block.first('date') === undefined ? `Date: ${formatDate(missing.now)}\r\n` : '',
    block.first('message-id') === undefined ? `Message-ID: ${missing.messageId}\r\n` : '',
  ].join('');
  return {
    authors,
    ambiguous: from.length > 1 || sender.length > 1,
    unchecked:
      !block.complete ||
      authors.length > MAX_AUTHORS ||
      block.fields.some(({ name, value, end }) => AUTHOR_FIELDS.includes(name) && end - value > MAX_AUTHORS_LENGTH),
    added,
    receipt: receiptAskers(block) !== undefined,
    ...(category !== undefined && { category }),
    head: withoutHidden(head, block.fields),
  };
}

function withoutHidden(head: Buffer, fields: readonly HeaderField[]): Buffer {
  const hidden = fields.filter(({ name }) => HIDDEN.has(name));
  if (hidden.length === 0) return head;
  const pieces: Buffer[] = [];
  let from = 0;
  for (const { start, end } of hidden) {
    pieces.push(head.subarray(from, start));
    from = end;
  }
  pieces.push(head.subarray(from));
  return Buffer.concat(pieces);
}
