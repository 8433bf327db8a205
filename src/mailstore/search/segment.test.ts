import { expect, test } from 'vitest';
import { stringOf } from './segment.ts';
import { VarReader } from './varint.ts';

test.each(['report', 'café', '회의록', 'ß한a'])('%s: with any bit flipped it is another word', (word) => {
  const bytes = Buffer.from(word);
  const read = (term: Uint8Array): string => stringOf(new VarReader(Buffer.concat([Buffer.of(term.length), term])));
  expect(read(bytes)).toBe(word);
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = Buffer.from(bytes);
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    expect(read(flipped), `bit ${bit}`).not.toBe(word);
  }
});
