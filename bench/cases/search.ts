/** Searching an account of generated mails on the embedded store, in this process: what the index costs, and what it answers. */
import { join } from 'node:path';
import { openBlobFiles } from '../../src/adapters/blob-files.ts';
import { LocalBus } from '../../src/adapters/bus-local.ts';
import { SystemClock } from '../../src/adapters/clock-system.ts';
import { openLmdb } from '../../src/adapters/kv-lmdb.ts';
import { SeededRandom } from '../../src/adapters/random-seeded.ts';
import { SystemRandom } from '../../src/adapters/random-system.ts';
import { parseQuery } from '../../src/mail/search/query.ts';
import type { AccountId, FolderId, MailAccount } from '../../src/mailstore/api.ts';
import { createMailStore } from '../../src/mailstore/store.ts';
import { testFolder } from '../../test/folder.ts';
import { type Quantiles, quantiles, round } from '../../test/proc.ts';
import { MailMaker } from '../load/mails.ts';
import { addCorpus, PublicMail } from './corpus.ts';

const ACCOUNT = 'reader' as AccountId;
const INBOX = 1 as FolderId;
const BENCH = { kind: 'system', role: 'admin' } as const;
const EACH = 60;
const COLD = 20;
/** On public mail, each compared with reading all of it. */
const COMPARED = 2_000;
const DAY = 86_400_000;
const FIRST = Date.UTC(2024, 0, 1);

export interface SearchOptions {
  readonly messages: number;
  /** Public mail, which is searched beside them: a folder of `*.eml` files, a Maildir or an mbox file. */
  readonly corpus: string | undefined;
}

export async function search({ messages, corpus }: SearchOptions) {
  await using folder = await testFolder();
  await using kv = await openLmdb(join(folder.path, 'kv'));
  const random = new SystemRandom();
  await using blobs = await openBlobFiles(join(folder.path, 'blobs'), random);
  await using bus = new LocalBus();
  const clock = new SystemClock();
  const errors: unknown[] = [];
  const log = { error: (facts: Record<string, unknown>, message: string) => void errors.push([message, facts]) };
  const open = () => createMailStore({ kv, blobs, clock, random, bus, log });
  const maker = new MailMaker(1);
  const filled = performance.now();
  let bytes = 0;
  let publicMails = 0;
  {
    await using store = open();
    await store.createAccount(ACCOUNT);
    using account = await store.open(BENCH, ACCOUNT);
    for (let at = 0; at < messages; at += 200) {
      const some = Array.from({ length: Math.min(200, messages - at) }, (_, i) => maker.mail(at + i));
      await Promise.all(
        some.map((raw, i) => {
          bytes += raw.length;
          // Two years of mail.
          const internalDate = FIRST + Math.floor(((at + i) / messages) * 730) * DAY;
          return account.addMessage(raw, { folder: INBOX, internalDate });
        }),
      );
    }
    const archive = account.folderWithRole('archive')!.id;
    if (corpus !== undefined) publicMails = await addCorpus(account, corpus, archive);
  }
  const fillSeconds = (performance.now() - filled) / 1000;
  const rebuilt = performance.now();
  const cpu = process.cpuUsage();
  const mainCpu = process.threadCpuUsage();
  let facts: { segments: number; messages: number; bytes: number };
  {
    await using store = open();
    facts = await store.rebuildSearch(ACCOUNT);
  }
  const indexSeconds = (performance.now() - rebuilt) / 1000;
  const used = process.cpuUsage(cpu);
  const usedHere = process.threadCpuUsage(mainCpu);
  const kinds = queries(maker);
  let differing: readonly string[] = [];
  const warm: Record<string, unknown> = {};
  const allWarm: number[] = [];
  const allCpu: number[] = [];
  {
    await using store = open();
    using account = await store.open(BENCH, ACCOUNT);
    if (publicMails > 0) {
      const mail = await PublicMail.of(account, account.folderWithRole('archive')!.id, new SeededRandom(1));
      for (const [kind, one] of Object.entries(mail.kinds)) kinds[kind] = Array.from({ length: EACH }, one);
      differing = await mail.differing(account, COMPARED);
    }
    for (const [kind, list] of Object.entries(kinds)) {
      for (const text of list) await timed(account, text);
      const times: number[] = [];
      let found = 0;
      for (const text of list) {
        const { ms, cpuMs, total } = await timed(account, text);
        times.push(ms);
        allCpu.push(cpuMs);
        found += total;
      }
      allWarm.push(...times);
      warm[kind] = { ...quantiles(times), hits: Math.round(found / list.length) };
    }
  }
  // Nothing of the index is in our memory: an account that was just opened. What the system caches of the disk stays.
  const cold: Record<string, Quantiles> = {};
  const allCold: number[] = [];
  for (const [kind, list] of Object.entries(kinds)) {
    const times: number[] = [];
    for (const text of list.slice(0, COLD)) {
      await using store = open();
      using account = await store.open(BENCH, ACCOUNT);
      times.push((await timed(account, text)).ms);
    }
    allCold.push(...times);
    cold[kind] = quantiles(times);
  }
  return {
    messages,
    ...(corpus !== undefined && { publicMails, compared: COMPARED, differing }),
    mailBytes: Math.round(bytes / messages),
    fillPerSecond: Math.round(messages / fillSeconds),
    indexPerSecond: Math.round(messages / indexSeconds),
    indexCpuMsPerMessage: round((used.user + used.system) / 1000 / messages, 3),
    // Of it, in the thread that also delivers.
    indexMainCpuMsPerMessage: round((usedHere.user + usedHere.system) / 1000 / messages, 3),
    indexBytesPerMessage: Math.round(facts.bytes / messages),
    segments: facts.segments,
    warmMs: quantiles(allWarm),
    // On a crowded machine this says more.
    warmCpuMs: quantiles(allCpu),
    warm,
    coldMs: quantiles(allCold),
    cold,
    rssMiB: Math.round(process.memoryUsage().rss / (1 << 20)),
    errors: errors.length,
  };
}

async function timed(account: MailAccount, text: string): Promise<{ ms: number; cpuMs: number; total: number }> {
  const query = parseQuery(text, FIRST + 730 * DAY);
  const cpu = process.threadCpuUsage();
  const started = performance.now();
  const { total } = await account.search({ query, sort: 'date', limit: 20 });
  const ms = performance.now() - started;
  const { user, system } = process.threadCpuUsage(cpu);
  return { ms, cpuMs: (user + system) / 1000, total };
}

function queries(maker: MailMaker): Record<string, readonly string[]> {
  const make = (one: () => string): string[] => Array.from({ length: EACH }, one);
  const english = () => maker.word('english');
  const korean = () => maker.word('korean');
  return {
    oneWord: make(english),
    twoWords: make(() => `${english()} ${english()}`),
    threeWords: make(() => `${english()} ${english()} ${english()}`),
    korean: make(korean),
    koreanTwo: make(() => `${korean()} ${korean()}`),
    oneSyllable: make(() => korean().slice(0, 1)),
    phrase: make(() => `"${english()} ${english()}"`),
    prefix: make(() => `${english().slice(0, 4)}*`),
    from: make(() => `from:person${maker.person()}`),
    dateRange: make(() => `${korean()} after:2025-03-01 before:2025-04-01`),
    notAndOr: make(() => `(${english()} OR ${korean()}) -${english()}`),
  };
}
