import { describe, test } from 'vitest';
import { many } from '../../../../test/imap/mails.ts';
import { oneImapService } from '../../../../test/imap/one-service.ts';

const imap = oneImapService();

describe('SELECT', () => {
  test('tells what a client needs, in both its forms', async () => {
    await imap.service.deliver('B', 'INBOX', many(2), { flags: 1, internalDate: 0 });
    await imap.service.deliver('B', 'INBOX', many(1), { keywords: ['$Forwarded'] });
    await imap.script(String.raw`
      B> a SELECT INBOX
      B< * FLAGS (\Answered \Flagged \Deleted \Seen \Draft $Forwarded)
      B< * OK [PERMANENTFLAGS (\Answered \Flagged \Deleted \Seen \Draft $Forwarded \*)] Flags that are kept
      B< * 3 EXISTS
      B< * 0 RECENT
      B< * OK [UNSEEN 3] First unread message
      B< /^. OK \[UIDVALIDITY \d+\] UIDs are valid$/
      B< * OK [UIDNEXT 4] Next UID
      B< * OK [MAILBOXID (F1)] Id of the mailbox
      B< /^. OK \[HIGHESTMODSEQ \d+\] Highest mod-sequence$/
      B< a OK [READ-WRITE] SELECT completed
      B> b EXAMINE inbox (CONDSTORE)
      B< * OK [CLOSED] The mailbox selected before is closed
      B< * FLAGS (\Answered \Flagged \Deleted \Seen \Draft $Forwarded)
      B< * OK [PERMANENTFLAGS ()] Flags that are kept
      B< * 3 EXISTS
      B< ...
      B< b OK [READ-ONLY] EXAMINE completed
      B> c STORE 1 +FLAGS (\Seen)
      B< c NO [NOPERM] The mailbox is open for reading only
      B> d EXPUNGE
      B< d NO [NOPERM] The mailbox is open for reading only
      B> e MOVE 1 Trash
      B< e NO [NOPERM] The mailbox is open for reading only
      B> f SELECT nowhere
      B< * OK [CLOSED] The mailbox selected before is closed
      B< f NO [NONEXISTENT] There is no such mailbox
      B> g FETCH 1 FLAGS
      B< g BAD FETCH is not possible in this state
      B> h SELECT INBOX (FOO)
      B< h BAD unknown SELECT parameter
    `);
  });

  test('UNSELECT keeps what is marked, CLOSE removes it without a word', async () => {
    await imap.service.deliver('C', 'INBOX', many(3), { flags: 8 });
    await imap.script(`
      C> a SELECT INBOX
      C< ...
      C< /^a OK/
      C> b UNSELECT
      C< b OK UNSELECT completed
      C> c EXAMINE INBOX
      C< ...
      C< /^c OK/
      C> d CLOSE
      C< d OK CLOSE completed
      C> e STATUS INBOX (MESSAGES)
      C< * STATUS "INBOX" (MESSAGES 3)
      C< e OK STATUS completed
      C> f SELECT INBOX
      C< ...
      C< /^f OK/
      C> g CLOSE
      C< g OK CLOSE completed
      C> h STATUS INBOX (MESSAGES)
      C< * STATUS "INBOX" (MESSAGES 0)
      C< h OK STATUS completed
    `);
  });
});
