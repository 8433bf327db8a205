/** A start costs the same however much is stored (A25); only entries of the queues are read, which takes little for each. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { SystemClock } from '../../src/adapters/clock-system.ts';
import { openLmdb } from '../../src/adapters/kv-lmdb.ts';
import { openQueue } from '../../src/adapters/queue-kv.ts';
import { SystemRandom } from '../../src/adapters/random-system.ts';
import { partition } from '../../src/ports/kv.ts';
import { round } from '../proc.ts';
import { Service } from '../service.ts';
import { atMost, byForm, type Goal, type GoalContext, type GoalResult, inTime, result } from './goal.ts';
import { costOf, START_MORE, type StartCost } from './start-cost.ts';

const MAIN = new URL('../../src/main.ts', import.meta.url).pathname;
const ROW_BYTES = 240 << 10;
const ROWS_PER_ACCOUNT = 100;
const ENTRIES_AT_ONCE = 500;
/** Beyond `START_MORE`. */
const MORE_PER_ENTRY = { cpuSeconds: 1 / 20_000, memoryMiB: 2 / 1024 };

interface Start extends StartCost {
  readonly seconds: number;
}

export const goal: Goal = {
  id: 'A25',
  title: 'a start takes no longer however much is stored',
  forms: ['quick', 'full'],

  async control({ folder }: GoalContext): Promise<string | undefined> {
    const data = join(folder, 'data');
    const nothing = await startOf(data);
    await fill(data, 300 << 20, 0);
    const replaying = await startOf(data, [new URL('sabotage/replaying.ts', import.meta.url).href]);
    const more = replaying.memoryMiB - nothing.memoryMiB;
    return more > START_MORE.memoryMiB ? `${more} MiB more than with nothing stored` : undefined;
  },

  async run({ form, folder, say }: GoalContext): Promise<GoalResult> {
    const bytes = byForm(form, { smoke: 0, quick: 1, full: 10 }) * 2 ** 30;
    const entries = byForm(form, { smoke: 0, quick: 10_000, full: 100_000 });
    const data = join(folder, 'data');
    const nothing = await startOf(data);
    await fill(data, bytes, entries, say);
    const start = await startOf(data);
    const cpu = start.cpuSeconds - nothing.cpuSeconds;
    const mib = start.memoryMiB - nothing.memoryMiB;
    const most = {
      cpuSeconds: START_MORE.cpuSeconds + entries * MORE_PER_ENTRY.cpuSeconds,
      memoryMiB: START_MORE.memoryMiB + entries * MORE_PER_ENTRY.memoryMiB,
    };
    return result({
      runs: 1,
      violations: [
        ...(inTime(form, cpu, most.cpuSeconds)
          ? []
          : [`${round(cpu)} s of the processor more than with nothing stored`]),
        ...(atMost(form, mib, most.memoryMiB) ? [] : [`${mib} MiB more than with nothing stored`]),
      ],
      figures: {
        storedMiB: Math.round(statSync(join(data, 'kv', 'data.mdb')).size / 2 ** 20),
        entries,
        start,
        nothing,
      },
    });
  },
};

async function startOf(data: string, imports: readonly string[] = []): Promise<Start> {
  const begun = performance.now();
  await using service = await Service.start({
    data,
    program: [process.execPath, ...imports.flatMap((one) => ['--import', one]), MAIN],
    env: { REPLAYED: join(data, 'kv', 'data.mdb') },
  });
  return { seconds: round((performance.now() - begun) / 1000), ...costOf(service) };
}

/** Rows as bodies of mails have them, and mail in the error queue that nobody has looked at. */
async function fill(
  data: string,
  bytes: number,
  entries: number,
  say: (text: string) => void = () => undefined,
): Promise<void> {
  const random = new SystemRandom();
  await using kv = await openLmdb(join(data, 'kv'));
  const rows = Math.ceil(bytes / ROW_BYTES);
  for (let row = 0; row < rows; row++) {
    const p = partition('u', `filled-${Math.floor(row / ROWS_PER_ACCOUNT)}`);
    const key = Buffer.from(String(row % ROWS_PER_ACCOUNT).padStart(8, '0'));
    await kv.putImmutable(p, 'w2900', [[key, random.bytes(ROW_BYTES)]]);
    if (row % 4_000 === 3_999) say(`${row + 1} of ${rows} rows are stored`);
  }
  await using queue = await openQueue({ kv, clock: new SystemClock(), random });
  for (let done = 0; done < entries; done += ENTRIES_AT_ONCE) {
    const payload = { sender: 'x@remote.test', received: 0, recipients: [], id: 'filled' };
    await queue.add(
      'error',
      Array.from({ length: Math.min(ENTRIES_AT_ONCE, entries - done) }, () => ({
        payload,
        reason: 'nobody has looked',
      })),
    );
  }
}
