/**
 * The Sender Rewriting Scheme: a forwarded mail leaves with a sender at our domain, so that SPF holds, and a bounce finds
 * its way back through us. `SRS0=hash=day=domain=local@us` for a first forward; what another forwarder has rewritten
 * becomes `SRS1=hash=its domain==rest@us`, which goes back to it and not through all before it. A sender that fits into neither stands under a
 * token that somebody keeps: `SRS0=hash=day==token@us`.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { toBase32 } from './base32.ts';

const DAY_MS = 86_400_000;
/** The day has two base32 digits: it comes again after this many. */
const CYCLE = 1024;
const VALID_DAYS = 21;
/** Of base32: 40 bits. */
const HASH_LENGTH = 8;
/** RFC 5321 §4.5.3.1.1. */
const MOST_LOCAL = 64;
const DIGITS = 'abcdefghijklmnopqrstuvwxyz234567';

/**
 * `sender` as it leaves from `domain`; '' stays ''. Undefined when the result would be longer than a local part may be.
 * `now` in milliseconds since 1970.
 */
export function srsForward(sender: string, domain: string, secret: Uint8Array, now: number): string | undefined {
  if (sender === '') return '';
  const at = sender.lastIndexOf('@');
  if (at < 1) return undefined;
  const [local, from] = [sender.slice(0, at), sender.slice(at + 1)];
  if (from.toLowerCase() === domain.toLowerCase()) return sender;
  // Its parts must be told apart again.
  if (!/^[A-Za-z0-9.-]+$/.test(from)) return undefined;
  const rewritten = /^SRS([01])[=+-](.+)$/i.exec(local);
  let text: string;
  if (rewritten?.[1] === '0') {
    // Its separator is part of what only it can read.
    const rest = `${from}=${local.charAt(4)}${rewritten[2]}`;
    text = `SRS1=${hash(rest, secret)}=${rest}`;
  } else if (rewritten?.[1] === '1') {
    const rest = /^[^=]+=(.+)$/.exec(rewritten[2]!)?.[1];
    if (rest === undefined) return undefined;
    text = `SRS1=${hash(rest, secret)}=${rest}`;
  } else {
    const rest = `${dayOf(now)}=${from}=${local}`;
    text = `SRS0=${hash(rest, secret)}=${rest}`;
  }
  return text.length > MOST_LOCAL || /[\s"<>\\]/.test(text) ? undefined : `${text}@${domain}`;
}

/** Is this local part meant to be one of these? */
export function isSrs(local: string): boolean {
  return /^SRS[01][=+-]/i.test(local);
}

/** A return path at `domain` for the sender that is kept under `token` (base32, lower case, at most 40 digits). */
export function srsKept(token: string, domain: string, secret: Uint8Array, now: number): string {
  const rest = `${dayOf(now)}==${token}`;
  return `SRS0=${hash(rest, secret)}=${rest}@${domain}`;
}

/** The token of such an address; undefined when it is another kind, or we did not write it, or too long ago. */
export function srsKeptToken(address: string, secret: Uint8Array, now: number): string | undefined {
  const found = verified(address, secret);
  const [, day, token] = /^([a-z2-7]{2})==([a-z2-7]+)$/i.exec(found?.kind === '0' ? found.rest : '') ?? [];
  return day === undefined || !isRecent(day, now) ? undefined : token?.toLowerCase();
}

/** Where a mail to such an address of ours goes; undefined when we did not write it, or too long ago. */
export function srsReverse(address: string, secret: Uint8Array, now: number): string | undefined {
  const found = verified(address, secret);
  if (found === undefined) return undefined;
  if (found.kind === '1') {
    const [, host, original] = /^([^=]+)=(.+)$/.exec(found.rest) ?? [];
    return host === undefined || original === undefined ? undefined : `SRS0${original}@${host}`;
  }
  const [, day, domain, before] = /^([a-z2-7]{2})=([^=]+)=(.+)$/i.exec(found.rest) ?? [];
  if (day === undefined || domain === undefined || before === undefined || !isRecent(day, now)) return undefined;
  return `${before}@${domain}`;
}

/** What stands behind a hash of ours. */
function verified(address: string, secret: Uint8Array): { kind: string; rest: string } | undefined {
  const local = address.slice(0, Math.max(0, address.lastIndexOf('@')));
  if (local.length > MOST_LOCAL) return undefined;
  const [, kind = '', given = '', rest = ''] = /^SRS([01])[=+-]([a-z2-7]{8})=(.+)$/i.exec(local) ?? [];
  if (kind === '' || !timingSafeEqual(Buffer.from(given.toLowerCase()), Buffer.from(hash(rest, secret))))
    return undefined;
  return { kind, rest };
}

/** In lower case: some servers change the case of a local part. */
function hash(text: string, secret: Uint8Array): string {
  return toBase32(createHmac('sha256', secret).update('srs\0').update(text.toLowerCase()).digest()).slice(
    0,
    HASH_LENGTH,
  );
}

function dayOf(now: number): string {
  const day = Math.floor(now / DAY_MS) % CYCLE;
  return DIGITS.charAt(day >> 5) + DIGITS.charAt(day & 31);
}

function isRecent(day: string, now: number): boolean {
  const written = DIGITS.indexOf(day.charAt(0).toLowerCase()) * 32 + DIGITS.indexOf(day.charAt(1).toLowerCase());
  const age = (Math.floor(now / DAY_MS) - written + CYCLE) % CYCLE;
  // A day ahead is a clock that was set back.
  return age <= VALID_DAYS || age === CYCLE - 1;
}
