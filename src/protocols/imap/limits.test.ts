import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ImapService } from '../../../test/imap/service.ts';

let service: ImapService;
beforeAll(async () => {
  service = await ImapService.start({ plaintextLogin: true });
});
afterAll(() => service[Symbol.asyncDispose]());
const script = (text: string) => service.transcript(text);

describe('before sign-in', () => {
  test('a literal above 8 KB is refused before it is sent (C13)', () =>
    script(`
      new< ...
      new> a LOGIN {4294967295}
      new< a NO [TOOBIG] The literal is too large
      new> b LOGIN {8193}
      new< b NO [TOOBIG] The literal is too large
      new> c NOOP
      new< c OK NOOP completed
    `));

  test('one that is on its way already ends the connection (C13)', () =>
    script(`
      new< ...
      new> a LOGIN {100000000+}
      new< * BYE [TOOBIG] The literal is too large
      new<|
    `));

  test('parentheses without end are malformed, nothing recurses (C14)', () =>
    script(`
      new< ...
      new> a ID ${'('.repeat(7000)}
      new< /^a BAD /
    `));

  test('a list of more than 100 is malformed (C14)', () =>
    script(`
      new< ...
      new> a ID (${'"x" "y" '.repeat(51).trim()})
      new< /^a BAD /
    `));

  test('a line above 8 KB ends the connection, whether or not its end has come (C9)', () =>
    script(`
      new< ...
      new>| ${'x'.repeat(9000)}
      new< * BAD The line is too long
      new< * BYE The line is too long
      new<|
    `));

  test('twenty commands that nobody understands end the connection', () =>
    script(`
      new< ...
      ${'new> a FOO\nnew< a BAD unknown command\n'.repeat(19)}
      new> a FOO
      new< a BAD unknown command
      new< * BYE Too many commands that are no use
      new<|
    `));

  test('twenty wrong passwords end the connection', () =>
    script(`
      new< ...
      ${'new> a LOGIN a@example.test wrong\nnew< a NO [AUTHENTICATIONFAILED] Address or password is wrong\n'.repeat(20)}
      new< * BYE Too many commands that are no use
      new<|
    `));

  test.each(['GET / HTTP/1.1', 'EHLO example.test', 'SSH-2.0-x y'])('%s is no IMAP: nothing more is read', (line) =>
    script(`
      new< ...
      new> ${line}
      new< /^\\S+ BAD /
      new< * BYE Too many commands that are no use
      new<|
    `),
  );
});

describe('after sign-in', () => {
  test('a line above 64 KB ends the connection', () =>
    script(`
      A>| ${'x'.repeat(70_000)}
      A< * BAD The line is too long
      A< * BYE The line is too long
      A<|
    `));

  test('a literal above 64 KB is refused; what comes all the same is read over', () =>
    script(String.raw`
      A> a SELECT {65537}
      A< a NO [TOOBIG] The literal is too large
      A> b SELECT {70000+}
      A>| ${'x'.repeat(70_000)}\r\n
      A< b NO [TOOBIG] The literal is too large
      A> c NOOP
      A< c OK NOOP completed
    `));

  test('lines end with CRLF, nothing else', () =>
    script(String.raw`
      A>| a NOOP\nb NOOP\r\nc NOOP\r\n
      A< * BAD lines end with CRLF
      A< /^b OK /
      A< /^c OK /
    `));

  test('a literal to a command that does not exist is not asked for', () =>
    script(`
      A> a FOO {10}
      A< a BAD unknown command
      A> b NOOP
      A< b OK NOOP completed
      A> c FOO {4+}
      A> abcd
      A< c BAD unknown command
      A> d NOOP
      A< d OK NOOP completed
    `));

  test.each(['(', '""', '{', 'a', 'a ', '+ x', 'a b c', '\\x00\\x01\\x02', 'a UID', 'a UID x', 'a FETCH', ' NOOP'])(
    '%s is answered',
    (line) =>
      script(`
        A>| ${line}\\r\\nz NOOP\\r\\n
        A< / BAD /
        A< z OK NOOP completed
      `),
  );
});

test('an answer does not wait for the end of a command that has only begun', () =>
  script(String.raw`
    A>| a NOOP\r\nb NO
    A< a OK NOOP completed
    A>| OP\r\n
    A< b OK NOOP completed
  `));

test('a thousand commands sent at once are answered in order', async () => {
  const wire = await service.session('A');
  await wire.write(Array.from({ length: 1000 }, (_, i) => `t${i} NOOP\r\n`).join(''));
  for (let i = 0; i < 1000; i++) expect(await wire.line()).toBe(`t${i} OK NOOP completed`);
  wire.destroy();
});
