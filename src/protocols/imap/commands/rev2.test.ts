/** What a client that speaks IMAP4rev2, UTF-8 or UIDs alone is told otherwise, and what the others are told meanwhile. */
import { describe, test } from 'vitest';
import { many } from '../../../../test/imap/mails.ts';
import { oneImapService } from '../../../../test/imap/one-service.ts';

const imap = oneImapService();

const bytes = (text: string): string => Buffer.from(text).toString('latin1');

describe('IMAP4rev2 (RFC 9051)', () => {
  test('SELECT tells the mailbox, and nothing recent; SEARCH answers ESEARCH', async () => {
    await imap.service.deliver('A', 'INBOX', many(3));
    await imap.script(String.raw`
      A> a ENABLE imap4REV2 X-NONE
      A< * ENABLED IMAP4rev2
      A< a OK ENABLE completed
      A> b SELECT inbox
      A< * FLAGS (\Answered \Flagged \Deleted \Seen \Draft)
      A< /^. OK \[PERMANENTFLAGS/
      A< * 3 EXISTS
      A< * LIST (\HasNoChildren \Subscribed) "/" "INBOX" ("OLDNAME" ("inbox"))
      A< /^. OK \[UIDVALIDITY/
      A< * OK [UIDNEXT 4] Next UID
      A< /^. OK \[MAILBOXID/
      A< /^. OK \[HIGHESTMODSEQ/
      A< b OK [READ-WRITE] SELECT completed
      A> c SEARCH 2:*
      A< * ESEARCH (TAG "c") ALL 2:3
      A< c OK SEARCH completed
      A> d UID SEARCH SEEN
      A< * ESEARCH (TAG "d") UID
      A< d OK SEARCH completed
      A> e UID SEARCH CHARSET UTF-8 RETURN (COUNT) ALL
      A< /^e BAD/
      A> f SEARCH RETURN (COUNT) CHARSET UTF-8 ALL
      A< * ESEARCH (TAG "f") COUNT 3
      A< f OK SEARCH completed
      A2> a SELECT INBOX
      A2< ...
      A2< * 0 RECENT
      A2< ...
      A2< /^a OK/
      A2>| b APPEND INBOX {14+}\r\nSubject: x\r\n\r\n\r\n
      A2< * 4 EXISTS
      A2< * 0 RECENT
      A2< /^b OK/
      A2> c SEARCH ALL
      A2< * SEARCH 1 2 3 4
      A2< c OK SEARCH completed
      A> g NOOP
      A< * 4 EXISTS
      A< g OK NOOP completed
      A> h EXAMINE Sent
      A< * OK [CLOSED] The mailbox selected before is closed
      A< ...
      A< * LIST (\HasNoChildren \Sent \Subscribed) "/" "Sent"
      A< ...
      A< h OK [READ-ONLY] EXAMINE completed
      A> i SELECT nowhere
      A< * OK [CLOSED] The mailbox selected before is closed
      A< i NO [NONEXISTENT] There is no such mailbox
    `);
  });

  test('names are UTF-8, and told in the form in which they are kept', () =>
    imap.script(String.raw`
      B> a ENABLE IMAP4rev2
      B< ...
      B< a OK ENABLE completed
      B>| b CREATE "${bytes('e\u0301te\u0301')}"\r\n
      B< * LIST (\HasNoChildren) "/" "${bytes('été')}" ("OLDNAME" ("${bytes('e\u0301te\u0301')}"))
      B< /^b OK \[MAILBOXID/
      B>| c CREATE "${bytes('받은 편지/내부')}/"\r\n
      B< /^c OK/
      B> d CREATE "&AGE-"
      B< /^d OK/
      B>| e LIST "" (${bytes('"e\u0301te\u0301" "받은%" "&*"')})\r\n
      B< * LIST (\HasNoChildren) "/" "${bytes('été')}" ("OLDNAME" ("${bytes('e\u0301te\u0301')}"))
      B< * LIST (\HasChildren) "/" "${bytes('받은 편지')}"
      B< * LIST (\HasNoChildren) "/" "&AGE-"
      B< e OK LIST completed
      B>| f STATUS {${Buffer.byteLength('받은 편지')}+}\r\n${bytes('받은 편지')} (MESSAGES)\r\n
      B< * STATUS "${bytes('받은 편지')}" (MESSAGES 0)
      B< f OK STATUS completed
      B>| g RENAME "${bytes('받은 편지')}" "${bytes('보관')}"\r\n
      B< * LIST (\HasChildren) "/" "${bytes('보관')}" ("OLDNAME" ("${bytes('받은 편지')}"))
      B< g OK RENAME completed
      B>| h SELECT "\xff\xfe"\r\n
      B< h BAD not UTF-8
      B>| h SELECT {2+}\r\n\xff\xfe\r\n
      B< h NO [CANNOT] That is not a possible mailbox name
      B>| i LIST "" {2+}\r\n\xff*\r\n
      B< i OK LIST completed
      B2>| a LIST "" "&vPStAA-*"\r\n
      B2< * LIST (\HasChildren) "/" "&vPStAA-"
      B2< * LIST (\HasNoChildren) "/" "&vPStAA-/&sLS9gA-"
      B2< a OK LIST completed
      B2> b LIST "" "&-AGE-"
      B2< * LIST (\HasNoChildren) "/" "&-AGE-"
      B2< b OK LIST completed
      B2> c DELETE "&vPStAA-"
      B2< c NO [HASCHILDREN] The mailbox has mailboxes below it
    `));

  test('sizes and offsets may have more than 32 bits', async () => {
    await imap.service.deliver('C', 'INBOX', many(1));
    await imap.script(String.raw`
      C> a SELECT INBOX
      C< ...
      C< /^a OK/
      C> b SEARCH SMALLER 4294967296 NOT LARGER 9007199254740993
      C< * SEARCH 1
      C< b OK SEARCH completed
      C> c FETCH 1 BODY.PEEK[]<4294967296.10>
      C< * 1 FETCH (BODY[]<4294967296> {0}
      C< )
      C< c OK FETCH completed
    `);
  });
});

describe('UTF8=ACCEPT (RFC 9755)', () => {
  test('names are UTF-8; SEARCH has no charset; nothing else changes', async () => {
    await imap.service.deliver('D', 'INBOX', many(1));
    await imap.script(String.raw`
      D> a ENABLE UTF8=ACCEPT
      D< * ENABLED UTF8=ACCEPT
      D< a OK ENABLE completed
      D>| b CREATE "${bytes('메모')}"\r\n
      D< /^b OK/
      D>| c SETMETADATA "${bytes('메모')}" (/private/comment "x")\r\n
      D< c OK SETMETADATA completed
      D>| d GETMETADATA "${bytes('메모')}" /private/comment\r\n
      D< * METADATA "${bytes('메모')}" ("/private/comment" "x")
      D< d OK GETMETADATA completed
      D>| e MYRIGHTS "${bytes('메모')}"\r\n
      D< /^. MYRIGHTS "${bytes('메모')}" /
      D< e OK MYRIGHTS completed
      D>| f APPEND "${bytes('메모')}" UTF8 (~{15+}\r\n${bytes('Subject: é')}\r\n\r\n)\r\n
      D< /^f OK/
      D> g SELECT INBOX
      D< ...
      D< * 0 RECENT
      D< ...
      D< /^g OK/
      D> h SEARCH CHARSET UTF-8 ALL
      D< h BAD no CHARSET after UTF8=ACCEPT
      D>| i SEARCH SUBJECT "${bytes('é')}"\r\n
      D< * SEARCH
      D< i OK SEARCH completed
      D>| j SEARCH SUBJECT "\xe9"\r\n
      D< j BAD not UTF-8
    `);
  });
});

describe('UIDONLY (RFC 9586)', () => {
  test('messages are told by their UIDs', async () => {
    await imap.service.deliver('E', 'INBOX', many(4));
    await imap.script(String.raw`
      E2> a SELECT INBOX
      E2< ...
      E2< /^a OK/
      E> a ENABLE UIDONLY
      E< * ENABLED UIDONLY
      E< a OK ENABLE completed
      E> b SELECT INBOX
      E< ...
      E< * 0 RECENT
      E< /^. OK \[UIDVALIDITY/
      E< ...
      E< b OK [READ-WRITE] SELECT completed
      E2> b STORE 1 +FLAGS.SILENT (\Deleted)
      E2< b OK STORE completed
      E2> c EXPUNGE
      E2< * 1 EXPUNGE
      E2< c OK EXPUNGE completed
      E2> d STORE 1 +FLAGS.SILENT (\Flagged)
      E2< d OK STORE completed
      E> c NOOP
      E< * VANISHED 1
      E< * 2 UIDFETCH (UID 2 FLAGS (\Flagged))
      E< c OK NOOP completed
      E> d UID FETCH 1:* FLAGS
      E< * 2 UIDFETCH (FLAGS (\Flagged))
      E< * 3 UIDFETCH (FLAGS ())
      E< * 4 UIDFETCH (FLAGS ())
      E< d OK FETCH completed
      E> e UID FETCH 4 (UID BODY.PEEK[TEXT])
      E< * 4 UIDFETCH (UID 4 BODY[TEXT] {8}
      E< body 4
      E< )
      E< e OK FETCH completed
      E> f UID STORE 3 +FLAGS (\Seen)
      E< * 3 UIDFETCH (UID 3 FLAGS (\Seen))
      E< f OK STORE completed
      E> g UID MOVE 3 Trash
      E< /^. OK \[COPYUID \d+ 3 1\] Moved$/
      E< * VANISHED 3
      E< g OK MOVE completed
      E> h UID SEARCH RETURN (SAVE) UID 2
      E< h OK SEARCH completed
      E> i UID SEARCH OR $ UID 4
      E< * SEARCH 2 4
      E< i OK SEARCH completed
      E> j UID STORE 2 +FLAGS.SILENT (\Deleted)
      E< j OK STORE completed
      E> k EXPUNGE
      E< * VANISHED 2
      E< k OK EXPUNGE completed
    `);
  });

  test('commands that take numbers are refused', async () => {
    await imap.service.deliver('F', 'INBOX', many(1));
    await imap.script(String.raw`
      F> a ENABLE UIDONLY QRESYNC
      F< ...
      F< a OK ENABLE completed
      F> b SELECT INBOX (QRESYNC (1 1 1:5 (1 1)))
      F< b BAD [UIDREQUIRED] Messages have no numbers here
      F> c SELECT INBOX
      F< ...
      F< /^c OK/
    `);
    for (const line of [
      'FETCH 1 FLAGS',
      'STORE 1 FLAGS ()',
      'COPY 1 Trash',
      'MOVE 1 Trash',
      'SEARCH ALL',
      'SORT (DATE) UTF-8 ALL',
      'THREAD REFERENCES UTF-8 ALL',
      'REPLACE 1 Trash {3}',
      'UID SEARCH NOT 1',
      'UID SORT (DATE) UTF-8 OR ALL 1:*',
      'UID THREAD REFERENCES UTF-8 (ALL 1)',
    ])
      await imap.script(String.raw`
        F> a ENABLE UIDONLY
        F< ...
        F< a OK ENABLE completed
        F> b SELECT INBOX
        F< ...
        F< /^b OK/
        F> c ${line}
        F< c BAD [UIDREQUIRED] Messages have no numbers here
      `);
  });
});
