import { describe, expect, test } from 'vitest';
import { oneImapService } from '../../../../test/imap/one-service.ts';

const imap = oneImapService();

const count = async (name: string, folder: string): Promise<number> =>
  (await imap.service.account(name)).folderAt(folder)?.total ?? -1;

describe('APPEND', () => {
  test('keeps the bytes, flags and date, and tells the UID', () =>
    imap.script(String.raw`
      A> a APPEND Sent (\Seen $Sent \Recent) " 2-Jan-2024 03:04:05 +0900" {23}
      A< + Ready
      A>| Subject: hi\r\n\r\nbody\x00\xff\r\n\r\n
      A< /^a OK \[APPENDUID \d+ 1\] APPEND completed$/
      A> b EXAMINE Sent
      A< ...
      A< /^b OK/
      A> c FETCH 1 (FLAGS INTERNALDATE RFC822.SIZE BODY[TEXT])
      A< * 1 FETCH (FLAGS (\Seen $Sent) INTERNALDATE " 1-Jan-2024 18:04:05 +0000" RFC822.SIZE 23 BODY[TEXT] {8}
      A< /^body\x00\xff$/
      A< )
      A< c OK FETCH completed
    `));

  test('sent at once, into the selected folder: EXISTS before the answer', () =>
    imap.script(String.raw`
      B> a SELECT INBOX
      B< ...
      B< /^a OK/
      B2> b SELECT INBOX
      B2< ...
      B2< /^b OK/
      B>| c APPEND INBOX {14+}\r\nSubject: x\r\n\r\n\r\nd NOOP\r\n
      B< * 1 EXISTS
      B< * 0 RECENT
      B< /^c OK \[APPENDUID \d+ 1\] APPEND completed$/
      B< d OK NOOP completed
      B2> e NOOP
      B2< * 1 EXISTS
      B2< * 0 RECENT
      B2< e OK NOOP completed
    `));

  test('the name may be a literal, too', () =>
    imap.script(String.raw`
      C> a APPEND {5}
      C< + Ready
      C>| INBOX (\Seen) {14}\r\n
      C< + Ready
      C>| Subject: x\r\n\r\n\r\n
      C< /^a OK /
    `));

  test('to where nothing is: the client may make it and try again; nothing is asked for', () =>
    imap.script(String.raw`
      C> a APPEND nowhere {14}
      C< a NO [TRYCREATE] There is no such mailbox
      C>| b APPEND nowhere {14+}\r\nSubject: x\r\n\r\n\r\nc NOOP\r\n
      C< b NO [TRYCREATE] There is no such mailbox
      C< c OK NOOP completed
    `));

  test('too large: refused before it is sent, read over when it comes all the same', async () => {
    await imap.script(String.raw`
      D> a APPEND INBOX {1000001}
      D< a NO [TOOBIG] The message is too large
      D>| b APPEND INBOX {1000001+}\r\n${'x'.repeat(1_000_001)}\r\nc NOOP\r\n
      D< b NO [TOOBIG] The message is too large
      D< c OK NOOP completed
      D>| d APPEND INBOX {4294967295+}\r\n
      D< d NO [TOOBIG] The message is too large
      D< * BYE [TOOBIG] The literal is too large
      D<|
    `);
    expect(await count('D', 'INBOX')).toBe(0);
  });

  test('over quota: refused before it is sent', async () => {
    const account = await imap.service.account('E');
    await imap.service.store.setQuota(account.id, 1000);
    await imap.script(String.raw`
      E> a APPEND INBOX {1001}
      E< a NO [OVERQUOTA] The account is full
      E> b APPEND INBOX {14}
      E< + Ready
      E>| Subject: x\r\n\r\n\r\n
      E< /^b OK /
    `);
  });

  test('cut off at 99%: nothing is kept, and the account goes on (E8)', async () => {
    const wire = await imap.service.session('F');
    await wire.write('a APPEND INBOX {1000000}\r\n');
    expect(await wire.line()).toBe('+ Ready');
    await wire.write(`Subject: x\r\n\r\n${'x'.repeat(990_000)}`);
    wire.destroy();
    await imap.script(`
      F> a STATUS INBOX (MESSAGES)
      F< * STATUS "INBOX" (MESSAGES 0)
      F< a OK STATUS completed
    `);
    expect(await count('F', 'INBOX')).toBe(0);
  });

  test('longer than announced: nothing is kept, and the next command is read from its start', async () => {
    await imap.script(String.raw`
      G> a APPEND INBOX {14}
      G< + Ready
      G>| Subject: x\r\n\r\nmore than was said\r\nb NOOP\r\n
      G< a BAD end of command expected
      G< b OK NOOP completed
    `);
    expect(await count('G', 'INBOX')).toBe(0);
  });

  test('of nothing', () =>
    imap.script(String.raw`
      G> a APPEND INBOX {0}
      G< a NO [CANNOT] The message is empty
      G>| b APPEND INBOX {0+}\r\n\r\nc NOOP\r\n
      G< b NO [CANNOT] The message is empty
      G< c OK NOOP completed
    `));

  test.each([
    'APPEND',
    'APPEND INBOX',
    'APPEND INBOX x',
    'APPEND INBOX (\\Foo) {3}',
    'APPEND INBOX "1-Jan-2024" {3}',
    'APPEND INBOX () (a) {3}',
    'SELECT ~{3}',
  ])('%s is malformed', (command) =>
    imap.script(`
      G> a ${command}
      G< /^a BAD /
      G> b NOOP
      G< b OK NOOP completed
    `),
  );
});

describe('APPEND of several messages (RFC 3502)', () => {
  test('in one commit, each with its flags and date; another session sees them at once', async () => {
    await imap.script(String.raw`
      H2> a SELECT INBOX
      H2< ...
      H2< /^a OK/
      H> a APPEND INBOX (\Seen) {19}
      H< + Ready
      H>| Subject: 1\r\n\r\none\r\n (\Flagged one) " 2-Jan-2024 03:04:05 +0900" {19}\r\n
      H< + Ready
      H>| Subject: 2\r\n\r\ntwo\r\n (one two) {21+}\r\nSubject: 3\r\n\r\nthree\r\n\r\n
      H< /^a OK \[APPENDUID \d+ 1:3\] APPEND completed$/
      H2> b NOOP
      H2< * 3 EXISTS
      H2< * 0 RECENT
      H2< b OK NOOP completed
      H2> c FETCH 1:3 (FLAGS INTERNALDATE MODSEQ)
      H2< ...
      H2< /^. 1 FETCH \(FLAGS \(.Seen\) INTERNALDATE "[^"]+" MODSEQ \((?<modseq>\d+)\)\)$/
      H2< * 2 FETCH (FLAGS (\Flagged one) INTERNALDATE " 1-Jan-2024 18:04:05 +0000" MODSEQ ($modseq))
      H2< /^. 3 FETCH \(FLAGS \(one two\) .* MODSEQ \($modseq\)\)$/
      H2< c OK FETCH completed
    `);
    const account = await imap.service.account('H');
    const changes = await Array.fromAsync(account.changesSince(account.version - 1) ?? []);
    expect(changes.flatMap((one) => one.changes.map(({ type }) => type))).toEqual(['added', 'added', 'added']);
  });

  test.each([
    ['an empty one', String.raw`{0+}\r\n\r\n`, 'NO [CANNOT] The message is empty'],
    ['one that is too large', String.raw`{1000001}\r\n`, 'NO [TOOBIG] The message is too large'],
    ['something else', String.raw`(x\r\n`, "BAD ')' expected"],
    ['a flag that is none', String.raw`(\\Foo) {3+}\r\nabc\r\n`, 'BAD unknown system flag'],
    ['no message', String.raw`(a) (b) {3+}\r\nabc\r\n`, 'BAD literal expected'],
  ])('%s behind a good one: none is kept, and the next command is read', async (_what, second, answer) => {
    await imap.script(String.raw`
      I>| a APPEND INBOX {14+}\r\nSubject: x\r\n\r\n ${second}
      I< a ${answer}
      I> b STATUS INBOX (MESSAGES)
      I< * STATUS "INBOX" (MESSAGES 0)
      I< b OK STATUS completed
    `);
  });

  test('what does not fit into the quota together is not kept at all', async () => {
    const account = await imap.service.account('J');
    await imap.service.store.setQuota(account.id, 30);
    await imap.script(String.raw`
      J>| a APPEND INBOX {14+}\r\nSubject: x\r\n\r\n {19+}\r\nSubject: 2\r\n\r\ntwo\r\n {3+}\r\nabc\r\nb NOOP\r\n
      J< a NO [OVERQUOTA] The account is full
      J< b OK NOOP completed
    `);
    expect(await count('J', 'INBOX')).toBe(0);
  });

  test('cut off in the second: none is kept', async () => {
    await imap.script(String.raw`
      K>| a APPEND INBOX {14+}\r\nSubject: x\r\n\r\n {19+}\r\nSubj
    `);
    expect(await count('K', 'INBOX')).toBe(0);
  });

  test('more than a thousand are refused', async () => {
    const more = String.raw` {14+}\r\nSubject: x\r\n\r\n`.repeat(1000);
    await imap.script(String.raw`
      L>| a APPEND INBOX {14+}\r\nSubject: x\r\n\r\n${more}\r\nb NOOP\r\n
      L< a NO [LIMIT] A limit of the account is reached
      L< b OK NOOP completed
    `);
    expect(await count('L', 'INBOX')).toBe(0);
  });
});

describe('APPEND of a binary literal (RFC 3516)', () => {
  test('keeps NUL', () =>
    imap.script(String.raw`
      M>| a APPEND INBOX ~{18+}\r\nSubject: x\r\n\r\n\x00\x01\r\n\r\n
      M< /^a OK/
      M> b EXAMINE INBOX
      M< ...
      M< /^b OK/
      M> c FETCH 1 BINARY.PEEK[1]
      M< * 1 FETCH (BINARY[1] ~{4}
      M< /^\x00\x01$/
      M< )
      M< c OK FETCH completed
    `));

  test('inside UTF8 (...), whose parenthesis must be there', () =>
    imap.script(String.raw`
      N>| a APPEND INBOX (\Seen) UTF8 (~{14+}\r\nSubject: x\r\n\r\n)\r\n
      N< /^a OK/
      N>| b APPEND INBOX UTF8 (~{14+}\r\nSubject: x\r\n\r\n\r\nc NOOP\r\n
      N< b BAD ')' expected
      N< c OK NOOP completed
    `));
});
