import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../adapters/random-seeded.ts';
import { likelihood } from './bayes.ts';
import { TokenTable } from './token-table.ts';

const EMPTY = new TokenTable();
const hash = (word: string): number => word.split('').reduce((h, c) => (Math.imul(h, 31) + c.charCodeAt(0)) >>> 0, 7);
const words = (text: string): Set<number> => new Set(text.split(' ').map(hash));
const SPAM = [
  'cheap pills buy now offer',
  'offer loan cheap money now',
  'buy cheap watches offer now',
  'casino bonus money now offer',
];
const HAM = [
  'meeting minutes monday project plan',
  'project plan draft review monday',
  'lunch monday review minutes',
  'invoice project review plan',
];

function taught(rounds = 3): TokenTable {
  const table = new TokenTable();
  for (let i = 0; i < rounds; i++) {
    for (const mail of SPAM) table.teach(words(mail), 'spam');
    for (const mail of HAM) table.teach(words(mail), 'ham');
  }
  return table;
}

describe('the Bayes filter', () => {
  test('tells what it was taught apart, and says nothing before', () => {
    const table = taught();
    expect(likelihood(words('cheap watches offer for you now'), table, EMPTY)).toMatchObject({ confidence: 1 });
    expect(likelihood(words('cheap watches offer for you now'), table, EMPTY).spam).toBeGreaterThan(0.95);
    expect(likelihood(words('the plan for monday and a review'), table, EMPTY).spam).toBeLessThan(0.05);
    expect(likelihood(words('something else altogether'), table, EMPTY).spam).toBe(0.5);
    expect(likelihood(words('cheap offer'), EMPTY, EMPTY)).toEqual({ spam: 0.5, confidence: 0, words: 0 });
  });

  test('who only ever teaches spam does not make everything spam', () => {
    const table = new TokenTable();
    for (let i = 0; i < 50; i++) table.teach(words('hello offer the and'), 'spam');
    expect(likelihood(words('hello the and'), table, EMPTY).confidence).toBe(0);
  });

  test('spam that is padded with a thousand harmless words is still found', () => {
    const table = taught(10);
    const padding = Array.from({ length: 1_000 }, (_, i) => `harmless${i}`).join(' ');
    expect(likelihood(words(`cheap offer money now pills ${padding}`), table, EMPTY).spam).toBeGreaterThan(0.9);
  });

  test('what all share nudges, and does not decide', () => {
    const poisoned = new TokenTable();
    for (let i = 0; i < 200; i++) {
      poisoned.teach(words('meeting minutes monday project plan'), 'spam');
      poisoned.teach(words('cheap offer'), 'ham');
    }
    const own = taught();
    expect(likelihood(words('meeting minutes monday project plan'), own, poisoned).spam).toBeLessThan(0.2);
    expect(likelihood(words('cheap offer money now'), own, poisoned).spam).toBeGreaterThan(0.8);
    expect(likelihood(words('meeting minutes'), EMPTY, poisoned).confidence).toBeLessThanOrEqual(0.4);
  });

  test('what was taught can be taken back', () => {
    const table = taught();
    const before = JSON.stringify(table);
    table.teach(words('cheap offer now'), 'spam');
    table.teach(words('cheap offer now'), 'spam', -1);
    expect(JSON.stringify(table)).toBe(before);
  });

  test('it never grows: a million words of noise fit a record, and old mail fades', () => {
    const table = taught();
    const random = new SeededRandom(7);
    for (let i = 0; i < 2_000; i++) {
      const noise = new Set(Array.from({ length: 500 }, () => Math.floor(random.fraction() * 2 ** 32)));
      table.teach(noise, i % 2 === 0 ? 'spam' : 'ham');
    }
    const stored = JSON.stringify(table);
    expect(stored.length).toBeLessThan(64 << 10);
    expect(JSON.stringify(new TokenTable(JSON.parse(stored)))).toBe(stored);
  });
});
