/**
 * The receipt of Downmail (수신통지메일): tells the sender that the original was picked up. It has the original's header with from and to
 * swapped and `Rd: ` before the subject. It says who held the password, not who read.
 */
import { formatDate } from '../date.ts';
import { HeaderBlock } from '../header.ts';
import { RECEIPT_FIELD, tagField } from './fields.ts';
import { addressField, messageIdOf, prefixedSubject, references } from './header.ts';

export const RECEIPT_PREFIX = 'Rd: ';

export interface ReceiptFacts {
  /** The original's header block. */
  readonly header: Uint8Array;
  /** Who fetched it: the recipient. */
  readonly from: string;
  /** The original's sender. */
  readonly to: string;
  /** With angle brackets. */
  readonly messageId: string;
  /** When this is written; milliseconds since 1970. */
  readonly date: number;
  /** When it was fetched; likewise. */
  readonly at: number;
  readonly by: 'web' | 'pop3' | 'imap' | 'fetch';
  readonly userId: string;
  /** Bytes of the original. */
  readonly size: number;
  /** It is kept no longer. */
  readonly ended: boolean;
  /** Bytes of the body at most. */
  readonly signalLimit: number;
}

const WAYS: Readonly<Record<ReceiptFacts['by'], readonly [en: string, ko: string]>> = {
  web: ['in a browser', '웹 브라우저'],
  pop3: ['by POP3', 'POP3'],
  imap: ['by IMAP', 'IMAP'],
  fetch: ["by the recipient's server", '받는 쪽 서버'],
};

/** The raw mail with CRLF. */
export function composeReceipt(facts: ReceiptFacts): Buffer {
  const header = HeaderBlock.parse(facts.header);
  const original = messageIdOf(header);
  const body = bodyOf(facts);
  const fields = [
    `Date: ${formatDate(facts.date)}\r\n`,
    addressField('From', facts.from),
    addressField('To', facts.to),
    prefixedSubject(header, RECEIPT_PREFIX),
    `Message-ID: ${facts.messageId}\r\n`,
    original === undefined ? '' : `In-Reply-To: ${original}\r\n`,
    references(header),
    'Auto-Submitted: auto-replied\r\n',
    tagField(RECEIPT_FIELD, [
      ['user', facts.userId],
      ['at', Math.floor(facts.at / 1000)],
      ['by', facts.by],
      ['ended', facts.ended ? 'yes' : 'no'],
    ]),
    'MIME-Version: 1.0\r\n',
    'Content-Type: text/plain; charset=utf-8\r\n',
    `Content-Transfer-Encoding: ${/^[\0-\x7f]*$/.test(body) ? '7bit' : '8bit'}\r\n\r\n`,
  ];
  return Buffer.concat([Buffer.from(fields.join(''), 'latin1'), Buffer.from(body)]);
}

/** In both languages if there is room: the paper gives it 100 bytes. */
function bodyOf({ at, by, ended, signalLimit }: ReceiptFacts): string {
  const time = `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  const [en, ko] = WAYS[by];
  const english = `Picked up ${en}, ${time}.${ended ? ' It is kept no longer.' : ''}\r\n`;
  const both = `${english}${ko}(으)로 받아 감, ${time}.${ended ? ' 이제 보관하지 않습니다.' : ''}\r\n`;
  return [both, english].find((one) => Buffer.byteLength(one) <= signalLimit) ?? `Picked up, ${time}.\r\n`;
}
