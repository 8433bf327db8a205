import { expect, test } from 'vitest';
import { Lane } from './lane.ts';
import type { Outcome } from './transfer.ts';

const LIMITS = { firstPerDestination: 4, perDestination: 20, firstRetryMs: 60_000, parked: 10 };
const busy: Outcome = {
  kind: 'temporary',
  status: '4.7.0',
  reason: 'busy',
  host: undefined,
  reply: '421 4.7.0 too fast',
};

test('who is sent back comes at the pace that the destination may soon bear, and at its own once that was too much', () => {
  const last = (lane: Lane): number => Array.from({ length: 2_000 }, () => lane.turnIn()).at(-1)!;
  // Attempts of a second, twenty at once.
  expect(last(new Lane(LIMITS))).toBe(100_000);
  const asked = new Lane(LIMITS);
  asked.learn([busy], 1_000, 0);
  // Two at once.
  expect(last(asked)).toBe(1_000_000);
});
