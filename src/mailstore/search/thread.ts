/** One thread for all accounts of a node does the indexing, one piece of work after the other. */
import { Worker } from 'node:worker_threads';
import { MailError } from '../../mail/error.ts';
import type { RowKind, RowSource, SegmentFacts } from './segment.ts';
import { type BuildJob, buildSegment, type MergeJob, mergeParts, type Row } from './work.ts';

export type Question =
  | { readonly type: 'build'; readonly job: BuildJob }
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
  | { readonly type: 'done'; readonly facts: SegmentFacts | undefined }
  | { readonly type: 'failed'; readonly reason: string };

/** Takes rows of the segment that is being made, in the order in which they come. */
export type TakeRows = (rows: readonly Row[]) => Promise<void>;

export interface SearchWork extends AsyncDisposable {
  build(job: BuildJob, take: TakeRows): Promise<SegmentFacts>;
  /** Undefined when nothing is left. */
  merge(job: MergeJob, sources: readonly RowSource[], take: TakeRows): Promise<SegmentFacts | undefined>;
}

/** A piece of work that takes longer has gone wrong. */
const DEADLINE_MS = 600_000;

export class SearchThread implements SearchWork {
  #worker: Worker | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #closed = false;

  async build(job: BuildJob, take: TakeRows): Promise<SegmentFacts> {
    const facts = await this.#ask({ type: 'build', job }, [job.bytes.buffer], [], take);
    if (!facts) throw new MailError('bug', 'bug', 'a segment of messages came to nothing');
    return facts;
  }

  merge(job: MergeJob, sources: readonly RowSource[], take: TakeRows): Promise<SegmentFacts | undefined> {
    return this.#ask({ type: 'merge', job }, [], sources, take);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await this.#turn;
    await this.#worker?.terminate();
  }

  #ask(
    question: Question,
    transfer: readonly ArrayBuffer[],
    sources: readonly RowSource[],
    take: TakeRows,
  ): Promise<SegmentFacts | undefined> {
    const mine = this.#turn.then(() => this.#work(question, transfer, sources, take));
    this.#turn = mine.catch(() => undefined);
    return mine;
  }

  #work(
    question: Question,
    transfer: readonly ArrayBuffer[],
    sources: readonly RowSource[],
    take: TakeRows,
  ): Promise<SegmentFacts | undefined> {
    if (this.#closed) throw new MailError('busy', 'temporary', 'the search is closed');
    const worker = (this.#worker ??= this.#start());
    return new Promise((resolve, reject) => {
      const end = (): void => {
        clearTimeout(deadline);
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
        } else if (answer.type === 'failed') fail(new Error(`search: ${answer.reason}`));
        else this.#serve(worker, answer, sources, take).catch(fail);
      };
      const deadline = setTimeout(() => fail(new Error('the search took too long over a piece of work')), DEADLINE_MS);
      worker.on('message', hear);
      worker.on('error', fail);
      worker.on('exit', exit);
      worker.ref();
      worker.postMessage(question, transfer);
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

/** The same in this thread, for tests and small tools. */
export class SearchHere implements SearchWork {
  async build(job: BuildJob, take: TakeRows): Promise<SegmentFacts> {
    const rows: Row[] = [];
    const facts = buildSegment(job, (...row) => void rows.push(row));
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
