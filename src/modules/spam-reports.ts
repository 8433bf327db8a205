/**
 * Moving a mail to Junk says what the report does: its owner calls it spam. When somebody here sent it, that is a complaint about that sender, however the mail
 * was moved (IMAP, REST). What came into Junk by itself, at its delivery or because rules ran over the mail, says nothing.
 */
import { movedByRules } from '../intake/classify.ts';
import { MailError } from '../mail/error.ts';
import type { MsgId } from '../mailstore/api.ts';
import type { ExtensionModule, ReadableAccount } from './module.ts';

/** Of one operation: who moves ten thousand mails to Junk tidies up. */
const MOST = 200;

/** `complain` answers whether somebody here sent it; once more changes nothing. Throws `message-missing`. */
export function spamReports(complain: (account: ReadableAccount, message: MsgId) => Promise<boolean>): ExtensionModule {
  return {
    name: 'spam-reports',
    does: 'takes what its owner moves to Junk for a complaint about whoever here sent it',
    events: ['message-moved'],
    scope: 'read',
    async handle(events, { account, log }, signal) {
      const junk = account.folderWithRole('junk')?.id;
      const called = events.flatMap((event) =>
        event.type === 'message-moved' && event.message.folder === junk && event.from !== junk
          ? [event.message.id]
          : [],
      );
      if (junk === undefined || called.length === 0) return;
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
