/**
 * Moving a mail to Junk says what the report does: its owner calls it spam. When somebody here sent it, that is a complaint about that sender, however the mail
 * was moved: by MOVE, by REST, or as mail programs do that know no MOVE, by a copy after which the mail is expunged where it was. What came into Junk
 * by itself, at its delivery or because rules ran over the mail, says nothing.
 */
import { movedByRules } from '../intake/classify.ts';
import { MailError } from '../mail/error.ts';
import type { EmailId, FolderId, MessageMeta, MsgId } from '../mailstore/api.ts';
import type { ExtensionModule, ModuleEvent, ReadableAccount } from './module.ts';

/** Of one operation: who moves ten thousand mails to Junk tidies up. */
const MOST = 200;
/** Operations between a copy and the expunging of what was copied; fewer where the log does not go back so far. */
const LOOK_BACK = [1_000, 100, 10];
/** What is filed into Junk and elsewhere within so long was filed so by its delivery. */
const AT_ONCE_MS = 60_000;

/** `complain` answers whether somebody here sent it; once more changes nothing. Throws `message-missing`. */
export function spamReports(complain: (account: ReadableAccount, message: MsgId) => Promise<boolean>): ExtensionModule {
  return {
    name: 'spam-reports',
    does: 'takes what its owner moves to Junk for a complaint about whoever here sent it',
    events: ['message-moved', 'message-deleted'],
    scope: 'read',
    async handle(events, { account, version, log }, signal) {
      const junk = account.folderWithRole('junk')?.id;
      if (junk === undefined) return;
      const moved = events.flatMap((event) =>
        event.type === 'message-moved' && event.message.folder === junk && event.from !== junk
          ? [event.message.id]
          : [],
      );
      const called = [...moved, ...(await copiedBefore(events, account, junk, version))];
      if (called.length === 0) return;
      const byThemselves = await movedByRules(account, junk);
      for (const id of called.filter((one) => !byThemselves.has(one)).slice(0, MOST)) {
        signal.throwIfAborted();
        try {
          if (await complain(account, id)) log.info({ account: account.id, message: id }, 'moved to Junk: a complaint');
        } catch (error) {
          if (!(error instanceof MailError && error.code === 'message-missing')) throw error;
        }
      }
    },
  };
}

/** Of what was expunged by the operation `version`: the copies in Junk that were made before. */
async function copiedBefore(
  events: readonly ModuleEvent[],
  account: ReadableAccount,
  junk: FolderId,
  version: number,
): Promise<readonly MsgId[]> {
  const gone = new Set<EmailId>();
  for (const event of events)
    if (event.type === 'message-deleted' && event.folder !== junk && gone.size < MOST) gone.add(event.email);
  if (gone.size === 0) return [];
  const inJunk = new Set(account.getMessageIds({ folder: junk }).filter((id) => gone.has(account.meta(id)!.email)));
  if (inJunk.size === 0) return [];
  /** When those that are gone came, as far back as the log is looked through. */
  const came = new Map<EmailId, number>();
  const copies: MessageMeta[] = [];
  const changes = LOOK_BACK.map((many) => account.changesSince(Math.max(0, version - many)));
  for await (const operation of changes.find((one) => one !== undefined) ?? []) {
    if (operation.version >= version) break;
    for (const change of operation.changes) {
      if (change.type !== 'added') continue;
      if (inJunk.has(change.message.id)) copies.push(change.message);
      else if (gone.has(change.message.email)) came.set(change.message.email, change.message.savedDate);
    }
  }
  return copies.filter(({ email, savedDate }) => savedDate - (came.get(email) ?? 0) >= AT_ONCE_MS).map(({ id }) => id);
}
