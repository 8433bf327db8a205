/** One thread for all accounts of a node does the indexing, one piece of work after the other. */
import { Worker } from 'node:worker_threads';
import { MailError } from '../../mail/error.ts';
import type { RowKind, RowSource, SegmentFacts } from './segment.ts';
import { SegmentBuilder } from './builder.ts';
import { indexBatch, type MergeJob, mergeParts, type MessageBatch, type Row } from './work.ts';

export type Question =
  /** Messages of the segment that is being made. */
  | { readonly type: 'index'; readonly batch: MessageBatch }
  | { readonly type: 'finish'; readonly segment: string }
  | { readonly type: 'merge'; readonly job: MergeJob }
  /** A row that was asked for; or that rows were written. */
  | { readonly type: 'answer'; readonly call: number; readonly row: Uint8Array | undefined };

export type Answer =
  | {
      readonly type: 'need';
      readonly call: number;
      readonly part: number;
      readonly kind: RowKind;
      readonly number: number;
    }
  | { readonly type: 'rows'; readonly call: number; readonly rows: readonly Row[] }
  | { readonly type: 'indexed' }
  | { readonly type: 'done'; readonly facts: SegmentFacts | undefined }
  | { readonly type: 'failed'; readonly reason: string };

/** Takes rows of the segment that is being made, in the order in which they come. */
export type TakeRows = (rows: readonly Row[]) => Promise<void>;

export interface SearchWork extends AsyncDisposable {
  /** A segment of these messages, which are in order of their ids. */
  build(segment: string, batches: AsyncIterable<MessageBatch>, take: TakeRows): Promise<SegmentFacts>;
  /** Undefined when nothing is left. */
  merge(job: MergeJob, sources: readonly RowSource[], take: TakeRows): Promise<SegmentFacts | undefined>;
}

/** Batches on their way to the thread: while it works on one, the next one is read. */
const AHEAD = 2;
/** A piece of work that takes longer has gone wrong. */
const DEADLINE_MS = 600_000;

export class SearchThread implements SearchWork {
  #worker: Worker | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #closed = false;

  async build(segment: string, batches: AsyncIterable<MessageBatch>, take: TakeRows): Promise<SegmentFacts> {
    const facts = await this.#inTurn(batches, { type: 'finish', segment }, [], take);
    if (!facts) throw new MailError('bug', 'bug', 'a segment of messages came to nothing');
    return facts;
  }

  merge(job: MergeJob, sources: readonly RowSource[], take: TakeRows): Promise<SegmentFacts | undefined> {
    return this.#inTurn(undefined, { type: 'merge', job }, sources, take);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await this.#turn;
    await this.#worker?.terminate();
  }

  #inTurn(
    batches: AsyncIterable<MessageBatch> | undefined,
    question: Question,
    sources: readonly RowSource[],
    take: TakeRows,
  ): Promise<SegmentFacts | undefined> {
    const mine = this.#turn.then(() => this.#work(batches, question, sources, take));
    this.#turn = mine.catch(() => undefined);
    return mine;
  }

  #work(
    batches: AsyncIterable<MessageBatch> | undefined,
    question: Question,
    sources: readonly RowSource[],
    take: TakeRows,
  ): Promise<SegmentFacts | undefined> {
    if (this.#closed) throw new MailError('busy', 'temporary', 'the search is closed');
    const worker = (this.#worker ??= this.#start());
    const sender = new Sender(worker);
    return new Promise((resolve, reject) => {
      const end = (): void => {
        clearTimeout(deadline);
        sender.end();
        worker.off('message', hear);
        worker.off('error', fail);
        worker.off('exit', exit);
        worker.unref();
      };
      const fail = (error: unknown): void => {
        end();
        // Whatever it was at is given up: the next piece of work gets a new thread.
        if (this.#worker === worker) this.#worker = undefined;
        void worker.terminate();
        reject(error);
      };
      const exit = (code: number): void => fail(new Error(`the thread of the search ended with ${code}`));
      const hear = (answer: Answer): void => {
        if (answer.type === 'done') {
          end();
          resolve(answer.facts);
        } else if (answer.type === 'indexed') sender.arrived();
        else if (answer.type === 'failed') fail(new Error(`search: ${answer.reason}`));
        else this.#serve(worker, answer, sources, take).catch(fail);
      };
      const deadline = setTimeout(() => fail(new Error('the search took too long over a piece of work')), DEADLINE_MS);
      worker.on('message', hear);
      worker.on('error', fail);
      worker.on('exit', exit);
      worker.ref();
      sender.send(batches, question).catch(fail);
    });
  }

  async #serve(
    worker: Worker,
    answer: Extract<Answer, { call: number }>,
    sources: readonly RowSource[],
    take: TakeRows,
  ): Promise<void> {
    let row: Uint8Array<ArrayBuffer> | undefined;
    if (answer.type === 'rows') await take(answer.rows);
    // A copy of its own: what the store answers may be a view into something larger.
    else row = Uint8Array.from(await sources[answer.part]!.row(answer.kind, answer.number));
    worker.postMessage({ type: 'answer', call: answer.call, row } satisfies Question, row ? [row.buffer] : []);
  }

  #start(): Worker {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: 512 },
    });
    worker.unref();
    return worker;
  }
}

/** Gives the thread its batches, a few ahead. */
class Sender {
  readonly #worker: Worker;
  #under = 0;
  #ended = false;
  #wake: (() => void) | undefined;

  constructor(worker: Worker) {
    this.#worker = worker;
  }

  async send(batches: AsyncIterable<MessageBatch> | undefined, question: Question): Promise<void> {
    for await (const batch of batches ?? []) {
      while (this.#under >= AHEAD && !this.#ended) await new Promise<void>((wake) => (this.#wake = wake));
      if (this.#ended) return;
      this.#under++;
      const message: Question = { type: 'index', batch };
      this.#worker.postMessage(message, [batch.bytes.buffer, batch.layout.buffer]);
    }
    if (!this.#ended) this.#worker.postMessage(question);
  }

  arrived(): void {
    this.#under--;
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }
}

/** The same in this thread, for tests and small tools. */
export class SearchHere implements SearchWork {
  async build(segment: string, batches: AsyncIterable<MessageBatch>, take: TakeRows): Promise<SegmentFacts> {
    const builder = new SegmentBuilder();
    for await (const batch of batches) indexBatch(builder, batch);
    const rows: Row[] = [];
    const facts = builder.finish(segment, (...row) => void rows.push(row));
    await take(rows);
    return facts;
  }

  async merge(job: MergeJob, sources: readonly RowSource[], take: TakeRows): Promise<SegmentFacts | undefined> {
    let rows: Row[] = [];
    const hand = (): Promise<void> => {
      const ready = rows;
      rows = [];
      return take(ready);
    };
    const facts = await mergeParts(
      job,
      (part) => sources[part]!,
      (...row) => void rows.push(row),
      () => (rows.length > 16 ? hand() : undefined),
    );
    await hand();
    return facts;
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
