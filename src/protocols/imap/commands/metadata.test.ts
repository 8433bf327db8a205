/** Annotations of mailboxes and of the account (RFC 5464). */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ImapService } from '../../../../test/imap/service.ts';
import { ANNOTATION, ANNOTATION_LIMITS } from '../../../mailstore/annotations.ts';

let service: ImapService;
beforeAll(async () => {
  service = await ImapService.start({ plaintextLogin: true });
});
afterAll(() => service[Symbol.asyncDispose]());
const script = (text: string) => service.transcript(text);

describe('an annotation', () => {
  test('is set, read by every session, changed and taken away', () =>
    script(String.raw`
      A> a GETMETADATA INBOX /private/comment
      A< * METADATA "INBOX" ("/private/comment" NIL)
      A< a OK GETMETADATA completed
      A>| b SETMETADATA INBOX (/private/comment "My \\"own\\"" /SHARED/Comment {5+}\r\nv\r\nue)\r\n
      A< b OK SETMETADATA completed
      A2> a GETMETADATA "inbox" (/shared/comment /private/COMMENT)
      A2< * METADATA "INBOX" ("/shared/comment" {5}
      A2< v
      A2< ue "/private/comment" "My \"own\"")
      A2< a OK GETMETADATA completed
      A> c SETMETADATA INBOX (/private/comment NIL)
      A< c OK SETMETADATA completed
      A2> b GETMETADATA INBOX /private/comment
      A2< * METADATA "INBOX" ("/private/comment" NIL)
      A2< b OK GETMETADATA completed
    `));

  test('is of one mailbox, or of the account as a whole', () =>
    script(String.raw`
      B> a SETMETADATA "" (/shared/comment all)
      B< /^a BAD /
      B> b SETMETADATA "" (/shared/comment "all")
      B< b OK SETMETADATA completed
      B> c GETMETADATA "" /shared/comment
      B< * METADATA "" ("/shared/comment" "all")
      B< c OK GETMETADATA completed
      B> d GETMETADATA Sent /shared/comment
      B< * METADATA "Sent" ("/shared/comment" NIL)
      B< d OK GETMETADATA completed
      B> e GETMETADATA Nowhere /shared/comment
      B< e NO [NONEXISTENT] There is no such mailbox
      B> f SETMETADATA Nowhere (/shared/comment "x")
      B< f NO [NONEXISTENT] There is no such mailbox
    `));

  test('stays with a mailbox that is renamed, and goes with one that is deleted', async () => {
    await script(String.raw`
      C> a CREATE one
      C< /^a OK /
      C> b SETMETADATA one (/shared/comment "of one")
      C< b OK SETMETADATA completed
      C> c RENAME one two
      C< c OK RENAME completed
      C> d GETMETADATA two /shared/comment
      C< * METADATA "two" ("/shared/comment" "of one")
      C< d OK GETMETADATA completed
      C> e DELETE two
      C< e OK DELETE completed
      C> f CREATE two
      C< /^f OK /
      C> g GETMETADATA two /shared/comment
      C< * METADATA "two" ("/shared/comment" NIL)
      C< g OK GETMETADATA completed
      C> h SETMETADATA INBOX (/shared/comment "x")
      C< h OK SETMETADATA completed
    `);
    const account = await service.account('C');
    expect(await account.records(ANNOTATION)).toHaveLength(1);
  });

  test('that is set with others is one change in the log, and none when nothing changes', async () => {
    const account = await service.account('D');
    const before = await account.refresh();
    const set = 'SETMETADATA INBOX (/shared/a "1" /shared/b "2" /private/none NIL)';
    await script(`
      D> a ${set}
      D< a OK SETMETADATA completed
      D> b ${set}
      D< b OK SETMETADATA completed
    `);
    await account.refresh();
    expect(await Array.fromAsync(account.changesSince(before)!)).toMatchObject([
      {
        version: before + 1,
        changes: [
          { type: 'record', kind: ANNOTATION, id: '1/shared/a' },
          { type: 'record', kind: ANNOTATION, id: '1/shared/b' },
        ],
      },
    ]);
  });

  test('tells the use of a mailbox, which nobody sets', () =>
    script(String.raw`
      E> a GETMETADATA Junk /private/specialuse
      E< * METADATA "Junk" ("/private/specialuse" "\\Junk")
      E< a OK GETMETADATA completed
      E> b SETMETADATA Junk (/private/specialuse "\\Trash")
      E< b NO [CANNOT] The use of a mailbox is chosen when it is made
    `));
});

describe('GETMETADATA', () => {
  test('with a depth goes down', () =>
    script(String.raw`
      F> a SETMETADATA INBOX (/private/a "0" /private/a/b "1" /private/a/b/c "2" /private/ab "3")
      F< a OK SETMETADATA completed
      F> b GETMETADATA (DEPTH 1) INBOX (/private/a)
      F< * METADATA "INBOX" ("/private/a" "0" "/private/a/b" "1")
      F< b OK GETMETADATA completed
      F> c GETMETADATA INBOX (DEPTH infinity) /private/a
      F< * METADATA "INBOX" ("/private/a" "0" "/private/a/b" "1" "/private/a/b/c" "2")
      F< c OK GETMETADATA completed
      F> d GETMETADATA (DEPTH infinity) INBOX /private/none
      F< d OK GETMETADATA completed
      F> e GETMETADATA (DEPTH 0) INBOX /private/a
      F< * METADATA "INBOX" ("/private/a" "0")
      F< e OK GETMETADATA completed
    `));

  test('with a size leaves out what is larger, and says how large that is', () =>
    script(String.raw`
      G> a SETMETADATA INBOX (/private/a "12345" /private/b "123" /private/c "1234567")
      G< a OK SETMETADATA completed
      G> b GETMETADATA (MAXSIZE 4 DEPTH 1) INBOX (/private/a /private/b /private/c)
      G< * METADATA "INBOX" ("/private/b" "123")
      G< b OK [METADATA LONGENTRIES 7] GETMETADATA completed
      G> c GETMETADATA (MAXSIZE 0) INBOX /private/a
      G< c OK [METADATA LONGENTRIES 5] GETMETADATA completed
    `));

  test.each([
    'GETMETADATA INBOX',
    'GETMETADATA INBOX ()',
    'GETMETADATA INBOX /comment',
    'GETMETADATA INBOX /private/',
    'GETMETADATA INBOX /private',
    'GETMETADATA INBOX /private//x',
    'GETMETADATA INBOX "/private/a*"',
    'GETMETADATA INBOX "/private/a%"',
    `GETMETADATA INBOX /private/${'x'.repeat(200)}`,
    'GETMETADATA () INBOX /private/x',
    'GETMETADATA (DEPTH 2) INBOX /private/x',
    'GETMETADATA (MAXSIZE) INBOX /private/x',
    'GETMETADATA (WIDTH 2) INBOX /private/x',
    'SETMETADATA INBOX ()',
    'SETMETADATA INBOX /private/x "y"',
    'SETMETADATA INBOX (/private/x)',
    'SETMETADATA INBOX (/private/x "y") z',
  ])('%s is malformed', (command) =>
    script(`
      H> a ${command}
      H< /^a BAD /
    `),
  );
});

describe('limits', () => {
  test('of a value', async () => {
    const { value } = ANNOTATION_LIMITS;
    await script(`
      I>| a SETMETADATA INBOX (/private/x {${value}+}\\r\\n${'x'.repeat(value)})\\r\\n
      I< a OK SETMETADATA completed
      I>| b SETMETADATA INBOX (/private/y "y" /private/x {${value + 1}+}\\r\\n${'x'.repeat(value + 1)})\\r\\n
      I< b NO [METADATA MAXSIZE ${value}] The value is too large
      I> c GETMETADATA INBOX /private/y
      I< * METADATA "INBOX" ("/private/y" NIL)
      I< c OK GETMETADATA completed
    `);
  });

  test('of how many there are: taking away is always possible', async () => {
    const account = await service.account('J');
    const keys = Array.from({ length: ANNOTATION_LIMITS.count }, (_, i) => ({
      kind: ANNOTATION,
      id: `1/private/${i}`,
    }));
    await account.changeRecords(keys, () => keys.map((key) => ({ ...key, value: 'eA==' })));
    await script(`
      J> a SETMETADATA Sent (/private/x "x")
      J< a NO [METADATA TOOMANY] There are too many annotations
      J> b SETMETADATA INBOX (/private/7 "another")
      J< b OK SETMETADATA completed
      J> c SETMETADATA INBOX (/private/7 NIL)
      J< c OK SETMETADATA completed
      J> d SETMETADATA Sent (/private/x "x")
      J< d OK SETMETADATA completed
    `);
  });
});

test("another's mailbox has no annotations that one may read or set, whatever the rights", async () => {
  await service.deliver('O', 'Team', ['Subject: x\r\n\r\n']);
  await script(`
    K> a NOOP
    K< a OK NOOP completed
    O> b SETMETADATA Team (/shared/comment "for us" /private/comment "for me")
    O< b OK SETMETADATA completed
    K> c GETMETADATA ~o@example.test/Team /shared/comment
    K< c NO [NONEXISTENT] There is no such mailbox
    O> d SETACL Team k@example.test lrswipkxtea
    O< d OK SETACL completed
    K> e GETMETADATA ~o@example.test/Team /shared/comment
    K< e NO [NOPERM] Not allowed
    K> f GETMETADATA (DEPTH infinity) ~o@example.test/Team /private/vendor
    K< f NO [NOPERM] Not allowed
    K> g SETMETADATA ~o@example.test/Team (/shared/comment "for them")
    K< g NO [NOPERM] Not allowed
    K> h SETMETADATA ~o@example.test/Team (/shared/comment NIL)
    K< h NO [NOPERM] Not allowed
    O> i GETMETADATA Team (/shared/comment /private/comment)
    O< * METADATA "Team" ("/shared/comment" "for us" "/private/comment" "for me")
    O< i OK GETMETADATA completed
    K> j GETMETADATA INBOX /shared/comment
    K< * METADATA "INBOX" ("/shared/comment" NIL)
    K< j OK GETMETADATA completed
  `);
});
