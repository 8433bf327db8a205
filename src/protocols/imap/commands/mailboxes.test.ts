import { describe, expect, test } from 'vitest';
import { oneImapService } from '../../../../test/imap/one-service.ts';

const imap = oneImapService();

describe('LIST', () => {
  test('a new account has its folders, with their special uses', () =>
    imap.script(String.raw`
      L> a LIST "" *
      L< * LIST (\HasNoChildren) "/" "INBOX"
      L< * LIST (\HasNoChildren \Sent) "/" "Sent"
      L< * LIST (\HasNoChildren \Drafts) "/" "Drafts"
      L< * LIST (\HasNoChildren \Junk) "/" "Junk"
      L< * LIST (\HasNoChildren \Trash) "/" "Trash"
      L< * LIST (\HasNoChildren \Archive) "/" "Archive"
      L< a OK LIST completed
      L> b LIST "" ""
      L< * LIST (\Noselect) "/" ""
      L< b OK LIST completed
      L> c LIST "" inbox
      L< * LIST (\HasNoChildren) "/" "INBOX"
      L< c OK LIST completed
      L> d NAMESPACE
      L< * NAMESPACE (("" "/")) (("~" "/")) NIL
      L< d OK NAMESPACE completed
    `));

  test('wildcards, levels and references', () =>
    imap.script(String.raw`
      M> a CREATE work/2024/May
      M< /^a OK .MAILBOXID .F[0-9]+.. CREATE completed$/
      M> b LIST "" work%
      M< * LIST (\HasChildren) "/" "work"
      M< b OK LIST completed
      M> c LIST work/ %
      M< * LIST (\HasChildren) "/" "work/2024"
      M< c OK LIST completed
      M> d LIST "" work/*
      M< * LIST (\HasChildren) "/" "work/2024"
      M< * LIST (\HasNoChildren) "/" "work/2024/May"
      M< d OK LIST completed
      M> e LIST "" "&AGE-*"
      M< e OK LIST completed
    `));

  test.each(['LIST', 'LIST ""', 'LIST "" * x', 'LIST () *', 'LSUB', 'LSUB "" (a)'])('%s is malformed', (command) =>
    imap.script(`
      L> a ${command}
      L< /^a BAD /
    `),
  );

  test('a pattern made to be slow is not', async () => {
    await imap.script(`
      L> a LIST "" ${'*%'.repeat(50)}zq
      L< a OK LIST completed
      L> b LIST "" "${'*a%b'.repeat(600)}"
      L< b BAD pattern too long
    `);
  });
});

describe('CREATE', () => {
  test('makes what is missing above; another session sees it', () =>
    imap.script(String.raw`
      C> a CREATE a/b/c/
      C< /^a OK .MAILBOXID .F[0-9]+.. CREATE completed$/
      C2> b LIST "" a*
      C2< * LIST (\HasChildren) "/" "a"
      C2< * LIST (\HasChildren) "/" "a/b"
      C2< * LIST (\HasNoChildren) "/" "a/b/c"
      C2< b OK LIST completed
      C> d CREATE a/b
      C< d NO [ALREADYEXISTS] A mailbox with that name exists
      C> e CREATE inbox
      C< e NO [ALREADYEXISTS] A mailbox with that name exists
    `));

  test('with a special use that nothing has yet', () =>
    imap.script(String.raw`
      C> a CREATE VIP (USE (\Important))
      C< /^a OK .MAILBOXID .F[0-9]+.. CREATE completed$/
      C> b LIST "" VIP
      C< * LIST (\HasNoChildren \Important) "/" "VIP"
      C< b OK LIST completed
      C> c CREATE Mine (USE (\Sent))
      C< c NO [USEATTR] Another mailbox has that special use
      C> d CREATE Mine (USE (\All))
      C< d NO [USEATTR] A mailbox can have one special use, of those that LIST shows
      C> e CREATE Mine (FOO)
      C< e BAD unknown CREATE parameter
    `));

  test.each([
    ['the empty name', '""'],
    ['only a separator', '/'],
    ['an empty level', 'a//b'],
    ['a letter spelled in base64', '&AGE-'],
    ['lone surrogates', '&2D3YPQ-'],
    ['an unterminated shift', '&U,BTFw'],
    ['a control character', '&AAE-'],
    ['10,000 characters', 'x'.repeat(10_000)],
    ['1,000 levels', `${'x/'.repeat(999)}x`],
    ['raw UTF-8', '"\\xec\\x95\\x88"'],
  ])('refuses %s', (_what, name) =>
    imap.script(`
      C>| a CREATE ${name}\\r\\n
      C< a NO [CANNOT] That is not a possible mailbox name
    `),
  );

  test.each([
    '..',
    '../../etc',
    'a/../b',
    '.',
    'x.',
    '"trailing "',
    '&ICo-',
    '__proto__',
    'constructor',
    'hasOwnProperty',
    'toString',
  ])('%s is an ordinary name', (name) =>
    imap.script(`
      E> a CREATE ${name}
      E< /^a OK .MAILBOXID .F[0-9]+.. CREATE completed$/
      E> b SELECT ${name}
      E< ...
      E< b OK [READ-WRITE] SELECT completed
      E> c DELETE ${name}
      E< c OK DELETE completed
    `),
  );

  test('twins by normal form are one; INBOX is one in any case, also above others', () =>
    imap.script(String.raw`
      E> a CREATE &AOk-t&AOk-
      E< /^a OK .MAILBOXID .F[0-9]+.. CREATE completed$/
      E> b CREATE &AGUDAQ-
      E< b NO [CANNOT] That is not a possible mailbox name
      E> c CREATE e&AwE-te&AwE-
      E< c NO [ALREADYEXISTS] A mailbox with that name exists
      E> d CREATE iNbOx/x
      E< /^d OK .MAILBOXID .F[0-9]+.. CREATE completed$/
      E> e LIST "" INBOX/*
      E< * LIST (\HasNoChildren) "/" "INBOX/x"
      E< e OK LIST completed
    `));

  test('what a folder was is never mistaken for what it is: UIDVALIDITY ascends', async () => {
    let last = 0;
    for (let i = 0; i < 20; i++) {
      const account = await imap.service.account('V');
      const folder = await account.createFolder('again');
      expect(folder.uidValidity).toBeGreaterThan(last);
      last = folder.uidValidity;
      await account.deleteFolder(folder.id);
    }
  });
});

describe('DELETE', () => {
  test('with its messages; whoever has it selected is told', async () => {
    await imap.service.deliver('D', 'gone', ['Subject: x\r\n\r\nx\r\n']);
    await imap.script(`
      D> a SELECT gone
      D< ...
      D< /^a OK/
      D2> b DELETE gone
      D2< b OK DELETE completed
      D> c NOOP
      D< * BYE The selected mailbox is not there any more
      D< c OK NOOP completed
      D<|
      D2> d SELECT gone
      D2< d NO [NONEXISTENT] There is no such mailbox
    `);
  });

  test('not INBOX, not what is not there, not what has others below it', () =>
    imap.script(`
      D> a DELETE INBOX
      D< a NO [CANNOT] That cannot be done with this mailbox
      D> b DELETE nowhere
      D< b NO [NONEXISTENT] There is no such mailbox
      D> c CREATE up/down
      D< /^c OK .MAILBOXID .F[0-9]+.. CREATE completed$/
      D> d DELETE up
      D< d NO [HASCHILDREN] The mailbox has mailboxes below it
      D> e DELETE
      D< e BAD space expected
    `));

  test('one that is selected is unselected', () =>
    imap.script(`
      D> a CREATE mine
      D< /^a OK .MAILBOXID .F[0-9]+.. CREATE completed$/
      D> b SELECT mine
      D< ...
      D< /^b OK/
      D> c DELETE mine
      D< c OK DELETE completed
      D> d CHECK
      D< d BAD CHECK is not possible in this state
    `));
});

describe('RENAME', () => {
  test('takes along what is below it', () =>
    imap.script(String.raw`
      R> a CREATE x/y
      R< /^a OK .MAILBOXID .F[0-9]+.. CREATE completed$/
      R> b RENAME x new/z
      R< b OK RENAME completed
      R2> c LIST "" new*
      R2< * LIST (\HasChildren) "/" "new/z"
      R2< * LIST (\HasNoChildren) "/" "new/z/y"
      R2< * LIST (\HasChildren) "/" "new"
      R2< c OK LIST completed
      R> d RENAME x y
      R< d NO [NONEXISTENT] There is no such mailbox
      R> e RENAME new/z Sent
      R< e NO [ALREADYEXISTS] A mailbox with that name exists
      R> f RENAME new/z new/z/below
      R< /^f NO /
      R> g RENAME new/z
      R< g BAD space expected
    `));

  test('of INBOX moves its messages and leaves it there, empty', async () => {
    await imap.service.deliver('N', 'INBOX', ['Subject: x\r\n\r\nx\r\n']);
    await imap.script(`
      N> a SELECT INBOX
      N< ...
      N< /^a OK/
      N2> b RENAME INBOX old
      N2< b OK RENAME completed
      N> c NOOP
      N< * 1 EXPUNGE
      N< c OK NOOP completed
      N2> d STATUS old (MESSAGES)
      N2< * STATUS "old" (MESSAGES 1)
      N2< d OK STATUS completed
    `);
  });
});

describe('subscriptions', () => {
  test('of what exists and of what does not', () =>
    imap.script(String.raw`
      S> a LSUB "" INBOX
      S< * LSUB () "/" "INBOX"
      S< a OK LSUB completed
      S> b SUBSCRIBE far/away
      S< b OK SUBSCRIBE completed
      S2> c LSUB "" far*
      S2< * LSUB () "/" "far/away"
      S2< c OK LSUB completed
      S> d LSUB "" far%
      S< * LSUB (\Noselect) "/" "far"
      S< d OK LSUB completed
      S> e UNSUBSCRIBE far/away
      S< e OK UNSUBSCRIBE completed
      S> f LSUB "" far*
      S< f OK LSUB completed
      S> g SUBSCRIBE
      S< g BAD space expected
      S> h SUBSCRIBE &AGE-
      S< h NO [CANNOT] That is not a possible mailbox name
    `));
});

describe('STATUS', () => {
  test('of every item, without selecting', async () => {
    await imap.service.deliver('T', 'INBOX', ['Subject: x\r\n\r\nx\r\n', 'Subject: y\r\n\r\ny\r\n']);
    await imap.script(`
      T> a STATUS inbox (MESSAGES RECENT UIDNEXT UNSEEN APPENDLIMIT)
      T< * STATUS "INBOX" (MESSAGES 2 RECENT 0 UIDNEXT 3 UNSEEN 2 APPENDLIMIT 1000000)
      T< a OK STATUS completed
      T> b STATUS INBOX (UIDVALIDITY HIGHESTMODSEQ)
      T< /^. STATUS "INBOX" .UIDVALIDITY \\d+ HIGHESTMODSEQ \\d+.$/
      T< b OK STATUS completed
      T> c STATUS nowhere (MESSAGES)
      T< c NO [NONEXISTENT] There is no such mailbox
      T> d STATUS INBOX ()
      T< d BAD STATUS of nothing
      T> e STATUS INBOX (FOO)
      T< e BAD unknown STATUS item
    `);
  });
});

describe('LIST with options (RFC 5258, RFC 5819, RFC 6154)', () => {
  test('selects by subscription and special use, and tells the status', async () => {
    await imap.service.deliver('X', 'work/2024', ['Subject: x\r\n\r\nx\r\n'], { flags: 8 });
    await imap.script(String.raw`
      X> a SUBSCRIBE work/2024
      X< a OK SUBSCRIBE completed
      X> b SUBSCRIBE gone/away
      X< b OK SUBSCRIBE completed
      X> c UNSUBSCRIBE work
      X< c OK UNSUBSCRIBE completed
      X> d LIST (SUBSCRIBED) "" (work* gone*)
      X< * LIST (\HasNoChildren \Subscribed) "/" "work/2024"
      X< * LIST (\NonExistent \Subscribed) "/" "gone/away"
      X< d OK LIST completed
      X> e LIST (SUBSCRIBED RECURSIVEMATCH) "" (work gone %away)
      X< * LIST (\HasChildren) "/" "work" ("CHILDINFO" ("SUBSCRIBED"))
      X< * LIST (\NonExistent) "/" "gone" ("CHILDINFO" ("SUBSCRIBED"))
      X< e OK LIST completed
      X> f LIST "" (INBOX work) RETURN (SUBSCRIBED CHILDREN SPECIAL-USE)
      X< * LIST (\HasNoChildren \Subscribed) "/" "INBOX"
      X< * LIST (\HasChildren) "/" "work"
      X< f OK LIST completed
      X> g LIST (SPECIAL-USE) "" * RETURN (STATUS (MESSAGES))
      X< * LIST (\HasNoChildren \Sent) "/" "Sent"
      X< * STATUS "Sent" (MESSAGES 0)
      X< * LIST (\HasNoChildren \Drafts) "/" "Drafts"
      X< * STATUS "Drafts" (MESSAGES 0)
      X< ...
      X< g OK LIST completed
      X> h LIST "" work/* RETURN (STATUS (MESSAGES DELETED DELETED-STORAGE SIZE))
      X< * LIST (\HasNoChildren) "/" "work/2024"
      X< * STATUS "work/2024" (MESSAGES 1 DELETED 1 DELETED-STORAGE 17 SIZE 17)
      X< h OK LIST completed
      X> i LIST () "" ""
      X< i OK LIST completed
      X> j LIST (REMOTE) "" work
      X< * LIST (\HasChildren) "/" "work"
      X< j OK LIST completed
    `);
  });

  test.each([
    'LIST (RECURSIVEMATCH) "" *',
    'LIST (RECURSIVEMATCH REMOTE) "" *',
    'LIST (FROB) "" *',
    'LIST "" ()',
    'LIST "" * RETURN',
    'LIST "" * RETURN (FROB)',
    'LIST "" * RETURN (STATUS)',
    'LIST "" * RETURN (STATUS ())',
    `LIST "" (${'a '.repeat(20)}b)`,
  ])('%s is malformed', (command) =>
    imap.script(`
      L> a ${command}
      L< /^a BAD /
    `),
  );
});

describe('quota (RFC 9208)', () => {
  test('of an account with a limit, and of one without', async () => {
    await imap.service.deliver('Q', 'INBOX', [`Subject: x\r\n\r\n${'x'.repeat(1500)}\r\n`]);
    await imap.service.store.setQuota((await imap.service.account('Q')).id, 10_000_000);
    await imap.script(`
      Q> a GETQUOTAROOT inbox
      Q< * QUOTAROOT "INBOX" ""
      Q< * QUOTA "" (STORAGE 2 9765)
      Q< a OK GETQUOTAROOT completed
      Q> b GETQUOTA ""
      Q< * QUOTA "" (STORAGE 2 9765)
      Q< b OK GETQUOTA completed
      Q> c GETQUOTA other
      Q< c NO [NONEXISTENT] There is no such quota root
      Q> d GETQUOTAROOT nowhere
      Q< d NO [NONEXISTENT] There is no such mailbox
      Q> e GETQUOTA
      Q< e BAD space expected
      N> f GETQUOTAROOT INBOX
      N< * QUOTAROOT "INBOX"
      N< f OK GETQUOTAROOT completed
      N> g GETQUOTA ""
      N< g NO [NONEXISTENT] There is no such quota root
    `);
  });
});

describe('a mailbox keeps its id (RFC 8474)', () => {
  test('through a rename; another of its name has another', () =>
    imap.script(`
      I> a CREATE one
      I< /^a OK .MAILBOXID .(?<first>F[0-9]+).. CREATE completed$/
      I> b RENAME one two
      I< b OK RENAME completed
      I> c STATUS two (MAILBOXID)
      I< * STATUS "two" (MAILBOXID ($first))
      I< c OK STATUS completed
      I> d SELECT two
      I< ...
      I< * OK [MAILBOXID ($first)] Id of the mailbox
      I< ...
      I< /^d OK/
      I> e DELETE two
      I< e OK DELETE completed
      I> f CREATE two
      I< /^f OK .MAILBOXID .(?!$first)F[0-9]+.. CREATE completed$/
    `));
});

describe('ENABLE', () => {
  test('tells what was switched on, and passes over the rest', () =>
    imap.script(`
      S> a ENABLE X-NOTHING CONDSTORE
      S< * ENABLED CONDSTORE
      S< a OK ENABLE completed
      S> b ENABLE CONDSTORE
      S< * ENABLED
      S< b OK ENABLE completed
      S> c ENABLE
      S< c BAD extension expected
    `));
});
