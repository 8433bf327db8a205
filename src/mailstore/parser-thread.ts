/** A thread that parses: asked one thing at a time, and keeps the process alive only while it is asked. */
import { Worker } from 'node:worker_threads';

/** The thread is no more: it failed, ended by itself, or was ended. */
export class ThreadEnded extends Error {}

export class ParserThread<Question, Answer> {
  readonly #worker: Worker;
  #asked: { readonly resolve: (answer: Answer) => void; readonly reject: (error: Error) => void } | undefined;
  #ended: ThreadEnded | undefined;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.unref();
    worker.on('message', (answer: Answer) => {
      worker.unref();
      const asked = this.#asked;
      this.#asked = undefined;
      asked?.resolve(answer);
    });
    worker.on('error', (error) => void this.end('it failed', error));
    worker.on('exit', () => void this.end('it ended'));
  }

  /** `given`: memory that is the thread's from now on. Throws `ThreadEnded`. */
  ask(question: Question, given: readonly ArrayBuffer[] = []): Promise<Answer> {
    if (this.#ended) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      this.#asked = { resolve, reject };
      this.#worker.ref();
      this.#worker.postMessage(question, given);
    });
  }

  async end(reason: string, cause?: unknown): Promise<void> {
    this.#ended ??= new ThreadEnded(`the parsing thread: ${reason}`, { cause });
    this.#asked?.reject(this.#ended);
    this.#asked = undefined;
    await this.#worker.terminate();
  }
}

/** `file` stands beside this one. */
export function startThread(file: './parse-worker.ts' | './batch-worker.ts'): Worker {
  return new Worker(new URL(file, import.meta.url), {
    name: 'parser',
    resourceLimits: { maxOldGenerationSizeMb: 256 },
  });
}
