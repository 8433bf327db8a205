/** Mail leaves by the address that the system chooses, as it does where nothing else is configured. */
import { SeededRandom } from '../../src/adapters/random-seeded.ts';
import { SourcePool, type SourcePoolParts } from '../../src/delivery/sources/pool.ts';
import type { Clock } from '../../src/ports/clock.ts';

const FAULTLESS = { sent: 0, bounced: 0, deferred: 0, refused: 0, complaint: 0 };

export function oneSource(hostname: string, clock: Clock, more: Partial<SourcePoolParts> = {}): SourcePool {
  return new SourcePool({
    sources: [],
    hostname,
    clock,
    random: new SeededRandom(1),
    reputation: { of: () => Promise.resolve(FAULTLESS) },
    warmUp: {
      reserve: () => Promise.resolve(undefined),
      giveBack: () => undefined,
      slowed: () => Promise.resolve(),
      warm: () => Promise.resolve(true),
    },
    ...more,
  });
}
