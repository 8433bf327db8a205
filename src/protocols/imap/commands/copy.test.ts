import { describe, test } from 'vitest';
import { many } from '../../../../test/imap/mails.ts';
import { oneImapService } from '../../../../test/imap/one-service.ts';

const imap = oneImapService();

describe('COPY and MOVE', () => {
  test('tell which UIDs became which', async () => {
    await imap.service.deliver('K', 'INBOX', many(4), { flags: 1, keywords: ['a'] });
    await imap.script(String.raw`
      K> a SELECT INBOX
      K< ...
      K< /^a OK/
      K> b COPY 1,3:4 Archive
      K< /^b OK \[COPYUID \d+ 1,3:4 1:3\] COPY completed$/
      K> c UID MOVE 2:3 Archive
      K< /^. OK \[COPYUID \d+ 2:3 4:5\] Moved$/
      K< * 3 EXPUNGE
      K< * 2 EXPUNGE
      K< c OK MOVE completed
      K> d MOVE 1 Archive
      K< /^. OK \[COPYUID \d+ 1 6\] Moved$/
      K< * 1 EXPUNGE
      K< d OK MOVE completed
      K2> e EXAMINE Archive
      K2< ...
      K2< /^e OK/
      K2> f FETCH 1:* (UID FLAGS)
      K2< * 1 FETCH (UID 1 FLAGS (\Seen a))
      K2< ...
      K2< * 6 FETCH (UID 6 FLAGS (\Seen a))
      K2< f OK FETCH completed
      K> g COPY 1 nowhere
      K< g NO [TRYCREATE] There is no such mailbox
      K> h UID MOVE 1:* nowhere
      K< h NO [TRYCREATE] There is no such mailbox
      K> i UID COPY 99 Archive
      K< i OK COPY completed
      K> j COPY 5 Archive
      K< j BAD no message with that number
      K> k MOVE 1
      K< k BAD space expected
    `);
  });

  test('take no message from where another session has put it meanwhile, and mark none there', async () => {
    await imap.service.deliver('T', 'INBOX', many(3));
    await imap.script(String.raw`
      T> a SELECT INBOX
      T< ...
      T< /^a OK/
      T2> b SELECT INBOX
      T2< ...
      T2< /^b OK/
      T2> c MOVE 1:2 Archive
      T2< ...
      T2< c OK MOVE completed
      T> d STORE 1 +FLAGS.SILENT (\Deleted)
      T< d OK STORE completed
      T> e UID MOVE 1 Trash
      T< * 2 EXPUNGE
      T< * 1 EXPUNGE
      T< e OK MOVE completed
      T2> f EXAMINE Archive
      T2< ...
      T2< /^f OK/
      T2> g FETCH 1:* FLAGS
      T2< * 1 FETCH (FLAGS ())
      T2< * 2 FETCH (FLAGS ())
      T2< g OK FETCH completed
      T2> h STATUS Trash (MESSAGES)
      T2< * STATUS "Trash" (MESSAGES 0)
      T2< h OK STATUS completed
    `);
  });

  test('into the selected folder itself', async () => {
    await imap.service.deliver('J', 'INBOX', many(1));
    await imap.script(String.raw`
      J> a SELECT INBOX
      J< ...
      J< /^a OK/
      J> b COPY 1 INBOX
      J< * 2 EXISTS
      J< * 0 RECENT
      J< /^b OK \[COPYUID \d+ 1 2\] COPY completed$/
      J> c MOVE 1 INBOX
      J< /^. OK \[COPYUID \d+ 1 3\] Moved$/
      J< * 1 EXPUNGE
      J< * 2 EXISTS
      J< * 0 RECENT
      J< c OK MOVE completed
    `);
  });
});

test('more messages than one commit holds are copied and moved, or none is copied (A6)', async () => {
  await imap.service.deliver('PARTS', 'INBOX', ['Subject: x\r\n\r\nx\r\n']);
  const account = await imap.service.account('PARTS');
  const inbox = account.folderAt('INBOX')!;
  for (let i = 0; i < 14; i++) await account.copy(account.getMessageIds({ folder: inbox.id }), inbox.id);
  await imap.service.store.setQuota(account.id, 18 * 30_000);
  await imap.script(String.raw`
    PARTS> a SELECT INBOX
    PARTS< ...
    PARTS< /^a OK/
    PARTS> b COPY 1:* Archive
    PARTS< b NO [OVERQUOTA] The account is full
    PARTS> c STATUS Archive (MESSAGES)
    PARTS< * STATUS "Archive" (MESSAGES 0)
    PARTS< c OK STATUS completed
    PARTS> d UID MOVE 1:* Archive
    PARTS< /^. OK \[COPYUID \d+ 1:10000 \d+:\d+\] Moved$/
    PARTS< /^. OK \[COPYUID \d+ 10001:16384 \d+:\d+\] Moved$/
    PARTS< ...
    PARTS< d OK MOVE completed
    PARTS> e STATUS Archive (MESSAGES)
    PARTS< * STATUS "Archive" (MESSAGES 16384)
    PARTS< e OK STATUS completed
  `);
});
