/** One account as it grows, on the embedded store, in this process: what a message costs when there are very many, and what opening costs. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { join } from 'node:path';
import { openBlobFiles } from '../../src/adapters/blob-files.ts';
import { LocalBus } from '../../src/adapters/bus-local.ts';
import { SystemClock } from '../../src/adapters/clock-system.ts';
import { openLmdb } from '../../src/adapters/kv-lmdb.ts';
import { SystemRandom } from '../../src/adapters/random-system.ts';
import type { AccountId, FolderId, MailAccount, MsgId } from '../../src/mailstore/api.ts';
import { createMailStore } from '../../src/mailstore/store.ts';
import { testFolder } from '../../test/folder.ts';
import { quantiles, round } from '../../test/proc.ts';
import { MailMaker } from '../load/mails.ts';

const ACCOUNT = 'reader' as AccountId;
const INBOX = 1 as FolderId;
const BENCH = { kind: 'system', role: 'admin' } as const;
/** Messages whose arrival is timed, before and after. */
const TIMED = 400;
/** Copied in one commit. */
const AT_ONCE = 10_000;
const OPENED = 5;
const MIB = 1 << 20;

export async function account({ messages }: { readonly messages: number }) {
  await using folder = await testFolder();
  await using kv = await openLmdb(join(folder.path, 'kv'));
  const random = new SystemRandom();
  await using blobs = await openBlobFiles(join(folder.path, 'blobs'), random);
  await using bus = new LocalBus();
  const clock = new SystemClock();
  const open = () => createMailStore({ kv, blobs, clock, random, bus });
  const maker = new MailMaker(1);
  let number = 0;
  const arrivals = async (mailbox: MailAccount): Promise<number[]> => {
    const times: number[] = [];
    for (let i = 0; i < TIMED; i++) {
      const raw = maker.mail(number++);
      const started = performance.now();
      await mailbox.addMessage(raw, { folder: INBOX });
      times.push(performance.now() - started);
    }
    return times;
  };
  let first: number[];
  let last: number[];
  let longestTurn: number;
  {
    await using store = open();
    await store.createAccount(ACCOUNT);
    using mailbox = await store.open(BENCH, ACCOUNT);
    await arrivals(mailbox);
    first = await arrivals(mailbox);
    // The others are copies: a placement each, as every message has.
    const ids = (): readonly MsgId[] => mailbox.getMessageIds({ folder: INBOX, limit: AT_ONCE });
    for (let left = messages - mailbox.view(INBOX).length; left > 0; left = messages - mailbox.view(INBOX).length)
      await mailbox.copy(ids().slice(0, left), INBOX);
    // What copies cost to be indexed for searching is not what a message costs.
    const all = { query: { op: 'all' }, sort: 'date', limit: 1 } as const;
    while ((await mailbox.search(all)).behind > 0);
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    last = await arrivals(mailbox);
    delay.disable();
    longestTurn = delay.max / 1e6;
  }
  const listed: number[] = [];
  const listedCpu: number[] = [];
  const turns: number[] = [];
  let heldMiB = 0;
  for (let i = 0; i < OPENED; i++) {
    globalThis.gc?.();
    const before = held();
    await using store = open();
    await nextTurn();
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const cpu = process.threadCpuUsage();
    const started = performance.now();
    using mailbox = await store.open(BENCH, ACCOUNT);
    const newest = mailbox.getMessageIds({ folder: INBOX, sort: 'internalDate', descending: true, limit: 50 });
    for await (const details of mailbox.detailsOf(newest)) if (!details) throw new Error('a message is missing');
    listed.push(performance.now() - started);
    const { user, system } = process.threadCpuUsage(cpu);
    listedCpu.push((user + system) / 1000);
    await nextTurn();
    delay.disable();
    turns.push(delay.max / 1e6);
    globalThis.gc?.();
    heldMiB = Math.max(heldMiB, (held() - before) / MIB);
  }
  return {
    messages,
    firstArrivalsMs: quantiles(first),
    lastArrivalsMs: quantiles(last),
    longestTurnMs: round(longestTurn),
    openedAndListedMs: quantiles(listed),
    // On a crowded machine this says more.
    openedAndListedCpuMs: quantiles(listedCpu),
    openingLongestTurnMs: round(Math.max(...turns)),
    // Exact only with --expose-gc.
    heldMiB: round(heldMiB),
  };
}

function held(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
