/**
 * Where arriving mail is parsed: ordinary mail at once or in batches; what is large, or made of many parts, in a thread
 * of its own with a deadline, one message at a time. When that thread dies or takes too long, the message is kept as one
 * opaque part: parsing decides how a mail is shown, never whether it is accepted.
 */
import type { Worker } from 'node:worker_threads';
import { OpaqueParser } from '../mail/parse.ts';
import { BatchParser, type BatchParserOptions } from './batch-parser.ts';
import { type ParsedContent, parsedContent } from './parsed-content.ts';
import { ParserThread, startThread, ThreadEnded } from './parser-thread.ts';
import { MemorySource, Patience, type RawSource } from './raw-source.ts';

/** The next piece of the message, or that there is none. */
export type ParseQuestion = Uint8Array | 'end';
/** Undefined for a piece. */
export type ParseAnswer = ParsedContent | undefined;

/** Bytes of ordinary mail, at most. */
export const AT_ONCE = 128 << 10;
/** For one message, from the moment when its turn has come. The worst ones take a second or two, on a crowded machine
 * ten times that. */
export const PARSE_DEADLINE = 60_000;

export interface ParsingOptions extends BatchParserOptions {
  /** Tests have threads that fail. */
  readonly thread?: () => Worker;
}

export class Parsing implements AsyncDisposable {
  readonly #options: ParsingOptions;
  readonly #ordinary: BatchParser;
  #thread: ParserThread<ParseQuestion, ParseAnswer> | undefined;
  /** The turn of whoever came last. */
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(options: ParsingOptions) {
    this.#options = options;
    this.#ordinary = new BatchParser(options);
  }

  /** Rejects only when the source cannot be read. */
  async parse(source: RawSource): Promise<ParsedContent> {
    if (source instanceof MemorySource && source.size <= AT_ONCE) {
      const content = await this.#ordinary.parse(source.bytes);
      if (content) return content;
    }
    const turn = this.#last.then(() => this.#inThread(source));
    this.#last = turn.catch(() => undefined);
    return (await turn) ?? (await opaqueContent(source));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await Promise.all([this.#ordinary[Symbol.asyncDispose](), this.#thread?.end('closed')]);
  }

  /** Undefined when the thread could not do it. */
  async #inThread(source: RawSource): Promise<ParsedContent | undefined> {
    if (this.#closed) return undefined;
    const { clock, log, thread: start = () => startThread('./parse-worker.ts') } = this.#options;
    const thread = (this.#thread ??= new ParserThread(start()));
    using _deadline = clock.after(PARSE_DEADLINE, () => void thread.end('it took too long'));
    try {
      for await (const piece of source.read(0, source.size)) {
        const given = new Uint8Array(piece);
        await thread.ask(given, [given.buffer]);
      }
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

async function opaqueContent(source: RawSource): Promise<ParsedContent> {
  const parser = new OpaqueParser();
  const patience = new Patience();
  for await (const piece of source.read(0, source.size)) {
    parser.push(piece);
    await patience.pause();
  }
  return parsedContent(parser.end());
}
