/**
 * Addresses of the SMTP envelope (RFC 5321 §4.1.2, RFC 6531 §3.3): strict, because here mail is routed by them. Header
 * fields are read by `address.ts`, which takes anything.
 */
import { isIPv4, isIPv6 } from 'node:net';
import { domainToASCII } from 'node:url';
import { isAtomCharacter, isDotAtom, quote } from './address.ts';

/** Octets (RFC 5321 §4.5.3.1). Of a local part twice the 64 asked for: senders that encode a recipient in theirs (VERP,
 * SRS) need more, and ours in UTF-8 may. */
const MAX_LOCAL = 128;
const MAX_DOMAIN = 255;
const MAX_PATH = 256;
/** With a source route, which is dropped. */
const MAX_ROUTED = 1000;
/** Characters that are looked at. */
const MAX_TEXT = 2000;

export interface Mailbox {
  /** Without quotes, NFC, case as written. */
  readonly local: string;
  /** Lower case; A-labels where it is international; a literal keeps its brackets; '' only for `<postmaster>`. */
  readonly domain: string;
  /** `local@domain`, the local part quoted where it must be. */
  readonly address: string;
  /** The local part is not ASCII: a next hop must announce SMTPUTF8. */
  readonly needsUtf8: boolean;
}

export type PathError =
  | 'syntax'
  /** A part is longer than RFC 5321 §4.5.3.1 allows. */
  | 'too-long'
  /** Not ASCII, but SMTPUTF8 was not asked for (RFC 6531 §3.4). */
  | 'needs-smtputf8';

export interface PathOptions {
  /** Allow Unicode. */
  readonly utf8?: boolean;
  /** Allow `<>`, the null reverse-path. */
  readonly empty?: boolean;
  /** Allow `<Postmaster>` (RFC 5321 §4.5.1). */
  readonly postmaster?: boolean;
}

export type PathResult =
  /** `mailbox` is undefined for `<>`. `end`: position after the '>'. */
  | { readonly ok: true; readonly mailbox: Mailbox | undefined; readonly end: number }
  | { readonly ok: false; readonly error: PathError };

/** A path from its '<' on; a source route is dropped (RFC 5321 appendix C). What follows the '>' is the caller's. */
export function parsePath(text: string, options: PathOptions = {}): PathResult {
  if (text.charCodeAt(0) !== 0x3c) return SYNTAX;
  const reader = new PathReader(text.slice(0, MAX_TEXT), 1, options.utf8 ?? false);
  if (text.charCodeAt(1) === 0x3e) return options.empty ? { ok: true, mailbox: undefined, end: 2 } : SYNTAX;
  const start = reader.route();
  const mailbox = start < 0 ? 'syntax' : reader.mailbox(start, options.postmaster ?? false);
  if (typeof mailbox === 'string') return { ok: false, error: mailbox };
  if (text.charCodeAt(reader.position) !== 0x3e) return SYNTAX;
  return { ok: true, mailbox, end: reader.position + 1 };
}

/** Beyond ASCII: blanks, controls, what turns the direction of writing, lone surrogates. No address has them honestly. */
const INVISIBLE =
  /[\u{80}-\u{a0}\u{1680}\u{2000}-\u{200b}\u{200e}\u{200f}\u{2028}-\u{202f}\u{205f}-\u{206f}\u{3000}\u{feff}\u{fff9}-\u{ffff}\p{Cs}]/u;

const SYNTAX: PathResult = { ok: false, error: 'syntax' };

/** `local@domain` without brackets, as people and programs write it; Unicode is allowed. Undefined when it is none. */
export function parseMailbox(text: string): Mailbox | undefined {
  if (text.length > MAX_TEXT) return undefined;
  const reader = new PathReader(text, 0, true);
  const mailbox = reader.mailbox(0, false);
  return typeof mailbox === 'string' || reader.position !== text.length ? undefined : mailbox;
}

class PathReader {
  position: number;
  readonly #text: string;
  readonly #utf8: boolean;

  constructor(text: string, start: number, utf8: boolean) {
    this.#text = text;
    this.position = start;
    this.#utf8 = utf8;
  }

  /** Position after `@a,@b:`, or the same when there is none, or -1. */
  route(): number {
    const text = this.#text;
    if (text.charCodeAt(this.position) !== 0x40) return this.position;
    const colon = text.slice(0, MAX_ROUTED).indexOf(':', this.position);
    if (colon < 0) return -1;
    for (const hop of text.slice(this.position, colon).split(',')) {
      if (!hop.startsWith('@') || hop.endsWith('.') || normalizeDomain(hop.slice(1)) === undefined) return -1;
    }
    return colon + 1;
  }

  mailbox(start: number, postmaster: boolean): Mailbox | PathError {
    const text = this.#text;
    this.position = start;
    const local = text.charCodeAt(start) === 0x22 ? this.#quotedString() : this.#dotString();
    if (local === undefined || local === '') return 'syntax';
    const localIsAscii = isAsciiText(local);
    if (!localIsAscii && !this.#utf8) return 'needs-smtputf8';
    if (!localIsAscii && INVISIBLE.test(local)) return 'syntax';
    if (Buffer.byteLength(local) > MAX_LOCAL) return 'too-long';
    if (text.charCodeAt(this.position) !== 0x40) {
      if (!postmaster || local.toLowerCase() !== 'postmaster') return 'syntax';
      return { local, domain: '', address: local, needsUtf8: false };
    }
    this.position += 1;
    const from = this.position;
    const written = this.#domain();
    if (written === '') return 'syntax';
    if (!this.#utf8 && !isAsciiText(written)) return 'needs-smtputf8';
    if (Buffer.byteLength(written) > MAX_DOMAIN) return 'too-long';
    // The root's dot belongs to DNS: RFC 5321 §4.1.2 has no place for it.
    const domain = written.endsWith('.') ? undefined : normalizeDomain(written);
    if (domain === undefined) return 'syntax';
    if (Buffer.byteLength(text.slice(start, from)) + domain.length > MAX_PATH) return 'too-long';
    const nfc = localIsAscii ? local : local.normalize('NFC');
    return { local: nfc, domain, address: formatMailbox(nfc, domain), needsUtf8: !localIsAscii };
  }

  #dotString(): string {
    const start = this.position;
    let i = start;
    while (i < this.#text.length && isLocalCharacter(this.#text.charCodeAt(i))) i += 1;
    this.position = i;
    const local = this.#text.slice(start, i);
    return isDotAtom(local) ? local : '';
  }

  /** Content of a quoted string; undefined when it is broken. */
  #quotedString(): string | undefined {
    const text = this.#text;
    let out = '';
    for (let i = this.position + 1; i < text.length; i += 1) {
      let code = text.charCodeAt(i);
      if (code === 0x22) {
        this.position = i + 1;
        return out;
      }
      if (code === 0x5c) {
        i += 1;
        code = text.charCodeAt(i);
        if (code >= 0x80) return undefined;
      }
      if (!(code >= 0x20 && code !== 0x7f)) return undefined;
      out += text[i]!;
    }
    return undefined;
  }

  /** Up to the '>', white space, or the end. */
  #domain(): string {
    const text = this.#text;
    let i = this.position;
    for (; i < text.length; i += 1) {
      const code = text.charCodeAt(i);
      if (code <= 0x20 || code === 0x3e || code === 0x3c || code === 0x2c || code === 0x40) break;
    }
    const domain = text.slice(this.position, i);
    this.position = i;
    return domain;
  }
}

function isLocalCharacter(code: number): boolean {
  return code === 0x2e || isAtomCharacter(code);
}

function isAsciiText(text: string): boolean {
  for (let i = 0; i < text.length; i += 1) if (text.charCodeAt(i) >= 0x80) return false;
  return true;
}

/** What is behind the last '@' of an address, as it stands there; '' when there is none. */
export function domainOf(address: string): string {
  const at = address.lastIndexOf('@');
  return at < 0 ? '' : address.slice(at + 1);
}

/** `local@domain` with the local part quoted where it must be. */
export function formatMailbox(local: string, domain: string): string {
  return `${isDotAtom(local) ? local : quote(local)}@${domain}`;
}

/**
 * A domain name or address literal in the form in which they are compared: lower case, A-labels (IDNA, UTS 46), no dot at
 * the end. Undefined when it is no domain.
 */
export function normalizeDomain(text: string): string | undefined {
  if (text.startsWith('[')) return addressLiteral(text);
  let name = text.endsWith('.') ? text.slice(0, -1) : text;
  if (name.length === 0 || name.length > MAX_DOMAIN) return undefined;
  if (!isAsciiText(name)) {
    // domainToASCII reads a URL's host: nothing may get in that means something there.
    for (let i = 0; i < name.length; i += 1)
      if (name.charCodeAt(i) < 0x80 && !isHostCharacter(name.charCodeAt(i))) return undefined;
    name = domainToASCII(name);
    // Full-width digits become an IPv4 address there.
    if (name === '' || isIPv4(name)) return undefined;
  }
  name = name.toLowerCase();
  return isHostName(name) ? name : undefined;
}

function isHostCharacter(code: number): boolean {
  return (
    (code >= 0x61 && code <= 0x7a) ||
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x30 && code <= 0x39) ||
    code === 0x2d ||
    code === 0x2e ||
    code === 0x5f
  );
}

/** Labels of 1 to 63 letters, digits, hyphens (not at the ends); '_' is no host name by the letter, but sent. */
function isHostName(name: string): boolean {
  if (name.length > 253) return false;
  let label = 0;
  for (let i = 0; i <= name.length; i += 1) {
    const code = i === name.length ? 0x2e : name.charCodeAt(i);
    if (code === 0x2e) {
      if (label === 0 || label > 63 || name.charCodeAt(i - 1) === 0x2d) return false;
      label = 0;
    } else {
      if (!isHostCharacter(code) || (code === 0x2d && label === 0)) return false;
      label += 1;
    }
  }
  return true;
}

/** RFC 5321 §4.1.3. */
function addressLiteral(text: string): string | undefined {
  if (!text.endsWith(']') || text.length > 60) return undefined;
  const inner = text.slice(1, -1);
  if (isIPv4(inner)) return text;
  if (inner.slice(0, 5).toLowerCase() !== 'ipv6:') return undefined;
  const address = inner.slice(5).toLowerCase();
  return isIPv6(address) && !address.includes('%') ? `[IPv6:${address}]` : undefined;
}

/** The form in which local parts are compared. Case matters nowhere in this service, whatever RFC 5321 §2.4 allows. */
export function localKey(local: string): string {
  return isAsciiText(local) ? local.toLowerCase() : local.normalize('NFC').toLowerCase().normalize('NFC');
}
