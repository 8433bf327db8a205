/** What a mail program does in a folder of some size, command by command, warm. */
import { ImapClient } from '../../test/client/imap.ts';
import { cpuSeconds, round } from '../../test/proc.ts';
import type { Subject } from '../subject.ts';
import { fill, skippingAnswer, smallMessage, timed } from './imap.ts';

/** Messages of FETCH BODY[] and STORE. */
const SOME = 1000;
const APPENDS = 200;
/** Of one MULTIAPPEND, and how many of them. */
const TOGETHER = 500;
const MULTI_APPENDS = 3;
const NOTICES = 20;

export async function imapCommands(subject: Subject, { messages }: { readonly messages: number }) {
  const account = subject.accounts[1] as string;
  await fill(subject, account, 'Work', messages);
  const signedIn = async (): Promise<ImapClient> => {
    const imap = await ImapClient.connect(subject.imap, { timeoutMs: 120_000 });
    await imap.login(account, subject.password);
    return imap;
  };
  await using imap = await signedIn();
  await imap.ok('SELECT Work');
  const some = `1:${Math.min(SOME, messages)}`;
  const cpuMs: Record<string, number> = {};
  const counted = async <T>(name: string, times: number, act: () => Promise<T>): Promise<T> => {
    const before = cpuSeconds(subject.pids());
    const value = await act();
    cpuMs[name] = round(((cpuSeconds(subject.pids()) - before) * 1000) / times);
    return value;
  };
  const took = (name: string, times: number, command: (i: number) => string): Promise<number> =>
    counted(name, times, async () => {
      const all: number[] = [];
      for (let i = 0; i < times; i++) all.push(await timed(() => skippingAnswer(imap, command(i))));
      return median(all);
    });
  // In the order in which they are told; the first of each warms what the others find.
  const reading = {
    envelopeMs: await took('envelope', 3, () => 'FETCH 1:* ENVELOPE'),
    bodiesMs: await took('bodies', 5, () => `FETCH ${some} BODY.PEEK[]`),
    storeMs: await took('store', 10, (i) => `STORE ${some} ${i % 2 === 0 ? '+' : '-'}FLAGS (\\Flagged)`),
    searchFlagMs: await took('searchFlag', 5, () => 'SEARCH UNSEEN'),
    searchSubjectMs: await took('searchSubject', 5, (i) => `SEARCH SUBJECT "Message ${77 + i}"`),
    searchBodyMs: await took('searchBody', 3, () => 'SEARCH BODY "and no play"'),
    sortMs: await took('sort', 3, () => 'SORT (SUBJECT REVERSE DATE) UTF-8 ALL'),
    threadMs: await took('thread', 3, () => 'THREAD REFERENCES UTF-8 ALL'),
  };
  const writing = await appended(imap, counted);
  const idleMs = await idleNotice(imap, await signedIn());
  // Processor time of all of the server's processes for each command; ten milliseconds are the least that is counted of all its repetitions.
  return { messages, ...reading, ...writing, idleMs, cpuMs };
}

async function appended(
  imap: ImapClient,
  counted: <T>(name: string, times: number, act: () => Promise<T>) => Promise<T>,
) {
  await imap.ok('CREATE Fresh');
  const one = (n: number): string => {
    const raw = smallMessage(n);
    return ` (\\Seen) {${raw.length}+}\r\n${raw}`;
  };
  const single = await counted('append', APPENDS, () =>
    timed(async () => {
      for (let n = 0; n < APPENDS; n++) await imap.ok(`APPEND Fresh${one(n)}`);
    }),
  );
  let next = APPENDS;
  const several = (): string => Array.from({ length: TOGETHER }, () => one(next++)).join('');
  const togetherAll = await counted('multiAppend', MULTI_APPENDS, async () => {
    const all: number[] = [];
    for (let i = 0; i < MULTI_APPENDS; i++) {
      const messages = several();
      all.push(await timed(() => imap.ok(`APPEND Fresh${messages}`)));
    }
    return all;
  });
  const together = median(togetherAll);
  return {
    appendsPerSecond: Math.round((APPENDS * 1000) / single),
    multiAppendsPerSecond: Math.round((TOGETHER * 1000) / together),
  };
}

/** From the first byte of an APPEND to the EXISTS that another connection, in IDLE, hears of it. */
async function idleNotice(imap: ImapClient, idler: ImapClient): Promise<number> {
  await using idling = idler;
  await idling.ok('SELECT Fresh');
  await idling.wire.write('I IDLE\r\n');
  await idling.wire.line();
  const all: number[] = [];
  for (let n = 0; n < NOTICES; n++) {
    const raw = smallMessage(n);
    const started = performance.now();
    const done = imap.ok(`APPEND Fresh {${raw.length}+}\r\n${raw}`);
    while (!(await idling.wire.line()).endsWith(' EXISTS'));
    all.push(performance.now() - started);
    await done;
  }
  return median(all);
}

function median(all: readonly number[]): number {
  return round(all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? Number.NaN);
}
