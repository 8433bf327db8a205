/** Builds the demo's messages: small, and right by RFC 5322 and RFC 2045. */
import { createHash } from 'node:crypto';
import { formatDate } from '../mail/date.ts';
import { encodeWords } from '../mail/words.ts';
import type { Person } from './people.ts';

export interface Attachment {
  readonly name: string;
  /** e.g. `text/csv` */
  readonly type: string;
  readonly content: string | Uint8Array;
}

export interface Letter {
  readonly from: Person;
  readonly to: readonly Person[];
  readonly cc?: readonly Person[];
  readonly subject: string;
  /** Lines with LF. */
  readonly text: string;
  readonly html?: string;
  readonly attachments?: readonly Attachment[];
  /** Further fields, such as `List-Id`. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Stamp {
  /** Milliseconds since 1970. */
  readonly date: number;
  readonly messageId: string;
  readonly inReplyTo?: string;
  readonly references?: readonly string[];
}

export function compose(letter: Letter, { date, messageId, inReplyTo, references = [] }: Stamp): Buffer {
  const header = [
    `From: ${mailbox(letter.from)}`,
    `To: ${letter.to.map(mailbox).join(',\r\n ')}`,
    ...(letter.cc ? [`Cc: ${letter.cc.map(mailbox).join(',\r\n ')}`] : []),
    `Subject: ${isPlain(letter.subject) ? letter.subject : encodeWords(letter.subject).replaceAll(' ', '\r\n ')}`,
    `Date: ${formatDate(date)}`,
    `Message-ID: ${messageId}`,
    ...(inReplyTo ? [`In-Reply-To: ${inReplyTo}`] : []),
    ...(references.length > 0 ? [`References: ${references.join('\r\n ')}`] : []),
    ...Object.entries(letter.headers ?? {}).map(([name, value]) => `${name}: ${value}`),
    'MIME-Version: 1.0',
  ];
  return Buffer.from(`${header.join('\r\n')}\r\n${content(letter, messageId)}`);
}

function content({ text, html, attachments = [] }: Letter, seed: string): string {
  const plain = base64Part('text/plain; charset=utf-8', text.replaceAll('\n', '\r\n'));
  const body =
    html === undefined
      ? plain
      : multipart('alternative', seed, [plain, base64Part('text/html; charset=utf-8', html.replaceAll('\n', '\r\n'))]);
  if (attachments.length === 0) return body;
  return multipart('mixed', seed, [
    body,
    ...attachments.map(({ name, type, content: bytes }) =>
      base64Part(`${type}; ${parameter('name', name)}`, bytes, `attachment; ${parameter('filename', name)}`),
    ),
  ]);
}

function multipart(subtype: string, seed: string, parts: readonly string[]): string {
  const boundary = `=_${createHash('sha256').update(`${subtype}${seed}`).digest('base64url').slice(0, 24)}`;
  const inner = parts.map((part) => `--${boundary}\r\n${part}\r\n`).join('');
  return `Content-Type: multipart/${subtype}; boundary="${boundary}"\r\n\r\n${inner}--${boundary}--\r\n`;
}

function base64Part(type: string, content: string | Uint8Array, disposition?: string): string {
  const lines =
    Buffer.from(content)
      .toString('base64')
      .match(/.{1,76}/g) ?? [];
  const head = [`Content-Type: ${type}`, 'Content-Transfer-Encoding: base64'];
  if (disposition !== undefined) head.push(`Content-Disposition: ${disposition}`);
  return `${head.join('\r\n')}\r\n\r\n${lines.join('\r\n')}\r\n`;
}

/** RFC 2231 where the value is not plain. */
function parameter(name: string, value: string): string {
  return isPlain(value) ? `${name}="${value}"` : `${name}*=UTF-8''${encodeURIComponent(value)}`;
}

function mailbox({ name, address }: Person): string {
  return `${isPlain(name) ? `"${name}"` : encodeWords(name)} <${address}>`;
}

function isPlain(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}
