/** Whom an account has written to: their mail is expected. One small record each, made from what the account sent. */
import { hash } from 'node:crypto';
import type { MailAccount } from '../../mailstore/api.ts';

export const CORRESPONDENT = 'correspondent';
/** Of the mails sent to one person, so that an answer is known by what it answers. */
const MOST_MAILS = 8;
const MOST_ADDRESS = 255;

export interface Correspondent {
  /** Mails sent to them. */
  readonly sent: number;
  /** Milliseconds since 1970. */
  readonly last: number;
  /** Of the last of those mails: what `mailDigest` makes of their Message-ID. */
  readonly mails: readonly string[];
}

type Records = Pick<MailAccount, 'record' | 'putRecord'>;

export async function correspondent(account: Records, address: string): Promise<Correspondent | undefined> {
  const id = idOf(address);
  return id === undefined ? undefined : account.record<Correspondent>(CORRESPONDENT, id);
}

/** Once more for the same mail changes nothing. */
export async function noteSent(account: Records, address: string, messageId: string, at: number): Promise<void> {
  const id = idOf(address);
  if (id === undefined) return;
  const known = await account.record<Correspondent>(CORRESPONDENT, id);
  const digest = mailDigest(messageId);
  if (known?.mails.includes(digest)) return;
  const mails = [digest, ...(known?.mails ?? [])].slice(0, MOST_MAILS);
  await account.putRecord(CORRESPONDENT, id, {
    sent: (known?.sent ?? 0) + 1,
    last: Math.max(at, known?.last ?? 0),
    mails,
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
