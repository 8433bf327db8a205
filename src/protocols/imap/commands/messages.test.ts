import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ImapService } from '../../../../test/imap/service.ts';
import { accountPartition, bucketOf, detailsKey } from '../../../mailstore/keys.ts';

let service: ImapService;
beforeAll(async () => {
  service = await ImapService.start({ plaintextLogin: true });
});
afterAll(() => service[Symbol.asyncDispose]());
const script = (text: string) => service.transcript(text);

const mail = (n: number, more = '') =>
  `From: Sender <s${n}@example.test>\r\nSubject: mail ${n}\r\nDate: Mon, ${n} Feb 1994 21:52:25 -0800\r\n${more}\r\nbody ${n}\r\n`;
const many = (count: number) => Array.from({ length: count }, (_, i) => mail(i + 1));

test('UID FETCH of a part of what the set names (RFC 9394)', async () => {
  await service.deliver('PART', 'INBOX', many(5));
  await script(`
    PART> a SELECT INBOX
    PART< ...
    PART< /^a OK/
    PART> b UID FETCH 1,3:5 UID (PARTIAL 2:3)
    PART< * 3 FETCH (UID 3)
    PART< * 4 FETCH (UID 4)
    PART< b OK FETCH completed
    PART> c UID FETCH 1:* UID (PARTIAL -1:-2)
    PART< * 4 FETCH (UID 4)
    PART< * 5 FETCH (UID 5)
    PART< c OK FETCH completed
    PART> d UID FETCH 1:* UID (PARTIAL 6:9)
    PART< d OK FETCH completed
    PART> e UID FETCH 1:* UID (PARTIAL 1:9 CHANGEDSINCE 9999)
    PART< e OK FETCH completed
    PART> f FETCH 1:* UID (PARTIAL 1:2)
    PART< f BAD PARTIAL is for UID FETCH
    PART> g UID FETCH 1:* UID (PARTIAL 0:2)
    PART< g BAD results are counted from 1
    PART> h UID FETCH 1:* UID ()
    PART< h BAD modifier expected
  `);
});

describe('FETCH of what is known beside the message', () => {
  test('SAVEDATE (RFC 8514) and PREVIEW (RFC 8970), alone, in a list and with a modifier', async () => {
    await service.deliver('P', 'INBOX', ['Subject: x\r\n\r\nFirst words\r\n']);
    await script(String.raw`
      P> a SELECT INBOX
      P< ...
      P< /^a OK/
      P> b FETCH 1 PREVIEW
      P< * 1 FETCH (PREVIEW "First words")
      P< b OK FETCH completed
      P> c FETCH 1 (PREVIEW (LAZY) UID)
      P< * 1 FETCH (PREVIEW "First words" UID 1)
      P< c OK FETCH completed
      P> d FETCH 1 PREVIEW (CHANGEDSINCE 1)
      P< /^. 1 FETCH .PREVIEW "First words" MODSEQ .[0-9]+..$/
      P< d OK FETCH completed
      P> e FETCH 1 SAVEDATE
      P< /^. 1 FETCH .SAVEDATE "[ 0-3][0-9]-[A-Z][a-z]{2}-[0-9]{4} [0-9:]{8} .0000".$/
      P< e OK FETCH completed
      P> f FETCH 1 (PREVIEW (EAGER))
      P< /^f BAD/
    `);
  });

  test('an item that is asked for a hundred times is told a hundred times', async () => {
    await service.deliver('HUNDRED', 'INBOX', ['Subject: x\r\n\r\nx\r\n'], { internalDate: 0 });
    const items = Array.from({ length: 100 }, () => 'INTERNALDATE').join(' ');
    const told = Array.from({ length: 100 }, () => 'INTERNALDATE " 1-Jan-1970 00:00:00 +0000"').join(' ');
    await script(`
      HUNDRED> a SELECT INBOX
      HUNDRED< ...
      HUNDRED< /^a OK/
      HUNDRED> b FETCH 1 (${items})
      HUNDRED< * 1 FETCH (${told})
      HUNDRED< b OK FETCH completed
    `);
  });
});

describe('SELECT', () => {
  test('tells what a client needs, in both its forms', async () => {
    await service.deliver('B', 'INBOX', many(2), { flags: 1, internalDate: 0 });
    await service.deliver('B', 'INBOX', many(1), { keywords: ['$Forwarded'] });
    await script(String.raw`
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
    await service.deliver('C', 'INBOX', many(3), { flags: 8 });
    await script(`
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

describe('FETCH', () => {
  test('of what the index knows', async () => {
    await service.deliver('F', 'INBOX', many(3), { flags: 1, internalDate: Date.UTC(2024, 0, 2, 3, 4, 5) });
    await script(String.raw`
      F> a SELECT INBOX
      F< ...
      F< /^a OK/
      F> b FETCH 2:* (UID FLAGS INTERNALDATE RFC822.SIZE)
      F< * 2 FETCH (UID 2 FLAGS (\Seen) INTERNALDATE " 2-Jan-2024 03:04:05 +0000" RFC822.SIZE 97)
      F< * 3 FETCH (UID 3 FLAGS (\Seen) INTERNALDATE " 2-Jan-2024 03:04:05 +0000" RFC822.SIZE 97)
      F< b OK FETCH completed
      F> c UID FETCH 3,1 FLAGS
      F< * 1 FETCH (UID 1 FLAGS (\Seen))
      F< * 3 FETCH (UID 3 FLAGS (\Seen))
      F< c OK FETCH completed
      F> d FETCH 1 FAST
      F< * 1 FETCH (FLAGS (\Seen) INTERNALDATE " 2-Jan-2024 03:04:05 +0000" RFC822.SIZE 97)
      F< d OK FETCH completed
      F> e UID FETCH 77:99 (FLAGS)
      F< e OK FETCH completed
      F> f FETCH 4 FLAGS
      F< f BAD no message with that number
    `);
  });

  test('of envelope and structure', () =>
    script(String.raw`
      F> a EXAMINE INBOX
      F< ...
      F< /^a OK/
      F> b FETCH 1 (ENVELOPE BODYSTRUCTURE)
      F< * 1 FETCH (ENVELOPE ("Mon, 1 Feb 1994 21:52:25 -0800" "mail 1" (("Sender" NIL "s1" "example.test")) (("Sender" NIL "s1" "example.test")) (("Sender" NIL "s1" "example.test")) NIL NIL NIL NIL NIL) BODYSTRUCTURE ("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 8 1 NIL NIL NIL NIL))
      F< b OK FETCH completed
    `));

  test('of the message, its parts, its header fields, and parts of these', () =>
    script(
      String.raw`
      F> a EXAMINE INBOX
      F< ...
      F< /^a OK/
      F> b FETCH 1 (BODY[TEXT] BODY[1]<2.4> BODY[2] BODY[HEADER.FIELDS (Subject X-None)] RFC822.SIZE)
      F< * 1 FETCH (BODY[TEXT] {8}
      F< body 1
      F<  BODY[1]<2> {4}
      F< dy 1 BODY[2] NIL BODY[HEADER.FIELDS (Subject X-None)] {19}
      F< Subject: mail 1
      F< /^$/
      F<  RFC822.SIZE 97)
      F< b OK FETCH completed
      F> c FETCH 1 BODY.PEEK[]<89.1000>
      F< * 1 FETCH (BODY[]<89> {8}
      F< body 1
      F< )
      F< c OK FETCH completed
      F> d FETCH 1 BODY.PEEK[]<200.1000>
      F< * 1 FETCH (BODY[]<200> {0}
      F< )
      F< d OK FETCH completed
    `,
    ));

  test('of a body marks the message as read and says so; PEEK does not', async () => {
    await service.deliver('G', 'INBOX', many(2));
    await script(String.raw`
      G> a SELECT INBOX
      G< ...
      G< /^a OK/
      G2> b SELECT INBOX
      G2< ...
      G2< /^b OK/
      G> c FETCH 1 BODY.PEEK[1]
      G< * 1 FETCH (BODY[1] {8}
      G< body 1
      G< )
      G< c OK FETCH completed
      G> d FETCH 1 BODY[1]
      G< * 1 FETCH (BODY[1] {8}
      G< body 1
      G<  FLAGS (\Seen))
      G< d OK FETCH completed
      G2> e NOOP
      G2< * 1 FETCH (UID 1 FLAGS (\Seen))
      G2< e OK NOOP completed
      G> f FETCH 2 RFC822.TEXT
      G< * 2 FETCH (RFC822.TEXT {8}
      G< body 2
      G<  FLAGS (\Seen))
      G< f OK FETCH completed
      G> g NOOP
      G< g OK NOOP completed
    `);
  });

  test.each([
    'FETCH',
    'FETCH 1',
    'FETCH 1 ()',
    'FETCH 1 (FOO)',
    'FETCH 0 FLAGS',
    'FETCH 1:4294967296 FLAGS',
    'FETCH 1 (FLAGS',
    'FETCH 1 BODY[',
    'FETCH 1 BODY[1.]',
    'FETCH 1 BODY[]<1>',
    'FETCH 1 (ALL FLAGS)',
    'FETCH 1 FLAGS (FOO)',
    'FETCH x FLAGS',
    'FETCH 1 ENVELOPE[1]',
  ])('%s is malformed', (command) =>
    script(`
      F> a EXAMINE INBOX
      F< ...
      F< /^a OK/
      F> b ${command}
      F< /^b BAD /
    `),
  );

  test('of a message that is damaged in storage costs that message only', async () => {
    await service.deliver('DMG', 'INBOX', [mail(1), `${mail(2)}${'x'.repeat(200_000)}`, mail(3)]);
    for (const content of service.blobs.contents.values()) content.bytes[100] = 0;
    await script(String.raw`
      DMG> a EXAMINE INBOX
      DMG< ...
      DMG< /^a OK/
      DMG> b FETCH 1:* (UID BODY.PEEK[TEXT])
      DMG< * 1 FETCH (UID 1 BODY[TEXT] {8}
      DMG< body 1
      DMG< )
      DMG< * 3 FETCH (UID 3 BODY[TEXT] {8}
      DMG< body 3
      DMG< )
      DMG< b NO [CORRUPTION] The message is damaged in storage
      DMG> c FETCH 2 (ENVELOPE RFC822.SIZE)
      DMG< ...
      DMG< c OK FETCH completed
    `);
  });

  test('of a message whose details are damaged or lost costs that message only, and is no silence', async () => {
    const placed = await service.deliver('DMD', 'INBOX', [mail(1), mail(2), mail(3), mail(4)]);
    const p = accountPartition((await service.account('DMD')).id);
    const [, second, , fourth] = placed.map(({ email }) => [bucketOf(email), detailsKey(email)] as const);
    service.kv.damage(p, ...second!);
    const lost = String.raw`
      DMD> b UID FETCH 1:* (BODY.PEEK[TEXT])
      DMD< * 1 FETCH (UID 1 BODY[TEXT] {8}
      DMD< body 1
      DMD< )
      DMD< * 3 FETCH (UID 3 BODY[TEXT] {8}
      DMD< body 3
      DMD< )`;
    await script(`
      DMD> a EXAMINE INBOX
      DMD< ...
      DMD< /^a OK/${lost}
      DMD< * 4 FETCH (UID 4 BODY[TEXT] {8}
      DMD< body 4
      DMD< )
      DMD< b NO [CORRUPTION] The message is damaged in storage
    `);
    await service.kv.dropImmutable(p, fourth![0], [fourth![1]]);
    await script(`
      DMD> a EXAMINE INBOX
      DMD< ...
      DMD< /^a OK/${lost}
      DMD< b NO [CORRUPTION] The message is damaged in storage
    `);
  });

  test('1:* of an empty folder is nothing', () =>
    script(`
      F> a EXAMINE Trash
      F< ...
      F< /^a OK/
      F> b FETCH 1:* FLAGS
      F< b OK FETCH completed
      F> c UID FETCH 1:4294967295 FLAGS
      F< c OK FETCH completed
    `));
});

describe('numbers stay while FETCH, STORE and SEARCH run', () => {
  test('what another session expunged is told only when numbers may change', async () => {
    await service.deliver('H', 'INBOX', many(3));
    await script(String.raw`
      H> a SELECT INBOX
      H< ...
      H< /^a OK/
      H2> b SELECT INBOX
      H2< ...
      H2< /^b OK/
      H2> c STORE 2 +FLAGS.SILENT (\Deleted)
      H2< c OK STORE completed
      H2> d EXPUNGE
      H2< * 2 EXPUNGE
      H2< d OK EXPUNGE completed
      H> e FETCH 3 UID
      H< * 3 FETCH (UID 3)
      H< e OK FETCH completed
      H> f FETCH 1:3 UID
      H< * 1 FETCH (UID 1)
      H< * 3 FETCH (UID 3)
      H< f NO [EXPUNGEISSUED] Some of the messages are gone
      H> g SEARCH ALL
      H< * SEARCH 1 3
      H< g OK SEARCH completed
      H> h STORE 3 +FLAGS (\Flagged)
      H< * 3 FETCH (UID 3 FLAGS (\Flagged))
      H< h OK STORE completed
      H> i UID FETCH 3 FLAGS
      H< * 3 FETCH (UID 3 FLAGS (\Flagged))
      H< * 2 EXPUNGE
      H< i OK FETCH completed
      H> j FETCH 2 UID
      H< * 2 FETCH (UID 3)
      H< j OK FETCH completed
    `);
  });
});

describe('STORE', () => {
  test('sets, adds, removes; others hear of it', async () => {
    await service.deliver('S', 'INBOX', many(2));
    await script(String.raw`
      S> a SELECT INBOX
      S< ...
      S< /^a OK/
      S2> b SELECT INBOX
      S2< ...
      S2< /^b OK/
      S> c STORE 1:2 +FLAGS (\Seen $Label)
      S< * FLAGS (\Answered \Flagged \Deleted \Seen \Draft $Label)
      S< * OK [PERMANENTFLAGS (\Answered \Flagged \Deleted \Seen \Draft $Label \*)] Flags that are kept
      S< * 1 FETCH (UID 1 FLAGS (\Seen $Label))
      S< * 2 FETCH (UID 2 FLAGS (\Seen $Label))
      S< c OK STORE completed
      S2> d NOOP
      S2< * FLAGS (\Answered \Flagged \Deleted \Seen \Draft $Label)
      S2< ...
      S2< * 1 FETCH (UID 1 FLAGS (\Seen $Label))
      S2< * 2 FETCH (UID 2 FLAGS (\Seen $Label))
      S2< d OK NOOP completed
      S> e UID STORE 2 -FLAGS.SILENT $LABEL
      S< e OK STORE completed
      S2> f NOOP
      S2< * 2 FETCH (UID 2 FLAGS (\Seen))
      S2< f OK NOOP completed
      S> g STORE 1 FLAGS (\Draft __proto__ constructor)
      S< ...
      S< * 1 FETCH (UID 1 FLAGS (\Draft __proto__ constructor))
      S< g OK STORE completed
      S> h NOOP
      S< h OK NOOP completed
      S> i STORE 1 FLAGS ()
      S< * 1 FETCH (UID 1 FLAGS ())
      S< i OK STORE completed
    `);
  });

  test('a change of nothing hides no other change', async () => {
    await service.deliver('Q', 'INBOX', many(1));
    await script(String.raw`
      Q> a SELECT INBOX
      Q< ...
      Q< /^a OK/
      Q2> b SELECT INBOX
      Q2< ...
      Q2< /^b OK/
      Q2> c STORE 1 +FLAGS.SILENT (\Seen \Flagged)
      Q2< c OK STORE completed
      Q> d STORE 1 +FLAGS.SILENT (\Seen)
      Q< * 1 FETCH (UID 1 FLAGS (\Flagged \Seen))
      Q< d OK STORE completed
    `);
  });

  test('UNCHANGEDSINCE leaves alone what changed, and says which', async () => {
    await service.deliver('U', 'INBOX', many(3));
    await script(String.raw`
      U> a SELECT INBOX (CONDSTORE)
      U< ...
      U< /HIGHESTMODSEQ (?<seq>\d+)/
      U< /^a OK/
      U> b STORE 2 +FLAGS (\Flagged)
      U< /^. 2 FETCH \(UID 2 FLAGS \(.Flagged\) MODSEQ \((?<changed>\d+)\)\)$/
      U< b OK STORE completed
      U> c STORE 1:3 (UNCHANGEDSINCE $seq) +FLAGS.SILENT (\Seen)
      U< /^. 1 FETCH \(UID 1 MODSEQ \(\d+\)\)$/
      U< /^. 3 FETCH \(UID 3 MODSEQ \(\d+\)\)$/
      U< c OK [MODIFIED 2] STORE completed, but not for those changed meanwhile
      U> d FETCH 1:* (UID) (CHANGEDSINCE $changed)
      U< /^. 1 FETCH \(UID 1 MODSEQ \(\d+\)\)$/
      U< /^. 3 FETCH \(UID 3 MODSEQ \(\d+\)\)$/
      U< d OK FETCH completed
      U> e UID SEARCH MODSEQ $changed
      U< /^. SEARCH 1 2 3 \(MODSEQ \d+\)$/
      U< e OK SEARCH completed
      U> f UID STORE 2 (UNCHANGEDSINCE 0) +FLAGS (\Seen)
      U< f OK [MODIFIED 2] STORE completed, but not for those changed meanwhile
    `);
  });

  test('of twenty sessions, each on its own condition, exactly one wins', async () => {
    await service.deliver('W', 'INBOX', many(1));
    const wires = await Promise.all(Array.from({ length: 20 }, (_, i) => service.session(`W${i}`)));
    const until = async (wire: (typeof wires)[number], tag: string): Promise<string> => {
      for (;;) {
        const line = await wire.line();
        if (line.startsWith(`${tag} `)) return line;
      }
    };
    const account = await service.account('W');
    for (const wire of wires) {
      await wire.write('a SELECT INBOX (CONDSTORE)\r\n');
      await until(wire, 'a');
    }
    const since = account.folderAt('INBOX')?.highestModseq;
    await Promise.all(wires.map((wire, i) => wire.write(`b STORE 1 (UNCHANGEDSINCE ${since}) +FLAGS (k${i})\r\n`)));
    const answers = await Promise.all(wires.map((wire) => until(wire, 'b')));
    expect(answers.filter((answer) => answer === 'b OK STORE completed')).toHaveLength(1);
    expect(answers.filter((answer) => answer.startsWith('b OK [MODIFIED 1]'))).toHaveLength(19);
    const winner = answers.indexOf('b OK STORE completed');
    const view = account.view(account.folderAt('INBOX')!.id);
    expect(view.keywordsAt(0)).toEqual([`k${winner}`]);
    for (const wire of wires) wire.destroy();
  });

  test.each([
    'STORE',
    'STORE 1',
    'STORE 1 FOO (\\Seen)',
    'STORE 1 FLAGS',
    'STORE 1 FLAGS (\\Foo)',
    'STORE 0 FLAGS ()',
    'STORE 1 FLAGS (a))',
    'STORE 1 (UNCHANGEDSINCE x) FLAGS ()',
    'STORE 1 (FOO 1) FLAGS ()',
    'STORE 9 FLAGS ()',
  ])('%s is malformed', (command) =>
    script(`
      U> a SELECT INBOX
      U< ...
      U< /^a OK/
      U> b ${command}
      U< /^b BAD /
    `),
  );
});

describe('EXPUNGE', () => {
  test('of all that is marked, or of some by UID', async () => {
    await service.deliver('X', 'INBOX', many(4), { flags: 8 });
    await script(`
      X> a SELECT INBOX
      X< ...
      X< /^a OK/
      X> b UID EXPUNGE 2:3,99
      X< * 3 EXPUNGE
      X< * 2 EXPUNGE
      X< b OK UID EXPUNGE completed
      X> c EXPUNGE
      X< * 2 EXPUNGE
      X< * 1 EXPUNGE
      X< c OK EXPUNGE completed
      X> d EXPUNGE
      X< d OK EXPUNGE completed
      X> e UID EXPUNGE
      X< e BAD space expected
    `);
  });
});

describe('COPY and MOVE', () => {
  test('tell which UIDs became which', async () => {
    await service.deliver('K', 'INBOX', many(4), { flags: 1, keywords: ['a'] });
    await script(String.raw`
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
    await service.deliver('T', 'INBOX', many(3));
    await script(String.raw`
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
    await service.deliver('J', 'INBOX', many(1));
    await script(String.raw`
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

describe('IDLE', () => {
  test('tells at once what another session does, until DONE', async () => {
    await service.deliver('I', 'INBOX', many(2));
    await script(String.raw`
      I> a SELECT INBOX
      I< ...
      I< /^a OK/
      I> b IDLE
      I< + idling
      I2> c SELECT INBOX
      I2< ...
      I2< /^c OK/
      I2> d STORE 1 +FLAGS (\Deleted)
      I< * 1 FETCH (UID 1 FLAGS (\Deleted))
      I2< ...
      I2< /^d OK/
      I2> e EXPUNGE
      I< * 1 EXPUNGE
      I2< ...
      I2< /^e OK/
      I2> f COPY 1 INBOX
      I< * 2 EXISTS
      I< * 0 RECENT
      I> DONE
      I< b OK IDLE completed
      I> g IDLE
      I< + idling
      I> NOOP
      I< g BAD DONE expected
    `);
  });

  test('without a folder selected there is nothing to tell', () =>
    script(`
      I> a IDLE
      I< + idling
      I> done
      I< a OK IDLE completed
    `));
});

test('more messages than one commit holds are copied and moved, or none is copied', async () => {
  await service.deliver('PARTS', 'INBOX', ['Subject: x\r\n\r\nx\r\n']);
  const account = await service.account('PARTS');
  const inbox = account.folderAt('INBOX')!;
  for (let i = 0; i < 14; i++) await account.copy(account.getMessageIds({ folder: inbox.id }), inbox.id);
  await service.store.setQuota(account.id, 18 * 30_000);
  await script(String.raw`
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
