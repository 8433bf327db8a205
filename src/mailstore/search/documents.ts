/**
 * Attached documents as text. They are read in a thread that may be ended at any time, one after the other, each with a limit of
 * time and memory: what is not read in time leaves the rest of its message searchable.
 */
import { Worker } from 'node:worker_threads';
import type { DocumentKind } from '../../mail/search/document-kind.ts';
import type { DocumentText } from '../../mail/search/office.ts';

export interface DocumentQuestion {
  readonly call: number;
  readonly kind: DocumentKind;
  readonly file: Uint8Array<ArrayBuffer>;
}

export interface DocumentAnswer extends DocumentText {
  readonly call: number;
}

/** The thread is looked after this often, in milliseconds; a document may take so many of these, and a thread without work
 * ends after so many. */
const LIMITS = { lookMs: 100, looks: 150 };
const IDLE_LOOKS = 600;
/** Bytes, with all that pdf.js unpacks. */
const MOST_MEMORY = 384 << 20;
const HEAP_MB = 192;

/** What is read of a document; `ended` when that took too long, or too much. */
export interface ReadDocument extends DocumentText {
  readonly ended?: boolean;
}

const ENDED: ReadDocument = { text: '', complete: false, ended: true };

export class DocumentReader {
  readonly #start: () => Worker;
  readonly #limits: typeof LIMITS;
  #worker: Worker | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #count = 0;
  #looks = 0;
  #online = false;
  #timer: NodeJS.Timeout | undefined;
  #answer: ((text: ReadDocument) => void) | undefined;

  /** Tests have threads and limits of their own. */
  constructor(start: () => Worker = documentThread, limits = LIMITS) {
    this.#start = start;
    this.#limits = limits;
  }

  /** Nothing, and not complete, for what cannot be read. The bytes are given away. */
  read(kind: DocumentKind, file: Uint8Array<ArrayBuffer>): Promise<ReadDocument> {
    const mine = this.#turn.then(() => this.#ask(kind, file));
    this.#turn = mine;
    return mine;
  }

  #ask(kind: DocumentKind, file: Uint8Array<ArrayBuffer>): Promise<ReadDocument> {
    return new Promise((resolve) => {
      const worker = (this.#worker ??= this.#begin());
      const call = ++this.#count;
      this.#looks = 0;
      this.#answer = (text) => {
        this.#answer = undefined;
        this.#looks = 0;
        worker.unref();
        resolve(text);
      };
      worker.ref();
      worker.postMessage({ call, kind, file } satisfies DocumentQuestion, [file.buffer]);
    });
  }

  #begin(): Worker {
    const worker = this.#start();
    worker.unref();
    worker.on('message', ({ call, text, complete }: DocumentAnswer) => {
      if (call === this.#count) this.#answer?.({ text, complete });
    });
    // Starting it is not the document's fault either.
    this.#online = false;
    worker.once('online', () => (this.#online = true));
    worker.on('error', () => this.#end(worker));
    worker.on('exit', () => this.#end(worker));
    // Looks are counted, not time: a machine that stood still is not the document's fault.
    this.#timer = setInterval(() => void this.#look(worker), this.#limits.lookMs);
    this.#timer.unref();
    return worker;
  }

  async #look(worker: Worker): Promise<void> {
    if (this.#online) this.#looks++;
    if (!this.#answer) {
      if (this.#looks > IDLE_LOOKS) this.#end(worker);
      return;
    }
    if (this.#looks > this.#limits.looks) return this.#end(worker);
    const memory = await worker.getHeapStatistics().catch(() => undefined);
    if (memory && memory.used_heap_size + memory.external_memory > MOST_MEMORY) this.#end(worker);
  }

  #end(worker: Worker): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    clearInterval(this.#timer);
    void worker.terminate();
    this.#answer?.(ENDED);
  }
}

function documentThread(): Worker {
  return new Worker(new URL('./document-worker.ts', import.meta.url), {
    name: 'documents',
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
  });
}
