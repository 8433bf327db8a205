import { describe, test } from 'vitest';
import { mail, many } from '../../../../test/imap/mails.ts';
import { oneImapService } from '../../../../test/imap/one-service.ts';
import { accountPartition, bucketOf, detailsKey } from '../../../mailstore/keys.ts';

const imap = oneImapService();

test('UID FETCH of a part of what the set names (RFC 9394)', async () => {
  await imap.service.deliver('PART', 'INBOX', many(5));
  await imap.script(`
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
    await imap.service.deliver('P', 'INBOX', ['Subject: x\r\n\r\nFirst words\r\n']);
    await imap.script(String.raw`
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
    await imap.service.deliver('HUNDRED', 'INBOX', ['Subject: x\r\n\r\nx\r\n'], { internalDate: 0 });
    const items = Array.from({ length: 100 }, () => 'INTERNALDATE').join(' ');
    const told = Array.from({ length: 100 }, () => 'INTERNALDATE " 1-Jan-1970 00:00:00 +0000"').join(' ');
    await imap.script(`
      HUNDRED> a SELECT INBOX
      HUNDRED< ...
      HUNDRED< /^a OK/
      HUNDRED> b FETCH 1 (${items})
      HUNDRED< * 1 FETCH (${told})
      HUNDRED< b OK FETCH completed
    `);
  });
});

describe('FETCH', () => {
  test('of what the index knows', async () => {
    await imap.service.deliver('F', 'INBOX', many(3), { flags: 1, internalDate: Date.UTC(2024, 0, 2, 3, 4, 5) });
    await imap.script(String.raw`
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
    imap.script(String.raw`
      F> a EXAMINE INBOX
      F< ...
      F< /^a OK/
      F> b FETCH 1 (ENVELOPE BODYSTRUCTURE)
      F< * 1 FETCH (ENVELOPE ("Mon, 1 Feb 1994 21:52:25 -0800" "mail 1" (("Sender" NIL "s1" "example.test")) (("Sender" NIL "s1" "example.test")) (("Sender" NIL "s1" "example.test")) NIL NIL NIL NIL NIL) BODYSTRUCTURE ("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 8 1 NIL NIL NIL NIL))
      F< b OK FETCH completed
    `));

  test('of the message, its parts, its header fields, and parts of these', () =>
    imap.script(
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
    await imap.service.deliver('G', 'INBOX', many(2));
    await imap.script(String.raw`
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

  test('that it marked a message as read is told with UID and mod-sequence from CONDSTORE on', async () => {
    await imap.service.deliver('GC', 'INBOX', many(2));
    await imap.script(String.raw`
      GC> a SELECT INBOX (CONDSTORE)
      GC< ...
      GC< /^a OK/
      GC> b FETCH 1 BODY[1]
      GC< * 1 FETCH (BODY[1] {8}
      GC< body 1
      GC< /^ FLAGS \(\\Seen\) UID 1 MODSEQ \(\d+\)\)$/
      GC< b OK FETCH completed
      GC> c FETCH 1 BODY[1]
      GC< * 1 FETCH (BODY[1] {8}
      GC< body 1
      GC< )
      GC< c OK FETCH completed
      GC> d UID FETCH 2 (FLAGS BODY[1])
      GC< * 2 FETCH (UID 2 FLAGS (\Seen) BODY[1] {8}
      GC< body 2
      GC< /^ MODSEQ \(\d+\)\)$/
      GC< d OK FETCH completed
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
    imap.script(`
      F> a EXAMINE INBOX
      F< ...
      F< /^a OK/
      F> b ${command}
      F< /^b BAD /
    `),
  );

  test('of a message that is damaged in storage costs that message only (A18, A19)', async () => {
    await imap.service.deliver('DMG', 'INBOX', [mail(1), `${mail(2)}${'x'.repeat(200_000)}`, mail(3)]);
    for (const content of imap.service.blobs.contents.values()) content.bytes[100] = 0;
    await imap.script(String.raw`
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
    const placed = await imap.service.deliver('DMD', 'INBOX', [mail(1), mail(2), mail(3), mail(4)]);
    const p = accountPartition((await imap.service.account('DMD')).id);
    const [, second, , fourth] = placed.map(({ email }) => [bucketOf(email), detailsKey(email)] as const);
    imap.service.kv.damage(p, ...second!);
    const lost = String.raw`
      DMD> b UID FETCH 1:* (BODY.PEEK[TEXT])
      DMD< * 1 FETCH (UID 1 BODY[TEXT] {8}
      DMD< body 1
      DMD< )
      DMD< * 3 FETCH (UID 3 BODY[TEXT] {8}
      DMD< body 3
      DMD< )`;
    await imap.script(`
      DMD> a EXAMINE INBOX
      DMD< ...
      DMD< /^a OK/${lost}
      DMD< * 4 FETCH (UID 4 BODY[TEXT] {8}
      DMD< body 4
      DMD< )
      DMD< b NO [CORRUPTION] The message is damaged in storage
    `);
    await imap.service.kv.dropImmutable(p, fourth![0], [fourth![1]]);
    await imap.script(`
      DMD> a EXAMINE INBOX
      DMD< ...
      DMD< /^a OK/${lost}
      DMD< b NO [CORRUPTION] The message is damaged in storage
    `);
  });

  test('1:* of an empty folder is nothing', () =>
    imap.script(`
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
  test('what another session expunged is told only when numbers may change (E7)', async () => {
    await imap.service.deliver('H', 'INBOX', many(3));
    await imap.script(String.raw`
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
