/** rspamd over HTTP: `POST /checkv2` answers every symbol that matched, with its points. */
import { Readable } from 'node:stream';
import {
  type ScannedMail,
  type Scanner,
  type ScanPoint,
  ScannerFailed,
  type ScanReport,
  SPAM_SCORE,
} from '../ports/scanner.ts';
import { Room } from './scanner-dialog.ts';

export interface RspamdOptions {
  /** "http://127.0.0.1:11333": its normal worker. */
  readonly url: string;
  readonly password?: string;
  readonly connections?: number;
}

const MOST_ANSWER = 1 << 20;
const MOST_POINTS = 300;
/** rspamd's own default of where it marks a mail as spam, for answers that do not say it. */
const ADD_HEADER = 6;

export class RspamdScanner implements Scanner {
  readonly name = 'rspamd';
  readonly finds = { spam: true, malware: false };
  readonly #options: RspamdOptions;
  readonly #room: Room;

  constructor(options: RspamdOptions) {
    this.#options = options;
    this.#room = new Room(options.connections ?? 8);
  }

  async scan(mail: ScannedMail, signal: AbortSignal): Promise<ScanReport> {
    using _place = await this.#room.place(signal);
    const { client, user } = mail;
    const headers = new Headers({ 'queue-id': mail.id, from: word(mail.sender) });
    for (const recipient of mail.recipients.slice(0, 100)) headers.append('rcpt', word(recipient));
    if (client) headers.set('ip', word(client.address));
    if (client && client.hello !== '') headers.set('helo', word(client.hello));
    if (user !== undefined) headers.set('user', word(user));
    if (this.#options.password !== undefined) headers.set('password', this.#options.password);
    let text: string;
    try {
      const answer = await fetch(new URL('/checkv2', this.#options.url), {
        method: 'POST',
        headers,
        body: Readable.toWeb(Readable.from(mail.stream())) as ReadableStream,
        duplex: 'half',
        redirect: 'error',
        signal,
      });
      text = await readAtMost(answer);
      if (!answer.ok) throw new ScannerFailed(`rspamd answers ${answer.status} ${text.slice(0, 100)}`);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof ScannerFailed) throw error;
      throw new ScannerFailed(`rspamd failed at ${this.#options.url}: ${causeOf(error)}`, { cause: error });
    }
    return { points: pointsOf(text), malware: [] };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

async function readAtMost(answer: Response): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of answer.body ?? []) {
    bytes += (piece as Uint8Array).length;
    if (bytes > MOST_ANSWER) throw new ScannerFailed('the answer of rspamd is too long');
    pieces.push(piece as Uint8Array);
  }
  return Buffer.concat(pieces).toString();
}

interface FoundSymbol {
  readonly name?: unknown;
  readonly score?: unknown;
  readonly description?: unknown;
}

function pointsOf(text: string): ScanPoint[] {
  let answer: { score?: unknown; symbols?: unknown; thresholds?: Record<string, unknown> | null };
  try {
    answer = JSON.parse(text) as typeof answer;
  } catch (error) {
    throw new ScannerFailed('the answer of rspamd is no JSON', { cause: error });
  }
  if (typeof answer?.score !== 'number') throw new ScannerFailed('the answer of rspamd has no score');
  const limit = Number(answer.thresholds?.['add header'] ?? ADD_HEADER);
  const scale = SPAM_SCORE / (limit > 0 ? limit : ADD_HEADER);
  const symbols = Object.values((answer.symbols ?? {}) as Record<string, FoundSymbol>);
  const points: ScanPoint[] = [];
  let left = answer.score;
  for (const { name, score, description } of symbols) {
    if (typeof name !== 'string' || typeof score !== 'number' || score === 0 || points.length === MOST_POINTS) continue;
    left -= score;
    const plain = name
      .toUpperCase()
      .replace(/[^A-Z0-9_]/g, '_')
      .slice(0, 80);
    const why = typeof description === 'string' ? description.replace(/\s+/g, ' ').slice(0, 200) : '';
    points.push({
      name: `RSPAMD_${plain}`,
      points: score * scale,
      why: why.trim() === '' ? `rspamd found ${plain}` : why,
    });
  }
  if (Math.abs(left) >= 0.5) points.push({ name: 'RSPAMD_OTHER', points: left * scale, why: 'other rules of rspamd' });
  return points;
}

/** As the value of an HTTP header. */
function word(text: string): string {
  return Buffer.from(text)
    .toString('latin1')
    .replace(/[\0-\x1f\x7f]/g, '?')
    .slice(0, 320);
}

function causeOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? cause.message : message;
}
