/**
 * Message disposition notifications, "receipts" (RFC 8098): who asks for one, and the notification itself as `multipart/report`
 * (RFC 6522), international where an address is not ASCII (RFC 6533 §6). It never asks for one itself, and its envelope sender is
 * the null reverse-path, which the caller sees to: so nothing answers it.
 */
import { addressesIn } from './address.ts';
import { type ComposeAddress, formatAddress, textField } from './compose.ts';
import { formatDate } from './date.ts';
import { type HeaderBlock, selectFields } from './header.ts';
import { parseMailbox } from './path.ts';

/** What became of a mail at its reader's side (RFC 8098 §3.2.6.2). */
export const DISPOSITIONS = ['displayed', 'deleted', 'dispatched', 'processed'] as const;
export type Disposition = (typeof DISPOSITIONS)[number];

/** In which words it is told: in both when the language is not known. */
export type ReceiptLanguage = 'ko' | 'en' | undefined;

/** More than one asker is rare, more than this is no honest wish. */
const MOST_ASKERS = 5;
const REFUSED_OPTION = /=\s*required\b/i;

/**
 * To whom a receipt shall go, each once, in the form in which addresses are compared. Undefined when nobody asks, and when it is
 * asked for in a way that is not to be answered: no usable address, too many, or a parameter that must be understood
 * (RFC 8098 §2.2; none is known).
 */
export function receiptAskers(header: HeaderBlock): readonly string[] | undefined {
  const values = header.all('disposition-notification-to');
  if (values.length !== 1) return undefined;
  if (header.all('disposition-notification-options').some((value) => REFUSED_OPTION.test(value))) return undefined;
  const named = addressesIn(values[0] ?? '');
  const found = new Set(named.map((address) => parseMailbox(address)?.address));
  if (found.has(undefined) || found.size === 0 || found.size > MOST_ASKERS) return undefined;
  return [...found] as string[];
}

export interface Mdn {
  /** The reader. */
  readonly from: ComposeAddress;
  readonly to: readonly string[];
  readonly disposition: 'displayed' | 'deleted';
  /** The reader was not asked. */
  readonly automatic: boolean;
  /** With its angle brackets. */
  readonly messageId: string;
  readonly date: number;
  /** Our host name. */
  readonly hostname: string;
  readonly language: ReceiptLanguage;
  readonly original: {
    /** Its header block, as it was received. */
    readonly header: Uint8Array;
    /** With its angle brackets; '' when it has none. */
    readonly messageId: string;
    readonly subject: string;
    /** When it was written, milliseconds since 1970. */
    readonly date: number | undefined;
    /** Of its Original-Recipient field, when there is one (RFC 8098 §2.3). */
    readonly originalRecipient: string | undefined;
  };
}

const MOST_SUBJECT = 300;
const MOST_LINE = 900;
const MESSAGE_ID = /^<[\x21-\x3b\x3d\x3f-\x7e]{3,990}>$/;

interface Words {
  readonly subject: string;
  readonly happened: Readonly<Record<Mdn['disposition'], (reader: string, subject: string) => string>>;
  /** RFC 8098 §1: what it does not say. */
  readonly caution: string;
}

const WORDS: Readonly<Record<'ko' | 'en', Words>> = {
  ko: {
    subject: '읽음',
    happened: {
      displayed: (reader, subject) => `${reader} 님이 보내신 메일 "${subject}"을(를) 열었습니다.`,
      deleted: (reader, subject) => `${reader} 님이 보내신 메일 "${subject}"을(를) 읽지 않고 지웠습니다.`,
    },
    caution: '내용을 끝까지 읽었거나 이해했다는 뜻은 아닙니다.',
  },
  en: {
    subject: 'Read',
    happened: {
      displayed: (reader, subject) => `Your mail "${subject}" was opened by ${reader}.`,
      deleted: (reader, subject) => `Your mail "${subject}" was deleted by ${reader} without being read.`,
    },
    caution: 'This does not mean that it was read to its end or understood.',
  },
};

/** The raw notification, with CRLF; beyond ASCII in UTF-8. Throws `address-syntax`, `syntax` for what must not get into a message. */
export function composeMdn(mdn: Mdn): Buffer {
  const { from, to, original, language } = mdn;
  const boundary = `receipt-${mdn.messageId.replace(/[^A-Za-z0-9]/g, '').slice(0, 40)}`;
  const international = [from.address, ...to].some((address) => !isAscii(address));
  const global = international ? 'global-' : '';
  const said = language === undefined ? [WORDS.ko, WORDS.en] : [WORDS[language]];
  const subject = plainLine(original.subject, MOST_SUBJECT);
  const isNamed = MESSAGE_ID.test(original.messageId);
  const header = [
    `Date: ${formatDate(mdn.date)}`,
    `From: ${formatAddress(from)}`,
    `To: ${to.map((address) => formatAddress({ address })).join(',\r\n ')}`,
    textField('Subject', `${said.map((words) => words.subject).join(' / ')}: ${subject}`),
    `Message-ID: ${mdn.messageId}`,
    ...(isNamed ? [`In-Reply-To: ${original.messageId}`, `References: ${original.messageId}`] : []),
    // RFC 3834 §5: nobody answers it by machine.
    'Auto-Submitted: auto-replied',
    'MIME-Version: 1.0',
    `Content-Type: multipart/report; report-type=${international ? 'global-' : ''}disposition-notification;`,
    `\tboundary="${boundary}"`,
  ];
  const written = original.date === undefined ? [] : ['', `(${formatDate(original.date)})`];
  const reader = plainLine(from.name ? `${from.name} <${from.address}>` : from.address, MOST_LINE);
  const text = said.flatMap((words) => [words.happened[mdn.disposition](reader, subject), words.caution, '']);
  const type = international ? 'utf-8' : 'rfc822';
  // The reader opened it himself in either case (RFC 8098 §3.2.6.1).
  const mode = `manual-action/MDN-sent-${mdn.automatic ? 'automatically' : 'manually'}`;
  const fields = [
    `Reporting-UA: ${plainLine(mdn.hostname, 200)}; Pabal`,
    ...(original.originalRecipient === undefined
      ? []
      : [`Original-Recipient: ${plainLine(original.originalRecipient, MOST_LINE)}`]),
    `Final-Recipient: ${type};${from.address}`,
    ...(isNamed ? [`Original-Message-ID: ${original.messageId}`] : []),
    `Disposition: ${mode}; ${mdn.disposition}`,
  ];
  const returned = selectFields(original.header, new Set(), true);
  const isEightBit = returned.some((byte) => byte >= 0x80);
  const parts = [
    part(['Content-Type: text/plain; charset=utf-8', 'Content-Transfer-Encoding: 8bit'], lines([...text, ...written])),
    part(
      [`Content-Type: message/${global}disposition-notification`, ...(international ? [EIGHT_BIT] : [])],
      lines(fields),
    ),
    part(
      [
        `Content-Type: ${international ? 'message/global-headers' : 'text/rfc822-headers'}`,
        ...(isEightBit ? [EIGHT_BIT] : []),
      ], // prettier-ignore
      returned,
    ),
  ];
  const pieces: Uint8Array[] = [Buffer.from(`${header.join('\r\n')}\r\n\r\n`)];
  for (const one of parts) pieces.push(Buffer.from(`--${boundary}\r\n`), one, Buffer.from('\r\n'));
  pieces.push(Buffer.from(`--${boundary}--\r\n`));
  return Buffer.concat(pieces);
}

const EIGHT_BIT = 'Content-Transfer-Encoding: 8bit';

function part(fields: readonly string[], content: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${fields.join('\r\n')}\r\n\r\n`), content]);
}

function lines(text: readonly string[]): Buffer {
  return Buffer.from(`${text.join('\r\n')}\r\n`);
}

/** Nothing that came from elsewhere may end a line. */
function plainLine(text: string, most: number): string {
  return text
    .replaceAll(/[\0-\x1f\x7f-\x9f\u2028\u2029]+/g, ' ')
    .slice(0, most)
    .toWellFormed();
}

function isAscii(text: string): boolean {
  return /^[\0-\x7f]*$/.test(text);
}
