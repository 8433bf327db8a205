/**
 * What speaks for a mail being a deception, for its reader: each warning names what was found, and what it passes itself off as. They are
 * codes with two values; whoever shows them has the sentences in the reader's language. Pure: what is known of the reader is given.
 */
import { extensionOf, hasMacroName, isDisguised, isRunnableName } from '../malware/executable.ts';
import type { MailAddress } from '../message.ts';
import { fold } from '../search/fold.ts';
import { type Ask, asksOf } from './asks.ts';
import { BRANDS, FREE_MAIL, LINK_RELAYS } from './brands.ts';
import { type Imitated, mixesScripts, organisation, Originals, shownHost } from './look-alike.ts';

export const WARNING_CODES = [
  'sender-imitates',
  'name-imitates',
  'known-name',
  'not-proven',
  'reply-elsewhere',
  'link-elsewhere',
  'link-imitates',
  'link-disguised',
  'known-bad',
  'file-dangerous',
  'file-locked',
  'asks-secret',
  'new-domain',
] as const;
export type WarningCode = (typeof WARNING_CODES)[number];

export interface MailWarning {
  readonly code: WarningCode;
  /** `note`: worth knowing beside others, nothing by itself. */
  readonly level: 'warning' | 'note';
  /** What was found: an address, a host, a file. */
  readonly what: string;
  /** What it passes itself off as, or where it really is; '' for nothing. */
  readonly like: string;
}

export interface ShownLink {
  /** Lower case. */
  readonly host: string;
  /** The host that its text names, if it names one. */
  readonly shownHost?: string;
  /** Something stands before the host that looks like one: `https://bank.example@host`. */
  readonly userinfo?: true;
}

export interface ReadMail {
  readonly from: readonly MailAddress[];
  readonly replyTo: readonly MailAddress[];
  readonly subject: string;
  readonly text: string;
  readonly links: readonly ShownLink[];
  readonly fileNames: readonly string[];
  /** It asks to fill in a form. */
  readonly form: boolean;
  /** From a mailing list, or a newsletter (List-Id, List-Unsubscribe). */
  readonly list: boolean;
  /** What looking into the files has brought, a line each. */
  readonly executables: readonly string[];
  readonly locked: readonly string[];
}

export interface Reader {
  /** The domain of the reader's own address. */
  readonly ownDomain: string;
  /** The author is in the address book, or was written to. */
  readonly known: boolean;
  /** The author's domain stands behind the mail; undefined: nobody has looked. */
  readonly proven: boolean | undefined;
  /** It asks that mail be kept out for which it does not stand. */
  readonly strict: boolean;
  /** Domains of people whom the reader knows, the own one included. */
  readonly originals: Originals;
  /** The addresses of whoever has this name (folded), among those whom the reader knows. */
  addressesOf(name: string): readonly string[];
  /** No mail from this domain was here before. */
  readonly newDomain: boolean;
  isBad(host: string): boolean;
}

const MOST_WARNINGS = 12;
const MOST_VALUE = 120;

/** The worst of each kind, at most twelve. */
export function warningsOf(mail: ReadMail, reader: Reader): readonly MailWarning[] {
  const found = new Found();
  const [author] = mail.from;
  const address = author?.address.toLowerCase() ?? '';
  const domain = organisation(address.slice(address.lastIndexOf('@') + 1));
  const asks = asksOf(mail.subject, mail.text);
  const facts: Facts = { mail, reader, author: { name: author?.name ?? '', address, domain }, asks };
  if (author !== undefined) sender(facts, found);
  replies(facts, found);
  links(facts, found);
  files(facts, found);
  asking(facts, found);
  if (reader.newDomain && domain !== '') found.add('new-domain', domain, '', 'note');
  return found.all.slice(0, MOST_WARNINGS);
}

/** Those that make a reader careful; notes alone do not. */
export function isWarned(warnings: readonly MailWarning[]): boolean {
  return warnings.some(({ level }) => level === 'warning');
}

interface Facts {
  readonly mail: ReadMail;
  readonly reader: Reader;
  readonly author: { readonly name: string; readonly address: string; readonly domain: string };
  readonly asks: ReadonlySet<Ask>;
}

class Found {
  readonly all: MailWarning[] = [];

  add(code: WarningCode, what: string, like = '', level: MailWarning['level'] = 'warning'): void {
    if (this.all.some((one) => one.code === code)) return;
    this.all.push({ code, level, what: shown(what), like: shown(like) });
  }
}

function shown(value: string): string {
  return value.replaceAll(/[\p{C}\u2028\u2029]/gu, '').slice(0, MOST_VALUE);
}

// --- who writes -------------------------------------------------------------------------------------------------------

function sender({ mail, reader, author, asks }: Facts, found: Found): void {
  const { address, domain } = author;
  if (reader.isBad(domain)) found.add('known-bad', domain);
  const standsBehind = reader.proven ?? true;
  if (!standsBehind && (reader.strict || isOriginal(reader, domain))) found.add('not-proven', address, domain);
  if (reader.known && standsBehind) return;
  const imitated = imitatedBy(reader, domain);
  if (imitated !== undefined) found.add('sender-imitates', domain, imitated.domain);
  const name = fold(author.name).trim();
  if (name === '') return;
  // An address for a name: it shall be read in place of the real one.
  const inName = /[^\s<>"'(),;:@]{1,64}@([a-z0-9.-]{1,253}\.[a-z]{2,24})/i.exec(name);
  if (inName && organisation(inName[1] ?? '') !== domain && !mail.list) found.add('name-imitates', address, inName[0]);
  const brand = brandNamed(name);
  if (brand !== undefined && !brand.domains.includes(domain)) found.add('name-imitates', address, brand.name);
  if (reader.ownDomain !== '' && domain !== reader.ownDomain && namesDomain(name, reader.ownDomain))
    found.add('name-imitates', address, reader.ownDomain);
  const theirs = reader.addressesOf(name);
  if (theirs.length > 0 && !theirs.includes(address))
    found.add('known-name', address, theirs[0], asks.size > 0 ? 'warning' : 'note');
}

/** Words around a brand's name that make no other name of it. */
const AROUND =
  /고객 ?센터|고객 ?지원|보안 ?팀|보안 ?센터|계정 ?팀|운영 ?팀|운영자|관리자|지원 ?팀|알림|안내|공지|택배|배송 ?팀|배송|인증 ?센터|이벤트|결제|팀|센터|customer|service|services|support|security|account|accounts|team|center|centre|alerts?|notifications?|notice|no-?reply|help ?desk|help|billing|delivery|express|info|official|online|the|member|verification|department|update|inc\.?|korea/g;

function brandNamed(name: string): (typeof BRANDS)[number] | undefined {
  const rest = name
    .replaceAll(AROUND, ' ')
    .replaceAll(/[^\p{L}\p{N}+]+/gu, ' ')
    .trim();
  const whole = name.replaceAll(/[^\p{L}\p{N}+]+/gu, ' ').trim();
  return BRANDS.find(({ names }) => names.some((one) => one === rest || one === whole));
}

function namesDomain(name: string, domain: string): boolean {
  return name.split(/[^a-z0-9.-]+/).includes(domain);
}

function isOriginal(reader: Reader, host: string): boolean {
  return reader.originals.isOriginal(host) || Originals.common.isOriginal(host);
}

function imitatedBy(reader: Reader, host: string): Imitated | undefined {
  if (isOriginal(reader, host)) return undefined;
  return reader.originals.imitatedBy(host) ?? Originals.common.imitatedBy(host);
}

// --- where answers and links go ---------------------------------------------------------------------------------------

function replies({ mail, reader, author, asks }: Facts, found: Found): void {
  const { domain } = author;
  for (const { address } of mail.replyTo) {
    const to = organisation(address.slice(address.lastIndexOf('@') + 1).toLowerCase());
    if (to === '' || to === domain || mail.list) continue;
    const hides = FREE_MAIL.has(to) && !FREE_MAIL.has(domain);
    const pressed = asks.size >= 2 || reader.proven === false;
    const imitates = imitatedBy(reader, to) !== undefined || isOriginal(reader, domain);
    if (imitates || (hides && pressed)) found.add('reply-elsewhere', address, author.address);
  }
}

function links({ mail, reader, author }: Facts, found: Found): void {
  const relay = commonRelay(mail, reader);
  for (const { host, shownHost: says, userinfo } of mail.links) {
    const to = organisation(host);
    if (reader.isBad(host) || reader.isBad(to)) found.add('known-bad', host);
    if (userinfo && to !== author.domain) found.add('link-disguised', shownHost(host), host);
    if (isNumeric(host)) found.add('link-disguised', host);
    if (mixesScripts(host)) found.add('link-disguised', shownHost(host), host);
    const imitated = reader.known && to === author.domain ? undefined : imitatedBy(reader, host);
    if (imitated !== undefined) found.add('link-imitates', shownHost(host), imitated.domain);
    if (says === undefined || organisation(says) === to || !says.includes('.')) continue;
    const ownName = reader.proven !== false && organisation(says) === author.domain && !FREE_MAIL.has(author.domain);
    if (ownName || LINK_RELAYS.has(to) || host === relay) continue;
    found.add('link-elsewhere', shownHost(host), says);
  }
}

/** Newsletters lead all their links over one host that counts them. */
function commonRelay({ links: all, list }: ReadMail, { proven }: Reader): string | undefined {
  if (!list || proven === false) return undefined;
  const shownBy = new Map<string, Set<string>>();
  for (const { host, shownHost: says } of all)
    if (says !== undefined) shownBy.getOrInsertComputed(host, () => new Set()).add(organisation(says));
  return [...shownBy].find(([, says]) => says.size >= 3)?.[0];
}

/** An address instead of a name, other than one of a private network: nobody can be led there from outside. */
function isNumeric(host: string): boolean {
  if (/^(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|127\.|169\.254\.|f[cd]|fe80:|::1$)/.test(host)) return false;
  return /^(?:\d{1,3}\.){3}\d{1,3}$|^[0-9a-f]{0,4}:[0-9a-f:.]{1,60}$|^(?:0x[0-9a-f]{1,8}|\d{8,10})$/.test(host);
}

// --- what is attached, and what is asked for ------------------------------------------------------------------------------

function files({ mail, reader, asks }: Facts, found: Found): void {
  for (const what of mail.executables) found.add('file-dangerous', what);
  for (const name of mail.fileNames) {
    const page = /^(?:x?html?|shtml|svg|mht(?:ml)?)$/.test(extensionOf(name));
    const opens = isDisguised(name) || isRunnableName(name) || (hasMacroName(name) && !reader.known);
    if (opens || (page && !reader.known)) found.add('file-dangerous', name);
  }
  const [locked] = mail.locked;
  const told = /password|passcode|비밀번호|암호/i.test(mail.text.slice(0, 20_000));
  if (locked !== undefined && !reader.known && (told || asks.size > 0)) found.add('file-locked', locked);
}

/** Strangers who press and want something, under a name that is not theirs or with a way to give it. */
function asking({ mail, reader, author, asks }: Facts, found: Found): void {
  const free = FREE_MAIL.has(author.domain);
  if (reader.known || (isOriginal(reader, author.domain) && !free)) return;
  const wants = asks.has('secret') || asks.has('money');
  if (!wants) return;
  const elsewhere = mail.links.some(({ host }) => organisation(host) !== author.domain);
  const subjectBrand = brandInSubject(mail.subject);
  const borrowed = subjectBrand !== undefined && !subjectBrand.domains.includes(author.domain);
  const presses = asks.has('threat') || asks.has('haste');
  if (mail.form && presses) found.add('asks-secret', author.address);
  if (borrowed && presses) found.add('asks-secret', author.address, subjectBrand.name);
  if (asks.size >= 3 && (elsewhere || free || reader.proven !== true)) found.add('asks-secret', author.address);
  if (asks.size >= 2 && presses && free && !mail.list) found.add('asks-secret', author.address);
}

/** `[국민은행] ...` */
function brandInSubject(subject: string): (typeof BRANDS)[number] | undefined {
  const bracket = /^\s{0,3}(?:(?:re|fwd?)\s{0,2}:\s{0,2})?[[【(<]([^\])】>]{2,30})[\])】>]/i.exec(subject)?.[1];
  return bracket === undefined ? undefined : brandNamed(fold(bracket).trim());
}
