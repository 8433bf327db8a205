import iconv from 'iconv-lite';
import { describe, expect, test } from 'vitest';
import type { MailAddress } from './message.ts';
import { decodeAddresses, MAX_ADDRESSES, parseAddressList } from './address.ts';
import { cpuMs } from '../../test/support/cpu.ts';

/** `name <address>` or `group{...}`. */
function read(text: string): string[] {
  const show = (list: readonly MailAddress[]): string[] =>
    list.map(({ name, address, group }) =>
      group === undefined
        ? name === ''
          ? address
          : `${name} <${address}>`
        : `${group.name}{${show(group.members).join(' ')}}`,
    );
  return show(decodeAddresses(parseAddressList(text)));
}

describe('address lists', () => {
  test.each([
    ['a@b.test', ['a@b.test']],
    ['<a@b.test>', ['a@b.test']],
    ['Alice <a@b.test>', ['Alice <a@b.test>']],
    ['"Alice, A." <a@b.test>, bob@b.test', ['Alice, A. <a@b.test>', 'bob@b.test']],
    ['Alice Q. Example <a@b.test>', ['Alice Q. Example <a@b.test>']],
    ['a@b.test (Alice)', ['Alice <a@b.test>']],
    ['(nested (comment)) a@b.test', ['nested (comment) <a@b.test>']],
    ['"a b"@c.test', ['"a b"@c.test']],
    ['<"a b"@c.test>', ['"a b"@c.test']],
    ['"a\\"b" <a@b.test>', ['a"b <a@b.test>']],
    ['Friends: a@b.test, C <c@d.test>;', ['Friends{a@b.test C <c@d.test>}']],
    ['undisclosed-recipients:;', ['undisclosed-recipients{}']],
    ['A: a@b.test; , B: c@d.test;, e@f.test', ['A{a@b.test}', 'B{c@d.test}', 'e@f.test']],
    ['A: a@b.test', ['A{a@b.test}']],
    ['<@x.test,@y.test:a@b.test>', ['a@b.test']],
    ['a@[192.0.2.1], b@[IPv6:::1]', ['a@[192.0.2.1]', 'b@[IPv6:::1]']],
    ['<b@[IPv6:::1]>', ['b@[IPv6:::1]']],
    ['a . b @ c . test', ['a.b@c.test']],
    ['< a @ b.test >', ['a@b.test']],
    ['a@b.test, , ,c@d.test,', ['a@b.test', 'c@d.test']],
    ['a@b.test; c@d.test', ['a@b.test', 'c@d.test']],
    ['A <a@b.test> C <c@d.test>', ['A <a@b.test>', 'C <c@d.test>']],
    ['=?utf-8?b?6rmA?= <a@b.test>', ['김 <a@b.test>']],
    ['"=?utf-8?b?6rmA?=" <a@b.test>', ['김 <a@b.test>']],
    ['a@b.test (=?utf-8?b?6rmA?=)', ['김 <a@b.test>']],
    ['undisclosed', ['undisclosed']],
    ['No Address Here', ['No Address Here <>']],
    ['a@b@c.test', ['"a@b"@c.test']],
    ['"unclosed <a@b.test>', ['unclosed <a@b.test>']],
    ['<a@b.test', ['a@b.test']],
    ['(unclosed a@b.test', []],
    ['<>', []],
    ['Mailer <>', ['Mailer <>']],
    ['', []],
    ['@', []],
    [',;,', []],
    ['"unclosed", "b <a@b.test>', ['unclosed', 'b <a@b.test>']],
  ])('%j', (text, expected) => expect(read(text)).toEqual(expected));

  test('encoded words in an address are never decoded', () => {
    expect(read('=?utf-8?q?a=40b?=@c.test')).toEqual(['=?utf-8?q?a=40b?=@c.test']);
    expect(read('<=?utf-8?q?a=40evil.test=3E?=@c.test>')).toEqual(['=?utf-8?q?a=40evil.test=3E?=@c.test']);
  });

  test('addresses and names in UTF-8 or raw Korean', () => {
    expect(read(Buffer.from('김철수 <김@한글.test>').toString('latin1'))).toEqual(['김철수 <김@한글.test>']);
    expect(read(iconv.encode('김철수 <kim@b.test>', 'cp949').toString('latin1'))).toEqual(['김철수 <kim@b.test>']);
  });

  test('a hundred thousand addresses are capped (C18)', () => {
    expect(parseAddressList('a@b.test,'.repeat(100_000))).toHaveLength(MAX_ADDRESSES);
  });

  test('megabytes of nonsense take no time', () => {
    for (const piece of [
      '(',
      '"',
      '<',
      '[',
      '\\',
      ',',
      ':',
      ';',
      '@',
      'a ',
      '<a',
      '("',
      '[ ',
      '"a" ',
      '<@a:',
      '(a) ',
      'a:',
      '"\\',
    ]) {
      const text = piece.repeat((1 << 20) / piece.length);
      expect(
        cpuMs(() => decodeAddresses(parseAddressList(text))),
        piece,
      ).toBeLessThan(2000);
    }
  });
});
