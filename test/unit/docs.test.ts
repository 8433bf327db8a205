/** The tables in docs/ are about the project as it is: what they name exists, and nothing is left out. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = new URL('../../', import.meta.url).pathname;

function rows(file: string): string[][] {
  return readFileSync(join(ROOT, file), 'utf8')
    .split('\n')
    .filter((line) => /^\| (?!---|id |RFC )/.test(line))
    .map((line) => line.split('|').map((cell) => cell.trim()));
}

test.each(['docs/requirements.md', 'docs/rfc.md', 'docs/faults.md'])('every file that %s names is there', (file) => {
  const named = rows(file).flatMap((row) =>
    row.flatMap((cell) => [...cell.matchAll(/`((?:src|test|bench|docs)\/[^`]*)`/g)].map((match) => match[1] ?? '')),
  );
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});

test('every requirement has one row, and what is done has a file and a test', () => {
  const all = rows('docs/requirements.md');
  const wanted = Object.entries({ A: 80, B: 42, C: 62, D: 39, E: 12 }).flatMap(([letter, count]) =>
    Array.from({ length: count }, (_, i) => `${letter}-${String(i + 1).padStart(2, '0')}`),
  );
  expect(all.map((row) => row[1])).toEqual(wanted);
  const bare = all.filter(([, , , state = '', file, proof]) => /^(done|part)/.test(state) && (!file || !proof));
  expect(bare.map((row) => row[1])).toEqual([]);
});

test('every RFC has one row', () => {
  const numbers = rows('docs/rfc.md').flatMap((row) => (row[1] ?? '').split(', '));
  // RFC 5256 is base subjects (messages) and SORT and THREAD (IMAP).
  const twice = numbers.filter((number, i) => number !== '5256' && numbers.indexOf(number) !== i);
  expect(twice).toEqual([]);
  expect(numbers.every((number) => /^\d{4}$/.test(number))).toBe(true);
});
