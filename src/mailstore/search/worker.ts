/** The thread in which messages are indexed and segments merged. */
import { parentPort } from 'node:worker_threads';
import type { RowKind } from './segment.ts';
import type { Answer, Question } from './thread.ts';
import { SegmentBuilder } from './builder.ts';
import { indexBatch, mergeParts, type Row } from './work.ts';

/** Bytes that are handed over at once; the next ones wait until these are written. */
const HAND_OVER = 1 << 20;

const port = parentPort!;
const builder = new SegmentBuilder();
const waiting = new Map<number, (row: Uint8Array | undefined) => void>();
let calls = 0;

function say(answer: Answer, transfer: ArrayBuffer[] = []): void {
  port.postMessage(answer, transfer);
}

/** Rows on their way to the store. */
class Outgoing {
  #rows: Row[] = [];
  #bytes = 0;

  readonly put = (kind: RowKind, number: number, bytes: Uint8Array): void => {
    this.#rows.push([kind, number, bytes]);
    this.#bytes += bytes.length;
  };

  get isFull(): boolean {
    return this.#bytes >= HAND_OVER;
  }

  /** Resolves when they are written. */
  handOver(): Promise<unknown> {
    const rows = this.#rows;
    this.#rows = [];
    this.#bytes = 0;
    return new Promise((resolve) => {
      const call = ++calls;
      waiting.set(call, resolve);
      say(
        { type: 'rows', call, rows },
        rows.map(([, , bytes]) => bytes.buffer as ArrayBuffer),
      );
    });
  }
}

async function work(question: Exclude<Question, { type: 'answer' }>): Promise<void> {
  const out = new Outgoing();
  if (question.type === 'index') {
    indexBatch(builder, question.batch);
    say({ type: 'indexed' });
    return;
  }
  if (question.type === 'finish') {
    const facts = builder.finish(question.segment, out.put);
    await out.handOver();
    say({ type: 'done', facts });
    return;
  }
  const source = (part: number) => ({
    row: (kind: RowKind, number: number): Promise<Uint8Array> =>
      new Promise((resolve, reject) => {
        const call = ++calls;
        waiting.set(call, (row) => (row ? resolve(row) : reject(new Error(`a row of part ${part} is missing`))));
        say({ type: 'need', call, part, kind, number });
      }),
  });
  const facts = await mergeParts(question.job, source, out.put, () =>
    out.isFull ? out.handOver().then(() => undefined) : undefined,
  );
  await out.handOver();
  say({ type: 'done', facts });
}

port.on('message', (question: Question) => {
  if (question.type === 'answer') {
    waiting.get(question.call)?.(question.row);
    waiting.delete(question.call);
  } else
    work(question).catch((error: unknown) =>
      say({ type: 'failed', reason: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    );
});
