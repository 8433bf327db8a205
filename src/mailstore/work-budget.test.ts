/** An account that asks for more and more work keeps itself waiting, and nobody else (C28). */
import { expect, test } from 'vitest';
import { ManualClock } from '../adapters/clock-manual.ts';
import { MailError } from '../mail/error.ts';
import type { AccountId } from './api.ts';
import { AccountWork, WorkBudget } from './work-budget.ts';

const ALICE = 'alice-1' as AccountId;
const BOB = 'bob-1' as AccountId;
const AT_ONCE = 4;
const MOST_WAITING = 16;

test('a minute of work is saved up, comes back with time, and nobody waits long for it', async () => {
  const clock = new ManualClock();
  const budget = new WorkBudget(clock, 20);
  budget.charge(ALICE, 60_000);
  expect(budget.wait(ALICE)).toBe(0);
  budget.charge(ALICE, 1_000);
  expect([budget.wait(ALICE), budget.wait(BOB)]).toEqual([3_000, 0]);
  await clock.advance(1_000);
  expect(budget.wait(ALICE)).toBe(2_000);
  budget.charge(ALICE, 3_600_000);
  expect(budget.wait(ALICE)).toBe(15_000);
  await clock.advance(15_000);
  expect(budget.wait(ALICE)).toBe(0);
  await clock.advance(180_000);
  budget.charge(ALICE, 60_000);
  expect(budget.wait(ALICE)).toBe(0);
  budget.charge(ALICE, 500);
  expect(budget.wait(ALICE)).toBe(1_500);
});

test('who has used nothing for long is forgotten, and without a limit nobody is remembered', async () => {
  const clock = new ManualClock();
  const budget = new WorkBudget(clock, 20);
  for (let i = 0; i < 1_000; i++) budget.charge(`account-${i}` as AccountId, 10);
  expect(budget.accounts).toBe(1_000);
  await clock.advance(60_000);
  budget.charge(ALICE, 10);
  expect(budget.accounts).toBe(1);
  const unlimited = new WorkBudget(clock, 0);
  unlimited.charge(ALICE, 3_600_000);
  expect([unlimited.accounts, unlimited.wait(ALICE)]).toEqual([0, 0]);
});

test('a few pieces of work of an account are under way at a time, and more than a few may not wait', async () => {
  const clock = new ManualClock();
  const work = new AccountWork(clock, 20);
  const end = Promise.withResolvers<void>();
  const order: number[] = [];
  const all = Array.from({ length: AT_ONCE + MOST_WAITING }, (_, i) =>
    work.run(ALICE, async () => {
      order.push(i);
      await end.promise;
    }),
  );
  await expect(work.run(ALICE, async () => undefined)).rejects.toMatchObject({ code: 'limit', kind: 'temporary' });
  expect(await work.run(BOB, async () => 'found')).toBe('found');
  expect(order).toEqual([0, 1, 2, 3]);
  end.resolve();
  await Promise.all(all);
  expect(order).toEqual(all.map((_, i) => i));
  expect(await work.run(ALICE, async () => 'found')).toBe('found');
});

test('the time is charged whatever becomes of the work, and the next piece waits', async () => {
  const clock = new ManualClock();
  const work = new AccountWork(clock, 20);
  await expect(
    work.run(ALICE, async () => {
      await clock.advance(62_000);
      throw new MailError('bug', 'bug', 'wrong');
    }),
  ).rejects.toMatchObject({ code: 'bug' });
  let begun = false;
  const next = work.run(ALICE, async () => (begun = true));
  await clock.advance(5_999);
  expect(await work.run(BOB, async () => 'found')).toBe('found');
  expect(begun).toBe(false);
  await clock.advance(1);
  expect(await next).toBe(true);
});
