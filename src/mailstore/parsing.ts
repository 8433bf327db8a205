/**
 * Where arriving mail is parsed: ordinary mail at once, in a fraction of a millisecond; what is large, or made of many
 * parts, in a thread of its own with a deadline, one message at a time. When that thread dies or takes too long, the
 * message is kept as one opaque part: parsing decides how a mail is shown, never whether it is accepted.
 */
import { Worker } from 'node:worker_threads';
import { MessageParser, OpaqueParser } from '../mail/parse.ts';
import type { Clock } from '../ports/clock.ts';
import { type ParsedContent, parsedContent } from './parsed-content.ts';
import { MemorySource, Patience, type RawSource } from './raw-source.ts';

/** The next piece of the message, or that there is none. */
export type ParseQuestion = Uint8Array | 'end';
/** Undefined for a piece. */
export type ParseAnswer = ParsedContent | undefined;

/** Bytes. With so few parts the worst mail of this size takes some ten milliseconds. */
export const AT_ONCE = 128 << 10;
export const PARTS_AT_ONCE = 200;
/** For one message, from the moment when its turn has come. The worst ones take a second or two, on a crowded machine
 * ten times that. */
export const PARSE_DEADLINE = 60_000;

export interface ParsingOptions {
  readonly clock: Clock;
  readonly log?: { error(facts: Record<string, unknown>, message: string): void } | undefined;
  /** Tests have threads that fail. */
  readonly thread?: () => Worker;
}

export class Parsing implements AsyncDisposable {
  readonly #options: ParsingOptions;
  #thread: ParserThread | undefined;
  /** The turn of whoever came last. */
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(options: ParsingOptions) {
    this.#options = options;
  }

  /** Rejects only when the source cannot be read. */
  async parse(source: RawSource): Promise<ParsedContent> {
    if (source instanceof MemorySource && source.size <= AT_ONCE) {
      const parser = new MessageParser({ parts: PARTS_AT_ONCE });
      parser.push(source.bytes);
      if (!parser.isCrowded) return parsedContent(parser.end());
    }
    const turn = this.#last.then(() => this.#inThread(source));
    this.#last = turn.catch(() => undefined);
    return (await turn) ?? (await opaqueContent(source));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await this.#thread?.end('closed');
  }

  /** Undefined when the thread could not do it. */
  async #inThread(source: RawSource): Promise<ParsedContent | undefined> {
    if (this.#closed) return undefined;
    const { clock, log, thread: start = parserThread } = this.#options;
    const thread = (this.#thread ??= new ParserThread(start()));
    using _deadline = clock.after(PARSE_DEADLINE, () => void thread.end('it took too long'));
    try {
      for await (const piece of source.read(0, source.size)) await thread.ask(new Uint8Array(piece));
      return await thread.ask('end');
    } catch (error) {
      // What it was told of this message must not get into the next one's.
      this.#thread = undefined;
      await thread.end('half a message');
      if (!(error instanceof ThreadEnded)) throw error;
      log?.error({ err: error, bytes: source.size }, 'a message could not be parsed and is kept as it is');
      return undefined;
    }
  }
}

class ThreadEnded extends Error {}

/** Keeps the process alive only while it is asked. */
class ParserThread {
  readonly #worker: Worker;
  #asked: { readonly resolve: (answer: ParseAnswer) => void; readonly reject: (error: Error) => void } | undefined;
  #ended: ThreadEnded | undefined;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.unref();
    worker.on('message', (answer: ParseAnswer) => {
      worker.unref();
      this.#asked?.resolve(answer);
      this.#asked = undefined;
    });
    worker.on('error', (error) => void this.end('it failed', error));
    worker.on('exit', () => void this.end('it ended'));
  }

  /** A piece is given away. Throws `ThreadEnded`. */
  ask(question: ParseQuestion): Promise<ParseAnswer> {
    if (this.#ended) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      this.#asked = { resolve, reject };
      this.#worker.ref();
      this.#worker.postMessage(question, question === 'end' ? [] : [question.buffer as ArrayBuffer]);
    });
  }

  async end(reason: string, cause?: unknown): Promise<void> {
    this.#ended ??= new ThreadEnded(`the parsing thread: ${reason}`, { cause });
    this.#asked?.reject(this.#ended);
    this.#asked = undefined;
    await this.#worker.terminate();
  }
}

function parserThread(): Worker {
  return new Worker(new URL('./parse-worker.ts', import.meta.url), {
    name: 'parser',
    resourceLimits: { maxOldGenerationSizeMb: 256 },
  });
}

async function opaqueContent(source: RawSource): Promise<ParsedContent> {
  const parser = new OpaqueParser();
  const patience = new Patience();
  for await (const piece of source.read(0, source.size)) {
    parser.push(piece);
    await patience.pause();
  }
  return parsedContent(parser.end());
}
