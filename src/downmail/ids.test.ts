import { expect, test } from 'vitest';
import { ManualClock } from '../adapters/clock-manual.ts';
import { MemoryKv } from '../adapters/kv-memory.ts';
import { SeededRandom } from '../adapters/random-seeded.ts';
import type { AccountId } from '../mailstore/api.ts';
import { parseUserId, recipientIdOf, SenderIds, senderIdsOf } from './ids.ts';

test('ids are addresses without their symbols, as in the paper', () => {
  expect(recipientIdOf('tjkim@cntc.ac.kr')).toBe('tjkimcntcackr');
  expect(senderIdsOf('kdhong@yahoo.com').take(3).toArray()).toEqual(['kdhong', 'kdhongyahoocom', 'kdhongyahoocomx2']);
  expect(recipientIdOf('Kim.Tae+Jun@CNTC.ac.kr')).toBe('kimtaejuncntcackr');
});

test('what letters and digits do not say is said by a digest, and every id can be signed in with', () => {
  for (const address of ['홍길동@예시.kr', `${'a'.repeat(64)}@${'b'.repeat(60)}.test`, '!#$@-.-', 'é@x.test']) {
    const id = recipientIdOf(address);
    expect(id).toMatch(/^[a-z0-9]{10,58}$/);
    expect(parseUserId(`/${id}/${id}/1`)).toEqual({ senderId: id, recipientId: id, mailNo: 1 });
  }
  expect(recipientIdOf('é@x.test')).not.toBe(recipientIdOf('è@x.test'));
});

test('a user id is read with and without the slashes around it, and nothing else is one', () => {
  const read = { senderId: 'kdhong', recipientId: 'tjkimcntcackr', mailNo: 2 };
  for (const text of ['/kdhong/tjkimcntcackr/2/', '/kdhong/tjkimcntcackr/2', 'kdhong/tjkimcntcackr/2'])
    expect(parseUserId(text)).toEqual(read);
  for (const text of ['', '/', '/a/b/0', '/a/b/01', '/a/b/-1', '/a/b/c', '/a/b/1/2', '//b/1', '/a/../1', '/A/b/1\0'])
    expect(parseUserId(text)).toBeUndefined();
});

test('two accounts never have one sender id, and an account keeps its own', async () => {
  const clock = new ManualClock(0);
  const ids = new SenderIds(new MemoryKv(), clock, new SeededRandom(1));
  const [one, two] = ['1', '2'].map((n) => n.repeat(24) as AccountId) as [AccountId, AccountId];
  const taken = await Promise.all([ids.take('kim@a.test', one), ids.take('kim@b.test', two)]);
  expect(new Set(taken).size).toBe(2);
  expect(await ids.take('kim@a.test', one)).toBe(taken[0]);
  expect(await ids.owner(taken[0] ?? '')).toBe(one);
  expect(await ids.owner('nobody')).toBeUndefined();
});
