/**
 * SMTP (or LMTP) load with a ledger. Connections come back after the service was killed; a message whose
 * acknowledgement was not seen is sent again as it was, so the service must recognise it or may keep a second copy
 * only of what it never acknowledged.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { SmtpClient } from '../client/smtp.ts';
import { Ledger } from './ledger.ts';
import { type LoadMessage, loadMessage } from './message.ts';

export interface SmtpLoadOptions {
  /** Asked before each connection: a restarted service may listen elsewhere. Undefined while it is away. */
  readonly address: () => string | undefined;
  readonly recipients: readonly string[];
  readonly ledger: Ledger;
  readonly lmtp?: boolean;
  readonly connections?: number;
  /** Stops after so many messages (over all connections), or when the signal is aborted. */
  readonly messages?: number;
  /** Messages a second, over all connections; as fast as it goes without. */
  readonly rate?: number;
  readonly recipientsPerMessage?: number;
  /** Size of a message, or a choice made by its number. */
  readonly size?: number | ((number: number) => number);
  /** Distinguishes runs: message ids are `seed-number`. */
  readonly seed?: number;
  /** Numbers start here; a run that goes on after a restart must not use a number twice. */
  readonly first?: number;
  /** Send a message again when its acknowledgement was not seen; default true. */
  readonly resend?: boolean;
}

export interface SmtpLoadReport {
  /** Messages begun. */
  readonly sent: number;
  /** Acknowledged (message, recipient) pairs. */
  readonly acked: number;
  /** Messages acknowledged. */
  readonly messages: number;
  /** Messages whose acknowledgement was not seen at the first attempt. */
  readonly unknown: number;
  /** Refusals by reply code. */
  readonly refused: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export async function smtpLoad(options: SmtpLoadOptions, signal?: AbortSignal): Promise<SmtpLoadReport> {
  const load = new Load(options, signal);
  const started = performance.now();
  await Promise.all(Array.from({ length: options.connections ?? 20 }, () => load.connection()));
  return load.report((performance.now() - started) / 1000);
}

interface Sending {
  readonly message: LoadMessage;
  readonly to: readonly string[];
}

class Load {
  readonly #options: SmtpLoadOptions;
  readonly #signal: AbortSignal | undefined;
  readonly #latencies: number[] = [];
  readonly #refused = new Map<string, number>();
  readonly #started = performance.now();
  #sent = 0;
  #acked = 0;
  #messages = 0;
  #unknown = 0;

  constructor(options: SmtpLoadOptions, signal: AbortSignal | undefined) {
    this.#options = options;
    this.#signal = signal;
  }

  /** One client: connects, sends, connects again, until there is nothing more to do. */
  async connection(): Promise<void> {
    let sending = await this.#next();
    while (sending && !this.#signal?.aborted) {
      const address = this.#options.address();
      if (address === undefined) {
        await sleep(20);
        continue;
      }
      try {
        await using client = await SmtpClient.connect(address, {
          lmtp: this.#options.lmtp ?? false,
        });
        while (sending && !this.#signal?.aborted) {
          const known = await this.#transaction(client, sending);
          if (!known) this.#unknown++;
          sending = known || this.#options.resend === false ? await this.#next() : sending;
          if (!known) break;
        }
        if (!sending) await client.quit();
      } catch {
        await sleep(20);
      }
    }
  }

  async #next(): Promise<Sending | undefined> {
    const { messages, rate, recipients } = this.#options;
    const index = this.#sent;
    if (this.#signal?.aborted || (messages !== undefined && index >= messages)) return undefined;
    this.#sent++;
    if (rate !== undefined) {
      const wait = this.#started + (index * 1000) / rate - performance.now();
      if (wait > 0) await sleep(wait);
      if (this.#signal?.aborted) return undefined;
    }
    const number = (this.#options.first ?? 0) + index;
    const each = Math.min(this.#options.recipientsPerMessage ?? 1, recipients.length);
    const to = Array.from({ length: each }, (_, i) => recipients[(number * each + i) % recipients.length] as string);
    const size = typeof this.#options.size === 'function' ? this.#options.size(number) : this.#options.size;
    return { to, message: loadMessage(this.#options.seed ?? 1, number, to[0] as string, size) };
  }

  /** False when the connection broke before the outcome was known. */
  async #transaction(client: SmtpClient, { message, to }: Sending): Promise<boolean> {
    const begun = performance.now();
    let codes: readonly number[];
    try {
      codes = (await client.send('load@client.test', to, message.raw)).map((reply) => reply.code);
    } catch (error) {
      const code = error instanceof Error && 'reply' in error ? (error.reply as { code: number }).code : undefined;
      if (code === undefined || code === 421) return false;
      codes = [code];
      await client.command('RSET');
    }
    const at = Date.now();
    const acked = to.filter((_, i) => (codes[i] ?? codes[0] ?? 0) < 300);
    if (acked.length > 0) {
      // Only now, after the acknowledgement was read, does the promise stand in the ledger.
      const { id, sha256, raw } = message;
      this.#options.ledger.append(acked.map((recipient) => ({ id, recipient, sha256, size: raw.length, at })));
      this.#latencies.push(performance.now() - begun);
      this.#messages++;
      this.#acked += acked.length;
    }
    for (const code of codes) {
      if (code >= 300) this.#refused.set(String(code), (this.#refused.get(String(code)) ?? 0) + 1);
    }
    return true;
  }

  report(seconds: number): SmtpLoadReport {
    const sorted = Float64Array.from(this.#latencies).sort();
    const quantile = (q: number): number => Math.round((sorted[Math.ceil(sorted.length * q) - 1] ?? 0) * 100) / 100;
    return {
      sent: this.#sent,
      acked: this.#acked,
      messages: this.#messages,
      unknown: this.#unknown,
      refused: Object.fromEntries(this.#refused),
      seconds: Math.round(seconds * 100) / 100,
      p50Ms: quantile(0.5),
      p99Ms: quantile(0.99),
      maxMs: quantile(1),
    };
  }
}
