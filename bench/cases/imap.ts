/** A large folder opens and lists; idle connections cost memory. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ImapClient, quoted } from '../../test/client/imap.ts';
import { cpuSeconds, memory, quantiles, round } from '../../test/proc.ts';
import type { Subject } from '../subject.ts';

export interface ImapOptions {
  /** Messages in the folder. */
  readonly messages: number;
  /** Idle connections without and with TLS. */
  readonly idle: number;
  readonly idleTls: number;
}

export async function imapFolder(subject: Subject, options: ImapOptions) {
  const account = subject.accounts[0] as string;
  const filled = await fill(subject, account, 'Large', options.messages);
  await subject.restart();
  const cold = await openFolder(subject, account, 'Large', options.messages);
  const loaded = memory(subject.pids());
  await using imap = await ImapClient.connect(subject.imap, { timeoutMs: 120_000 });
  await imap.login(account, subject.password);
  const selects: number[] = [];
  const fetches: number[] = [];
  const cpu = cpuSeconds(subject.pids());
  for (let i = 0; i < 10; i++) {
    selects.push(await timed(() => imap.ok('SELECT Large')));
    await imap.ok('SELECT INBOX');
  }
  await imap.ok('SELECT Large');
  let bytes = 0;
  for (let i = 0; i < 5; i++) {
    const before = imap.wire.received;
    fetches.push(await timed(() => skippingAnswer(imap, 'FETCH 1:* (UID FLAGS)')));
    bytes = imap.wire.received - before;
  }
  const used = cpuSeconds(subject.pids()) - cpu;
  await imap.logout();
  return {
    messages: options.messages,
    fillPerSecond: Math.round(options.messages / filled),
    coldLoginMs: cold.loginMs,
    coldSelectMs: cold.selectMs,
    coldFetchFlagsMs: cold.fetchMs,
    warmSelectMs: quantiles(selects),
    warmFetchFlagsMs: quantiles(fetches),
    fetchBytes: bytes,
    serverCpuSeconds: round(used),
    memoryMiB: round(loaded.pss / 1024, 1),
  };
}

export async function imapIdle(subject: Subject, options: ImapOptions) {
  const plain = await idleMemory(subject, options.idle, false);
  const tls = await idleMemory(subject, options.idleTls, true);
  return { plain, tls };
}

async function openFolder(subject: Subject, account: string, folder: string, messages: number) {
  await using imap = await ImapClient.connect(subject.imap, { timeoutMs: 120_000 });
  const loginMs = await timed(() => imap.login(account, subject.password));
  let exists = '';
  const selectMs = await timed(async () => {
    const answer = await imap.ok(`SELECT ${quoted(folder)}`);
    exists = answer.untagged.find((response) => response.text.endsWith(' EXISTS'))?.text ?? '';
  });
  if (exists !== `* ${messages} EXISTS`) throw new Error(`the folder has '${exists}', ${messages} went in`);
  const fetchMs = await timed(() => skippingAnswer(imap, 'FETCH 1:* (UID FLAGS)'));
  await imap.logout();
  return { loginMs, selectMs, fetchMs };
}

/** The answer is counted, not read: the client must not be what is measured. */
export async function skippingAnswer(imap: ImapClient, command: string): Promise<void> {
  const tag = imap.nextTag();
  await imap.wire.write(`${tag} ${command}\r\n`);
  const end = await imap.wire.skipToLine(`${tag} `);
  if (!end.startsWith(`${tag} OK`)) throw new Error(`${command} was answered ${end}`);
}

export async function timed(act: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await act();
  return round(performance.now() - started);
}

/** Seconds it took. MULTIAPPEND where it is announced, else many APPENDs under way at a time. */
export async function fill(subject: Subject, account: string, folder: string, messages: number): Promise<number> {
  const first = await ImapClient.connect(subject.imap, { timeoutMs: 120_000 });
  await first.login(account, subject.password);
  const capabilities = (await first.ok('CAPABILITY')).untagged.map((response) => response.text).join(' ');
  await first.ok(`CREATE ${quoted(folder)}`);
  await first.logout();
  const started = performance.now();
  const multiple = capabilities.includes('MULTIAPPEND') ? 500 : 1;
  // One APPEND of many messages is one transaction; single ones go over several connections so that they share syncs.
  const connections = multiple > 1 ? 1 : 8;
  let next = 0;
  const lane = async (): Promise<void> => {
    await using imap = await ImapClient.connect(subject.imap, { timeoutMs: 120_000 });
    await imap.login(account, subject.password);
    const waiting: string[] = [];
    while (next < messages || waiting.length > 0) {
      if (next < messages && waiting.length < (multiple > 1 ? 2 : 64)) {
        const tag = imap.nextTag();
        let command = `${tag} APPEND ${quoted(folder)}`;
        for (let i = 0; i < multiple && next < messages; i++) {
          const raw = smallMessage(next++);
          command += ` (${next % 3 === 0 ? '' : '\\Seen'}) {${raw.length}+}\r\n${raw}`;
        }
        waiting.push(tag);
        await imap.wire.write(`${command}\r\n`);
        continue;
      }
      const { text } = await imap.response();
      const tag = text.slice(0, text.indexOf(' '));
      const at = waiting.indexOf(tag);
      if (at < 0) continue;
      waiting.splice(at, 1);
      if (!text.startsWith(`${tag} OK`)) throw new Error(`APPEND was answered ${text}`);
    }
    await imap.logout();
  };
  await Promise.all(Array.from({ length: connections }, lane));
  return (performance.now() - started) / 1000;
}

export function smallMessage(number: number): string {
  return (
    `Message-ID: <large.${number}@client.test>\r\nDate: Fri, 20 Nov 2026 12:00:00 +0900\r\n` +
    `From: Sender ${number % 97} <sender${number % 97}@client.test>\r\nTo: <user001@mail.test>\r\n` +
    `Subject: Message ${number}\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n` +
    `${'All work and no play. '.repeat(20)}\r\n`
  );
}

/** Sessions signed in, INBOX selected, in IDLE; what each adds. */
async function idleMemory(subject: Subject, connections: number, tls: boolean) {
  if (connections === 0) return undefined;
  const sessions: ImapClient[] = [];
  const open = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      const account = subject.accounts[sessions.length % subject.accounts.length] as string;
      const imap = await ImapClient.connect(tls ? subject.imaps : subject.imap, { tls, timeoutMs: 60_000 });
      await imap.login(account, subject.password);
      await imap.ok('SELECT INBOX');
      await imap.wire.write('I IDLE\r\n');
      await imap.wire.line();
      sessions.push(imap);
    }
  };
  // The first ones pay for what is shared: code, the accounts' indexes, pools.
  await open(Math.min(200, connections));
  await sleep(2_000);
  const before = memory(subject.pids());
  await open(connections);
  await sleep(3_000);
  const after = memory(subject.pids());
  for (const session of sessions) session.wire.destroy();
  await sleep(500);
  return {
    connections,
    privateKiBEach: round((after.private - before.private) / connections, 1),
    pssKiBEach: round((after.pss - before.pss) / connections, 1),
    pssMiB: round(after.pss / 1024, 1),
  };
}
