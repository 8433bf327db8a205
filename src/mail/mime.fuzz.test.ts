/** Whatever message comes: nothing throws, nothing stalls, offsets stay inside, what goes over the wire is well formed. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { corpus } from '../../test/corpus/corpus.ts';
import { withoutStall } from '../../test/support/cpu.ts';
import { grammar, mutated, RUNS } from '../../test/support/fuzz.ts';
import type { Part } from './message.ts';
import { MessageParser, parseMessage } from './parse.ts';
import { PREVIEW_LENGTH } from './text.ts';

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
    fc.assert(fc.property(mutated(seeds, MIME_PIECES, { changes: 4, bytes: 60 }), ratios, checkMessage), {
      numRuns: RUNS,
    });
  });
});
