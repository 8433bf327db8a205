/** A scanner that says what a test wants, and is down when the test wants that. */
import { type ScannedMail, type Scanner, ScannerFailed, type ScanReport } from '../../src/ports/scanner.ts';

export class ScriptedScanner implements Scanner {
  readonly name: string;
  readonly finds: Scanner['finds'];
  readonly seen: string[] = [];
  state: 'up' | 'down' | 'hangs' | 'too-large' = 'up';
  readonly #report: (raw: string) => ScanReport;

  constructor(what: 'spam' | 'malware', report: (raw: string) => ScanReport) {
    this.name = `scripted-${what}`;
    this.finds = { spam: what === 'spam', malware: what === 'malware' };
    this.#report = report;
  }

  async scan(mail: ScannedMail, signal: AbortSignal): Promise<ScanReport> {
    if (this.state === 'down') throw new ScannerFailed('nobody is there');
    if (this.state === 'too-large') throw new ScannerFailed('the mail is too large', { permanent: true });
    if (this.state === 'hangs')
      await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    const raw = Buffer.concat(await Array.fromAsync(mail.stream())).toString();
    this.seen.push(mail.id);
    return this.#report(raw);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}
