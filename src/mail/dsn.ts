/**
 * Delivery status notifications (RFC 3464) as `multipart/report` (RFC 6522), and their international form (RFC 6533) where
 * an address is not ASCII. A report is never about a report: its own sender is the null reverse-path, which the caller sees to.
 */
import { formatDate } from './date.ts';
import { selectFields } from './header.ts';
import { normalizeDomain } from './path.ts';

export type DsnAction = 'failed' | 'delayed' | 'delivered' | 'relayed';

export interface DsnRecipient {
  readonly address: string;
  /** As the sender gave it: type, ';' and xtext (RFC 3461 §4.2). */
  readonly orcpt?: string;
  /** RFC 3463. */
  readonly status: string;
  /** The server that was asked, and what it said. */
  readonly host?: string;
  readonly reply?: string;
  /** In our words. */
  readonly reason?: string;
  /** Milliseconds since 1970. */
  readonly lastAttempt?: number;
}

export interface Dsn {
  readonly action: DsnAction;
  /** Host name of ours. */
  readonly reportingMta: string;
  /** Whose mail system reports: one of our domains, so that DKIM and DMARC speak for the report wherever it goes. */
  readonly domain: string;
  /** Whom it is for: the envelope sender of the mail it is about. */
  readonly to: string;
  /** With its angle brackets. */
  readonly messageId: string;
  readonly date: number;
  /** xtext (RFC 3461 §4.4). */
  readonly envid?: string;
  /** When the mail came to us. */
  readonly arrived: number;
  /** Until when a delayed mail is tried. */
  readonly retryUntil?: number;
  readonly recipients: readonly DsnRecipient[];
  readonly original: {
    /** Its header block, or all of it. */
    readonly content: Uint8Array;
    readonly whole: boolean;
    readonly messageId: string;
  };
}

const MAX_LINE = 900;

interface Words {
  readonly subject: string;
  readonly korean: string;
  readonly english: string;
}

const WORDS: Record<DsnAction, Words> = {
  failed: {
    subject: 'Undelivered mail returned to sender',
    korean: '다음 수신자에게 메일을 전달하지 못했습니다. 더 시도하지 않습니다.',
    english: 'Your mail could not be delivered to the following recipients, and will not be tried again.',
  },
  delayed: {
    subject: 'Your mail is delayed',
    korean: '다음 수신자에게 아직 메일을 전달하지 못했습니다. 계속 시도하므로 다시 보내지 않으셔도 됩니다.',
    english: 'Your mail has not reached the following recipients yet. It is being tried; you need not send it again.',
  },
  delivered: {
    subject: 'Your mail was delivered',
    korean: '다음 수신자의 편지함에 메일이 전달되었습니다.',
    english: 'Your mail is in the mailbox of the following recipients.',
  },
  relayed: {
    subject: 'Your mail was passed on',
    korean: '다음 수신자의 서버가 메일을 받았습니다. 그 서버는 이후의 결과를 알리지 않습니다.',
    english: 'Your mail was taken by a server of the following recipients which does not report what becomes of it.',
  },
};

/** The raw report, with CRLF; beyond ASCII in UTF-8, as a mailbox of ours keeps it. */
export function composeDsn(dsn: Dsn): Buffer {
  const { action, recipients, original, reportingMta, date } = dsn;
  const boundary = `report-${dsn.messageId.replace(/[^A-Za-z0-9]/g, '').slice(0, 40)}`;
  const international = [dsn.to, ...recipients.map(({ address }) => address)].some((text) => !isAscii(text));
  const words = WORDS[action];
  const header = [
    `Date: ${formatDate(date)}`,
    // RFC 3464 §2: somebody who can be answered.
    `From: Mail Delivery System <postmaster@${normalizeDomain(dsn.domain) ?? reportingMta}>`,
    `To: <${oneLine(dsn.to)}>`,
    `Subject: ${words.subject}`,
    `Message-ID: ${dsn.messageId}`,
    ...(isMessageId(original.messageId) ? [`References: ${original.messageId}`] : []),
    // RFC 3834 §5: nobody answers it by machine.
    'Auto-Submitted: auto-replied',
    'MIME-Version: 1.0',
    `Content-Type: multipart/report; report-type=${international ? 'global-' : ''}delivery-status;`,
    `\tboundary="${boundary}"`,
  ];
  const text = [
    words.korean,
    words.english,
    '',
    ...recipients.flatMap(describe),
    ...(dsn.retryUntil === undefined ? [] : ['', `Tried until ${formatDate(dsn.retryUntil)}.`]),
  ];
  const status = [
    ...(dsn.envid === undefined ? [] : [`Original-Envelope-Id: ${oneLine(fromXtext(dsn.envid) ?? dsn.envid)}`]),
    `Reporting-MTA: dns; ${reportingMta}`,
    `Arrival-Date: ${formatDate(dsn.arrived)}`,
    ...recipients.flatMap((recipient) => ['', ...statusFields(recipient, dsn)]),
  ];
  const eightBit = (bytes: Uint8Array): string => (isSevenBit(bytes) ? '7bit' : '8bit');
  const kind = contentType(international, original.whole);
  const returned = original.whole ? Buffer.from(original.content) : headerOnly(original.content);
  const parts = [
    part(['Content-Type: text/plain; charset=utf-8', 'Content-Transfer-Encoding: 8bit'], lines(text)),
    part(
      international
        ? ['Content-Type: message/global-delivery-status', 'Content-Transfer-Encoding: 8bit']
        : ['Content-Type: message/delivery-status'],
      lines(status),
    ),
    part([`Content-Type: ${kind}`, `Content-Transfer-Encoding: ${eightBit(returned)}`], returned),
  ];
  const pieces: Uint8Array[] = [Buffer.from(`${header.join('\r\n')}\r\n\r\n`)];
  for (const one of parts) pieces.push(Buffer.from(`--${boundary}\r\n`), one, Buffer.from('\r\n'));
  pieces.push(Buffer.from(`--${boundary}--\r\n`));
  return Buffer.concat(pieces);
}

function contentType(international: boolean, whole: boolean): string {
  if (international) return whole ? 'message/global' : 'message/global-headers';
  return whole ? 'message/rfc822' : 'text/rfc822-headers';
}

function describe({ address, host, reply, reason, status }: DsnRecipient): string[] {
  const said = reply === undefined ? [] : [`    ${host ?? ''}: ${oneLine(reply)}`];
  return [`  ${oneLine(address)}`, `    ${status} ${oneLine(reason ?? '')}`.trimEnd(), ...said];
}

function statusFields({ address, orcpt, status, host, reply, lastAttempt }: DsnRecipient, dsn: Dsn): string[] {
  const original = orcpt === undefined ? undefined : decodeOrcpt(orcpt);
  const type = isAscii(address) ? 'rfc822' : 'utf-8';
  return [
    ...(original === undefined ? [] : [`Original-Recipient: ${oneLine(original)}`]),
    `Final-Recipient: ${type}; ${oneLine(address)}`,
    `Action: ${dsn.action}`,
    `Status: ${status}`,
    ...(host === undefined ? [] : [`Remote-MTA: dns; ${oneLine(host)}`]),
    ...(reply === undefined ? [] : [`Diagnostic-Code: smtp; ${oneLine(reply)}`]),
    ...(lastAttempt === undefined ? [] : [`Last-Attempt-Date: ${formatDate(lastAttempt)}`]),
    ...(dsn.action === 'delayed' && dsn.retryUntil !== undefined
      ? [`Will-Retry-Until: ${formatDate(dsn.retryUntil)}`]
      : []),
  ];
}

/** `rfc822; local@domain`. Undefined when it is none. */
export function decodeOrcpt(orcpt: string): string | undefined {
  const semicolon = orcpt.indexOf(';');
  const type = orcpt.slice(0, semicolon);
  const address = fromXtext(orcpt.slice(semicolon + 1));
  if (semicolon < 1 || !/^[A-Za-z0-9-]{1,40}$/.test(type) || address === undefined) return undefined;
  return `${type}; ${address}`;
}

/**
 * xtext (RFC 3461 §4), decoded. Undefined when it is none, or hides a control character: it goes into header fields.
 */
export function fromXtext(text: string): string | undefined {
  let decoded = '';
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!;
    if (char === '=') return undefined;
    if (char !== '+') {
      decoded += char;
      continue;
    }
    const hex = text.slice(i + 1, i + 3);
    if (!/^[0-9A-F]{2}$/.test(hex)) return undefined;
    decoded += String.fromCharCode(Number.parseInt(hex, 16));
    i += 2;
  }
  return /[\0-\x1f\x7f]/.test(decoded) ? undefined : decoded;
}

function part(fields: readonly string[], content: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${fields.join('\r\n')}\r\n\r\n`), content]);
}

function lines(text: readonly string[]): Buffer {
  return Buffer.from(`${text.join('\r\n')}\r\n`);
}

/** Only what the sender wrote, without the body. */
function headerOnly(content: Uint8Array): Buffer {
  return selectFields(content, new Set(), true);
}

/** Nothing that came from elsewhere may end a line. */
function oneLine(text: string): string {
  return text
    .replace(/[\0-\x1f\x7f]+/g, ' ')
    .slice(0, MAX_LINE)
    .toWellFormed();
}

function isMessageId(id: string): boolean {
  return /^<[\x21-\x3b\x3d\x3f-\x7e]{1,990}>$/.test(id);
}

function isAscii(text: string): boolean {
  return /^[\0-\x7f]*$/.test(text);
}

function isSevenBit(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte >= 0x80) return false;
  return true;
}
