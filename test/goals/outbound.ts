/**
 * OUTBOUND: mail into a world of servers that refuse, put off, hang, drop, greylist and are down for days, on a clock that is
 * moved by hand. Each mail ends exactly once, delivered or bounced, and the pauses between attempts grow as promised. Kills come in
 * between: they lose nothing, and repeat at most the attempts that were under way. A new address sends each day what its warm-up allows.
 */
import { SeededRandom } from '../../src/adapters/random-seeded.ts';
import { SmtpTransfer } from '../../src/delivery/smtp-transfer.ts';
import { TlsPolicies } from '../../src/delivery/tls/policy.ts';
import type { Outcome, Transfer } from '../../src/delivery/transfer.ts';
import { StaticResolver } from '../../src/adapters/resolver-static.ts';
import type { SubmissionId } from '../../src/mailstore/submission.ts';
import { crashingKv } from '../support/crashing-kv.ts';
import { oneSource } from '../support/one-source.ts';
import { aliceSends, INBOX, type Sending, sendingWorld, subjects } from '../support/sending.ts';
import { settle } from '../support/settle.ts';
import { byForm, type Goal, type GoalContext, type GoalResult, result, several } from './goal.ts';
import { HardWorld, type Kind, KINDS } from './hard-world.ts';
import { warming } from './warming.ts';

const DAY = 86_400_000;
const HOUR = 3_600_000;
/** Short beside the time-outs of the client, so that a step of the clock ends nothing that is still moving. */
const STEP_MS = 60_000;
/** Alarms so close to each other are waited for together. */
const PATIENCE_MS = 5_000;
/** By the machine's clock: nobody says anything any more. */
const QUIET_MS = 15;
/** They take five days, after which a mail is given up. */
const NEW_ADDRESS_MAILS = 40;

interface Plan {
  readonly mails: number;
  readonly kills: number;
  readonly seed: number;
  readonly say: (text: string) => void;
  /** Sabotage. */
  readonly between?: (transfer: Transfer) => Transfer;
}

export const goal: Goal = {
  id: 'OUTBOUND',
  title: 'every mail ends once, delivered or bounced, whatever other servers do and however often we are killed',

  /** One attempt in twenty says that the mail was taken, and sends nothing. */
  async control({ seed, say }) {
    const random = new SeededRandom(seed);
    const between = (transfer: Transfer): Transfer => ({
      transfer: async (domain, mail, recipients, signal) =>
        random.below(20) === 0
          ? recipients.map(
              (): Outcome => ({ kind: 'delivered', host: 'mx', reply: '250 ok', dsnRelayed: false, tls: undefined }),
            )
          : transfer.transfer(domain, mail, recipients, signal),
      close: () => transfer.close(),
    });
    const { violations } = await play({ mails: 18, kills: 0, seed, say, between });
    return violations.find((violation) => violation.includes('lost'));
  },

  async run({ form, seed, say }: GoalContext): Promise<GoalResult> {
    const mails = byForm(form, { smoke: 27, quick: 450, full: 5_000 });
    const kills = byForm(form, { smoke: 1, quick: 15, full: 100 });
    const played = await play({ mails, kills, seed, say });
    // Nothing that a smoke run would find out: the unit tests of the warm-up do.
    if (form === 'smoke') return played;
    const { perDay, violations } = await warming(NEW_ADDRESS_MAILS, seed);
    return {
      ...played,
      violations: [...played.violations, ...violations],
      figures: { ...played.figures, newAddressPerDay: perDay },
    };
  },
};

async function play({ mails, kills, seed, say, between }: Plan): Promise<GoalResult> {
  const random = new SeededRandom(seed);
  const world = await sendingWorld({ mailsPerHour: 1_000_000, usualPerDay: 1_000_000 });
  const { clock } = world;
  await using servers = await HardWorld.start(clock, random);
  const kinds = Object.keys(KINDS) as Kind[];
  const addresses = Array.from({ length: mails }, (_, i) => {
    const kind = kinds[i % kinds.length] as Kind;
    return { kind, address: `m${i}@${kind}-${Math.floor(i / kinds.length) % 4}.test` };
  });
  const ids = new Map<string, SubmissionId>();
  /** Whose attempts were under way when a process died. */
  const repeatable = new Map<string, number>();
  /** When that was for the first time. */
  const killedAt = new Map<string, number>();
  const waiting = [...addresses];
  let killed = 0;
  for (let alive = true; alive; ) {
    const last = killed >= kills;
    const at = last ? Number.MAX_SAFE_INTEGER : 1 + random.below(Math.max(50, Math.floor((mails * 60) / (kills + 1))));
    const crashing = crashingKv(world.kv, { at, applied: random.below(2) === 0 });
    const underWay = new Set<string>();
    /** Attempts whose outcome may not be known to the store. */
    const unsettled = new Set<string>();
    const client = new SmtpTransfer({
      router: { route: async (domain) => servers.route(domain) },
      tls: new TlsPolicies({ resolver: new StaticResolver({}) }),
      clock,
      sources: oneSource('mx.example.test', clock),
    });
    const transfer = watched(between?.(client) ?? client, { underWay, unsettled, crash: crashing });
    const run = await world.start(crashing.kv, transfer).catch(() => undefined);
    if (run !== undefined) alive = await live(run, crashing, { underWay, waiting, ids, servers, clock });
    if (!crashing.dead) {
      alive = false;
      if (run !== undefined) {
        const told = await judge(run, { addresses, ids, servers, repeatable, killedAt, seed, mails });
        await run[Symbol.asyncDispose]();
        return { ...told, faults: killed };
      }
    }
    for (const address of unsettled) {
      repeatable.set(address, (repeatable.get(address) ?? 0) + 1);
      if (!killedAt.has(address)) killedAt.set(address, clock.now());
    }
    killed++;
    if (killed % 10 === 0) say(`${killed} kills, ${new Date(clock.now()).toISOString()}`);
    // As with a process: its sockets end, and nothing of it can write.
    await client.close();
    run?.stop();
    void run?.[Symbol.asyncDispose]().catch(() => undefined);
    alive = true;
  }
  throw new Error('the world ended without a result');
}

interface Living {
  readonly underWay: ReadonlySet<string>;
  /** Still to be handed in. */
  readonly waiting: { kind: Kind; address: string }[];
  readonly ids: Map<string, SubmissionId>;
  readonly servers: HardWorld;
  readonly clock: Awaited<ReturnType<typeof sendingWorld>>['clock'];
}

/** Hands in what is left, and moves the clock on until nothing is left to do, or the process dies. */
async function live(
  run: Sending,
  crash: { readonly dead: boolean },
  { underWay, waiting, ids, servers, clock }: Living,
): Promise<boolean> {
  while (waiting.length > 0 && !crash.dead) {
    const { address } = waiting[0]!;
    try {
      const { id } = await aliceSends(run, [address], { key: address, subject: address });
      ids.set(address, id);
      waiting.shift();
    } catch (error) {
      if (!crash.dead) throw error;
    }
  }
  for (const end = clock.now() + 8 * DAY; !crash.dead && clock.now() < end; ) {
    await still(underWay, servers);
    const { outbound, intake } = await run.queue.counts();
    if (outbound.waiting + outbound.due + intake.waiting + intake.due === 0 && underWay.size === 0) {
      await run.quiet();
      return false;
    }
    await clock.advance(underWay.size > 0 ? STEP_MS : Math.min(HOUR, Math.max(PATIENCE_MS, clock.nextIn ?? 0)));
  }
  return crash.dead;
}

/** Until nothing happens that needs no clock: what is still under way waits for a server that hangs. */
async function still(underWay: ReadonlySet<string>, servers: HardWorld): Promise<void> {
  const moving = (): boolean => [...underWay].some((address) => !address.includes('@hanging-'));
  for (let turns = 0; turns < 5 || moving(); turns++) await new Promise((resolve) => setImmediate(resolve));
  while (underWay.size > 0 && performance.now() - servers.lastEvent < QUIET_MS)
    await new Promise((resolve) => setTimeout(resolve, 5));
}

interface Watch {
  readonly underWay: Set<string>;
  readonly unsettled: Set<string>;
  readonly crash: { readonly dead: boolean };
}

function watched(transfer: Transfer, { underWay, unsettled, crash }: Watch): Transfer {
  return {
    async transfer(domain, mail, recipients, signal) {
      for (const { address } of recipients) {
        underWay.add(address);
        unsettled.add(address);
      }
      try {
        return await transfer.transfer(domain, mail, recipients, signal);
      } finally {
        for (const { address } of recipients) underWay.delete(address);
        // By then the store has it, or never will.
        void settle(50).then(() => {
          if (!crash.dead) for (const { address } of recipients) unsettled.delete(address);
        });
      }
    },
    close: () => transfer.close(),
  };
}

interface Evidence {
  readonly addresses: readonly { readonly kind: Kind; readonly address: string }[];
  readonly ids: ReadonlyMap<string, SubmissionId>;
  readonly servers: HardWorld;
  readonly repeatable: ReadonlyMap<string, number>;
  readonly killedAt: ReadonlyMap<string, number>;
  readonly seed: number;
  readonly mails: number;
}

async function judge(
  run: Sending,
  { addresses, ids, servers, repeatable, killedAt, seed, mails }: Evidence,
): Promise<GoalResult> {
  const taken = servers.taken();
  const [lost, wrong, often]: [string[], string[], string[]] = [[], [], []];
  let bounced = 0;
  let duplicated = 0;
  for (const { kind, address } of addresses) {
    const id = ids.get(address);
    const delivery = id && (await run.alice.outgoing.delivery(id, 0));
    const state = delivery?.recipients[0]?.state;
    const times = taken.get(address) ?? 0;
    if (state === 'bounced') bounced++;
    if (state !== KINDS[kind].ends) wrong.push(`${address} is ${state ?? 'gone'}`);
    if (state === 'sent' && times === 0) lost.push(address);
    if (times > 1) duplicated += times - 1;
    if (times > 1 + (repeatable.get(address) ?? 0)) often.push(`${address}: ${times} times`);
  }
  const inbox = await subjects(run.alice, INBOX);
  const returned = inbox.filter((subject) => subject === 'Undelivered mail returned to sender').length;
  // An attempt that is repeated after a kill comes without a pause, and what comes later is one attempt behind.
  const untouched = [...servers.named].map(([address, times]) => {
    const kill = killedAt.get(address) ?? Infinity;
    return times.filter((time) => time < kill);
  });
  const pauses = pausesOf(untouched);
  const violations = [
    ...several('mails are lost', lost),
    ...several('mails did not end as they must', wrong),
    ...several('mails came more often than attempts were under way at a kill', often),
    ...(returned === bounced ? [] : [`${bounced} mails bounced, ${returned} came back`]),
    ...pauses.flatMap((pause, i) => wrongPause(pause, i)),
  ];
  const figures = { bounced, returned, pausesMinutes: pauses.map((pause) => Math.round(pause / 60_000)), seed };
  return result({ runs: mails, acked: mails, lost: lost.length, duplicated, violations, figures });
}

/** Median pause before the second attempt, the third and so on, in milliseconds. */
function pausesOf(attempts: readonly (readonly number[])[]): readonly number[] {
  const pauses: number[][] = [];
  for (const times of attempts)
    for (const [i, time] of times.slice(1).entries()) (pauses[i] ??= []).push(time - (times[i] as number));
  return pauses.slice(0, 10).map((list) => list.toSorted((a, b) => a - b)[list.length >> 1] as number);
}

/** One minute, doubled each time up to four hours, and up to half as much again; and the steps of the clock. */
function wrongPause(pause: number, index: number): readonly string[] {
  const base = Math.min(4 * HOUR, 60_000 * 2 ** index);
  const fine = pause >= base && pause <= base * 1.5 + 3 * STEP_MS;
  return fine
    ? []
    : [
        `the pause before attempt ${index + 2} is ${Math.round(pause / 1000)} s, and not ${base / 1000} s and up to half more`,
      ];
}
