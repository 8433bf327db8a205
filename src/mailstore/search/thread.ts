/**
 * One thread for all accounts of a node does the indexing. What somebody who searches waits for goes on beside what is made in
 * advance and beside merges: the thread takes a piece of each in turn.
 */
import { Worker } from 'node:worker_threads';
import { MailError } from '../../mail/error.ts';
import { Turns } from '../turns.ts';
import type { RowKind, RowSource, SegmentFacts } from './segment.ts';
import { SegmentBuilder } from './builder.ts';
import { DocumentReader } from './documents.ts';
import { indexBatch, type MergeJob, mergeParts, type MessageBatch, type Row } from './work.ts';

export type Question =
  /** Messages of the segment that is being made. */
  | { readonly type: 'index'; readonly job: number; readonly batch: MessageBatch }
  | { readonly type: 'finish'; readonly job: number; readonly segment: string }
  | { readonly type: 'merge'; readonly job: number; readonly merge: MergeJob }
  /** Nobody waits for it any more. */
  | { readonly type: 'drop'; readonly job: number }
  /** A row that was asked for; or that rows were written. */
  | { readonly type: 'answer'; readonly call: number; readonly row: Uint8Array | undefined };

export type Answer =
  | {
      readonly type: 'need';
      readonly job: number;
      readonly call: number;
      readonly part: number;
      readonly kind: RowKind;
      readonly number: number;
    }
  | { readonly type: 'rows'; readonly job: number; readonly call: number; readonly rows: readonly Row[] }
  | { readonly type: 'indexed'; readonly job: number }
  | { readonly type: 'done'; readonly job: number; readonly facts: SegmentFacts | undefined }
  | { readonly type: 'failed'; readonly job: number; readonly reason: string };

/** Takes rows of the segment that is being made, in the order in which they come. */
export type TakeRows = (rows: readonly Row[]) => Promise<void>;

export interface WorkOptions {
  /** Somebody waits for it. */
  readonly urgent?: boolean;
  /** Told how many milliseconds it took once its turn had come, also when it failed. */
  readonly spent?: (ms: number) => void;
}

export interface SearchWork extends AsyncDisposable {
  /** A segment of these messages, which are in order of their ids. */
  build(
    segment: string,
    batches: AsyncIterable<MessageBatch>,
    take: TakeRows,
    options?: WorkOptions,
  ): Promise<SegmentFacts>;
  /** Undefined when nothing is left. Nobody waits for it. */
  merge(
    job: MergeJob,
    sources: readonly RowSource[],
    take: TakeRows,
    options?: Pick<WorkOptions, 'spent'>,
  ): Promise<SegmentFacts | undefined>;
}

/** Batches on their way to the thread: while it works on one, the next one is read. */
const AHEAD = 2;
/** A piece of work that takes longer has gone wrong. */
const DEADLINE_MS = 600_000;
/** Of those who search, at a time. */
const URGENT_AT_ONCE = 4;

interface Job {
  readonly sources: readonly RowSource[];
  readonly take: TakeRows;
  readonly sender: Sender;
  readonly deadline: NodeJS.Timeout;
  readonly end: (outcome: { readonly facts: SegmentFacts | undefined } | { readonly error: unknown }) => void;
}

export class SearchThread implements SearchWork {
  #worker: Worker | undefined;
  readonly #jobs = new Map<number, Job>();
  #count = 0;
  readonly #running = new Set<Promise<unknown>>();
  readonly #urgent = new Turns(URGENT_AT_ONCE);
  readonly #ahead = new Turns(1);
  readonly #merges = new Turns(1);
  #closed = false;

  async build(
    segment: string,
    batches: AsyncIterable<MessageBatch>,
    take: TakeRows,
    { urgent = false, spent }: WorkOptions = {},
  ): Promise<SegmentFacts> {
    const facts = await this.#inTurn(urgent ? this.#urgent : this.#ahead, spent, () =>
      this.#work(batches, (job) => ({ type: 'finish', job, segment }), [], take),
    );
    if (!facts) throw new MailError('bug', 'bug', 'a segment of messages came to nothing');
    return facts;
  }

  merge(
    merge: MergeJob,
    sources: readonly RowSource[],
    take: TakeRows,
    { spent }: Pick<WorkOptions, 'spent'> = {},
  ): Promise<SegmentFacts | undefined> {
    return this.#inTurn(this.#merges, spent, () =>
      this.#work(undefined, (job) => ({ type: 'merge', job, merge }), sources, take),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
    await this.#worker?.terminate();
  }

  #inTurn(
    turns: Turns,
    spent: WorkOptions['spent'],
    work: () => Promise<SegmentFacts | undefined>,
  ): Promise<SegmentFacts | undefined> {
    const mine = turns.run(() => timed(spent, work));
    this.#running.add(mine);
    const ended = (): void => void this.#running.delete(mine);
    mine.then(ended, ended);
    return mine;
  }

  #work(
    batches: AsyncIterable<MessageBatch> | undefined,
    question: (job: number) => Question,
    sources: readonly RowSource[],
    take: TakeRows,
  ): Promise<SegmentFacts | undefined> {
    if (this.#closed) throw new MailError('busy', 'temporary', 'the search is closed');
    const worker = (this.#worker ??= this.#start());
    const number = ++this.#count;
    return new Promise((resolve, reject) => {
      const sender = new Sender(worker, number);
      const end: Job['end'] = (outcome) => {
        if (!this.#jobs.delete(number)) return;
        clearTimeout(deadline);
        sender.end();
        if (this.#jobs.size === 0) worker.unref();
        if ('facts' in outcome) resolve(outcome.facts);
        else {
          worker.postMessage({ type: 'drop', job: number } satisfies Question);
          reject(outcome.error);
        }
      };
      const deadline = setTimeout(
        () => this.#give(worker, new Error('the search took too long over a piece of work')),
        DEADLINE_MS,
      );
      this.#jobs.set(number, { sources, take, sender, deadline, end });
      worker.ref();
      sender.send(batches, question(number)).catch((error: unknown) => end({ error }));
    });
  }

  #hear(worker: Worker, answer: Answer): void {
    const job = this.#jobs.get(answer.job);
    if (!job) {
      // Given up: whoever waits in the thread goes on, and ends.
      if ('call' in answer)
        worker.postMessage({ type: 'answer', call: answer.call, row: undefined } satisfies Question);
    } else if (answer.type === 'done') job.end({ facts: answer.facts });
    else if (answer.type === 'indexed') job.sender.arrived();
    else if (answer.type === 'failed') job.end({ error: new Error(`search: ${answer.reason}`) });
    else this.#serve(worker, answer, job).catch((error: unknown) => job.end({ error }));
  }

  /** Whatever the thread is at is given up: the next piece of work gets a new one. */
  #give(worker: Worker, error: unknown): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    for (const job of Array.from(this.#jobs.values())) job.end({ error });
    void worker.terminate();
  }

  async #serve(worker: Worker, answer: Extract<Answer, { call: number }>, { sources, take }: Job): Promise<void> {
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
    worker.on('message', (answer: Answer) => this.#hear(worker, answer));
    worker.on('error', (error) => this.#give(worker, error));
    worker.on('exit', (code) => this.#give(worker, new Error(`the thread of the search ended with ${code}`)));
    worker.unref();
    return worker;
  }
}

async function timed<T>(spent: WorkOptions['spent'], work: () => Promise<T>): Promise<T> {
  const began = performance.now();
  try {
    return await work();
  } finally {
    spent?.(performance.now() - began);
  }
}

/** Gives the thread its batches, a few ahead. */
class Sender {
  readonly #worker: Worker;
  readonly #job: number;
  #under = 0;
  #ended = false;
  #wake: (() => void) | undefined;

  constructor(worker: Worker, job: number) {
    this.#worker = worker;
    this.#job = job;
  }

  async send(batches: AsyncIterable<MessageBatch> | undefined, question: Question): Promise<void> {
    for await (const batch of batches ?? []) {
      while (this.#under >= AHEAD && !this.#ended) await new Promise<void>((wake) => (this.#wake = wake));
      if (this.#ended) return;
      this.#under++;
      const message: Question = { type: 'index', job: this.#job, batch };
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
  readonly #documents = new DocumentReader();

  build(
    segment: string,
    batches: AsyncIterable<MessageBatch>,
    take: TakeRows,
    { spent }: WorkOptions = {},
  ): Promise<SegmentFacts> {
    return timed(spent, async () => {
      const builder = new SegmentBuilder();
      for await (const batch of batches) await indexBatch(builder, batch, this.#documents);
      const rows: Row[] = [];
      const facts = builder.finish(segment, (...row) => void rows.push(row));
      await take(rows);
      return facts;
    });
  }

  merge(
    job: MergeJob,
    sources: readonly RowSource[],
    take: TakeRows,
    { spent }: Pick<WorkOptions, 'spent'> = {},
  ): Promise<SegmentFacts | undefined> {
    return timed(spent, () => this.#merge(job, sources, take));
  }

  async #merge(job: MergeJob, sources: readonly RowSource[], take: TakeRows): Promise<SegmentFacts | undefined> {
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
