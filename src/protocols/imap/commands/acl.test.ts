import { describe, expect, test } from 'vitest';
import { many } from '../../../../test/imap/mails.ts';
import { oneImapService } from '../../../../test/imap/one-service.ts';

const imap = oneImapService();

/** Both have signed in; `owner` has three messages in `Work`, and shares it with the other. */
async function shared(owner: string, other: string, rights: string): Promise<void> {
  await imap.service.account(other);
  await imap.service.deliver(owner, 'Work', many(3));
  await imap.script(`
    ${owner}> s SETACL Work ${other.toLowerCase()}@example.test ${rights}
    ${owner}< s OK SETACL completed
  `);
}

test('SORT and THREAD of a shared folder go by the dates of its messages, not of those with the same ids elsewhere', async () => {
  const dated = (day: number): string => `Date: ${day} Jan 2024 00:00:00 +0000\r\nSubject: s${day}\r\n\r\n`;
  await imap.service.deliver('SortB', 'INBOX', [dated(1), dated(2), dated(3)]);
  await imap.service.deliver('SortA', 'Work', [dated(3), dated(1), dated(2)]);
  await imap.script(`
    SortA> s SETACL Work sortb@example.test lr
    SortA< s OK SETACL completed
    SortB> a SELECT ~sorta@example.test/Work
    SortB< ...
    SortB< /^a OK/
    SortB> b SORT (DATE) UTF-8 ALL
    SortB< * SORT 2 3 1
    SortB< b OK SORT completed
    SortB> c THREAD REFERENCES UTF-8 ALL
    SortB< * THREAD (2)(3)(1)
    SortB< c OK THREAD completed
  `);
});

test('rights are given, changed, listed and taken', async () => {
  await shared('OA', 'SA', 'lrs');
  await imap.script(`
    OA> a GETACL Work
    OA< * ACL "Work" "oa@example.test" lrswipkxteacd "sa@example.test" lrs
    OA< a OK GETACL completed
    OA> b SETACL Work sa@example.test +wc
    OA< b OK SETACL completed
    OA> c SETACL Work sa@example.test -s
    OA< c OK SETACL completed
    OA> d GETACL Work
    OA< * ACL "Work" "oa@example.test" lrswipkxteacd "sa@example.test" lrwkxc
    OA< d OK GETACL completed
    OA> e LISTRIGHTS Work sa@example.test
    OA< * LISTRIGHTS "Work" "sa@example.test" "" l r s w i p k x t e a
    OA< e OK LISTRIGHTS completed
    OA> f LISTRIGHTS Work oa@example.test
    OA< * LISTRIGHTS "Work" "oa@example.test" lrswipkxtea
    OA< f OK LISTRIGHTS completed
    SA> g MYRIGHTS ~oa@example.test/Work
    SA< * MYRIGHTS "~oa@example.test/Work" lrwkxc
    SA< g OK MYRIGHTS completed
    OA> h MYRIGHTS INBOX
    OA< * MYRIGHTS "INBOX" lrswipkxteacd
    OA< h OK MYRIGHTS completed
    OA> i DELETEACL Work sa@example.test
    OA< i OK DELETEACL completed
    SA> j MYRIGHTS ~oa@example.test/Work
    SA< j NO [NONEXISTENT] There is no such mailbox
    OA> k SETACL Work oa@example.test lr
    OA< k NO [NOPERM] Not allowed
    OA> l SETACL Work nobody@example.test lr
    OA< l NO [CANNOT] There is no such user
    OA> m SETACL nowhere sa@example.test lr
    OA< m NO [NONEXISTENT] There is no such mailbox
  `);
});

test.each([
  'SETACL Work',
  'SETACL Work sa@example.test',
  'SETACL Work sa@example.test Q',
  'SETACL Work sa@example.test lr more',
  'DELETEACL Work',
  'GETACL',
  'LISTRIGHTS Work',
  'MYRIGHTS',
])('%s is malformed', (command) => imap.script(`OA> a ${command}\nOA< /^a BAD /`));

describe('a mailbox of somebody else', () => {
  test('is in the namespace of other users, with the names above it, and its quota is nobody’s business', async () => {
    await imap.service.deliver('OB', 'Work/Deep', many(1));
    await shared('OB', 'SB', 'lr');
    await imap.script(String.raw`
      OB> b SETACL Work/Deep sb@example.test lr
      OB< b OK SETACL completed
      SB> a NAMESPACE
      SB< * NAMESPACE (("" "/")) (("~" "/")) NIL
      SB< a OK NAMESPACE completed
      SB> b LIST "" ~%
      SB< * LIST (\NonExistent \HasChildren) "/" "~ob@example.test"
      SB< b OK LIST completed
      SB> c LIST "" ~* RETURN (STATUS (MESSAGES))
      SB< * LIST (\NonExistent \HasChildren) "/" "~ob@example.test"
      SB< * LIST (\HasChildren) "/" "~ob@example.test/Work"
      SB< * STATUS "~ob@example.test/Work" (MESSAGES 3)
      SB< * LIST (\HasNoChildren) "/" "~ob@example.test/Work/Deep"
      SB< * STATUS "~ob@example.test/Work/Deep" (MESSAGES 1)
      SB< c OK LIST completed
      SB> d SUBSCRIBE ~ob@example.test/Work
      SB< d OK SUBSCRIBE completed
      SB> e LIST (SUBSCRIBED) "" ~*
      SB< * LIST (\HasChildren \Subscribed) "/" "~ob@example.test/Work"
      SB< e OK LIST completed
      SB> f GETQUOTAROOT ~ob@example.test/Work
      SB< * QUOTAROOT "~ob@example.test/Work"
      SB< f OK GETQUOTAROOT completed
      OB> g LIST "" ~*
      OB< g OK LIST completed
    `);
  });

  test('is answered like one that does not exist, whatever is asked of it', async () => {
    await shared('OC', 'SC', 'lrswipkxtea');
    await imap.service.deliver('SC', 'INBOX', many(1));
    const wire = await imap.service.session('SC');
    const lines = async (command: string): Promise<string[]> => {
      await wire.write(`x ${command}\r\n`);
      for (const all: string[] = []; ; ) {
        all.push(await wire.line());
        if (all.at(-1)?.startsWith('x ')) return all;
      }
    };
    const ask = async (path: string): Promise<string[][]> => {
      const answers: string[][] = [];
      for (const command of [
        `EXAMINE ${path}`,
        `STATUS ${path} (MESSAGES)`,
        `LIST "" ${path}`,
        `MYRIGHTS ${path}`,
        `GETACL ${path}`,
        `SETACL ${path} oc@example.test lr`,
        `DELETEACL ${path} oc@example.test`,
        `LISTRIGHTS ${path} oc@example.test`,
        `GETQUOTAROOT ${path}`,
        `DELETE ${path}`,
        `RENAME ${path} other`,
        `CREATE ${path}/below`,
        `APPEND ${path} {1+}\r\nx`,
        'SELECT INBOX',
        `COPY 1 ${path}`,
        `MOVE 1 ${path}`,
      ])
        answers.push((await lines(command)).filter((line) => !line.startsWith('* OK [')));
      return answers;
    };
    const there = await ask('~oc@example.test/INBOX');
    expect(there).toEqual(await ask('~oc@example.test/nowhere'));
    expect(there.slice(0, 13).map((answer) => /^x (NO|OK)/.exec(answer.at(-1) ?? '')?.[1])).toEqual(
      // LIST finds nothing, and says OK.
      ['NO', 'NO', 'OK', ...Array.from({ length: 10 }, () => 'NO')],
    );
    wire.destroy();
  });

  test('is open for reading only without a right to change it, and its flags are those that may be set', async () => {
    await shared('OD', 'SD', 'lr');
    await imap.script(String.raw`
      SD> a SELECT ~od@example.test/Work
      SD< * FLAGS (\Answered \Flagged \Deleted \Seen \Draft)
      SD< * OK [PERMANENTFLAGS ()] Flags that are kept
      SD< * 3 EXISTS
      SD< ...
      SD< a OK [READ-ONLY] SELECT completed
      SD> b STORE 1 +FLAGS (\Seen)
      SD< b NO [NOPERM] The mailbox is open for reading only
      OD> c SETACL Work sd@example.test lrst
      OD< c OK SETACL completed
      SD> d SELECT ~od@example.test/Work
      SD< * OK [CLOSED] The mailbox selected before is closed
      SD< * FLAGS (\Answered \Flagged \Deleted \Seen \Draft)
      SD< * OK [PERMANENTFLAGS (\Deleted \Seen)] Flags that are kept
      SD< ...
      SD< d OK [READ-WRITE] SELECT completed
      SD> e STORE 1 +FLAGS (\Flagged)
      SD< e NO [NOPERM] Not allowed
      SD> f STORE 1 +FLAGS (\Flagged \Seen)
      SD< * 1 FETCH (UID 1 FLAGS (\Seen))
      SD< f OK STORE completed
      SD> g FETCH 2 BODY[TEXT]
      SD< ...
      SD< g OK FETCH completed
      OD> h SELECT Work
      OD< ...
      OD< /^h OK/
      OD> i FETCH 1:* FLAGS
      OD< * 1 FETCH (FLAGS (\Seen))
      OD< * 2 FETCH (FLAGS (\Seen))
      OD< * 3 FETCH (FLAGS ())
      OD< i OK FETCH completed
      SD> j STORE 3 +FLAGS.SILENT (\Deleted)
      SD< j OK STORE completed
      SD> k EXPUNGE
      SD< k NO [NOPERM] Not allowed
      SD> l CLOSE
      SD< l OK CLOSE completed
      SD> m STATUS ~od@example.test/Work (MESSAGES DELETED)
      SD< * STATUS "~od@example.test/Work" (MESSAGES 3 DELETED 1)
      SD< m OK STATUS completed
      SD> n SEARCH ALL
      SD< n BAD SEARCH is not possible in this state
    `);
  });

  test('a body that is read stays unread without the right to say so', async () => {
    await shared('OE', 'SE', 'lri');
    await imap.script(String.raw`
      SE> a SELECT ~oe@example.test/Work
      SE< ...
      SE< a OK [READ-WRITE] SELECT completed
      SE> b FETCH 1 BODY[TEXT]
      SE< * 1 FETCH (BODY[TEXT] {8}
      SE< body 1
      SE< )
      SE< b OK FETCH completed
      SE> c UID SEARCH UNSEEN SUBJECT mail
      SE< * SEARCH 1 2 3
      SE< c OK SEARCH completed
      SE> d SORT (SUBJECT) UTF-8 ALL
      SE< * SORT 1 2 3
      SE< d OK SORT completed
    `);
  });

  test('takes and gives messages: what is told of it is what the owner sees', async () => {
    await shared('OF', 'SF', 'lrswite');
    await imap.service.deliver('SF', 'INBOX', many(2), { flags: 4 });
    await imap.script(String.raw`
      OF> a SELECT Work
      OF< ...
      OF< /^a OK/
      SF> b SELECT INBOX
      SF< ...
      SF< /^b OK/
      SF> c COPY 1 ~of@example.test/Work
      SF< /^c OK \[COPYUID \d+ 1 4\] COPY completed$/
      SF> d UID MOVE 2 ~of@example.test/Work
      SF< /^. OK \[COPYUID \d+ 2 5\] Moved$/
      SF< * 2 EXPUNGE
      SF< d OK MOVE completed
      SF> e APPEND ~of@example.test/Work (\Seen) {8+}
      SF>| a: b\r\n\r\n\r\n
      SF< /^e OK \[APPENDUID \d+ 6\] APPEND completed$/
    `);
    await imap.script(String.raw`
      OF> a SELECT Work
      OF< ...
      OF< /^a OK/
      OF> b FETCH 4:6 FLAGS
      OF< * 4 FETCH (FLAGS (\Flagged))
      OF< * 5 FETCH (FLAGS (\Flagged))
      OF< * 6 FETCH (FLAGS (\Seen))
      OF< b OK FETCH completed
      SF> c SELECT ~of@example.test/Work
      SF< ...
      SF< c OK [READ-WRITE] SELECT completed
      SF> d MOVE 1 Archive
      SF< /^. OK \[COPYUID \d+ 1 1\] Moved$/
      SF< * 1 EXPUNGE
      SF< d OK MOVE completed
      OF> e NOOP
      OF< * 1 EXPUNGE
      OF< e OK NOOP completed
      SF> f MOVE 1 ~of@example.test/INBOX
      SF< f NO [TRYCREATE] There is no such mailbox
      SF> g RENAME ~of@example.test/Work Mine
      SF< g NO [CANNOT] A mailbox stays with its owner
      SF> h STATUS Archive (MESSAGES)
      SF< * STATUS "Archive" (MESSAGES 1)
      SF< h OK STATUS completed
    `);
  });

  test('fills the account of its owner', async () => {
    await shared('OG', 'SG', 'lri');
    await imap.service.store.setQuota((await imap.service.account('OG')).id, 10);
    await imap.service.deliver('SG', 'INBOX', many(1));
    await imap.script(String.raw`
      SG> a SELECT INBOX
      SG< ...
      SG< /^a OK/
      SG> b COPY 1 ~og@example.test/Work
      SG< b NO [OVERQUOTA] The account is full
      SG> c APPEND ~og@example.test/Work {11+}
      SG>| a: b\r\n\r\nx\r\n\r\n
      SG< c NO [OVERQUOTA] The account is full
    `);
  });

  test('news of it stop at once when it is not shared any more (E13)', async () => {
    await shared('OH', 'SH', 'lrs');
    await imap.script(String.raw`
      SH> a SELECT ~oh@example.test/Work
      SH< ...
      SH< /^a OK/
      SH2> b SELECT ~oh@example.test/Work
      SH2< ...
      SH2< /^b OK/
      SH> c IDLE
      SH< + idling
      OH> d SELECT Work
      OH< ...
      OH< /^d OK/
      OH> e STORE 1 +FLAGS.SILENT (\Flagged)
      OH< e OK STORE completed
      SH< * 1 FETCH (UID 1 FLAGS (\Flagged))
      OH> f DELETEACL Work sh@example.test
      OH< f OK DELETEACL completed
      SH< * BYE The selected mailbox is not there any more
      SH<|
      SH2> g FETCH 1:* FLAGS
      SH2< * BYE The selected mailbox is not there any more
      SH2< g NO [NONEXISTENT] There is no such mailbox
      SH2<|
    `);
  });

  test('mailboxes below it are made with k, and belong to its owner', async () => {
    await shared('OI', 'SI', 'lrkx');
    await imap.script(String.raw`
      SI> a CREATE ~oi@example.test/Work/New
      SI< /^a OK \[MAILBOXID \(F\d+-[\w-]{16}\)\] CREATE completed$/
      SI> b MYRIGHTS ~oi@example.test/Work/New
      SI< * MYRIGHTS "~oi@example.test/Work/New" lrkxc
      SI< b OK MYRIGHTS completed
      OI> c LIST "" Work/%
      OI< * LIST (\HasNoChildren) "/" "Work/New"
      OI< c OK LIST completed
      SI> d RENAME ~oi@example.test/Work/New ~oi@example.test/Work/Newer
      SI< d OK RENAME completed
      SI> e DELETE ~oi@example.test/Work/Newer
      SI< e OK DELETE completed
      SI> f CREATE ~oi@example.test/Top
      SI< f NO [NOPERM] Not allowed
      SI> g CREATE ~nobody@example.test/Top
      SI< g NO [NOPERM] Not allowed
    `);
  });
});
