/** More mail than a new address may send in a day: how many go on each, by the service's own worker and addresses, on a clock that is moved by hand. */
import { SeededRandom } from '../../src/adapters/random-seeded.ts';
import { StaticResolver } from '../../src/adapters/resolver-static.ts';
import { SmtpTransfer } from '../../src/delivery/smtp-transfer.ts';
import { dailyLimit, WarmUp } from '../../src/delivery/sources/warm-up.ts';
import { TlsPolicies } from '../../src/delivery/tls/policy.ts';
import type { Transfer } from '../../src/delivery/transfer.ts';
import { oneSource } from '../support/one-source.ts';
import { aliceSends, sendingWorld } from '../support/sending.ts';
import { HardWorld } from './hard-world.ts';

const DAY = 86_400_000;
const HOUR = 3_600_000;
/** The last limits are out of reach of so few mails: what counts is how it grows. */
const SCHEDULE = { days: 14, first: 4, last: 400 };

export interface Warming {
  /** Mails that went on each day, from the first on. */
  readonly perDay: readonly number[];
  readonly violations: readonly string[];
}

export async function warming(mails: number, seed: number): Promise<Warming> {
  const random = new SeededRandom(seed);
  const world = await sendingWorld({ mailsPerHour: 1_000_000, usualPerDay: 1_000_000 });
  const { clock } = world;
  await using servers = await HardWorld.start(clock, random);
  const warmUp = new WarmUp({ kv: world.kv, clock, random }, SCHEDULE);
  const source = { address: '127.0.0.1', name: 'new.example.test', categories: [], warm: false };
  const client = new SmtpTransfer({
    router: { route: async (domain) => servers.route(domain) },
    tls: new TlsPolicies({ resolver: new StaticResolver({}) }),
    clock,
    sources: oneSource('mx.example.test', clock, { sources: [source], warmUp, random }),
  });
  const firstDay = Math.floor(clock.now() / DAY);
  const perDay: number[] = [];
  const counting: Transfer = {
    async transfer(domain, mail, recipients, signal) {
      const outcomes = await client.transfer(domain, mail, recipients, signal);
      const day = Math.floor(clock.now() / DAY) - firstDay;
      for (const { kind } of outcomes) if (kind === 'delivered') perDay[day] = (perDay[day] ?? 0) + 1;
      return outcomes;
    },
    close: () => client.close(),
  };
  await using run = await world.start(world.kv, counting);
  for (let i = 0; i < mails; i++) await aliceSends(run, [`m${i}@good-0.test`], { subject: `${i}`, key: `${i}` });
  for (const end = clock.now() + 8 * DAY; clock.now() < end; await clock.advance(HOUR / 4)) {
    await run.quiet();
    const { outbound } = await run.queue.counts();
    if (outbound.waiting + outbound.due === 0) break;
  }
  const days = Array.from(perDay, (count) => count ?? 0);
  const sent = days.reduce((sum, count) => sum + count, 0);
  const violations = days.flatMap((count, i) => {
    const limit = dailyLimit(i, SCHEDULE);
    if (count > limit) return [`day ${i + 1} of a new address: ${count} mails, ${limit} allowed`];
    return count < limit && i < days.length - 1 ? [`day ${i + 1} of a new address: only ${count} of ${limit}`] : [];
  });
  return { perDay: days, violations: sent === mails ? violations : [...violations, `${sent} of ${mails} went`] };
}
