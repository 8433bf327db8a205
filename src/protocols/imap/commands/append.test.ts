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
    'APPEND INBOX ~{3}',
  ])('%s is malformed', (command) =>
    imap.script(`
      G> a ${command}
      G< /^a BAD /
      G> b NOOP
      G< b OK NOOP completed
    `),
  );
});
