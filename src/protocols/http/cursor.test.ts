import { expect, test } from 'vitest';
import type { AccountId } from '../../mailstore/api.ts';
import { Cursors } from './cursor.ts';
import { Problem } from './reply.ts';

const alice = 'alice' as AccountId;
const bob = 'bob' as AccountId;
const cursors = new Cursors(new Uint8Array(32).fill(7));

test('a cursor is good for the account and the list it was made for', () => {
  const cursor = cursors.make(alice, 'inbox', ['한글', 5]);
  expect(cursor).toMatch(/^[\w-]+$/);
  expect(cursors.read(alice, 'inbox', cursor)).toEqual(['한글', 5]);
  expect(() => cursors.read(bob, 'inbox', cursor)).toThrow(Problem);
  expect(() => cursors.read(alice, 'sent', cursor)).toThrow(Problem);
  expect(() => new Cursors(new Uint8Array(32)).read(alice, 'inbox', cursor)).toThrow(Problem);
});

test('a forged cursor is refused', () => {
  const cursor = cursors.make(alice, 'inbox', [1, 5]);
  for (let i = 0; i < cursor.length; i += 3) {
    const forged = `${cursor.slice(0, i)}${cursor[i] === 'A' ? 'B' : 'A'}${cursor.slice(i + 1)}`;
    expect(() => cursors.read(alice, 'inbox', forged), forged).toThrow(Problem);
  }
  for (const junk of ['', 'x', '!!!', 'A'.repeat(2_000), '__proto__'])
    expect(() => cursors.read(alice, 'inbox', junk)).toThrow(Problem);
});
