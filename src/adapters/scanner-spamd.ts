/** SpamAssassin's daemon: its REPORT names every rule that matched, with points and a sentence. The protocol is SPAMC/1.5. */
import {
  type ScannedMail,
  type Scanner,
  type ScanPoint,
  ScannerFailed,
  type ScanReport,
  SPAM_SCORE,
} from '../ports/scanner.ts';
import { Dialog, type Endpoint, Room } from './scanner-dialog.ts';

export interface SpamdOptions {
  readonly endpoint: Endpoint;
  /** Mails at once; spamd has `--max-children`. */
  readonly connections?: number;
  /** Larger ones are not asked about: spam is small, and these would take minutes. */
  readonly mostBytes?: number;
}

export class SpamdScanner implements Scanner {
  readonly name = 'spamd';
  readonly finds = { spam: true, malware: false };
  readonly #endpoint: Endpoint;
  readonly #room: Room;
  readonly #mostBytes: number;

  constructor({ endpoint, connections = 4, mostBytes = 2 << 20 }: SpamdOptions) {
    this.#endpoint = endpoint;
    this.#room = new Room(connections);
    this.#mostBytes = mostBytes;
  }

  async scan(mail: ScannedMail, signal: AbortSignal): Promise<ScanReport> {
    if (mail.size > this.#mostBytes) return { points: [], malware: [] };
    using _place = await this.#room.place(signal);
    using dialog = await Dialog.open(this.name, this.#endpoint, signal);
    const answer = await dialog.within(signal, async () => {
      await dialog.write(`REPORT SPAMC/1.5\r\nContent-length: ${mail.size}\r\n\r\n`);
      for await (const piece of mail.stream()) await dialog.write(piece);
      return dialog.readToEnd();
    });
    return { points: pointsOf(answer), malware: [] };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

/** "Spam: True ; 1000.0 / 5.0" in the header says which score is the limit; then comes a table of points, names and sentences. */
function pointsOf(answer: string): ScanPoint[] {
  const end = answer.indexOf('\r\n\r\n');
  const header = answer.slice(0, end);
  if (end < 0 || !/^SPAMD\/[\d.]{1,8} 0 EX_OK/.test(header))
    throw new ScannerFailed(`spamd: ${answer.slice(0, 100).replace(/[\r\n]+/g, ' ')}`);
  const facts = /^Spam: \w{4,5} ; (-?\d{1,6}(?:\.\d{1,4})?) \/ (-?\d{1,6}(?:\.\d{1,4})?)/m.exec(header);
  const required = Number(facts?.[2]);
  if (facts === null || !(required > 0)) throw new ScannerFailed('spamd: its answer has no score');
  const scale = SPAM_SCORE / required;
  const points: ScanPoint[] = [];
  let left = Number(facts[1]);
  for (const line of answer.slice(end).split('\n')) {
    const rule = /^ {0,3}(-?\d{1,4}(?:\.\d{1,3})?) ([A-Z][A-Z0-9_]{1,99}) {1,40}(\S.{0,200})/.exec(line.trimEnd());
    if (rule === null) continue;
    left -= Number(rule[1]);
    points.push({ name: `SA_${rule[2]}`, points: Number(rule[1]) * scale, why: rule[3]!.trim() });
  }
  // Long reports are cut, and rounded: what the score says counts.
  if (Math.abs(left) >= 0.5)
    points.push({ name: 'SA_OTHER', points: left * scale, why: 'other rules of SpamAssassin' });
  return points;
}
