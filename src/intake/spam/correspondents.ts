/** Whom an account has written to: their mail is expected. One small record each, made from what the account sent. */
import { hash } from 'node:crypto';
import type { MailAccount } from '../../mailstore/api.ts';

export const CORRESPONDENT = 'correspondent';
/** Of the mails sent to one person, so that an answer is known by what it answers. */
const MOST_MAILS = 8;
const MOST_ADDRESS = 255;
/** Characters. */
const MOST_NAME = 100;

export interface Correspondent {
  /** Mails sent to them. */
  readonly sent: number;
  /** Milliseconds since 1970. */
  readonly last: number;
  /** Of the last of those mails: what `mailDigest` makes of their Message-ID. */
  readonly mails: readonly string[];
  /** As the last mail that named them did; absent when none has. */
  readonly name?: string;
}

type Records = Pick<MailAccount, 'record' | 'putRecord'>;

export async function correspondent(account: Records, address: string): Promise<Correspondent | undefined> {
  const id = idOf(address);
  return id === undefined ? undefined : account.record<Correspondent>(CORRESPONDENT, id);
}

/** A mail that was sent to somebody. */
export interface SentMail {
  readonly messageId: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Of the person, as the mail names them; '' when it does not. */
  readonly name?: string;
}

/** In the order in which they were sent. Once more for the same mail changes nothing. */
export async function noteSent(account: Records, address: string, sent: readonly SentMail[]): Promise<void> {
  const id = idOf(address);
  if (id === undefined) return;
  const known = await account.record<Correspondent>(CORRESPONDENT, id);
  const digests = known === undefined ? [] : [...known.mails];
  let count = known?.sent ?? 0;
  let last = known?.last ?? 0;
  let named = known?.name ?? '';
  for (const { messageId, at, name = '' } of sent) {
    const digest = mailDigest(messageId);
    if (digests.includes(digest)) continue;
    digests.unshift(digest);
    count++;
    last = Math.max(at, last);
    if (name !== '') named = Array.from(name).slice(0, MOST_NAME).join('');
  }
  if (count === (known?.sent ?? 0)) return;
  await account.putRecord(CORRESPONDENT, id, {
    sent: count,
    last,
    mails: digests.slice(0, MOST_MAILS),
    ...(named !== '' && { name: named }),
  });
}

/** With or without its angle brackets. */
export function mailDigest(messageId: string): string {
  return hash('sha256', messageId.replace(/^<|>$/g, ''), 'base64url').slice(0, 11);
}

function idOf(address: string): string | undefined {
  const id = address.trim().toLowerCase().toWellFormed();
  return id === '' || Buffer.byteLength(id) > MOST_ADDRESS || id.includes('\0') ? undefined : id;
}
