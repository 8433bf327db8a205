import { test } from 'vitest';
import { mail, many } from '../../../../test/imap/mails.ts';
import { oneImapService } from '../../../../test/imap/one-service.ts';

const imap = oneImapService();

test('a client that was away hears what is gone and what changed, when it selects the folder', async () => {
  await imap.service.deliver('QA', 'INBOX', many(6));
  await imap.script(String.raw`
    QA> a SELECT INBOX (CONDSTORE)
    QA< ...
    QA< /UIDVALIDITY (?<validity>\d+)/
    QA< ...
    QA< /HIGHESTMODSEQ (?<seq>\d+)/
    QA< /^a OK/
    QA> b STORE 2,4:5 +FLAGS.SILENT (\Deleted)
    QA< ...
    QA< b OK STORE completed
    QA> c EXPUNGE
    QA< * 5 EXPUNGE
    QA< * 4 EXPUNGE
    QA< * 2 EXPUNGE
    QA< c OK EXPUNGE completed
    QA> d STORE 3 +FLAGS.SILENT (\Flagged)
    QA< ...
    QA< d OK STORE completed
    QA2> e ENABLE QRESYNC
    QA2< * ENABLED QRESYNC
    QA2< e OK ENABLE completed
    QA2> f SELECT INBOX (QRESYNC ($validity $seq))
    QA2< ...
    QA2< /HIGHESTMODSEQ (?<now>\d+)/
    QA2< * VANISHED (EARLIER) 2,4:5
    QA2< /^. 3 FETCH \(UID 6 FLAGS \(.Flagged\) MODSEQ \(\d+\)\)$/
    QA2< f OK [READ-WRITE] SELECT completed
    QA2> g SELECT INBOX (QRESYNC ($validity $seq 1:4 (1:2 1:2)))
    QA2< ...
    QA2< * VANISHED (EARLIER) 2,4
    QA2< g OK [READ-WRITE] SELECT completed
    QA2> h SELECT INBOX (QRESYNC (1 $seq))
    QA2< ...
    QA2< /HIGHESTMODSEQ/
    QA2< h OK [READ-WRITE] SELECT completed
    QA2> i SELECT INBOX (QRESYNC ($validity $now))
    QA2< ...
    QA2< /HIGHESTMODSEQ/
    QA2< i OK [READ-WRITE] SELECT completed
    QA2> j UID FETCH 1:4,6 (FLAGS) (CHANGEDSINCE $seq VANISHED)
    QA2< * VANISHED (EARLIER) 2,4
    QA2< /^. 3 FETCH \(UID 6 FLAGS \(.Flagged\) MODSEQ \(\d+\)\)$/
    QA2< j OK FETCH completed
  `);
});

test('who enabled it hears of UIDs instead of numbers, when numbers may change', async () => {
  await imap.service.deliver('QB', 'INBOX', many(5));
  await imap.script(String.raw`
    QB> a ENABLE QRESYNC CONDSTORE
    QB< * ENABLED QRESYNC CONDSTORE
    QB< a OK ENABLE completed
    QB> b SELECT INBOX
    QB< ...
    QB< /^b OK/
    QB2> c SELECT INBOX
    QB2< ...
    QB2< /^c OK/
    QB2> d STORE 1:2,4 +FLAGS.SILENT (\Deleted)
    QB2< d OK STORE completed
    QB2> e UID EXPUNGE 1:2
    QB2< * 2 EXPUNGE
    QB2< * 1 EXPUNGE
    QB2< e OK UID EXPUNGE completed
    QB> f FETCH 3 (UID)
    QB< ...
    QB< f OK FETCH completed
    QB> g UID FETCH 1:* (UID) (CHANGEDSINCE 1 VANISHED)
    QB< ...
    QB< * VANISHED 1:2
    QB< g OK FETCH completed
    QB> h EXPUNGE
    QB< * VANISHED 4
    QB< /^h OK \[HIGHESTMODSEQ \d+\] EXPUNGE completed$/
    QB> i MOVE 1 Archive
    QB< /^. OK \[COPYUID \d+ 3 1\] Moved$/
    QB< * VANISHED 3
    QB< i OK MOVE completed
    QB2> j NOOP
    QB2< * 2 EXPUNGE
    QB2< * 1 EXPUNGE
    QB2< j OK NOOP completed
  `);
});

test.each([
  'SELECT INBOX (QRESYNC)',
  'SELECT INBOX (QRESYNC 1 2)',
  'SELECT INBOX (QRESYNC (1))',
  'SELECT INBOX (QRESYNC (0 1))',
  'SELECT INBOX (QRESYNC (1 0))',
  'SELECT INBOX (QRESYNC (1 1 1:*))',
  'SELECT INBOX (QRESYNC (1 1 $))',
  'SELECT INBOX (QRESYNC (1 1 1:2 (1)))',
  'SELECT INBOX (QRESYNC (1 1 4294967296))',
])('%s is malformed', (command) =>
  imap.script(`
    QC> a ENABLE QRESYNC
    QC< ...
    QC< a OK ENABLE completed
    QC> b ${command}
    QC< /^b BAD /
  `),
);

test('without ENABLE, and where it is not said since when, it is refused', () =>
  imap.script(`
    QD> a SELECT INBOX (QRESYNC (1 1))
    QD< a BAD QRESYNC is not enabled
    QD> b SELECT INBOX
    QD< ...
    QD< /^b OK/
    QD> c UID FETCH 1:* (FLAGS) (CHANGEDSINCE 1 VANISHED)
    QD< c BAD QRESYNC is not enabled
    QD> d ENABLE QRESYNC
    QD< * ENABLED QRESYNC
    QD< d OK ENABLE completed
    QD> e UID FETCH 1:* (FLAGS) (VANISHED)
    QD< e BAD VANISHED needs CHANGEDSINCE
    QD> f FETCH 1:* (FLAGS) (CHANGEDSINCE 1 VANISHED)
    QD< f BAD VANISHED is for UID FETCH
  `));

test('what happens between the opening of a folder and the end of the answer is told behind it, by NOTIFY, too', async () => {
  const { service } = imap;
  const [first] = await service.deliver('QE', 'INBOX', many(3));
  const open = service.store.open.bind(service.store);
  service.store.open = async (...args) => {
    const account = await open(...args);
    const vanishedSince = account.vanishedSince.bind(account);
    // SELECT asks once it has taken the folder's view.
    account.vanishedSince = async (...asked) => {
      const uids = await vanishedSince(...asked);
      await account.deleteMessage([first!.id]);
      await account.addMessage(Buffer.from(mail(4), 'latin1'), { folder: first!.folder });
      return uids;
    };
    return account;
  };
  await imap.script(String.raw`
    QE> a ENABLE QRESYNC
    QE< * ENABLED QRESYNC
    QE< a OK ENABLE completed
    QE> b NOTIFY SET (selected-delayed (MessageNew (FLAGS) MessageExpunge FlagChange))
    QE< b OK NOTIFY completed
    QE> c STATUS INBOX (UIDVALIDITY)
    QE< /UIDVALIDITY (?<validity>\d+)/
    QE< c OK STATUS completed
    QE> d SELECT INBOX (QRESYNC ($validity 1))
    QE< ...
    QE< * 3 EXISTS
    QE< ...
    QE< * OK [UIDNEXT 4] Next UID
    QE< ...
    QE< /HIGHESTMODSEQ/
    QE< /^. 2 FETCH \(UID 2 FLAGS \(\) MODSEQ \(\d+\)\)$/
    QE< /^. 3 FETCH \(UID 3 FLAGS \(\) MODSEQ \(\d+\)\)$/
    QE< * VANISHED 1
    QE< * 3 EXISTS
    QE< * 0 RECENT
    QE< /^. 3 FETCH \(FLAGS \(\) UID 4 MODSEQ \(\d+\)\)$/
    QE< d OK [READ-WRITE] SELECT completed
  `);
});
