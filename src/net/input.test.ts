import { expect, test } from 'vitest';
import { InputBuffer } from './input.ts';

/** All lines and faults that these pieces give. */
function lines(pieces: readonly string[], limit = 20, strict = true): string[] {
  const input = new InputBuffer();
  const got: string[] = [];
  for (const piece of pieces) {
    input.push(Buffer.from(piece, 'latin1'));
    for (;;) {
      const line = input.takeLine(limit, strict);
      if (line === undefined) break;
      got.push(typeof line === 'string' ? `!${line}` : line.toString('latin1'));
      if (line === 'line-too-long') return got;
    }
  }
  return got;
}

test('lines come out the same wherever the stream is cut', () => {
  const stream = 'one\r\n\r\nthree\r\nbare\nx\ry\r\nend\r\n';
  const expected = ['one', '', 'three', '!bare-newline', '!bare-newline', 'end'];
  for (let i = 0; i <= stream.length; i++)
    for (let j = i; j <= stream.length; j++)
      expect(lines([stream.slice(0, i), stream.slice(i, j), stream.slice(j)])).toEqual(expected);
  expect(lines(stream.split(''))).toEqual(expected);
});

test('a line may be as long as the limit and not longer, complete or not', () => {
  expect(lines(['x'.repeat(20) + '\r\n'])).toEqual(['x'.repeat(20)]);
  expect(lines(['x'.repeat(20), '\r', '\n'])).toEqual(['x'.repeat(20)]);
  expect(lines(['x'.repeat(21) + '\r\n'])).toEqual(['!line-too-long']);
  expect(lines(['x'.repeat(22)])).toEqual(['!line-too-long']);
  expect(lines('x'.repeat(300).split(''))).toEqual(['!line-too-long']);
  expect(lines(['x'.repeat(21) + '\n'], 20, false)).toEqual(['!line-too-long']);
});

test('LF alone ends a line where the protocol bears it', () => {
  expect(lines(['a\nb\r\n'], 20, false)).toEqual(['a', 'b']);
});

test('bytes, pieces, unread and lines mix', () => {
  const input = new InputBuffer();
  for (const c of 'abcdef\r\nrest') input.push(Buffer.from(c));
  expect(input.takeBytes(3)?.toString()).toBe('abc');
  input.unread(Buffer.from('XY'));
  expect(input.takeLine(20, true)?.toString()).toBe('XYdef');
  expect(input.takeBytes(5)).toBeUndefined();
  expect(input.takePiece(2)?.toString()).toBe('re');
  expect(input.length).toBe(2);
  input.clear();
  expect(input.takePiece(1)).toBeUndefined();
});
