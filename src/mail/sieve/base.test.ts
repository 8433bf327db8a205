/** RFC 5228: control, tests and actions, as a mail sees them. */
import { describe, expect, test } from 'vitest';
import { holds, MAIL, run } from '../../../test/support/sieve.ts';

describe('control and actions', () => {
  test('an empty script keeps', async () => {
    expect(await run('')).toEqual(['keep']);
    expect(await run('stop; discard;')).toEqual(['keep']);
  });

  test('discard, keep, redirect and fileinto cancel the implicit keep', async () => {
    expect(await run('discard;')).toEqual([]);
    expect(await run('keep;')).toEqual(['keep']);
    expect(await run('discard; keep;')).toEqual(['keep']);
    expect(await run('redirect "a@b.example";')).toEqual(['redirect a@b.example']);
    expect(await run('require "fileinto"; fileinto "A"; fileinto "B";')).toEqual(['fileinto A', 'fileinto B']);
  });

  test('the first branch whose test holds is taken', async () => {
    const script = (one: boolean, two: boolean): string =>
      `require "fileinto"; if ${one} { fileinto "1"; } elsif ${two} { fileinto "2"; } else { fileinto "3"; }`;
    expect(await run(script(true, true))).toEqual(['fileinto 1']);
    expect(await run(script(false, true))).toEqual(['fileinto 2']);
    expect(await run(script(false, false))).toEqual(['fileinto 3']);
  });

  test('stop ends everything, from inside blocks, too', async () => {
    expect(await run('if true { if true { stop; } } discard;')).toEqual(['keep']);
  });

  test('a redirect to the same address goes once, and five at most', async () => {
    expect(await run('redirect "a@b.example"; redirect "a@B.example";')).toEqual(['redirect a@b.example']);
    const many = Array.from({ length: 6 }, (_, i) => `redirect "a${i}@b.example";`).join('');
    expect(await run(many)).toEqual(['keep', 'error line 1, column 121: more than 5 times redirect']);
  });

  test('a multi-line text loses its dots, a string its backslashes', async () => {
    expect(await run('require "reject"; reject text: # why\r\n..one\r\nt"wo\r\n.\r\n;')).toEqual([
      'reject .one\r\nt"wo\r\n',
    ]);
    expect(await run('require "fileinto"; fileinto "a\\"\\b\\\\";')).toEqual(['fileinto a"b\\']);
  });

  test('encoded characters are decoded where they are asked for', async () => {
    const text = '"${hex:24 40}${unicode:d55c AE00}${Hex: 41}${hex:zz}${other:41}"';
    expect(await run(`require ["fileinto", "encoded-character"]; fileinto ${text};`)).toEqual([
      'fileinto $@한글A${hex:zz}${other:41}',
    ]);
    expect(await run(`require "fileinto"; fileinto "\${hex:41}";`)).toEqual(['fileinto ${hex:41}']);
  });
});

describe('header', () => {
  test.each([
    ['header "subject" "회의 Meeting at three"', true],
    ['header "SUBJECT" "회의 meeting AT three"', true],
    ['header :comparator "i;octet" "subject" "회의 meeting at three"', false],
    ['header :contains "subject" ["none", "AT THREE"]', true],
    ['header :contains "subject" ""', true],
    ['header :contains "x-none" ""', false],
    ['header :matches "subject" "회?*th*e"', true],
    ['header :matches "subject" "*four"', false],
    ['header :matches "subject" "회의 Meeting at three?"', false],
    ['header ["x-none", "message-id"] "<one@example.com>"', true],
    ['not header "subject" "x"', true],
    ['exists ["from", "to"]', true],
    ['exists ["from", "cc"]', false],
    ['allof (true, not false)', true],
    ['allof (true, false)', false],
    ['anyof (false, true)', true],
    ['anyof (false, false)', false],
    ['size :over 100', true],
    ['size :over 1K', false],
    ['size :under 1M', true],
  ])('%s', async (script, expected) => {
    expect(await holds(script)).toBe(expected);
  });

  test('size is over or under, never at', async () => {
    const size = Buffer.byteLength(MAIL.replaceAll('\n', '\r\n'));
    expect(await holds(`anyof (size :over ${size}, size :under ${size})`)).toBe(false);
    expect(await holds(`allof (size :over ${size - 1}, size :under ${size + 1})`)).toBe(true);
  });

  test('white space around a value, and folds in it, do not count', async () => {
    expect(await holds('header "x" "a b"', 'X:   a\n b  \n\n')).toBe(true);
  });

  test('a wildcard after a backslash is itself', async () => {
    expect(await holds('header :matches "x" "a\\\\*\\\\?b*"', 'X: a*?bc\n\n')).toBe(true);
    expect(await holds('header :matches "x" "a\\\\*b"', 'X: axb\n\n')).toBe(false);
  });

  test('a wildcard stands for one character, also one outside the first plane', async () => {
    expect(await holds('header :matches "x" "?"', 'X: 😀\n\n')).toBe(true);
    expect(await holds('header :matches "x" "*?b"', 'X: 😀b\n\n')).toBe(true);
    expect(await holds('header :matches "x" "??"', 'X: 😀\n\n')).toBe(false);
  });

  test('numbers are compared as numbers', async () => {
    const compare = (a: string, b: string): Promise<boolean> =>
      holds(`header :comparator "i;ascii-numeric" "x" "${b}"`, `X: ${a}\n\n`);
    expect(await compare('007', '7')).toBe(true);
    expect(await compare('7 apples', '7')).toBe(true);
    expect(await compare('8', '7')).toBe(false);
    expect(await compare('none', 'nothing')).toBe(true);
    expect(await compare('none', '7')).toBe(false);
  });
});

describe('address and envelope', () => {
  test.each([
    ['address "from" "gildong+news@EXAMPLE.com"', true],
    ['address :localpart "from" "gildong+news"', true],
    ['address :domain :contains ["from", "to"] "example.test"', true],
    ['address :all :is "to" "carol@example.test"', true],
    ['address :is "from" "Gil-dong Hong"', false],
    ['address :user "from" "gildong"', true],
    ['address :detail "from" "news"', true],
    ['address :detail :contains "to" ""', false],
    ['envelope "from" "gildong+news@example.com"', true],
    ['envelope :localpart :is "to" "bob+work"', true],
    ['envelope :user "to" "bob"', true],
    ['envelope :detail ["from", "to"] "work"', true],
    ['envelope :domain "TO" "example.test"', true],
  ])('%s', async (script, expected) => {
    expect(await holds(script)).toBe(expected);
  });

  test('members of a group are addresses, names are not', async () => {
    const mail = 'To: Friends: a@b.example, "x@y.example" <c@d.example>;, e@f.example\n\n';
    for (const address of ['a@b.example', 'c@d.example', 'e@f.example'])
      expect(await holds(`address "to" "${address}"`, mail)).toBe(true);
    expect(await holds('address "to" "x@y.example"', mail)).toBe(false);
  });

  test('of the null sender every part is empty', async () => {
    expect(await holds('envelope :all :is "from" ""', MAIL, { from: '' })).toBe(true);
    expect(await holds('envelope :domain :is "from" ""', MAIL, { from: '' })).toBe(true);
    expect(await holds('envelope :detail :is "from" ""', MAIL, { from: '' })).toBe(false);
  });
});

describe('limits while it runs', () => {
  test('a script that compares too much is stopped, and the mail kept', async () => {
    const mail = `X: ${'a'.repeat(400_000)}\n\n`;
    const tests = Array.from({ length: 200 }, () => 'header :contains "x" "b"').join(', ');
    expect((await run(`if anyof (${tests}) { discard; }`, mail)).join()).toMatch(/^keep,error .*compares too much/);
  });

  test('an unlucky pattern costs no more than another', async () => {
    const mail = `X: ${'a'.repeat(100_000)}\n\n`;
    const half = 'a'.repeat(500);
    expect(await run(`if header :matches "x" "*${half}?${half}b*" { discard; }`, mail)).toEqual(['keep']);
    expect(await run(`if header :matches "x" "*${half}?${half}*?" { discard; }`, mail)).toEqual([]);
    expect(await run(`if header :contains "x" "${'a'.repeat(5_000)}b" { discard; }`, mail)).toEqual(['keep']);
  });
});

test('what a published test suite found', async () => {
  // RFC 5228 §2.4.2.3, §8.1 (a dot is taken away before another one), §5.1; RFC 5232 §2: the last flags win.
  expect(await run('redirect "\\"Bosch, S.\\" <s.bosch@example.net>";')).toEqual(['redirect s.bosch@example.net']);
  expect(await holds('header :is "subject" text:\r\n..one\r\n.two\r\n.\r\n', 'Subject: .one\n\n')).toBe(false);
  const dots =
    'require "variables"; set "t" text:\r\n..one\r\n.two\r\n.\r\n; if string :is "${t}" ".one\r\n.two\r\n" { discard; }';
  expect(await run(dots)).toEqual([]);
  expect(await holds('address :localpart "from" "gildong"', 'From: gildong@\n\n')).toBe(false);
  expect(await run('require "imap4flags"; keep :flags "a"; keep :flags "b";')).toEqual(['keep (b)']);
});
