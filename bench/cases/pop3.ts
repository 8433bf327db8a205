/** A POP3 client fetches a whole mailbox. */
import { Pop3Client } from '../../test/client/pop3.ts';
import { cpuSeconds, PeakMemory, quantiles, round } from '../../test/proc.ts';
import type { Subject } from '../subject.ts';
import { inbound } from './inbound.ts';

export async function pop3(subject: Subject, options: { readonly messages: number }) {
  const account = subject.accounts[0] as string;
  await using first = await Pop3Client.connect(subject.pop3);
  await first.login(account, subject.password);
  let present = (await first.stat()).messages;
  await first.quit();
  while (present < options.messages) {
    present += (await fill(subject, account, options.messages - present)).acked;
  }
  await using client = await Pop3Client.connect(subject.pop3, { timeoutMs: 120_000 });
  const cpu = cpuSeconds(subject.pids());
  using peak = new PeakMemory(subject.pids());
  const started = performance.now();
  await client.login(account, subject.password);
  const signedIn = performance.now();
  const { messages } = await client.stat();
  const statted = performance.now();
  const uidl = await client.multiline('UIDL');
  const listed = performance.now();
  if (uidl.length !== messages) throw new Error(`UIDL lists ${uidl.length} of ${messages} messages`);
  const each: number[] = [];
  let bytes = 0;
  for (let number = 1; number <= options.messages; number++) {
    const begun = performance.now();
    await client.wire.write(`RETR ${number}\r\n`);
    const before = client.wire.received;
    const status = await client.wire.skipToLine('+OK');
    if (!status.startsWith('+OK')) throw new Error(`RETR ${number} was answered ${status}`);
    for (let line = await client.wire.line(); line !== '.'; line = await client.wire.line());
    bytes += client.wire.received - before;
    each.push(performance.now() - begun);
  }
  const ended = performance.now();
  const used = cpuSeconds(subject.pids()) - cpu;
  await client.quit();
  return {
    messages: options.messages,
    loginMs: round(signedIn - started),
    statMs: round(statted - signedIn),
    uidlMs: round(listed - statted),
    retrievedPerSecond: Math.round((options.messages * 1000) / (ended - listed)),
    megabytesPerSecond: round(bytes / 1000 / (ended - listed), 1),
    retrMs: quantiles(each),
    serverCpuSeconds: round(used),
    cpuMsPerMessage: round((used * 1000) / options.messages, 3),
    peakMemoryMiB: peak.mib(),
  };
}

function fill(subject: Subject, account: string, messages: number) {
  const seconds = Math.min(20, Math.max(1, messages / 1_000));
  return inbound(subject, {
    seconds,
    connections: 8,
    size: 4_700,
    accounts: [account],
    lmtp: false,
    generator: 'client',
  });
}
