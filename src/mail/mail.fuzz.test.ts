/** Whatever comes: nothing throws, nothing stalls, offsets stay inside, what goes over the wire is well formed. */
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { corpus } from '../../test/corpus/corpus.ts';
import { decodeAddresses, MAX_ADDRESSES, parseAddressList } from './address.ts';
import { Base64Encoder, ExactBase64Decoder } from './base64-exact.ts';
import { decodeCharset } from './charset.ts';
import { parseDate } from './date.ts';
import { bodyDecoder, decodeBody } from './encoding.ts';
import { envelope } from './envelope.ts';
import { HeaderBlock, selectFields } from './header.ts';
import { htmlToText } from './html.ts';
import type { Part } from './message.ts';
import { decodeParams, parseParameterized } from './params.ts';
import { MessageParser, parseMessage } from './parse.ts';
import { localKey, normalizeDomain, parseMailbox, parsePath } from './path.ts';
import { PREVIEW_LENGTH, readableText, unflow } from './text.ts';
import { baseSubject, messageIds } from './thread.ts';
import { decodeWords, encodeWords } from './words.ts';
import { withoutStall } from '../../test/support/cpu.ts';

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 20_000);
const pristine = Object.getOwnPropertyNames(Object.prototype).toSorted();
afterEach(() => expect(Object.getOwnPropertyNames(Object.prototype).toSorted()).toEqual(pristine));

/** Strings put together from pieces of the grammar, with noise between them. */
function grammar(pieces: readonly string[], maxLength = 40): fc.Arbitrary<string> {
  const noise = fc.string({ unit: 'binary', maxLength: 4 }).map((text) => Buffer.from(text).toString('latin1'));
  return fc
    .array(fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...pieces) }, { weight: 1, arbitrary: noise }), {
      maxLength,
      size: 'max',
    })
    .map((list) => list.join(''));
}

/** Every offset in bounds, children inside their parents and in order. */
function checkPart(part: Part, from: number, to: number): void {
  const { headerStart, bodyStart, bodyEnd, lines } = part;
  if (!(from <= headerStart && headerStart <= bodyStart && bodyStart <= bodyEnd && bodyEnd <= to)) {
    throw new Error(`offsets ${headerStart} ${bodyStart} ${bodyEnd} not within ${from} ${to}`);
  }
  if (lines > bodyEnd - bodyStart) throw new Error(`${lines} lines`);
  let start = bodyStart;
  for (const child of part.children) {
    checkPart(child, start, bodyEnd);
    start = child.bodyEnd;
  }
}

/** One parenthesised list of NIL, numbers, quoted strings and literals (RFC 9051 §9). */
function checkWire(bytes: Buffer): void {
  const text = bytes.toString('latin1');
  const token = /(NIL|\d+)(?=[ )])|"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"|\{(\d+)\}\r\n|[() ]/y;
  let depth = 0;
  while (token.lastIndex < text.length) {
    const at = token.lastIndex;
    const found = token.exec(text);
    if (found === null)
      throw new Error(`no token at ${at}: ${JSON.stringify(text.slice(at, at + 40))} of ${JSON.stringify(text)}`);
    if (found[0] === '(') depth += 1;
    if (found[0] === ')') depth -= 1;
    if (found[2] !== undefined) token.lastIndex += Number(found[2]);
    if (depth < 0 || (depth === 0 && token.lastIndex < text.length)) throw new Error(`list ends at ${at}`);
    if (found[2] !== undefined && text.slice(at, token.lastIndex).includes('\0')) throw new Error('NUL in a literal');
  }
  if (depth !== 0) throw new Error('list does not end');
}

function checkMessage(raw: Buffer, cuts: readonly number[]): void {
  const message = withoutStall(() => parseMessage(raw));
  checkPart(message.structure, 0, raw.length);
  expect(message.structure.bodyEnd).toBe(raw.length);
  for (const bytes of Object.values(message.wire)) checkWire(bytes);
  expect(message.preview.length).toBeLessThanOrEqual(PREVIEW_LENGTH);
  const parser = new MessageParser();
  let from = 0;
  for (const cut of cuts.map((ratio) => Math.floor(ratio * raw.length)).toSorted((a, b) => a - b)) {
    parser.push(raw.subarray(from, cut));
    from = cut;
  }
  parser.push(raw.subarray(from));
  const inPieces = parser.end();
  expect(inPieces.structure).toEqual(message.structure);
  expect(inPieces.wire.bodyStructure.equals(message.wire.bodyStructure)).toBe(true);
  expect(inPieces.preview).toBe(message.preview);
}

const ratios = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 3 });

const MIME_PIECES = [
  '\r\n',
  '\r\n',
  '\r\n\r\n',
  '\n',
  '\n\n',
  '\r',
  '--b',
  '--b\r\n',
  '--b--\r\n',
  '--bb\r\n',
  '--bb--\r\n',
  '\r\n--b\r\n\r\n',
  '\r\n--bb\r\n\r\n',
  '--',
  ' ',
  '\t',
  '\r\n ',
  'Content-Type: multipart/mixed; boundary=b\r\n',
  'Content-Type: multipart/alternative; boundary="bb"\r\n',
  'Content-Type: multipart/digest; boundary=b\r\n',
  'Content-Type: message/rfc822\r\n\r\n',
  'Content-Type: message/global\r\n',
  'Content-Type: text/html; charset=euc-kr\r\n',
  'Content-Type: text/plain; format=flowed\r\n',
  'Content-Type: ',
  'multipart/',
  'boundary*0=b; boundary*1=b',
  'Content-Transfer-Encoding: base64\r\n',
  'Content-Transfer-Encoding: quoted-printable\r\n',
  "Content-Disposition: attachment; filename*=utf-8''%ed%9a%8c\r\n",
  'Content-Language: ko, en\r\n',
  'Content-ID: <a@b>\r\n',
  'Content-Description: "\\\r\n',
  'Subject: =?utf-8?b?7ZqM?=\r\n',
  'From: "a" <b@c>, d\r\n',
  'To: g: a@b;\r\n',
  'Date: Mon, 02 Nov 2026 15:04:05 +0900\r\n',
  'Message-ID: <x@y>\r\n',
  '__proto__: x\r\n',
  'text',
  '한글',
  '\xc8\xb8',
  '\0',
  '=',
  '<p>',
  '(',
  ')',
  '"',
  '\\',
];

describe('MIME', () => {
  test('messages made of pieces', () => {
    fc.assert(
      fc.property(grammar(MIME_PIECES), ratios, (text, cuts) => checkMessage(Buffer.from(text, 'latin1'), cuts)),
      { numRuns: RUNS },
    );
  });

  test('messages of the corpus, mutated', () => {
    const seeds = [...corpus(98)].map(({ raw }) => raw).filter((raw) => raw.length < 6000);
    const mutation = fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      length: fc.nat({ max: 60 }),
      kind: fc.constantFrom('remove', 'repeat', 'insert', 'flip', 'cut'),
      piece: fc.constantFrom(...MIME_PIECES),
    });
    fc.assert(
      fc.property(
        fc.constantFrom(...seeds),
        fc.array(mutation, { minLength: 1, maxLength: 4 }),
        ratios,
        (seed, mutations, cuts) => {
          let raw = seed;
          for (const { at, length, kind, piece } of mutations) {
            const start = Math.floor(at * raw.length);
            const end = Math.min(raw.length, start + length);
            if (kind === 'cut') raw = raw.subarray(0, start);
            else if (kind === 'flip') {
              raw = Buffer.from(raw);
              if (start < raw.length) raw[start] = raw[start]! ^ (1 << (length & 7));
            } else {
              const middle = {
                remove: Buffer.alloc(0),
                repeat: Buffer.concat([raw.subarray(start, end), raw.subarray(start, end)]),
                insert: Buffer.from(piece, 'latin1'),
              }[kind];
              raw = Buffer.concat([raw.subarray(0, start), middle, raw.subarray(kind === 'insert' ? start : end)]);
            }
          }
          checkMessage(raw, cuts);
        },
      ),
      { numRuns: RUNS },
    );
  });
});

describe('headers', () => {
  const pieces = [
    'A: ',
    'b',
    '\r\n',
    '\n',
    ' ',
    '\t',
    ':',
    '\r',
    '\r\n ',
    'Subject: ',
    'X Y: ',
    'From a@b',
    '\0',
    '\xff',
    '__proto__:',
    'To :',
    '\r\n\r\n',
  ];
  test('fields lie in the block, in order; selecting all gives the block', () => {
    fc.assert(
      fc.property(grammar(pieces), (text) => {
        const bytes = Buffer.from(text, 'latin1');
        const block = withoutStall(() => HeaderBlock.parse(bytes));
        let end = 0;
        for (const field of block.fields) {
          expect(field.start).toBeGreaterThanOrEqual(end);
          expect(field.value).toBeGreaterThan(field.start);
          expect(field.end).toBeGreaterThanOrEqual(field.value);
          expect(block.valueOf(field)).not.toMatch(/\r?\n/);
          ({ end } = field);
        }
        expect(end).toBeLessThanOrEqual(bytes.length);
        withoutStall(() => envelope(bytes));
        const all = selectFields(bytes, new Set(), true);
        expect(bytes.subarray(0, all.length).equals(all)).toBe(true);
      }),
      { numRuns: RUNS },
    );
  });
});

describe('addresses', () => {
  const pieces = [
    'a',
    'b.c',
    '@',
    '<',
    '>',
    '"',
    '\\',
    '(',
    ')',
    ',',
    ':',
    ';',
    ' ',
    '\r\n ',
    '[',
    ']',
    '.',
    'a@b.test',
    '<a@b.test>',
    '"a b"',
    '=?utf-8?b?7ZqM?=',
    '@r:',
    'G:',
    '\xc8',
    '한',
    '\0',
    '192.0.2.1',
    'IPv6:',
    '__proto__',
    'xn--',
    '%',
    '-',
    '\u3002',
  ];
  test('lists', () => {
    fc.assert(
      fc.property(grammar(pieces), (text) => {
        const raw = withoutStall(() => parseAddressList(text));
        expect(raw.length).toBeLessThanOrEqual(MAX_ADDRESSES + 1);
        let inGroup = false;
        for (const { kind } of raw) {
          if (kind !== 'mailbox') {
            expect(inGroup).toBe(kind === 'end');
            inGroup = kind === 'group';
          }
        }
        expect(inGroup).toBe(false);
        decodeAddresses(raw);
      }),
      { numRuns: RUNS },
    );
  });

  test('paths: what is accepted is accepted again as it is written out', () => {
    fc.assert(
      fc.property(grammar(pieces, 12), fc.boolean(), (text, utf8) => {
        const result = withoutStall(() => parsePath(`<${text}>`, { utf8, empty: true, postmaster: true }));
        if (!result.ok || result.mailbox === undefined || result.mailbox.domain === '') return;
        const { address, domain, local } = result.mailbox;
        expect(parseMailbox(address)).toEqual(result.mailbox);
        expect(normalizeDomain(domain)).toBe(domain);
        expect(Buffer.byteLength(local)).toBeLessThanOrEqual(64);
        expect(/[\0-\x1f\x7f]/.test(address)).toBe(false);
        expect(localKey(localKey(local))).toBe(localKey(local));
      }),
      { numRuns: RUNS },
    );
  });
});

describe('words and parameters', () => {
  const pieces = [
    '=?',
    '?=',
    '?',
    '=',
    'utf-8',
    'euc-kr',
    'iso-2022-kr',
    'iso-2022-jp',
    'utf-7',
    'utf-16',
    'x',
    '?b?',
    '?q?',
    '?B?',
    '7ZqM',
    '=EC',
    '_',
    ' ',
    '\r\n ',
    '\t',
    '\x1b$)C',
    '\x0e',
    '\x0f',
    '\xc8\xb8',
    '"',
    '\0',
    '=?utf-8?q?a?=',
    '__proto__',
    '*ko',
  ];
  test('encoded words decode to text without control characters', () => {
    fc.assert(
      fc.property(grammar(pieces), fc.constantFrom('', 'euc-kr', 'utf-8', '__proto__'), (text, charset) => {
        const decoded = withoutStall(() => decodeWords(text, charset));
        expect(/[\0-\x1f\x7f-\x9f\u2028\u2029]/.test(decoded)).toBe(false);
      }),
      { numRuns: RUNS },
    );
  });

  test('any text comes back from encoded words', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 100 }), (text) => {
        expect(decodeWords(encodeWords(text))).toBe(
          text.replaceAll(/[\0-\x1f\x7f-\x9f\u2028\u2029]/g, ' ').replace(/^\ufeff/, ''),
        );
      }),
      { numRuns: RUNS },
    );
  });

  test('parameters', () => {
    const some = [
      'a',
      ';',
      '=',
      '"',
      '\\',
      '(',
      ')',
      ' ',
      '*',
      '*0',
      '*1*',
      '*0*',
      "utf-8''",
      '%ED',
      '%9A%8C',
      '%',
      "'",
      'name',
      '__proto__',
      'filename*0*=',
      '\r\n ',
      '\xc8\xb8',
      '=?utf-8?q?x?=',
    ];
    fc.assert(
      fc.property(grammar(some), (text) => {
        const { params } = withoutStall(() => parseParameterized(text));
        for (const [name] of withoutStall(() => decodeParams(params))) expect(name).toBe(name.toLowerCase());
      }),
      { numRuns: RUNS },
    );
  });

  test('dates, message ids, subjects', () => {
    const some = [
      'Mon',
      ', ',
      '02',
      ' ',
      'Nov',
      '2026',
      '15:04',
      ':05',
      '+0900',
      '(KST)',
      'GMT',
      '-',
      '<',
      '>',
      'a@b',
      'Re',
      ':',
      '[',
      ']',
      'Fwd',
      '(fwd)',
      '답장',
      '\t',
      '9',
    ];
    fc.assert(
      fc.property(grammar(some), (text) => {
        const at = withoutStall(() => parseDate(text));
        expect(at === undefined || Number.isFinite(at)).toBe(true);
        for (const id of withoutStall(() => messageIds(text))) expect(id).toMatch(/^<[^<>\s]+>$/);
        const base = withoutStall(() => baseSubject(text)).text;
        expect(base.length).toBeLessThanOrEqual(500);
      }),
      { numRuns: RUNS },
    );
  });
});

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
