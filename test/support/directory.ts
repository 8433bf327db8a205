/** What a directory needs, in memory, with a clock that stands still. */
import { LocalBus } from '../../src/adapters/bus-local.ts';
import { MemoryCache } from '../../src/adapters/cache-memory.ts';
import { ManualClock } from '../../src/adapters/clock-manual.ts';
import { MemoryKv } from '../../src/adapters/kv-memory.ts';
import { SeededRandom } from '../../src/adapters/random-seeded.ts';

export function directoryParts() {
  const clock = new ManualClock();
  const nothing = async () => undefined;
  return {
    kv: new MemoryKv(),
    clock,
    cache: new MemoryCache(clock),
    bus: new LocalBus(),
    random: new SeededRandom(1),
    mailboxes: { createAccount: nothing, setQuota: nothing, removeAccount: nothing },
  };
}
