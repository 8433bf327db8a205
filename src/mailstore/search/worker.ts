/** The thread in which messages are indexed and segments merged. Several pieces of work at a time: none waits for a long one. */
import { parentPort } from 'node:worker_threads';
import type { RowKind } from './segment.ts';
import type { Answer, Question } from './thread.ts';
import { SegmentBuilder } from './builder.ts';
import { DocumentReader } from './documents.ts';
import { indexBatch, mergeParts, type Row } from './work.ts';

/** Bytes that are handed over at once; the next ones wait until these are written. */
const HAND_OVER = 1 << 20;

const port = parentPort!;
/** A segment that is being made. Its messages come in their order, also where one of them takes long to read. */
interface Building {
  readonly builder: SegmentBuilder;
  turn: Promise<void>;
}

const buildings = new Map<number, Building>();
/** One that was used before. */
let spare: SegmentBuilder | undefined;
const documents = new DocumentReader();
const waiting = new Map<number, (row: Uint8Array | undefined) => void>();
let calls = 0;

function say(answer: Answer, transfer: ArrayBuffer[] = []): void {
  port.postMessage(answer, transfer);
}

function buildingOf(job: number): Building {
  let building = buildings.get(job);
  if (!building) {
    buildings.set(job, (building = { builder: spare ?? new SegmentBuilder(), turn: Promise.resolve() }));
    spare = undefined;
  }
  return building;
}

/** Rows on their way to the store. */
class Outgoing {
  readonly #job: number;
  #rows: Row[] = [];
  #bytes = 0;

  constructor(job: number) {
    this.#job = job;
  }

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
        { type: 'rows', job: this.#job, call, rows },
        rows.map(([, , bytes]) => bytes.buffer as ArrayBuffer),
      );
    });
  }
}

async function work(question: Exclude<Question, { type: 'answer' }>): Promise<void> {
  const { job } = question;
  const out = new Outgoing(job);
  if (question.type === 'drop') {
    buildings.delete(job);
    return;
  }
  if (question.type === 'index') {
    const building = buildingOf(job);
    building.turn = building.turn.then(() => indexBatch(building.builder, question.batch, documents));
    await building.turn;
    say({ type: 'indexed', job });
    return;
  }
  if (question.type === 'finish') {
    const { builder, turn } = buildingOf(job);
    await turn;
    const facts = builder.finish(question.segment, out.put);
    buildings.delete(job);
    spare = builder;
    await out.handOver();
    say({ type: 'done', job, facts });
    return;
  }
  const source = (part: number) => ({
    row: (kind: RowKind, number: number): Promise<Uint8Array> =>
      new Promise((resolve, reject) => {
        const call = ++calls;
        waiting.set(call, (row) => (row ? resolve(row) : reject(new Error(`a row of part ${part} is missing`))));
        say({ type: 'need', job, call, part, kind, number });
      }),
  });
  const facts = await mergeParts(question.merge, source, out.put, () =>
    out.isFull ? out.handOver().then(() => undefined) : undefined,
  );
  await out.handOver();
  say({ type: 'done', job, facts });
}

port.on('message', (question: Question) => {
  if (question.type === 'answer') {
    waiting.get(question.call)?.(question.row);
    waiting.delete(question.call);
    return;
  }
  const { job } = question;
  work(question).catch((error: unknown) => {
    buildings.delete(job);
    say({ type: 'failed', job, reason: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  });
});
