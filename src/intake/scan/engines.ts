/** The engines outside that judge mail: each is asked at most so long, and whoever asks learns which one could not answer. */
import { MailError } from '../../mail/error.ts';
import type { Clock } from '../../ports/clock.ts';
import { type ScannedMail, type Scanner, ScannerFailed, type ScanReport } from '../../ports/scanner.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Counter, Histogram, Metrics } from '../../telemetry/metrics.ts';

export interface EnginesParts {
  readonly scanners: readonly Scanner[];
  /** For one engine and one mail, waiting for its turn included. */
  readonly deadlineMs: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

export class Engines implements AsyncDisposable {
  readonly #parts: EnginesParts;
  readonly #scans: Counter<'scanner' | 'outcome'>;
  readonly #seconds: Histogram<'scanner'>;

  constructor(parts: EnginesParts) {
    this.#parts = parts;
    this.#scans = parts.metrics.counter('scans_total', 'Mails given to a scanner.', ['scanner', 'outcome']);
    this.#seconds = parts.metrics.histogram('scan_seconds', 'How long a scanner took for a mail.', ['scanner']);
  }

  finding(what: 'spam' | 'malware'): readonly Scanner[] {
    return this.#parts.scanners.filter(({ finds }) => finds[what]);
  }

  /** What those say that look for this, together. Throws `scanner-down` when one of them does not answer. */
  async scan(what: 'spam' | 'malware', mail: ScannedMail, signal: AbortSignal): Promise<ScanReport> {
    const reports = await Promise.all(this.finding(what).map((scanner) => this.#ask(scanner, mail, signal)));
    return { points: reports.flatMap(({ points }) => points), malware: reports.flatMap(({ malware }) => malware) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#parts.scanners.map((scanner) => scanner[Symbol.asyncDispose]()));
  }

  async #ask(scanner: Scanner, mail: ScannedMail, outer: AbortSignal): Promise<ScanReport> {
    const { clock, deadlineMs, log } = this.#parts;
    const { name } = scanner;
    const late = new AbortController();
    using _until = clock.after(deadlineMs, () => late.abort(new ScannerFailed(`${name} took too long`)));
    const begun = clock.monotonic();
    try {
      const report = await scanner.scan(mail, AbortSignal.any([outer, late.signal]));
      this.#scans.inc({ scanner: name, outcome: report.malware.length > 0 ? 'found' : 'scanned' });
      return report;
    } catch (error) {
      this.#scans.inc({ scanner: name, outcome: 'failed' });
      log.warn({ err: error, scanner: name, id: mail.id }, 'a scanner failed');
      outer.throwIfAborted();
      if (!(error instanceof ScannerFailed)) throw error;
      // What can never be scanned waits for nobody: its stage says what becomes of it.
      throw new MailError('scanner-down', error.permanent ? 'user' : 'temporary', error.message, { cause: error });
    } finally {
      this.#seconds.observe({ scanner: name }, (clock.monotonic() - begun) / 1000);
    }
  }
}
