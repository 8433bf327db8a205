/**
 * Parses ordinary mail. A message that comes alone is parsed at once: it takes a fraction of a millisecond. Those that
 * come together, as on a busy server, go to a thread of their own as one piece of memory, so that parsing them uses
 * another processor; what comes meanwhile is the next piece.
 */
import type { Worker } from 'node:worker_threads';
import { MessageParser } from '../mail/parse.ts';
import type { Clock } from '../ports/clock.ts';
import { decodeContents, type ParsedContent, parsedContent } from './parsed-content.ts';
import { ParserThread, startThread } from './parser-thread.ts';

/** Messages one after the other, and where each ends. */
export interface Batch {
  readonly bytes: Uint8Array;
  readonly ends: readonly number[];
}

/** More parts than these are work for somebody else: with fewer, the worst mail takes some ten milliseconds. */
export const PARTS_AT_ONCE = 200;
/** Bytes of a piece: a longer one would make the first message in it wait for the last. */
const BATCH_BYTES = 512 << 10;
/** For a whole piece: a thread that takes longer hangs. */
export const BATCH_DEADLINE = 30_000;

export interface BatchParserOptions {
  readonly clock: Clock;
  readonly log?: { error(facts: Record<string, unknown>, message: string): void } | undefined;
  /** Tests have threads that fail. */
  readonly batchThread?: () => Worker;
}

interface Waiting {
  readonly raw: Uint8Array;
  readonly resolve: (content: ParsedContent | undefined) => void;
}

export class BatchParser implements AsyncDisposable {
  readonly #options: BatchParserOptions;
  #thread: ParserThread<Batch, Uint8Array> | undefined;
  #waiting: Waiting[] = [];
  #working = false;
  #closed = false;

  constructor(options: BatchParserOptions) {
    this.#options = options;
  }

  /** Undefined when the message has too many parts. */
  parse(raw: Uint8Array): Promise<ParsedContent | undefined> {
    const { promise, resolve } = Promise.withResolvers<ParsedContent | undefined>();
    this.#waiting.push({ raw, resolve });
    // What else comes in this turn of the event loop comes together with it.
    if (this.#waiting.length === 1 && !this.#working) setImmediate(() => void this.#work());
    return promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await this.#thread?.end('closed');
  }

  async #work(): Promise<void> {
    this.#working = true;
    while (this.#waiting.length > 0) {
      const batch = this.#next();
      if (batch.length === 1) settle(batch, batch.map(here));
      else settle(batch, (await this.#inThread(batch)) ?? batch.map(here));
    }
    this.#working = false;
  }

  #next(): Waiting[] {
    let bytes = 0;
    const over = this.#waiting.findIndex(({ raw }) => (bytes += raw.length) > BATCH_BYTES);
    return this.#waiting.splice(0, over < 0 ? this.#waiting.length : Math.max(1, over));
  }

  /** Undefined when the thread could not do it. */
  async #inThread(batch: readonly Waiting[]): Promise<readonly (ParsedContent | undefined)[] | undefined> {
    if (this.#closed) return undefined;
    const { clock, log, batchThread: start = () => startThread('./batch-worker.ts') } = this.#options;
    const thread = (this.#thread ??= new ParserThread(start()));
    using _deadline = clock.after(BATCH_DEADLINE, () => void thread.end('it took too long'));
    let bytes = 0;
    const ends = batch.map(({ raw }) => (bytes += raw.length));
    const all = new Uint8Array(bytes);
    batch.forEach(({ raw }, i) => all.set(raw, ends[i]! - raw.length));
    try {
      return decodeContents(await thread.ask({ bytes: all, ends }, [all.buffer]));
    } catch (error) {
      this.#thread = undefined;
      await thread.end('it failed');
      if (!this.#closed) log?.error({ err: error, messages: batch.length }, 'the thread that parses mail has failed');
      return undefined;
    }
  }
}

function settle(batch: readonly Waiting[], contents: readonly (ParsedContent | undefined)[]): void {
  batch.forEach(({ resolve }, i) => resolve(contents[i]));
}

function here({ raw }: Waiting): ParsedContent | undefined {
  return parseOrdinary(raw);
}

/** Undefined when the message has too many parts. */
export function parseOrdinary(raw: Uint8Array): ParsedContent | undefined {
  const parser = new MessageParser({ parts: PARTS_AT_ONCE });
  parser.push(raw);
  return parser.isCrowded ? undefined : parsedContent(parser.end());
}
