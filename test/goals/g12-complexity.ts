/** G12: twice the input takes at most about twice the time, and nothing that arrives stalls the service for 100 ms. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ImapClient } from '../client/imap.ts';
import { dotStuffed, SmtpClient } from '../client/smtp.ts';
import { round } from '../proc.ts';
import { Service } from '../service.ts';
import { MESSAGE_SHAPES, type MessageShape, SHAPES, type Shape } from './attack-shapes.ts';
import { atMost, byForm, inTime, type Form, type Goal, type GoalContext, type GoalResult, result } from './goal.ts';

const RATIO = 2.5;
/** Of the last doublings, where a step of the machine's weighs more. A power of 1.5 makes 2.83. */
const LATE_RATIO = 2.75;
const STALL_MS = 100;
/** What never takes so long does not matter. */
const MEASURABLE_MS = 4;
const MOST_RUNS = 200;

interface Effort {
  readonly rounds: number;
  /** What is shorter is run again and again until it takes so long. */
  readonly sampleMs: number;
}
/** Below that the cost of a call is seen, not that of the input. */
const BEGINS_MS = 0.25;
/** Nothing may take longer than this at the largest size, however it grows. */
const LONGEST_MS = 5_000;

interface Growth {
  readonly name: string;
  /** Time(2n) / time(n): the mean over all sizes, and the middle one of the last three doublings; undefined when it is too quick to tell. */
  readonly ratio: number | undefined;
  readonly late: number | undefined;
  readonly largest: number;
  /** 0: less than the clock shows. */
  readonly longestMs: number;
}

export const goal: Goal = {
  id: 'G12',
  title: 'the cost of hostile input grows no faster than its length, and nothing stalls',

  async control() {
    const square: Shape = {
      name: 'square',
      row: '',
      prepare: (size) => () => {
        let found = 0;
        const text = '<'.repeat(size / 3);
        for (let i = text.indexOf('<'); i >= 0; i = text.indexOf('<', i + 1)) if (!text.includes('>', i)) found++;
        return found;
      },
    };
    const { ratio } = growth(square, 1 << 19, { rounds: 4, sampleMs: 20 });
    const stall = await longestStall(async (stop) => {
      await sleep(20);
      const until = performance.now() + STALL_MS + 50;
      while (performance.now() < until);
      stop();
    });
    if (ratio === undefined || ratio <= RATIO || stall <= STALL_MS) return undefined;
    return `a square parser grows by ${ratio}, and a loop that stood still for ${Math.round(stall)} ms was seen`;
  },

  async run({ form, say }: GoalContext): Promise<GoalResult> {
    const largest = byForm(form, { smoke: 1 << 19, quick: 4 << 20, full: 10 << 20 });
    const effort: Effort = {
      rounds: byForm(form, { smoke: 2, quick: 4, full: 6 }),
      sampleMs: form === 'smoke' ? 5 : 20,
    };
    const violations: string[] = [];
    const grown: Growth[] = [];
    for (const shape of SHAPES) {
      let one = growth(shape, largest, effort);
      // Another program's burst of work looks like growth: only what grows every time does.
      for (let again = 0; again < 2 && growsTooFast(form, one); again++) one = growth(shape, largest, effort);
      grown.push(one);
      if (growsTooFast(form, one))
        violations.push(`${one.name}: twice the input takes ${one.ratio} times as long, ${one.late} times in the end`);
      if (!inTime(form, one.longestMs, LONGEST_MS))
        violations.push(`${one.name}: ${one.longestMs} ms for ${one.largest} bytes`);
      await sleep(0);
    }
    const worst = [...grown].sort((a, b) => b.longestMs - a.longestMs).slice(0, 5);
    for (const one of worst) say(inWords(one));
    const stalls = await stallsOf(form, say);
    for (const [name, ms] of stalls)
      if (!inTime(form, ms, STALL_MS)) violations.push(`${name}: the service stood still for ${ms} ms`);
    return result({
      runs: SHAPES.length + stalls.size,
      faults: SHAPES.length + stalls.size,
      violations,
      figures: {
        shapes: SHAPES.length,
        worstRatio: Math.max(...grown.map((one) => one.ratio ?? 0)),
        slowest: worst.map(inWords),
        overTheWire: stalls.size,
        longestStallMs: Math.max(0, ...stalls.values()),
      },
    });
  },
};

/**
 * How the time of a shape grows. One doubling alone says little: compilation, the collector's work and the end of a cache come in
 * steps, which are few, while what grows with the square does so in each. So the mean over all sizes counts, and besides,
 * because some things begin late, the middle one of the last three doublings.
 */
function growth(shape: Shape, largest: number, effort: Effort): Growth {
  const sizes: number[] = [];
  for (let size = 1 << 14; size <= Math.min(largest, shape.atMost ?? largest); size *= 2) sizes.push(size);
  const times = fastest(sizes, effort, (size) => shape.prepare(size));
  const longestMs = times.at(-1)!;
  const known = { name: shape.name, largest: sizes[times.length - 1]!, longestMs: round(longestMs) };
  const first = times.findIndex((ms) => ms >= BEGINS_MS);
  if (longestMs < MEASURABLE_MS || first < 0 || first > times.length - 4)
    return { ...known, ratio: undefined, late: undefined };
  // What takes memory as much as time is measured in the time of memory: how that grows is the machine's affair.
  const units = shape.yardstick && fastest(sizes.slice(0, times.length), effort, shape.yardstick);
  const costs = times.map((ms, i) => (units ? (ms / units[i]!) * sizes[i]! : ms)).slice(first);
  // What took no time by the clock says nothing of growth.
  if (!costs.every((cost) => cost > 0 && Number.isFinite(cost))) return { ...known, ratio: undefined, late: undefined };
  const doublings = costs.slice(1).map((cost, i) => cost / costs[i]!);
  return {
    ...known,
    ratio: round((costs.at(-1)! / costs[0]!) ** (1 / doublings.length)),
    late: round(doublings.slice(-3).sort((a, b) => a - b)[1]!),
  };
}

function inWords({ name, largest, longestMs, ratio, late }: Growth): string {
  const time = longestMs > 0 ? `${longestMs} ms` : 'less than the clock shows';
  const grows = ratio === undefined ? 'too quick to tell how it grows' : `grows by ${ratio}, by ${late} in the end`;
  return `${name}: ${time} for ${largest} bytes, ${grows}`;
}

function growsTooFast(form: Form, { ratio = 0, late = 0 }: Growth): boolean {
  return !atMost(form, ratio, RATIO) || !atMost(form, late, LATE_RATIO);
}

/**
 * Milliseconds of this thread's processor for each size, the best of several: another program's work is not the shape's. What is short is
 * run often enough to be seen, and all sizes take turns, because a machine that others use is now fast and now slow. Ends with the first
 * size that takes too long. 0 is less than the clock shows.
 */
function fastest(
  sizes: readonly number[],
  { rounds, sampleMs }: Effort,
  prepare: (size: number) => () => unknown,
): number[] {
  const runs = sizes.map(prepare);
  const best: number[] = [];
  const repeat: number[] = [];
  for (const run of runs) {
    const once = processorMs(run);
    best.push(once);
    repeat.push(Math.max(1, Math.min(MOST_RUNS, Math.ceil(sampleMs / once))));
    if (once > LONGEST_MS) break;
  }
  for (let round = 1; round < rounds; round++) {
    for (const [i, known] of best.entries()) {
      if (round > 1 && known > 100) continue;
      const many = repeat[i]!;
      const ms = processorMs(() => {
        for (let n = 0; n < many; n++) runs[i]!();
      });
      // The first run was of code that is compiled now: a sample that came out short has more runs in the next round.
      if (ms < sampleMs) repeat[i] = Math.min(MOST_RUNS, many * 2);
      const each = ms / many;
      if (each > 0) best[i] = known > 0 ? Math.min(known, each) : each;
    }
  }
  return best;
}

function processorMs(run: () => unknown): number {
  const begun = threadMs();
  run();
  return threadMs() - begun;
}

/** Milliseconds of processor that this thread has had. The kernel keeps that up to the last tick, 4 ms, unless it is asked for the whole process first. */
function threadMs(): number {
  process.cpuUsage();
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** Longest time between two turns of this process's own loop while `act` runs. */
async function longestStall(act: (stop: () => void) => Promise<void>): Promise<number> {
  let running = true;
  let longest = 0;
  const watch = (async (): Promise<void> => {
    for (let last = performance.now(); running; ) {
      await sleep(1);
      const now = performance.now();
      longest = Math.max(longest, now - last - 1);
      last = now;
    }
  })();
  await act(() => {
    running = false;
  });
  await watch;
  return longest;
}

/** Sends each shape as a mail, reads it back and asks about it, while another session counts how long a NOOP takes. */
async function stallsOf(form: Form, say: (text: string) => void): Promise<ReadonlyMap<string, number>> {
  const size = byForm(form, { smoke: 1 << 20, quick: 5 << 20, full: 10 << 20 });
  const shapes = byForm(form, {
    smoke: MESSAGE_SHAPES.filter((_, i) => i % 6 === 0),
    quick: MESSAGE_SHAPES,
    full: MESSAGE_SHAPES,
  });
  const stalls = new Map<string, number>();
  await using service = await Service.start();
  await using pulse = await ImapClient.connect(service.at('imap'));
  await pulse.login('pulse@mail.test', 'pass');
  // The first mail pays for code that is compiled now: it is not the shape's.
  await storedAndRead(service, { name: '', row: '', message: () => Buffer.from('Subject: x\r\n\r\nx') }, 0, pulse);
  for (const [i, shape] of shapes.entries()) {
    let longest = Number.POSITIVE_INFINITY;
    for (let again = 0; again < 3 && longest > STALL_MS; again++)
      longest = Math.min(
        longest,
        await storedAndRead(service, shape, size, pulse, `shape${i}.${again}`).catch((error: unknown) => {
          throw new Error(`${shape.name}: ${String(error)}`, { cause: error });
        }),
      );
    stalls.set(shape.name, Math.round(longest));
    if (longest > STALL_MS) say(`${shape.name}: ${Math.round(longest)} ms`);
  }
  await pulse.logout();
  return stalls;
}

async function storedAndRead(
  service: Service,
  shape: MessageShape,
  size: number,
  pulse: ImapClient,
  user = 'first',
): Promise<number> {
  const account = `${user}@mail.test`;
  const content = dotStuffed(strictLines(shape.message(size)));
  let running = true;
  let longest = 0;
  const watch = (async (): Promise<void> => {
    while (running) {
      const begun = performance.now();
      await pulse.ok('NOOP');
      longest = Math.max(longest, performance.now() - begun);
      await sleep(2);
    }
  })();
  try {
    await using smtp = await SmtpClient.connect(service.at('smtp'));
    await smtp.command('MAIL FROM:<a@client.test>', 250);
    await smtp.command(`RCPT TO:<${account}>`, 250);
    await smtp.command('DATA', 354);
    await smtp.wire.write(content);
    const { code } = await smtp.reply();
    if (code !== 250) return longest;
    await using imap = await ImapClient.connect(service.at('imap'));
    await imap.login(account, 'pass');
    while ((await imap.count('INBOX')) === 0) await sleep(20);
    await imap.ok('SELECT INBOX');
    for (const question of [
      'FETCH 1 (ENVELOPE BODYSTRUCTURE)',
      'FETCH 1 BODY.PEEK[HEADER.FIELDS (SUBJECT TO)]',
      'FETCH 1 BODY.PEEK[1]',
      'SEARCH TEXT "nothing of the kind"',
    ])
      await imap.command(question);
    await imap.logout();
  } finally {
    running = false;
    await watch;
  }
  return longest;
}

/** SMTP carries no bare CR or LF, and ends each message with a line end. */
function strictLines(raw: Buffer): Buffer {
  const text = raw.toString('latin1').replaceAll(/\r\n|\r|\n/g, '\r\n');
  return Buffer.from(text.endsWith('\r\n') ? text : `${text}\r\n`, 'latin1');
}
