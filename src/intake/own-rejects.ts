/** An account's own reject list, and what was dropped by it without a word: that, its owner can look up (H8). */
import { MailError } from '../mail/error.ts';
import { REJECT_LIMITS, type RejectEntry, rejectEntry } from '../mail/reject-list.ts';
import type { MailAccount } from '../mailstore/api.ts';
import { Turns } from './sieve/turns.ts';

const LIST = ['reject-list', 'entries'] as const;
const DROPPED = ['reject-list', 'dropped'] as const;
const MOST_SHOWN = 50;

export interface Dropped {
  /** Of all time. */
  readonly total: number;
  /** The last ones, the newest first. */
  readonly last: readonly {
    readonly delivery: string;
    /** Milliseconds since 1970. */
    readonly at: number;
    readonly sender: string;
    readonly entry: string;
  }[];
}

const dropping = new Turns();

export async function ownRejects(account: Pick<MailAccount, 'record'>): Promise<readonly RejectEntry[]> {
  return (await account.record<readonly RejectEntry[]>(...LIST)) ?? [];
}

/** Answers it as it is kept. Throws `address-syntax`, `limit`. */
export async function putOwnRejects(
  account: MailAccount,
  entries: readonly RejectEntry[],
): Promise<readonly RejectEntry[]> {
  if (entries.length > REJECT_LIMITS.entries)
    throw new MailError('limit', 'user', `${REJECT_LIMITS.entries} entries are the most there can be`);
  const kept = [...new Map(entries.map(rejectEntry).map((entry) => [entry.sender, entry])).values()];
  await account.putRecord(...LIST, kept);
  return kept;
}

export async function droppedMail(account: Pick<MailAccount, 'record'>): Promise<Dropped> {
  return (await account.record<Dropped>(...DROPPED)) ?? { total: 0, last: [] };
}

/** The same delivery counts once. */
export async function noteDropped(account: MailAccount, dropped: Dropped['last'][number]): Promise<void> {
  await dropping.run(account.id, async () => {
    const { total, last } = await droppedMail(account);
    if (last.some(({ delivery }) => delivery === dropped.delivery)) return;
    const shown = [dropped, ...last].slice(0, MOST_SHOWN);
    await account.putRecord(...DROPPED, { total: total + 1, last: shown } satisfies Dropped);
  });
}
