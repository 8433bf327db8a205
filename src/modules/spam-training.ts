/**
 * What its owner does with a mail teaches the account's spam filter: moving it to Junk says spam; moving it out of there, or from
 * INBOX into another folder, or answering it, says wanted. Nothing that happens by itself teaches, so no sender can.
 */
import { ASSESSMENT, type Assessment } from '../intake/spam/assessment.ts';
import type { BayesFilters, Lesson } from '../intake/spam/bayes-filters.ts';
import { readMailText } from '../intake/spam/mail-text.ts';
import type { Verdict } from '../intake/spam/token-table.ts';
import { tokensOf } from '../intake/spam/tokens.ts';
import { MailError } from '../mail/error.ts';
import { Flag, type FolderId, type MailAccount, type MessageMeta } from '../mailstore/api.ts';
import type { ExtensionModule, ModuleEvent } from './module.ts';

/** Of one operation: who moves ten thousand mails says the same thing over and over. */
const MOST_LESSONS = 200;

export function spamTraining(filters: BayesFilters): ExtensionModule {
  return {
    name: 'spam-training',
    does: 'teaches the spam filter what its owner moves to Junk and out of it',
    events: ['message-moved', 'flags-changed', 'message-deleted'],
    scope: 'change',
    async handle(events, { change: account, version }, signal) {
      if (account === undefined || version <= (await filters.taughtTo(account))) return;
      const lessons: Lesson[] = [];
      const taught: {
        readonly message: MessageMeta;
        readonly verdict: Verdict;
        readonly before: Assessment | undefined;
      }[] = [];
      for (const event of events) {
        signal.throwIfAborted();
        if (event.type === 'message-deleted') await forget(account, event);
        const verdict = verdictOf(account, event);
        if (verdict === undefined || lessons.length >= MOST_LESSONS || !('message' in event)) continue;
        const message = event.message as MessageMeta;
        const before = await account.record<Assessment>(ASSESSMENT, message.email);
        if (before?.taught === verdict) continue;
        const tokens = await tokensIn(account, message);
        if (tokens === undefined) continue;
        lessons.push({ tokens, verdict, instead: before?.taught !== undefined });
        taught.push({ message, verdict, before });
      }
      if (lessons.length === 0) return;
      await filters.teach(account, lessons, version);
      for (const { message, verdict, before } of taught) {
        const nothing: Assessment = { score: 0, limit: 0, spam: false, points: [] };
        await account.putRecord(ASSESSMENT, message.email, { ...(before ?? nothing), taught: verdict });
      }
    },
  };
}

function verdictOf(account: MailAccount, event: ModuleEvent): Verdict | undefined {
  if (event.type === 'flags-changed')
    return (event.message.flags & Flag.answered) !== 0 && roleOf(account, event.message.folder) !== 'junk'
      ? 'ham'
      : undefined;
  if (event.type !== 'message-moved') return undefined;
  const from = roleOf(account, event.from);
  const to = roleOf(account, event.message.folder);
  if (to === 'junk') return from === 'junk' ? undefined : 'spam';
  if (to === 'trash') return undefined;
  return from === 'junk' || from === 'inbox' ? 'ham' : undefined;
}

function roleOf(account: MailAccount, folder: FolderId): string | undefined {
  return account.folder(folder)?.role;
}

/** Undefined when it is gone by now. */
async function tokensIn(account: MailAccount, { id }: MessageMeta): Promise<ReadonlySet<number> | undefined> {
  try {
    const { details, body } = await account.getMessage(id);
    return tokensOf(await readMailText(details, body));
  } catch (error) {
    if (error instanceof MailError && error.code === 'message-missing') return undefined;
    throw error;
  }
}

/** So that nothing is left of a mail that is gone; a copy of it elsewhere shows no points any more. */
async function forget(
  account: MailAccount,
  { email }: Extract<ModuleEvent, { type: 'message-deleted' }>,
): Promise<void> {
  if ((await account.record(ASSESSMENT, email)) !== undefined) await account.putRecord(ASSESSMENT, email, undefined);
}
