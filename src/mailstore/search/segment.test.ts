import { expect, test } from 'vitest';
import { Tokens } from '../../mail/search/tokens.ts';
import { SegmentBuilder } from './builder.ts';
import { segmentProblem } from './merge.ts';
import { MemoryRows, Segment } from './reader.ts';
import { DocFlag, stringOf } from './segment.ts';
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

test('any bit of a segment that flips is found, also where the message is gone', { timeout: 120_000 }, async () => {
  const rows = new MemoryRows();
  const builder = new SegmentBuilder();
  const tokens = new Tokens();
  const texts = ['report report 주간회의록', '', 'another report'];
  for (const [i, text] of texts.entries()) {
    const units = Uint16Array.from(text, (character) => character.charCodeAt(0));
    tokens.cut(units, units.length);
    builder.begin(i + 1);
    builder.end(builder.add(units, tokens, 0, 4, false), i === 0 ? DocFlag.attachment : 0);
  }
  const facts = builder.finish('0'.repeat(24), rows.put);
  expect(await segmentProblem(new Segment(facts, rows))).toBeUndefined();
  const missed: string[] = [];
  for (const [kind, number, bytes] of rows.entries())
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Uint8Array.from(bytes);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      rows.put(kind, number, flipped);
      const problem = await segmentProblem(new Segment(facts, rows)).catch((error: unknown) => String(error));
      if (problem === undefined) missed.push(`row ${number} of kind ${kind}, bit ${bit}`);
      rows.put(kind, number, bytes);
    }
  expect(missed).toEqual([]);
});
