import { describe, expect, test } from 'vitest';
import { HeaderBlock, MAX_FIELDS, MAX_HEADER_BYTES, selectFields } from './header.ts';
import { cpuMs } from '../../test/support/cpu.ts';

const parse = (text: string): [string, string][] => {
  const block = HeaderBlock.parse(Buffer.from(text, 'latin1'));
  return block.fields.map((field) => [field.name, block.valueOf(field)]);
};

describe('header blocks', () => {
  test.each([
    [
      'A: b\r\nC:d\r\n\r\n',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    [
      'A: b\nC: d\n\nnot: seen\n',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    [
      'A: b\r\n c\r\n\td\r\nE: f',
      [
        ['a', 'b c\td'],
        ['e', 'f'],
      ],
    ],
    ['A:\r\n b\r\n', [['a', 'b']]],
    [
      'A: b\r\n \r\nC: d\r\n',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    ['Subject : x\r\n', [['subject', 'x']]],
    ['garbage\r\nA: b\r\n', [['a', 'b']]],
    ['From a@b.test Mon Jan  1 00:00:00 2026\r\nA: b\r\n', [['a', 'b']]],
    [' folded first\r\nA: b\r\n', [['a', 'b']]],
    [': no name\r\nA: b\r\n', [['a', 'b']]],
    ['A\x01: b\r\nC: d', [['c', 'd']]],
    ['A: \xe9\r\n', [['a', '\xe9']]],
    [
      '__proto__: x\r\nconstructor: y\r\n',
      [
        ['__proto__', 'x'],
        ['constructor', 'y'],
      ],
    ],
    ['\r\nA: b\r\n', []],
    ['', []],
    ['A:', [['a', '']]],
  ])('%j', (text, fields) => expect(parse(text)).toEqual(fields));

  test('gives the bytes of a field as received', () => {
    const block = HeaderBlock.parse(Buffer.from('A: b\r\nX:  y\r\n  z \r\nC: d\r\n\r\n'));
    expect(block.bytesOf(block.fields[1]!).toString()).toBe('X:  y\r\n  z \r\n');
    expect(block.first('x')).toBe('y  z');
    expect(block.first('nothing')).toBeUndefined();
    expect(block.all('a')).toEqual(['b']);
  });

  test('limits cut it, and it says so (C18)', () => {
    expect(HeaderBlock.parse(Buffer.from('A: b\r\n')).complete).toBe(true);
    const many = HeaderBlock.parse(Buffer.from('A: b\r\n'.repeat(MAX_FIELDS + 10)));
    expect(many.fields).toHaveLength(MAX_FIELDS);
    expect(many.complete).toBe(false);
    const long = HeaderBlock.parse(Buffer.alloc(MAX_HEADER_BYTES * 2, 'A: bcd\r\n '));
    expect(long.text.length).toBe(MAX_HEADER_BYTES);
    expect(long.complete).toBe(false);
  });
});

describe('HEADER.FIELDS', () => {
  const header = Buffer.from('To: a\r\nSubject: x\r\n y\r\ngarbage\r\nTO: b\r\nX-Other: z\r\n\r\n');
  test('those named, as received, in order', () => {
    expect(selectFields(header, new Set(['to'])).toString()).toBe('To: a\r\nTO: b\r\n');
    expect(selectFields(header, new Set(['subject', 'nothing'])).toString()).toBe('Subject: x\r\n y\r\n');
  });
  test('all but those named', () => {
    expect(selectFields(header, new Set(['to', 'subject']), true).toString()).toBe('garbage\r\nX-Other: z\r\n');
  });
  test('a million fields', () => {
    const million = Buffer.from('a: b\r\n'.repeat(1_000_000));
    let selected: Buffer | undefined;
    expect(cpuMs(() => (selected = selectFields(million, new Set(['c']))))).toBeLessThan(8000);
    expect(selected).toHaveLength(0);
  });
});
