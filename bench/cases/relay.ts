/** Mail goes out: what a client hands in is passed on to another server, and counted there. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { hostAndPort } from '../../test/client/wire.ts';
import { answering } from '../../test/postfix.ts';
import { cpuByName, cpuSeconds, PeakMemory, round } from '../../test/proc.ts';
import { runSmtpLoad } from '../load/run.ts';

/** A server that sends on whatever it is given for domains that are not its own. */
export interface Relay extends AsyncDisposable {
  readonly name: 'pabal' | 'peer';
  readonly version: string;
  readonly pids: () => readonly number[];
  /** Where clients hand in. */
  readonly smtp: string;
  /** Who signs in on each connection; absent: nobody needs to. */
  readonly users?: readonly { readonly address: string; readonly password: string }[];
  /** Whose mail it is. */
  readonly sender: string;
}

export interface RelayOptions {
  readonly seconds: number;
  readonly connections: number;
  readonly size: number;
  /** Domains that the mail is for. */
  readonly domains: number;
}

export async function relay(subject: Relay, sink: Sink, options: RelayOptions) {
  const cpuBefore = cpuSeconds(subject.pids());
  const byNameBefore = cpuByName(subject.pids());
  const before = sink.count;
  using peak = new PeakMemory(subject.pids());
  const accepted = await runSmtpLoad({
    ...hostAndPort(subject.smtp),
    lmtp: false,
    sender: subject.sender,
    ...(subject.users && { users: subject.users }),
    recipients: Array.from({ length: options.domains }, (_, i) => `user${i}@d${i}.test`),
    connections: options.connections,
    seconds: options.seconds,
    size: options.size,
    tag: `r${Date.now().toString(36)}`,
  });
  await sink.until(before + accepted.acked);
  const relayedSeconds = (sink.lastAt - accepted.startedAt) / 1000;
  const cpu = cpuSeconds(subject.pids()) - cpuBefore;
  const byName = Object.entries(cpuByName(subject.pids()))
    .map(([name, used]) => [name, round(used - (byNameBefore[name] ?? 0))] as const)
    .filter(([, used]) => used > 0.05)
    .slice(0, 8);
  return {
    connections: options.connections,
    domains: options.domains,
    messageBytes: accepted.messageBytes,
    acked: accepted.acked,
    acceptedPerSecond: Math.round(accepted.acked / accepted.seconds),
    relayedPerSecond: Math.round(accepted.acked / relayedSeconds),
    /** From the last acknowledgement to the last mail at the sink. */
    behindSeconds: round(relayedSeconds - accepted.seconds, 2),
    ackMs: accepted.ackMs,
    refused: accepted.refused,
    serverCpuSeconds: round(cpu),
    cpuMsPerMessage: round((cpu * 1000) / accepted.acked, 3),
    ...(byName.length > 1 ? { cpuByName: Object.fromEntries(byName) } : {}),
    loadCpuSeconds: accepted.cpuSeconds,
    peakMemoryMiB: peak.mib(),
  };
}

/** Postfix's smtp-sink: takes mail, forgets it and counts. */
export class Sink implements AsyncDisposable {
  readonly address: string;
  /** Mails so far. */
  count = 0;
  /** When the last one came, milliseconds since 1970. */
  lastAt = 0;
  readonly #child: ChildProcess;

  private constructor(address: string, child: ChildProcess) {
    this.address = address;
    this.#child = child;
    // `sess=1 quit=1 mesg=1` and a carriage return, after each event.
    child.stdout?.setEncoding('latin1').on('data', (text: string) => {
      const count = Number(/.*mesg=(\d+)/s.exec(text)?.[1] ?? this.count);
      if (count > this.count) this.lastAt = Date.now();
      this.count = Math.max(this.count, count);
    });
  }

  static async start(address: string): Promise<Sink> {
    const user = process.getuid?.() === 0 ? ['-u', 'nobody'] : [];
    const child = spawn('/usr/sbin/smtp-sink', [...user, '-c', '-m', '500', `inet:${address}`, '500'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const sink = new Sink(address, child);
    await answering(address, 'the terminal');
    return sink;
  }

  async until(count: number, withinMs = 300_000): Promise<void> {
    for (const end = performance.now() + withinMs; this.count < count; await sleep(5))
      if (performance.now() > end) throw new Error(`the sink has ${this.count} of ${count} messages`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }
}
