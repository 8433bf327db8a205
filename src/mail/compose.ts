/**
 * A message from its parts, as the API sends it. The header is written here: each value is checked (no control character
 * gets in, so no field can be smuggled in) and encoded so that it reads back as it was. The body is built by nodemailer
 * from bytes in memory: nothing is ever read from a path or URL.
 */
import MailComposer from 'nodemailer/lib/mail-composer';
import { formatDate } from './date.ts';
import { MailError } from './error.ts';
import { selectFields } from './header.ts';
import { parseMailbox } from './path.ts';
import { encodeWords } from './words.ts';

export interface ComposeAddress {
  /** Display name, '' or absent when there is none. */
  readonly name?: string;
  /** `local@domain`. */
  readonly address: string;
}

export interface ComposeAttachment {
  readonly filename: string;
  readonly content: Uint8Array;
  /** `type/subtype`, perhaps with a charset; absent = application/octet-stream. */
  readonly contentType?: string;
  /** Without angle brackets: the HTML text shows it as `cid:`. */
  readonly cid?: string;
}

export interface ComposeMessage {
  readonly from: ComposeAddress;
  readonly sender?: ComposeAddress;
  readonly replyTo?: readonly ComposeAddress[];
  readonly to?: readonly ComposeAddress[];
  readonly cc?: readonly ComposeAddress[];
  /** In the header only with `keepBcc` (the sender's own copy). */
  readonly bcc?: readonly ComposeAddress[];
  readonly keepBcc?: boolean;
  readonly subject?: string;
  readonly text?: string;
  readonly html?: string;
  readonly attachments?: readonly ComposeAttachment[];
  readonly importance?: 'high' | 'normal' | 'low';
  /** Message ids with their angle brackets. */
  readonly inReplyTo?: string;
  readonly references?: readonly string[];
  readonly messageId: string;
  /** Milliseconds since 1970. */
  readonly date: number;
  /** More fields; none of those above, and none that the way of a mail writes. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
}

const MAX_VALUE = 10_000;
const MAX_NAME = 320;
/** Columns of a header line (RFC 5322 §2.1.1). */
const LINE = 76;
const MESSAGE_ID = /^<[\x21-\x3b\x3d\x3f-\x7e]{3,990}>$/;
const CONTENT_TYPE = /^[a-z0-9!#$&^_.+-]{1,80}\/[a-z0-9!#$&^_.+-]{1,80}(; ?charset="?[a-z0-9._:-]{1,40}"?)?$/i;
const FIELD_NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,75}$/;
const RESERVED = new Set([
  'from',
  'sender',
  'reply-to',
  'to',
  'cc',
  'bcc',
  'subject',
  'date',
  'message-id',
  'in-reply-to',
  'references',
  'importance',
  'x-priority',
  'mime-version',
  'received',
  'return-path',
  'delivered-to',
  'dkim-signature',
  'authentication-results',
  'received-spf',
]);
const RESERVED_PREFIXES = ['content-', 'resent-', 'arc-'];

/** The raw message with CRLF. Throws `MailError` (`syntax`, `address-syntax`) for what must not get into a message. */
export async function composeMessage(message: ComposeMessage): Promise<Buffer> {
  const fields = headerFields(message);
  const body = await composeBody(message);
  return Buffer.concat([Buffer.from(`${fields.join('\r\n')}\r\n`), body]);
}

function headerFields(message: ComposeMessage): string[] {
  const fields = [`Date: ${formatDate(message.date)}`, addressField('From', [message.from])];
  const { sender, replyTo = [], to = [], cc = [], bcc = [], references = [] } = message;
  if (sender !== undefined) fields.push(addressField('Sender', [sender]));
  if (replyTo.length > 0) fields.push(addressField('Reply-To', replyTo));
  if (to.length > 0) fields.push(addressField('To', to));
  else if (cc.length === 0) fields.push('To: undisclosed-recipients:;');
  if (cc.length > 0) fields.push(addressField('Cc', cc));
  const hidden = addressField('Bcc', bcc); // checked in any case
  if (bcc.length > 0 && message.keepBcc) fields.push(hidden);
  fields.push(textField('Subject', message.subject ?? ''), idField('Message-ID', [message.messageId]));
  if (message.inReplyTo !== undefined) fields.push(idField('In-Reply-To', [message.inReplyTo]));
  if (references.length > 0) fields.push(idField('References', references));
  if (message.importance === 'high') fields.push('Importance: high', 'X-Priority: 1');
  if (message.importance === 'low') fields.push('Importance: low', 'X-Priority: 5');
  for (const [name, value] of message.headers ?? []) {
    const lower = name.toLowerCase();
    if (!FIELD_NAME.test(name)) throw refused(`header name ${JSON.stringify(name)}`);
    if (RESERVED.has(lower) || RESERVED_PREFIXES.some((prefix) => lower.startsWith(prefix))) {
      throw refused(`header ${name} is not the sender's to write`);
    }
    fields.push(textField(name, value));
  }
  fields.push('MIME-Version: 1.0');
  return fields;
}

function refused(what: string): MailError {
  return new MailError('syntax', 'user', `cannot compose: ${what}`);
}

function addressField(name: string, addresses: readonly ComposeAddress[]): string {
  let line = `${name}:`;
  const lines: string[] = [];
  for (const [i, address] of addresses.entries()) {
    const text = formatAddress(address) + (i + 1 < addresses.length ? ',' : '');
    if (i > 0 && line.length + text.length + 1 > LINE) {
      lines.push(line);
      line = '';
    }
    line += ` ${text}`;
  }
  return [...lines, line].join('\r\n');
}

/** `"Name" <local@domain>` as a header field may carry it; folded where it is long. */
export function formatAddress({ name = '', address }: ComposeAddress): string {
  const mailbox = parseMailbox(address);
  if (mailbox === undefined)
    throw new MailError('address-syntax', 'user', `not an address: ${JSON.stringify(address)}`);
  if (name === '') return mailbox.address;
  if (name.length > MAX_NAME || !isText(name)) throw refused('display name');
  return `${phrase(name)} <${mailbox.address}>`;
}

function phrase(name: string): string {
  if (!staysAscii(name) || name.length > 60) return encodeWords(name).replaceAll(' ', '\r\n ');
  return /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+$/.test(name) ? name : `"${name.replaceAll(/["\\]/g, '\\$&')}"`;
}

export function textField(name: string, value: string): string {
  if (value.length > MAX_VALUE || !isText(value)) throw refused(`value of ${name}`);
  return fold(`${name}:`, staysAscii(value) ? value : encodeWords(value));
}

function idField(name: string, ids: readonly string[]): string {
  for (const id of ids) if (!MESSAGE_ID.test(id)) throw refused(`${name} ${JSON.stringify(id)}`);
  return fold(`${name}:`, ids.join(' '));
}

/** Breaks lines at blanks. */
function fold(name: string, value: string): string {
  let line = name;
  const lines: string[] = [];
  for (const word of value.split(' ')) {
    if (line !== name && line.length + word.length + 1 > LINE) {
      lines.push(line);
      line = '';
    }
    line += ` ${word}`;
  }
  return [...lines, line].join('\r\n');
}

/** No control characters, no line or paragraph separators, no lone surrogates. */
function isText(value: string): boolean {
  return value.isWellFormed() && !/[\0-\x1f\x7f-\x9f\u2028\u2029]/.test(value);
}

/** ASCII that reads back as it is: nothing looks like an encoded word, and folding loses no blank. */
function staysAscii(value: string): boolean {
  return (
    /^(?:[\x21-\x7e]+ )*[\x21-\x7e]*$/.test(value) &&
    !value.endsWith(' ') &&
    !value.includes('=?') &&
    !/[^ ]{900}/.test(value)
  );
}

/** Content-* fields, empty line and body. */
async function composeBody({ text, html, attachments = [] }: ComposeMessage): Promise<Buffer> {
  const texts = [];
  if (text !== undefined || (html === undefined && attachments.length === 0)) texts.push(part('plain', text ?? ''));
  if (html !== undefined) texts.push(part('html', html));
  const composer = new MailComposer({
    alternatives: texts,
    attachments: attachments.map(attachment),
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const built = await composer.compile().build();
  const bodyStart = built.indexOf('\r\n\r\n') + 2;
  return Buffer.concat([selectFields(built.subarray(0, bodyStart), CONTENT_FIELDS), built.subarray(bodyStart)]);
}

const CONTENT_FIELDS = new Set(['content-type', 'content-transfer-encoding', 'content-disposition', 'content-id']);

function part(subtype: string, text: string) {
  const content = text.toWellFormed().replaceAll(/\r\n|\r|\n/g, '\r\n');
  const bytes = Buffer.byteLength(content);
  // What is mostly not ASCII is shorter in base64.
  const others = bytes - content.length;
  const isPlain = others === 0 && !/[^\r\n]{77}|[^\r\n\t\x20-\x7e]|^From |[ \t]$/m.test(content);
  const contentType = `text/${subtype}; charset=utf-8`;
  return {
    contentType,
    content,
    contentTransferEncoding: isPlain ? '7bit' : others * 3 > bytes ? 'base64' : 'quoted-printable',
  };
}

function attachment({ filename, content, contentType = 'application/octet-stream', cid }: ComposeAttachment) {
  if (!isText(filename) || filename.length > MAX_VALUE) throw refused('file name');
  if (!CONTENT_TYPE.test(contentType)) throw refused(`content type ${JSON.stringify(contentType)}`);
  if (cid !== undefined && !/^[\x21\x23-\x3b\x3d\x3f-\x7e]{1,200}$/.test(cid)) throw refused('content id');
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  // These must not be encoded (RFC 2046 §5), so they may be what they say only if they travel as they are.
  const isEntity = /^(multipart|message)\//i.test(contentType);
  const keepsType = !isEntity || (/^message\/rfc822$/i.test(contentType) && travels(bytes));
  return {
    filename: filename === '' ? 'attachment' : filename,
    content: bytes,
    contentType: keepsType ? contentType : 'application/octet-stream',
    contentDisposition: cid === undefined ? 'attachment' : 'inline',
    ...(cid === undefined ? {} : { cid }),
  };
}

/** Strict CRLF, no NUL, no line longer than 998 bytes. */
function travels(bytes: Buffer): boolean {
  let start = 0;
  for (let i = 0; i < bytes.length; i += 1) {
    const byte = bytes[i]!;
    if (byte === 0 || (byte === 0x0a && bytes[i - 1] !== 0x0d) || (byte === 0x0d && bytes[i + 1] !== 0x0a))
      return false;
    if (i - start > 999) return false;
    if (byte === 0x0a) start = i + 1;
  }
  return true;
}
