/** The room that held mail takes of its sender's mailbox, counted in the commits that change it. */
import { MailError } from '../../mail/error.ts';
import type { Entry } from '../../ports/kv.ts';
import type { Draft } from '../draft.ts';
import { senderMailboxKey } from '../keys.ts';
import type { SenderMailboxFacts } from '../sender-mailbox.ts';
import type { Delivery, SubmissionFacts } from '../submission.ts';
import { isSettled } from '../submission.ts';

/** The value of the sender mailbox's row. */
export interface SenderMailboxRow extends Omit<SenderMailboxFacts, 'limit'> {
  readonly limit?: number;
}

/** As much of a submission's row as room is counted by. */
export interface HeldMail extends Pick<SubmissionFacts, 'hold' | 'size'> {
  /** Copies that may still be fetched, or will be. */
  readonly copies?: number;
}

export function decodeSenderMailbox(value: Uint8Array): SenderMailboxRow {
  return JSON.parse(Buffer.from(value).toString()) as SenderMailboxRow;
}

export function senderMailboxRow(row: SenderMailboxRow): Entry {
  return [senderMailboxKey(), Buffer.from(JSON.stringify(row))];
}

/** Bytes that a mail takes. */
export function heldBytes({ hold, size, copies = 0 }: HeldMail): number {
  if (hold === undefined || copies === 0) return 0;
  return hold.countsEach === true ? size * copies : size;
}

/** Recipients who still wait in held deliveries. */
export function waitingCopies(deliveries: readonly Pick<Delivery, 'held' | 'recipients'>[]): number {
  return deliveries
    .filter(({ held }) => held === true)
    .reduce((sum, { recipients }) => sum + recipients.filter((one) => !isSettled(one)).length, 0);
}

/** The sender mailbox when a mail in it has `copies` copies from now on. The operation must read its row. */
export function recounted(draft: Draft, mail: HeldMail, copies: number): Entry[] {
  const { copies: before = 0 } = mail;
  if (mail.hold === undefined || copies === before) return [];
  const value = draft.row(senderMailboxKey());
  if (value === undefined) throw new MailError('sender-mailbox-missing', 'user', 'the account has no sender mailbox');
  const row = decodeSenderMailbox(value);
  const used = row.used + heldBytes({ ...mail, copies }) - heldBytes(mail);
  if (used > row.used && row.limit !== undefined && used > row.limit)
    throw new MailError(
      'sender-mailbox-full',
      'user',
      `${row.used} of ${row.limit} bytes of the sender mailbox are used, ${used - row.used} more do not fit`,
    );
  const mails = row.mails + Number(copies > 0) - Number(before > 0);
  return [senderMailboxRow({ ...row, used, mails, copies: row.copies + copies - before })];
}
