/**
 * ClamAV's daemon: the mail goes as a stream of chunks (INSTREAM), over connections that are kept for the next one (IDSESSION). See
 * clamd(8).
 */
import { type ScannedMail, type Scanner, ScannerFailed, type ScanReport } from '../ports/scanner.ts';
import { Dialog, type Endpoint, Room } from './scanner-dialog.ts';

export interface ClamdOptions {
  readonly endpoint: Endpoint;
  /** Mails at once; clamd has `MaxThreads`. */
  readonly connections?: number;
}

const NUL = 0;
/** Kept connections that nobody used for so long are closed before clamd does it (`IdleTimeout`, 30 s). */
const IDLE_MS = 10_000;

interface Idle {
  readonly dialog: Dialog;
  readonly timer: NodeJS.Timeout;
}

export class ClamdScanner implements Scanner {
  readonly name = 'clamd';
  readonly finds = { spam: false, malware: true };
  readonly #endpoint: Endpoint;
  readonly #room: Room;
  readonly #idle: Idle[] = [];
  #closed = false;

  constructor({ endpoint, connections = 4 }: ClamdOptions) {
    this.#endpoint = endpoint;
    this.#room = new Room(connections);
  }

  async scan(mail: ScannedMail, signal: AbortSignal): Promise<ScanReport> {
    using _place = await this.#room.place(signal);
    const kept = this.#kept();
    if (kept !== undefined) {
      try {
        return await this.#ask(kept, mail, signal);
      } catch (error) {
        // clamd may have ended the connection meanwhile: that says nothing about a new one.
        if (!(error instanceof ScannerFailed) || error.permanent) throw error;
      }
    }
    const fresh = await Dialog.open(this.name, this.#endpoint, signal);
    return await this.#ask(fresh, mail, signal, 'zIDSESSION\0');
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    for (let one = this.#kept(); one !== undefined; one = this.#kept()) one[Symbol.dispose]();
    return Promise.resolve();
  }

  async #ask(dialog: Dialog, mail: ScannedMail, signal: AbortSignal, greeting = ''): Promise<ScanReport> {
    let done = false;
    try {
      const answer = await dialog.within(signal, async () => {
        await dialog.write(`${greeting}zINSTREAM\0`);
        for await (const piece of mail.stream()) {
          if (dialog.answered) break;
          if (piece.length === 0) continue;
          const length = Buffer.alloc(4);
          length.writeUInt32BE(piece.length);
          await dialog.write(length);
          await dialog.write(piece);
        }
        if (!dialog.answered) await dialog.write(Buffer.alloc(4));
        return dialog.readUntil(NUL);
      });
      const report = reportOf(answer);
      done = true;
      return report;
    } finally {
      if (done && dialog.usable && !this.#closed) this.#keep(dialog);
      else dialog[Symbol.dispose]();
    }
  }

  #kept(): Dialog | undefined {
    for (let one = this.#idle.pop(); one !== undefined; one = this.#idle.pop()) {
      clearTimeout(one.timer);
      if (one.dialog.usable) return one.dialog;
      one.dialog[Symbol.dispose]();
    }
    return undefined;
  }

  #keep(dialog: Dialog): void {
    dialog.rest();
    const timer = setTimeout(() => {
      this.#idle.splice(
        this.#idle.findIndex((one) => one.dialog === dialog),
        1,
      );
      dialog[Symbol.dispose]();
    }, IDLE_MS).unref();
    this.#idle.push({ dialog, timer });
  }
}

/** "1: stream: Eicar-Test-Signature FOUND", "1: stream: OK", "INSTREAM size limit exceeded. ERROR". */
function reportOf(answer: string): ScanReport {
  const words = answer.replace(/^\d{1,10}: /, '').trim();
  if (words === 'stream: OK') return { points: [], malware: [] };
  if (words.startsWith('stream: ') && words.endsWith(' FOUND'))
    return { points: [], malware: [words.slice('stream: '.length, -' FOUND'.length)] };
  const permanent = words.includes('size limit exceeded');
  const why = permanent ? 'the mail is larger than StreamMaxLength in clamd.conf allows' : words.slice(0, 200);
  throw new ScannerFailed(`clamd: ${why}`, { permanent });
}
