import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bodyDecoder, decodeBody } from './encoding.ts';

const inPieces = (text: string, encoding: string, step: number): string => {
  const bytes = Buffer.from(text);
  const decoder = bodyDecoder(encoding);
  const out: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += step) out.push(decoder.push(bytes.subarray(at, at + step)));
  return Buffer.concat([...out, decoder.end()]).toString();
};

describe('quoted-printable', () => {
  test.each([
    ['caf=C3=A9', 'café'],
    ['caf=c3=a9', 'café'],
    ['soft=\r\nbreak', 'softbreak'],
    ['soft=\nbreak', 'softbreak'],
    ['soft= \t\r\nbreak', 'softbreak'],
    ['blank at the end \t\r\nnext', 'blank at the end\r\nnext'],
    ['encoded=20\r\nnext', 'encoded \r\nnext'],
    ['1+1=2', '1+1=2'],
    ['=', ''],
    ['=4', '=4'],
    ['==41', '=A'],
    ['bare\rreturn', 'bare\rreturn'],
    ['a\r\n', 'a\r\n'],
    ['', ''],
  ])('%j is %j', (encoded, decoded) => {
    expect(decodeBody(Buffer.from(encoded), 'quoted-printable').toString()).toBe(decoded);
    for (const step of [1, 2, 3]) expect(inPieces(encoded, 'quoted-printable', step)).toBe(decoded);
  });

  test('a long run of blanks does not slow down', () => {
    expect(inPieces(`a${' '.repeat(200_000)}b`, 'quoted-printable', 100).length).toBe(200_002);
  });
});

describe('base64', () => {
  test.each([
    ['QUJD', 'ABC'],
    ['QU\r\nJD\r\n', 'ABC'],
    ['QQ==QUI=', 'AAB'],
    ['QUI', 'AB'],
    ['Q', ''],
    ['Q!U#J D', 'ABC'],
    ['', ''],
  ])('%j is %j', (encoded, decoded) => {
    expect(decodeBody(Buffer.from(encoded), 'base64').toString()).toBe(decoded);
    for (const step of [1, 2, 3]) expect(inPieces(encoded, 'base64', step)).toBe(decoded);
  });
  test('all bytes come back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(decodeBody(Buffer.from(Buffer.from(bytes).toString('base64')), 'base64')).toEqual(Buffer.from(bytes));
      }),
    );
  });
});

test('unknown encodings pass', () => {
  expect(decodeBody(Buffer.from('abc'), 'x-uuencode').toString()).toBe('abc');
  expect(inPieces('abc', '8bit', 1)).toBe('abc');
});
