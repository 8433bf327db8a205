import { describe, expect, test } from 'vitest';
import { Decoder } from './decoder.ts';
import { countOf, formatSet, LAST, positionsOf, sequenceSet, spansOfNumbers, spansOfUids } from './sequence-set.ts';

const parse = (text: string) => {
  const d = new Decoder([{ text: Buffer.from(text) }]);
  const set = sequenceSet(d);
  d.end();
  return set;
};
const column = (...uids: number[]) => ({ length: uids.length, uids: Uint32Array.from([...uids, 0, 0]) });

test('reads numbers, ranges in any order and the star', () => {
  expect(parse('1,5:3,7:*,*')).toEqual([
    [1, 1],
    [5, 3],
    [7, LAST],
    [LAST, LAST],
  ]);
});

test.each(['', '0', '1:', ':1', '1,,2', '1,', '4294967296', '1:4294967296', '-1', '1:2:3', '01x', '* *'])(
  'refuses %s (E11)',
  (text) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'syntax' }));
  },
);

describe('UIDs', () => {
  const view = column(3, 4, 9, 4294967290);
  test('name those that are there', () => {
    expect(spansOfUids(parse('1:4294967295'), view)).toEqual([[0, 4]]);
    expect(spansOfUids(parse('4:9'), view)).toEqual([[1, 3]]);
    expect(spansOfUids(parse('5:8'), view)).toEqual([]);
    expect(spansOfUids(parse('9,3,4'), view)).toEqual([[0, 3]]);
  });
  test('the star is the last one, also when the range starts above it', () => {
    expect(spansOfUids(parse('4294967295:*'), view)).toEqual([[3, 4]]);
    expect(spansOfUids(parse('*'), view)).toEqual([[3, 4]]);
    expect(spansOfUids(parse('1:*'), column())).toEqual([]);
  });
});

describe('sequence numbers', () => {
  const view = column(3, 4, 9);
  test('name positions, overlaps once', () => {
    expect([...positionsOf(spansOfNumbers(parse('2:3,1:2,*'), view))]).toEqual([0, 1, 2]);
    expect(countOf(spansOfNumbers(parse('1:*'), view))).toBe(3);
  });
  test('above the last message are a mistake, 1:* of an empty folder is not', () => {
    expect(() => spansOfNumbers(parse('4'), view)).toThrow('no message with that number');
    expect(() => spansOfNumbers(parse('1:4294967295'), view)).toThrow('no message with that number');
    expect(spansOfNumbers(parse('1:*'), column())).toEqual([]);
  });
});

test('sets are written short and in the order given', () => {
  expect(formatSet([1, 2, 3, 7, 9, 10])).toBe('1:3,7,9:10');
  expect(formatSet([5, 4, 1, 2])).toBe('5,4,1:2');
  expect(formatSet([])).toBe('');
});
