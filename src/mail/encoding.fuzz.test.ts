/** Bodies as they come in: every charset and encoding gives something, in pieces the same as whole. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { withoutStall } from '../../test/support/cpu.ts';
import { grammar, RUNS } from '../../test/support/fuzz.ts';
import { Base64Encoder, ExactBase64Decoder } from './base64-exact.ts';
import { decodeCharset } from './charset.ts';
import { bodyDecoder, decodeBody } from './encoding.ts';
import { htmlToText } from './html.ts';
import { parseMessage } from './parse.ts';
import { readableText, unflow } from './text.ts';

describe('bodies', () => {
  const charsets = [
    '',
    'utf-8',
    'us-ascii',
    'euc-kr',
    'johab',
    'iso-2022-kr',
    'iso-2022-jp',
    'utf-7',
    'utf-16',
    'utf-16le',
    'utf-32',
    'big5',
    'gb18030',
    'shift_jis',
    'euc-jp',
    'windows-1252',
    'koi8-r',
    '__proto__',
    'constructor',
    'base64',
  ];
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    grammar([
      '안녕',
      '\xbe\xc8',
      '\x1b$)C',
      '\x1b$B',
      '\x0e',
      '\x0f',
      '\n',
      'abc',
      '+AGE-',
      '\x88\x61',
      '\xff\xfe',
      '\ufeff',
    ]).map((text) => Buffer.from(text, 'latin1')),
  );
  test('charsets', () => {
    fc.assert(
      fc.property(bytes, fc.constantFrom(...charsets), (content, charset) => {
        expect(typeof withoutStall(() => decodeCharset(content, charset))).toBe('string');
      }),
      { numRuns: RUNS },
    );
  });

  test('transfer encodings give the same in pieces', () => {
    const pieces = ['=', '=3D', '=\r\n', '= \n', ' ', '\t', '\r\n', '\r', 'QUJD', 'QQ==', 'Q', '-', 'é', 'text', '='];
    fc.assert(
      fc.property(
        grammar(pieces),
        fc.constantFrom('base64', 'quoted-printable'),
        fc.integer({ min: 1, max: 7 }),
        (text, encoding, step) => {
          const content = Buffer.from(text, 'latin1');
          const whole = withoutStall(() => decodeBody(content, encoding));
          const decoder = bodyDecoder(encoding);
          const out: Buffer[] = [];
          for (let at = 0; at < content.length; at += step) out.push(decoder.push(content.subarray(at, at + step)));
          expect(Buffer.concat([...out, decoder.end()]).equals(whole)).toBe(true);
        },
      ),
      { numRuns: RUNS },
    );
  });

  test('a base64 recipe rebuilds the very bytes, or there is none', () => {
    const pieces = [
      'QUJD',
      'QUJDREVG',
      'QUJDREVGR0hJ',
      'QQ==',
      'QUI=',
      'QR==',
      '\r\n',
      '\r\n',
      '\n',
      ' ',
      'Q',
      '-_',
      '=',
      '!',
    ];
    fc.assert(
      fc.property(grammar(pieces, 16), fc.integer({ min: 1, max: 9 }), (text, step) => {
        const content = Buffer.from(text, 'latin1');
        const decoder = new ExactBase64Decoder();
        const out: Buffer[] = [];
        for (let at = 0; at < content.length; at += step) out.push(decoder.push(content.subarray(at, at + step)));
        const { rest, recipe } = decoder.end();
        if (recipe === undefined) return;
        const encoder = new Base64Encoder(recipe);
        const rebuilt = Buffer.concat([encoder.push(Buffer.concat([...out, rest])), encoder.end()]);
        expect(rebuilt.toString('latin1')).toBe(text);
      }),
      { numRuns: RUNS },
    );
  });

  test('HTML and flowed text', () => {
    const pieces = [
      '<',
      '>',
      '<p>',
      '</p',
      '<style>',
      '</style>',
      '<!--',
      '-->',
      '&',
      '&amp;',
      '&#',
      '&#x41;',
      '"',
      "'",
      '<a b="',
      ' ',
      '\n',
      '<pre>',
      '</pre>',
      '<br/>',
      '<li>',
      'text',
      '> ',
      '-- \n',
      '\0',
      '한',
    ];
    fc.assert(
      fc.property(grammar(pieces), fc.boolean(), (text, flag) => {
        withoutStall(() => htmlToText(text));
        withoutStall(() => unflow(text, flag));
        const part = { ...parseMessage(Buffer.alloc(0)).structure, subtype: flag ? 'html' : 'plain' };
        withoutStall(() => readableText(part, Buffer.from(text)));
      }),
      { numRuns: RUNS },
    );
  });
});
