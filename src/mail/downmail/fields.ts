/**
 * The header fields by which programs know the mails of Downmail: `Downmail-Notification`, which tells where an original is kept
 * and how it is picked up, and `Downmail-Receipt`, which tells that it was. Both hold a tag list (RFC 6376 §3.2): `v=1; user=...`.
 * docs/downmail.md describes every tag.
 */
import { HeaderBlock } from '../header.ts';

export const NOTIFICATION_FIELD = 'Downmail-Notification';
export const RECEIPT_FIELD = 'Downmail-Receipt';
const NOTIFICATION = NOTIFICATION_FIELD.toLowerCase();
const RECEIPT = RECEIPT_FIELD.toLowerCase();

/** What a program needs to pick up an original without reading the text. */
export interface NotificationAccess {
  /** The whole link, with the password at its end. */
  readonly link: string;
  /** Host of POP3, IMAP and HTTPS (the paper's server id). */
  readonly server: string;
  /** `/senderID/recipientID/mailNo/`. */
  readonly userId: string;
  readonly password: string;
  /** Bytes of the original. */
  readonly size: number;
  /** SHA-256 of the original's bytes, in hexadecimal. */
  readonly digest: string;
  /** Milliseconds since 1970, whole seconds. */
  readonly expires: number;
  /** It is read on the page of the link alone, with a code that its sender tells by another way. */
  readonly confidential?: true;
}

/** Characters of a field that are looked at: an honest one has some 400. */
const MOST_FIELD = 4_000;
const MOST_TAGS = 30;
const MOST_LINK = 1_000;
const SERVER = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){0,10}[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const USER_ID = /^\/[A-Za-z0-9._-]{1,200}\/[A-Za-z0-9._-]{1,200}\/[1-9][0-9]{0,8}\/?$/;
const PASSWORD = /^[\x21-\x2e\x30-\x3a\x3c-\x7e]{4,128}$/;
const DIGEST = /^[0-9a-f]{64}$/;
const NUMBER = /^(?:0|[1-9][0-9]{0,11})$/;
/** The end of year 9999. */
const MOST_SECONDS = 253_402_300_799;

/** Has the mail one of the fields? It need not make sense: such a mail is never held back itself. */
export function isDownmailSignal(header: HeaderBlock): boolean {
  return header.fields.some(({ name }) => name === NOTIFICATION || name === RECEIPT);
}

/** What a notification says. Undefined when this is none, and when it is not one that can be acted on: a value is missing or
 * malformed, or there are two fields, of which a signature may cover one. */
export function readNotification(header: HeaderBlock): NotificationAccess | undefined {
  const tags = onlyTags(header, NOTIFICATION);
  if (tags === undefined) return undefined;
  const link = tags.get('link') ?? '';
  const server = tags.get('server')?.toLowerCase() ?? '';
  const userId = tags.get('user') ?? '';
  const password = tags.get('password') ?? '';
  const size = tags.get('size') ?? '';
  const digest = /^sha-?256:(.{64})$/i.exec(tags.get('digest') ?? '')?.[1]?.toLowerCase() ?? '';
  const expires = tags.get('expires') ?? '';
  if (!isLink(link) || server.length > 253 || !SERVER.test(server)) return undefined;
  if (!USER_ID.test(userId) || !PASSWORD.test(password) || !DIGEST.test(digest)) return undefined;
  if (!NUMBER.test(size) || !NUMBER.test(expires) || Number(expires) > MOST_SECONDS) return undefined;
  const confidential = tags.get('confidential')?.toLowerCase() === 'yes';
  const facts = { link, server, userId, password, size: Number(size), digest, expires: Number(expires) * 1000 };
  return confidential ? { ...facts, confidential } : facts;
}

export interface ReceiptFact {
  readonly userId: string;
  /** When it was picked up, milliseconds since 1970, whole seconds. */
  readonly at: number;
  readonly by: string;
  /** It is kept no longer. */
  readonly ended: boolean;
}

/** What a receipt says; undefined as above. */
export function readReceipt(header: HeaderBlock): ReceiptFact | undefined {
  const tags = onlyTags(header, RECEIPT);
  const userId = tags?.get('user') ?? '';
  const at = tags?.get('at') ?? '';
  const by = tags?.get('by') ?? '';
  if (!USER_ID.test(userId) || !NUMBER.test(at) || !/^[a-z0-9-]{1,20}$/.test(by)) return undefined;
  return { userId, at: Number(at) * 1000, by, ended: tags?.get('ended') === 'yes' };
}

/** The field with its line end; a tag a line. */
export function tagField(name: string, tags: readonly (readonly [name: string, value: string | number])[]): string {
  const written = [['v', '1'] as const, ...tags].map(([tag, value]) => `${tag}=${value}`);
  return `${name}: ${written.join(';\r\n\t')}\r\n`;
}

function onlyTags(header: HeaderBlock, name: string): ReadonlyMap<string, string> | undefined {
  const found = header.fields.filter((field) => field.name === name);
  const [field] = found;
  if (field === undefined || found.length > 1 || field.end - field.value > MOST_FIELD) return undefined;
  const tags = new Map<string, string>();
  for (const text of header.valueOf(field).split(';', MOST_TAGS)) {
    const equals = text.indexOf('=');
    const tag = text.slice(0, Math.max(0, equals)).trim().toLowerCase();
    if (tag === '' && text.trim() === '') continue;
    // As RFC 6376 has it: what is no tag, and a tag that comes twice, spoil all of them.
    if (!/^[a-z][a-z0-9-]{0,30}$/.test(tag) || tags.has(tag)) return undefined;
    tags.set(tag, text.slice(equals + 1).trim());
  }
  return tags.get('v') === '1' ? tags : undefined;
}

function isLink(link: string): boolean {
  if (link.length > MOST_LINK || !/^https?:\/\/[\x21-\x3a\x3c-\x7e]+$/.test(link) || !URL.canParse(link)) return false;
  const { username, password, hostname, hash, search } = new URL(link);
  return username === '' && password === '' && hostname !== '' && hash === '' && search === '';
}
