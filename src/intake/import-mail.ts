/** Mail that comes from files, not from a sender: put as it is into a folder, and known again when the same source is imported again. */
import { createHash } from 'node:crypto';
import { MailError } from '../mail/error.ts';
import type { FolderId, MailAccount, MsgId } from '../mailstore/api.ts';

const DAY_MS = 86_400_000;
/** The mail store remembers delivery ids for 14 days; an import that is taken up later begins anew. */
const RESUME_DAYS = 12;
const RECORD = 'import';

/** Since when this source is being imported: the day is part of the ids by which messages are known again. */
export async function beginImport(
  account: MailAccount,
  source: string,
  now: number,
): Promise<{ readonly day: number; readonly resumed: boolean }> {
  const id = createHash('sha256').update(source).digest('hex').slice(0, 32);
  const today = Math.floor(now / DAY_MS);
  const begun = await account.record<{ day: number }>(RECORD, id);
  if (begun !== undefined && today - begun.day <= RESUME_DAYS) return { day: begun.day, resumed: true };
  await account.putRecord(RECORD, id, { day: today });
  return { day: today, resumed: false };
}

export interface ImportedMessage {
  readonly folder: FolderId;
  readonly flags: number;
  readonly keywords: readonly string[];
  /** Milliseconds since 1970. */
  readonly internalDate?: number | undefined;
  /** Of the import, as `beginImport` tells it. */
  readonly day: number;
  /** Tells apart equal messages of one source. */
  readonly copy: number;
}

/** `raw` with CRLF. Throws `syntax` for an empty one, `over-quota`, `too-large`. */
export async function importMessage(
  account: MailAccount,
  raw: Uint8Array,
  { folder, flags, keywords, internalDate, day, copy }: ImportedMessage,
): Promise<{ readonly id: MsgId; readonly duplicate: boolean }> {
  if (raw.length === 0) throw new MailError('syntax', 'syntax', 'the message is empty');
  // The folder's id, not its name: what went with a folder that was removed comes again into the one made anew.
  const hash = createHash('sha256').update(`${folder}\0${copy}\0`).update(raw);
  return await account.addMessage(raw, {
    folder,
    flags,
    keywords: [...keywords],
    ...(internalDate !== undefined && { internalDate }),
    deliveryId: `${day}-import.${hash.digest('base64url')}`,
  });
}
