/** What an account's owner allows those who regret a mail, and what he can look up of it. */
import type { MailAccount } from '../mailstore/api.ts';

export interface RecallSetting {
  /** Mail that was not seen may be taken back by its sender. */
  readonly allow: boolean;
  /** That it was is written down. */
  readonly note: boolean;
}

/** One mail that was taken back; nothing of what it said. */
export interface Recalled {
  readonly from: string;
  /** Milliseconds since 1970. */
  readonly sent: number;
  readonly at: number;
}

const SETTING = ['settings', 'recall'] as const;
const DEFAULT: RecallSetting = { allow: true, note: true };
/** The record with the last of them. */
export const RECALLED = { kind: 'recalled', id: 'list', most: 50 } as const;

export async function recallSetting(account: Pick<MailAccount, 'record'>): Promise<RecallSetting> {
  return (await account.record<RecallSetting>(...SETTING)) ?? DEFAULT;
}

export async function putRecallSetting(account: Pick<MailAccount, 'putRecord'>, setting: RecallSetting): Promise<void> {
  await account.putRecord(...SETTING, setting);
}

/** The newest first. */
export async function recalledMail(account: Pick<MailAccount, 'record'>): Promise<readonly Recalled[]> {
  return (await account.record<readonly Recalled[]>(RECALLED.kind, RECALLED.id)) ?? [];
}
