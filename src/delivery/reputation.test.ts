import { describe, expect, test } from 'vitest';
import { ManualClock } from '../adapters/clock-manual.ts';
import { MemoryKv } from '../adapters/kv-memory.ts';
import { SeededRandom } from '../adapters/random-seeded.ts';
import type { AccountId } from '../mailstore/api.ts';
import type { SubmissionId } from '../mailstore/submission.ts';
import { partition } from '../ports/kv.ts';
import { silentLog } from '../telemetry/log.ts';
import { noteFeedback } from './feedback/note.ts';
import { KeptRows } from './kept-rows.ts';
import { HALF_LIFE_MS, Reputation, score, type Standing } from './reputation.ts';

const ALICE = 'alice-1' as AccountId;
const DAY = 86_400_000;
const NONE: Standing = { sent: 0, bounced: 0, deferred: 0, refused: 0, complaint: 0 };

function lab() {
  const clock = new ManualClock();
  const parts = { kv: new MemoryKv(), clock, random: new SeededRandom(3), log: silentLog };
  return { ...parts, parts, reputation: new Reputation(parts) };
}

describe('reputation', () => {
  test('counts for account, domain and address apart, and half as much after its time', async () => {
    const { clock, reputation } = lab();
    await reputation.note({ what: 'sent', count: 80, account: ALICE, domain: 'Example.TEST', source: '192.0.2.1' });
    await reputation.note({ what: 'complaint', account: ALICE });
    expect(await reputation.of('account', ALICE)).toEqual({ ...NONE, sent: 80, complaint: 1 });
    expect(await reputation.of('domain', 'example.test')).toEqual({ ...NONE, sent: 80 });
    expect(await reputation.of('account', 'bob-1')).toEqual(NONE);
    await clock.advance(HALF_LIFE_MS.account);
    expect(await reputation.of('account', ALICE)).toEqual({ ...NONE, sent: 40, complaint: 0.5 });
    expect((await reputation.of('source', '192.0.2.1')).sent).toBeCloseTo(80 * 0.5 ** (1 / 14));
  });

  test('is still known after a restart, and what was noted within the last seconds after a proper one', async () => {
    const { clock, parts, reputation } = lab();
    await reputation.note({ what: 'bounced', count: 7, account: ALICE });
    await clock.advance(60_000);
    const after = new Reputation(parts);
    expect((await after.of('account', ALICE)).bounced).toBeCloseTo(7, 1);
    await after.note({ what: 'bounced', count: 3, account: ALICE });
    await after[Symbol.asyncDispose]();
    expect((await new Reputation(parts).of('account', ALICE)).bounced).toBeCloseTo(10, 1);
  });

  test('of feedback it hears what is certain, and what the attempts have not told it', async () => {
    const { reputation } = lab();
    const hear = noteFeedback(reputation);
    const recipients = Array.from({ length: 60 }, (_, i) => ({ address: `x${i}@far.test`, state: 'bounced' as const }));
    const facts = { id: '1', account: ALICE, sender: 'a@example.test', sent: '1' as SubmissionId, recipients };
    const made = { ...facts, destination: 'far.test', at: 0, source: 'report' as const };
    await hear({ ...made, feedback: 'hard-bounce', certain: false });
    await hear({ ...made, feedback: 'complaint', certain: false });
    await hear({ ...made, feedback: 'hard-bounce', source: 'reply', certain: true });
    expect(await reputation.of('account', ALICE)).toEqual(NONE);
    await hear({ ...made, feedback: 'complaint', certain: true });
    expect(await reputation.of('account', ALICE)).toEqual({ ...NONE, complaint: 60 });
  });

  test('what comes later counts for the address from which each recipient’s mail left', async () => {
    const { reputation } = lab();
    const recipients = ['192.0.2.1', '192.0.2.2', '192.0.2.1', undefined].map((source, i) => {
      return { address: `x${i}@far.test`, state: 'bounced' as const, ...(source !== undefined && { source }) };
    });
    const facts = { id: '1', account: ALICE, sender: 'a@example.test', sent: '1' as SubmissionId, recipients };
    const made = { ...facts, destination: 'far.test', at: 0, source: 'report' as const, certain: true };
    await noteFeedback(reputation)({ ...made, feedback: 'hard-bounce' });
    expect(await reputation.of('source', '192.0.2.1')).toEqual({ ...NONE, bounced: 2 });
    expect(await reputation.of('source', '192.0.2.2')).toEqual({ ...NONE, bounced: 1 });
    expect(await reputation.of('account', ALICE)).toEqual({ ...NONE, bounced: 4 });
  });

  test('a clock that is set back does not let it grow', async () => {
    const { clock, reputation } = lab();
    await reputation.note({ what: 'sent', count: 4, account: ALICE });
    clock.setWall(clock.now() - 30 * DAY);
    expect((await reputation.of('account', ALICE)).sent).toBe(4);
  });

  test('notes of one subject at the same moment all count', async () => {
    const { reputation } = lab();
    await Promise.all(Array.from({ length: 50 }, () => reputation.note({ what: 'sent', account: ALICE })));
    expect((await reputation.of('account', ALICE)).sent).toBe(50);
  });

  test('a score says who is to be trusted: little mail tells little, complaints weigh most', () => {
    expect(score(NONE)).toBe(1);
    expect(score({ ...NONE, sent: 10_000 })).toBe(1);
    expect(score({ ...NONE, sent: 1, bounced: 1 })).toBeGreaterThan(0.9);
    const half = { ...NONE, sent: 1_000_000 };
    expect(score({ ...half, complaint: 3_000 })).toBeCloseTo(0.5, 2);
    expect(score({ ...half, complaint: 10_000 })).toBeLessThan(score({ ...half, bounced: 10_000 }));
  });
});

describe('kept rows', () => {
  test('those that mean nothing any more go, also from the store', async () => {
    const { clock, kv, parts } = lab();
    const here = partition('c', 'some');
    const rows = new KeptRows<number>(parts, { partition: here, stale: (row) => row < 5 });
    await rows.change('low', () => 1);
    await rows.change('high', () => 9);
    await rows.write();
    await clock.advance(DAY);
    await rows.change('other', () => 7);
    await rows.write();
    expect(await Array.fromAsync(rows.all())).toEqual([
      ['high', 9],
      ['other', 7],
    ]);
    expect(await kv.get(here, [Buffer.from('low')])).toEqual([undefined]);
  });

  test('memory holds a bounded number, and what is asked for again is read', async () => {
    const { parts } = lab();
    const rows = new KeptRows<number>(parts, { partition: partition('c', 'some'), stale: () => false, most: 10 });
    for (let i = 0; i < 50; i++) await rows.change(`row-${i}`, () => i);
    await rows.write();
    expect(await rows.get('row-3')).toBe(3);
    expect(await rows.change('row-4', (row = 0) => row + 100)).toBe(104);
    expect((await Array.fromAsync(rows.all())).map(([, row]) => row)).toHaveLength(50);
  });

  test('a row that is being written stays in memory until it is: who changes it meanwhile builds on it', async () => {
    const { parts, kv } = lab();
    const gate = Promise.withResolvers<void>();
    const commit = kv.commit.bind(kv);
    kv.commit = async (...args) => {
      await gate.promise;
      return commit(...args);
    };
    const rows = new KeptRows<number>(parts, { partition: partition('c', 'some'), stale: () => false, most: 1 });
    await rows.change('a', () => 1);
    const writing = rows.write();
    await rows.change('b', () => 1);
    await rows.get('c');
    expect(await rows.change('a', (row = 0) => row + 1)).toBe(2);
    gate.resolve();
    await writing;
  });
});
