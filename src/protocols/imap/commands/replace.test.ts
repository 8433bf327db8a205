import { describe, expect, test } from 'vitest';
import { many } from '../../../../test/imap/mails.ts';
import { oneImapService } from '../../../../test/imap/one-service.ts';

const imap = oneImapService();

const opened = async (name: string, count = 3): Promise<void> => {
  await imap.service.deliver(name, 'Drafts', many(count));
  await imap.script(String.raw`
    ${name}> o EXAMINE Drafts
    ${name}< ...
    ${name}< /^o OK/
  `);
};

describe('REPLACE', () => {
  test('the new message is there and the old one is gone, for others in one step', async () => {
    await opened('A');
    await imap.script(String.raw`
      A2> a SELECT Drafts
      A2< ...
      A2< /^a OK/
      A> a SELECT Drafts
      A< ...
      A< /^a OK/
      A>| b REPLACE 2 Drafts (\Draft) {16+}\r\nSubject: new\r\n\r\n\r\n
      A< /^. OK \[APPENDUID \d+ 4\] The new message is there$/
      A< * 2 EXPUNGE
      A< * 3 EXISTS
      A< * 0 RECENT
      A< b OK REPLACE completed
      A2> b NOOP
      A2< * 2 EXPUNGE
      A2< * 3 EXISTS
      A2< * 0 RECENT
      A2< b OK NOOP completed
      A> c UID REPLACE 4 Sent {16}
      A< + Ready
      A>| Subject: new\r\n\r\n\r\n
      A< /^. OK \[APPENDUID \d+ 1\] The new message is there$/
      A< * 3 EXPUNGE
      A< c OK REPLACE completed
      A> d FETCH 1:* UID
      A< * 1 FETCH (UID 1)
      A< * 2 FETCH (UID 3)
      A< d OK FETCH completed
    `);
    const account = await imap.service.account('A');
    const [last] = await Array.fromAsync(account.changesSince(account.version - 1) ?? []);
    expect(last?.changes.map(({ type }) => type)).toEqual(['added', 'removed']);
  });

  test('only what grows counts for the quota', async () => {
    await opened('B', 1);
    const account = await imap.service.account('B');
    await imap.service.store.setQuota(account.id, account.quota().used);
    await imap.script(String.raw`
      B> a SELECT Drafts
      B< ...
      B< /^a OK/
      B>| b REPLACE 1 Drafts {16+}\r\nSubject: new\r\n\r\n\r\n
      B< ...
      B< b OK REPLACE completed
      B>| c REPLACE 1 Drafts {600+}\r\n${'x'.repeat(600)}\r\n
      B< c NO [OVERQUOTA] The account is full
    `);
  });

  test('with QRESYNC it is told as VANISHED, with the mod-sequence', async () => {
    await opened('C');
    await imap.script(String.raw`
      C> a ENABLE QRESYNC
      C< ...
      C< /^a OK/
      C> a SELECT Drafts
      C< ...
      C< /^a OK/
      C>| b UID REPLACE 2 Drafts {16+}\r\nSubject: new\r\n\r\n\r\n
      C< ...
      C< * VANISHED 2
      C< * 3 EXISTS
      C< * 0 RECENT
      C< /^b OK \[HIGHESTMODSEQ \d+\] REPLACE completed$/
    `);
  });

  test('of what is gone, not there or read only nothing is kept', async () => {
    await opened('D');
    await imap.script(String.raw`
      D> a SELECT Drafts
      D< ...
      D< /^a OK/
      D2> a SELECT Drafts
      D2< ...
      D2< /^a OK/
      D2> b STORE 2 +FLAGS.SILENT (\Deleted)
      D2< b OK STORE completed
      D2> c EXPUNGE
      D2< ...
      D2< c OK EXPUNGE completed
      D>| b REPLACE 2 Drafts {16+}\r\nSubject: new\r\n\r\n\r\n
      D< * 2 EXPUNGE
      D< b NO [EXPUNGEISSUED] The message is gone
      D>| c UID REPLACE 77 Drafts {16+}\r\nSubject: new\r\n\r\n\r\n
      D< c NO [EXPUNGEISSUED] The message is gone
      D>| d REPLACE 7 Drafts {16+}\r\nSubject: new\r\n\r\n\r\n
      D< d BAD no message with that number
      D> e REPLACE 1 nowhere {16}
      D< e NO [TRYCREATE] There is no such mailbox
      D>| f REPLACE 1 Drafts {16+}\r\nSubject: new\r\n\r\n {16+}\r\nSubject: new\r\n\r\n\r\n
      D< f BAD REPLACE takes one message
      D> g EXAMINE Drafts
      D< ...
      D< /^g OK/
      D>| h REPLACE 1 Drafts {16+}\r\nSubject: new\r\n\r\n\r\n
      D< h NO [NOPERM] The mailbox is open for reading only
      D> i STATUS Drafts (MESSAGES UIDNEXT)
      D< * STATUS "Drafts" (MESSAGES 2 UIDNEXT 4)
      D< i OK STATUS completed
      D> j UNSELECT
      D< j OK UNSELECT completed
      D>| k REPLACE 1 Drafts {16+}\r\nSubject: new\r\n\r\n\r\n
      D< k BAD REPLACE is not possible in this state
    `);
  });

  test.each(['REPLACE', 'REPLACE 1', 'REPLACE 1:2 Drafts {3}', 'REPLACE 0 Drafts {3}', 'UID REPLACE 1 Drafts x'])(
    '%s is malformed',
    (command) =>
      imap.script(String.raw`
        E> a SELECT Drafts
        E< ...
        E< /^a OK/
        E> b ${command}
        E< /^b BAD /
      `),
  );

  test("into another's folder and out of it, with the rights for it", async () => {
    await imap.service.deliver('O', 'Team', many(2));
    await imap.service.deliver('F', 'Drafts', many(1));
    await imap.script(String.raw`
      O> a SETACL Team f@example.test lri
      O< a OK SETACL completed
      F> a SELECT Drafts
      F< ...
      F< /^a OK/
      F>| b REPLACE 1 ~o@example.test/Team {16+}\r\nSubject: new\r\n\r\n\r\n
      F< /^. OK \[APPENDUID \d+ 3\] The new message is there$/
      F< * 1 EXPUNGE
      F< b OK REPLACE completed
      F> c SELECT ~o@example.test/Team
      F< ...
      F< /^c OK/
      F>| d REPLACE 1 ~o@example.test/Team {16+}\r\nSubject: new\r\n\r\n\r\n
      F< d NO [NOPERM] Not allowed
      O> e SETACL Team f@example.test lrite
      O< e OK SETACL completed
      F>| f REPLACE 1 ~o@example.test/Team {16+}\r\nSubject: new\r\n\r\n\r\n
      F< /^. OK \[APPENDUID \d+ 4\] The new message is there$/
      F< * 1 EXPUNGE
      F< * 3 EXISTS
      F< * 0 RECENT
      F< f OK REPLACE completed
      O> g SETACL Team f@example.test lrte
      O< g OK SETACL completed
      F>| h REPLACE 1 ~o@example.test/Team {16+}\r\nSubject: new\r\n\r\n\r\n
      F< h NO [NOPERM] Not allowed
    `);
  });

  test('between two accounts, when somebody else is quicker: the new message is taken back, or told where it may not be', async () => {
    await imap.service.deliver('P', 'Team', many(1));
    await imap.service.deliver('P', 'Box', many(1));
    await imap.service.deliver('G', 'Drafts', many(2));
    await imap.script(String.raw`
      P> a SETACL Team g@example.test lrite
      P< a OK SETACL completed
      P> b SETACL Box g@example.test lri
      P< b OK SETACL completed
      G> a SELECT Drafts
      G< ...
      G< /^a OK/
      G2> a SELECT Drafts
      G2< ...
      G2< /^a OK/
      G> b REPLACE 1 ~p@example.test/Team {16}
      G< + Ready
      G2> b MOVE 1 Archive
      G2< ...
      G2< /^b OK/
      G>| Subject: new\r\n\r\n\r\n
      G< * 1 EXPUNGE
      G< b NO [EXPUNGEISSUED] The message is gone
      P> c STATUS Team (MESSAGES)
      P< * STATUS "Team" (MESSAGES 1)
      P< c OK STATUS completed
      G> c REPLACE 1 ~p@example.test/Box {16}
      G< + Ready
      G2> c MOVE 1 Archive
      G2< ...
      G2< /^c OK/
      G>| Subject: new\r\n\r\n\r\n
      G< /^. OK \[APPENDUID \d+ 2\] The new message is there nevertheless$/
      G< * 1 EXPUNGE
      G< c NO [EXPUNGEISSUED] The message is gone
    `);
  });
});
