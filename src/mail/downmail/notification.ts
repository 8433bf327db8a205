/**
 * The notification of Downmail (발송통지메일): a short mail that travels in place of an original, which stays with its sender until it
 * is fetched. It has the original's header with `No: ` before the subject, a field for programs (`fields.ts`), and a text for people.
 * Its Message-ID is its own, for many programs drop the second mail of one id, which would be the original; its References
 * name the original, so that answers to either find their conversation.
 */
import { formatDate } from '../date.ts';
import { HeaderBlock } from '../header.ts';
import { excerptOf } from './excerpt.ts';
import { NOTIFICATION_FIELD, tagField } from './fields.ts';
import { prefixedSubject, references, takenFields } from './header.ts';

export const NOTIFICATION_PREFIX = 'No: ';

export interface NotificationFacts {
  /** The original's header block. */
  readonly header: Uint8Array;
  /** The original's text, decoded: passages of it are shown. */
  readonly text: string;
  /** Address of this recipient. */
  readonly to: string;
  /** Of the notification, with angle brackets. */
  readonly messageId: string;
  /** Milliseconds since 1970; for originals without a date. */
  readonly date: number;
  /** Where a browser picks the original up; ASCII. */
  readonly link: string;
  /** Host name where mail programs pick it up. */
  readonly server: string;
  /** `/senderID/recipientID/mailNo/`. */
  readonly userId: string;
  readonly password: string;
  /** Page that explains notifications; '' when there is none. */
  readonly help: string;
  /** Until when it is kept; milliseconds since 1970. */
  readonly expires: number;
  /** Bytes of the original, and their SHA-256 in hexadecimal. */
  readonly size: number;
  readonly digest: string;
  /** Bytes of the excerpt at most. */
  readonly excerptBytes: number;
  /** Bytes of the body at most, as long as the link alone fits in them. */
  readonly signalLimit: number;
  /** It is kept by a gateway, and not by its sender. */
  readonly atGateway?: boolean;
  /** It is read on the page alone, with a code that its sender tells by another way. */
  readonly confidential?: boolean;
  /** A random whole number from 0 to `below` - 1. */
  readonly pick: (below: number) => number;
}

/** The raw mail with CRLF, at most 8 KiB beside its body. The more room there is, the more the body explains. */
export function composeNotification(facts: NotificationFacts): Buffer {
  const header = HeaderBlock.parse(facts.header);
  const body = bodyOf(facts);
  const fields = [
    takenFields(header, facts.to),
    header.first('date') === undefined ? `Date: ${formatDate(facts.date)}\r\n` : '',
    prefixedSubject(header, NOTIFICATION_PREFIX),
    `Message-ID: ${facts.messageId}\r\n`,
    references(header),
    tagField(NOTIFICATION_FIELD, [
      ['server', facts.server],
      ['user', facts.userId],
      ['password', facts.password],
      ['link', facts.link],
      ['size', facts.size],
      ['digest', `sha-256:${facts.digest}`],
      ['expires', Math.floor(facts.expires / 1000)],
      ...(facts.confidential === true ? [['confidential', 'yes'] as const] : []),
    ]),
    'MIME-Version: 1.0\r\n',
    'Content-Type: text/plain; charset=utf-8\r\n',
    `Content-Transfer-Encoding: ${/^[\0-\x7f]*$/.test(body) ? '7bit' : '8bit'}\r\n\r\n`,
  ];
  return Buffer.concat([Buffer.from(fields.join(''), 'latin1'), Buffer.from(body)]);
}

/** The most helpful form that fits; the excerpt gets what is left. */
function bodyOf(facts: NotificationFacts): string {
  const { text, excerptBytes, signalLimit, pick } = facts;
  const [full, brief] = facts.confidential === true ? [withCode, withCodeBrief] : [inFull, inBrief];
  const forms = [full(facts), brief(facts), `original mail: ${facts.link}\r\n`];
  const form = forms.find((one) => Buffer.byteLength(one) <= signalLimit) ?? `${facts.link}\r\n`;
  const left = signalLimit - Buffer.byteLength(form) - Buffer.byteLength('\r\n\r\n');
  const excerpt = excerptOf(text, Math.min(excerptBytes, left), pick);
  return excerpt === '' ? form : `${form}\r\n${wrapped(excerpt, left)}\r\n`;
}

const KILOBYTE = 1024;

function inFull({ link, server, userId, password, help, expires, size, atGateway = false }: NotificationFacts): string {
  const day = new Date(expires).toISOString().slice(0, 10);
  const kilobytes = Math.max(1, Math.round(size / KILOBYTE));
  return lines([
    `This mail (${kilobytes} KB) is kept ${atGateway ? 'for you by a gateway' : 'by its sender'} until ${day}. Fetch it if you want it:`,
    `이 메일(${kilobytes} KB)은 ${day}까지 ${atGateway ? '메일연동장치에' : '보낸 쪽에'} 보관됩니다. 원하시면 받아 보세요.`,
    '',
    'original mail · 원본 메일:',
    link,
    '',
    'With a mail program (POP3, IMAP) · 메일 프로그램으로 받을 때:',
    `server · 서버: ${server}`,
    `user · 사용자: ${userId}`,
    `password · 암호: ${password}`,
    ...(help === '' ? [] : ['', `help · 도움말: ${help}`]),
  ]);
}

function inBrief({ link, server, userId, password, help }: NotificationFacts): string {
  return lines([
    `original mail: ${link}`,
    `server: ${server}`,
    `user: ${userId}`,
    `password: ${password}`,
    ...(help === '' ? [] : [`help: ${help}`]),
  ]);
}

function withCode({ link, help, expires, size }: NotificationFacts): string {
  const day = new Date(expires).toISOString().slice(0, 10);
  const kilobytes = Math.max(1, Math.round(size / KILOBYTE));
  return lines([
    `This mail (${kilobytes} KB) is confidential. It can be read on the page below until ${day}, with a pass code that its sender tells you by another way, such as by telephone.`,
    `이 메일(${kilobytes} KB)은 기밀 메일입니다. ${day}까지 아래 페이지에서만 읽을 수 있으며, 보낸 사람이 전화 등으로 따로 알려 주는 확인 코드가 필요합니다.`,
    '',
    'original mail · 원본 메일:',
    link,
    ...(help === '' ? [] : ['', `help · 도움말: ${help}`]),
  ]);
}

function withCodeBrief({ link }: NotificationFacts): string {
  return lines([
    'Confidential: ask its sender for the pass code. 기밀 메일: 확인 코드가 필요합니다.',
    `original mail: ${link}`,
  ]);
}

function lines(all: readonly string[]): string {
  return `${all.join('\r\n')}\r\n`;
}

/** RFC 5322 §2.1.1: lines of some 78 columns, where the room allows for their ends. */
const COLUMNS = 78;

function wrapped(text: string, room: number): string {
  const out: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + word.length >= COLUMNS) {
      out.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  const many = [...out, line].join('\r\n');
  return Buffer.byteLength(many) <= room ? many : text;
}
