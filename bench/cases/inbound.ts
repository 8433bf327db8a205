/** Mail comes in: accepted a second, visible in the mailbox a second, and what it cost. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ImapClient } from '../../test/client/imap.ts';
import { hostAndPort } from '../../test/client/wire.ts';
import { smtpSource } from '../../test/load/smtp-source.ts';
import { runSmtpLoad } from '../load/run.ts';
import type { SmtpLoadArguments } from '../load/smtp.ts';
import { cpuByName, cpuOfEndedChildren, cpuSeconds, PeakMemory, round } from '../../test/proc.ts';
import type { Subject } from '../subject.ts';

export interface InboundOptions {
  readonly seconds: number;
  readonly connections: number;
  readonly size: number;
  /** All of the subject's by default. */
  readonly accounts?: readonly string[];
  /** Straight into LMTP: what is behind the front server. */
  readonly lmtp: boolean;
  /** `client`: ours, pipelining where it is announced. `smtp-source`: Postfix's generator, one command at a time. */
  readonly generator: 'client' | 'smtp-source';
  /** For smtp-source, which counts messages and not seconds: the rate to expect. */
  readonly expectedRate?: number;
}

interface Accepted {
  /** When the first connection was opened, in milliseconds since 1970. */
  readonly startedAt: number;
  readonly acked: number;
  readonly seconds: number;
  readonly perAccount: readonly number[];
  readonly cpuSeconds: number;
  readonly details: Readonly<Record<string, unknown>>;
}

export async function inbound(subject: Subject, options: InboundOptions) {
  const accounts = options.accounts ?? subject.accounts;
  await using watch = await Mailboxes.open(subject, accounts);
  const cpuBefore = cpuSeconds(subject.pids());
  const byNameBefore = cpuByName(subject.pids());
  using peak = new PeakMemory(subject.pids(), ['imap']);
  const accepted =
    options.generator === 'client'
      ? await withClient(subject, accounts, options)
      : await withSmtpSource(subject, accounts, options);
  await watch.until(accepted.perAccount);
  const visibleSeconds = (Date.now() - accepted.startedAt) / 1000;
  const cpu = cpuSeconds(subject.pids()) - cpuBefore;
  const byName = Object.entries(cpuByName(subject.pids()))
    .map(([name, used]) => [name, round(used - (byNameBefore[name] ?? 0))] as const)
    .filter(([, used]) => used > 0.05)
    .slice(0, 8);
  return {
    generator: options.generator,
    connections: options.connections,
    accounts: accounts.length,
    acked: accepted.acked,
    acceptedPerSecond: Math.round(accepted.acked / accepted.seconds),
    visiblePerSecond: Math.round(accepted.acked / visibleSeconds),
    ...accepted.details,
    serverCpuSeconds: round(cpu),
    cpuMsPerMessage: round((cpu * 1000) / accepted.acked, 3),
    ...(byName.length > 1 ? { cpuByName: Object.fromEntries(byName) } : {}),
    loadCpuSeconds: accepted.cpuSeconds,
    peakMemoryMiB: peak.mib(),
  };
}

async function withClient(subject: Subject, accounts: readonly string[], options: InboundOptions): Promise<Accepted> {
  const args: SmtpLoadArguments = {
    ...hostAndPort(options.lmtp ? subject.lmtp : subject.smtp),
    lmtp: options.lmtp,
    recipients: accounts,
    connections: options.connections,
    seconds: options.seconds,
    size: options.size,
    tag: `b${Date.now().toString(36)}`,
  };
  const result = await runSmtpLoad(args);
  return {
    startedAt: result.startedAt,
    acked: result.acked,
    seconds: result.seconds,
    perAccount: result.perRecipient,
    cpuSeconds: result.cpuSeconds,
    details: {
      seconds: result.seconds,
      messageBytes: result.messageBytes,
      ackMs: result.ackMs,
      transactionMs: result.transactionMs,
      refused: result.refused,
      reconnects: result.reconnects,
    },
  };
}

async function withSmtpSource(
  subject: Subject,
  accounts: readonly string[],
  options: InboundOptions,
): Promise<Accepted> {
  const each = Math.max(1, Math.round(((options.expectedRate ?? 500) * options.seconds) / accounts.length));
  const cpuBefore = cpuOfEndedChildren();
  const startedAt = Date.now();
  const seconds = await smtpSource({
    address: options.lmtp ? subject.lmtp : subject.smtp,
    accounts,
    each,
    lanes: options.connections,
    size: options.size - 300,
    lmtp: options.lmtp,
  });
  return {
    startedAt,
    acked: each * accounts.length,
    seconds,
    perAccount: accounts.map(() => each),
    cpuSeconds: round(cpuOfEndedChildren() - cpuBefore),
    details: { seconds: round(seconds, 3) },
  };
}

/** An IMAP session for each account, opened before the load so that signing in is not measured. */
class Mailboxes implements AsyncDisposable {
  readonly #sessions: readonly ImapClient[];
  readonly #before: readonly number[];

  private constructor(sessions: readonly ImapClient[], before: readonly number[]) {
    this.#sessions = sessions;
    this.#before = before;
  }

  static async open(subject: Subject, accounts: readonly string[]): Promise<Mailboxes> {
    const sessions: ImapClient[] = [];
    for (const account of accounts) {
      const session = await ImapClient.connect(subject.imap, { timeoutMs: 120_000 });
      await session.login(account, subject.password);
      sessions.push(session);
    }
    return new Mailboxes(sessions, await Promise.all(sessions.map((session) => session.count('INBOX'))));
  }

  /** Until every mailbox has so many more. Asks one account at a time: asking must cost the server little. */
  async until(more: readonly number[], withinMs = 300_000): Promise<void> {
    const end = performance.now() + withinMs;
    for (const [i, session] of this.#sessions.entries()) {
      const wanted = (this.#before[i] ?? 0) + (more[i] ?? 0);
      for (let count = await session.count('INBOX'); count < wanted; count = await session.count('INBOX')) {
        if (performance.now() > end) throw new Error(`account ${i} shows ${count} of ${wanted} messages`);
        await sleep(10);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#sessions.map((session) => session.logout().catch(() => undefined)));
  }
}
