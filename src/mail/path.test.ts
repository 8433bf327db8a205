import { describe, expect, test } from 'vitest';
import { formatMailbox, localKey, normalizeDomain, parseMailbox, parsePath } from './path.ts';

const address = (text: string, utf8 = false): string => {
  const result = parsePath(text, { utf8 });
  return result.ok ? (result.mailbox?.address ?? '<>') : result.error;
};

describe('paths of MAIL and RCPT', () => {
  test.each([
    ['<a@example.test>', 'a@example.test'],
    ['<A.b+c@EXAMPLE.Test>', 'A.b+c@example.test'],
    ['<a@example.test> SIZE=12', 'a@example.test'],
    ['<@a.test,@b.test:c@d.test>', 'c@d.test'],
    ['<user%other@d.test>', 'user%other@d.test'],
    ['<user@[127.0.0.1]>', 'user@[127.0.0.1]'],
    ['<user@[IPv6:::1]>', 'user@[IPv6:::1]'],
    ['<"a b"@d.test>', '"a b"@d.test'],
    ['<"ab"@d.test>', 'ab@d.test'],
    ['<"a\\"b@c"@d.test>', '"a\\"b@c"@d.test'],
    ['<a@d>', 'a@d'],
    ["<!#$%&'*+-/=?^_`{|}~@d.test>", "!#$%&'*+-/=?^_`{|}~@d.test"],
  ])('%s is %s', (text, expected) => expect(address(text)).toBe(expected));

  test.each([
    '',
    '<',
    '<>',
    '<"">',
    '<""@d.test>',
    '<a@b@c>',
    '<a>',
    '<@b>',
    '<a@>',
    '<a b@c>',
    '<a..b@c>',
    '<.a@c>',
    '<a.@c>',
    'a@b',
    '<a@b',
    '<a@b.>>x'.slice(0, 5),
    '<"a@b>',
    '<"a\r\nb"@c>',
    '<a@-b.test>',
    '<a@b-.test>',
    '<a@b..test>',
    '<a@b.test.>',
    '<@a.test.:b@c.test>',
    '<a@[1.2.3]>',
    '<a@[IPv6:zz]>',
    '<a@[IPv6:fe80::1%eth0]>',
    '<a@b c>',
    '<@a:>',
    '<@a,b:c@d>',
    '<a,b@c>',
    '<a@b,c>',
    '<a\0@b>',
    '<a@b\0>',
    '<a\t@b>',
    '<a@%41.test>',
    '<a@b/c>',
    '<"a\\',
  ])('%j is refused', (text) => expect(address(text)).toBe('syntax'));

  test('the null path and postmaster only where they are asked for', () => {
    expect(parsePath('<>', { empty: true })).toEqual({ ok: true, mailbox: undefined, end: 2 });
    expect(parsePath('<PostMaster>', { postmaster: true })).toMatchObject({
      ok: true,
      mailbox: { local: 'PostMaster', domain: '' },
    });
    expect(parsePath('<root>', { postmaster: true })).toEqual({ ok: false, error: 'syntax' });
  });

  test('128 octets before the @ and 255 after it', () => {
    const domain = `${'d'.repeat(60)}.`.repeat(3) + 'test';
    expect(address(`<${'a'.repeat(128)}@d.test>`)).toBe(`${'a'.repeat(128)}@d.test`);
    expect(address(`<${'a'.repeat(129)}@d.test>`)).toBe('too-long');
    expect(address(`<a@${domain}>`)).toBe(`a@${domain}`);
    expect(address(`<a@${'d.'.repeat(127)}test>`)).toBe('too-long');
    expect(address(`<${'a'.repeat(128)}@${domain}${'.x'.repeat(10)}>`)).toBe('too-long');
    expect(address(`<${'가'.repeat(43)}@d.test>`, true)).toBe('too-long');
  });

  test('Unicode needs SMTPUTF8', () => {
    expect(address('<김@example.test>')).toBe('needs-smtputf8');
    expect(address('<a@한글.test>')).toBe('needs-smtputf8');
    expect(address('<김@한글.test>', true)).toBe('김@xn--bj0bj06e.test');
    expect(address('<"김 철수"@d.test>', true)).toBe('"김 철수"@d.test');
    expect(address('<a@１２７.１>', true)).toBe('syntax');
    expect(address('<a@\u3000.test>', true)).toBe('syntax');
    for (const evil of ['\u0085', '\u00a0', '\u2028', '\u202e', '\ufeff', '\ud800']) {
      expect(address(`<a${evil}b@d.test>`, true)).toBe('syntax');
      expect(address(`<"a${evil}b"@d.test>`, true)).toBe('syntax');
    }
  });

  test('what follows the path is left to the caller', () => {
    expect(parsePath('<a@b.test> BODY=8BITMIME')).toMatchObject({ ok: true, end: 10 });
  });
});

describe('addresses that people write', () => {
  test('forms that mean the same', () => {
    const key = (text: string): string => {
      const { local, domain } = parseMailbox(text)!;
      return formatMailbox(localKey(local), domain);
    };
    expect(key('Kim@Example.TEST')).toBe('kim@example.test');
    expect(key('김@한글.test'.normalize('NFD'))).toBe('김@xn--bj0bj06e.test');
    expect(key('"a.b"@c.test')).toBe(key('A.B@c.test'));
    expect(key('"A B"@c.test')).toBe('"a b"@c.test');
  });
  test('no brackets, no rest', () => {
    expect(parseMailbox('a@b.test')?.address).toBe('a@b.test');
    expect(parseMailbox('<a@b.test>')).toBeUndefined();
    expect(parseMailbox('a@b.test ')).toBeUndefined();
    expect(parseMailbox('a@b.test\r\nX: y')).toBeUndefined();
  });
  test('domains', () => {
    expect(normalizeDomain('Example.TEST.')).toBe('example.test');
    expect(normalizeDomain('bücher.example')).toBe('xn--bcher-kva.example');
    expect(normalizeDomain('a b.test')).toBeUndefined();
    expect(normalizeDomain('ü:8080')).toBeUndefined();
    expect(normalizeDomain(`${'a'.repeat(64)}.test`)).toBeUndefined();
    expect(normalizeDomain('_spf.example.test')).toBe('_spf.example.test');
  });
});
