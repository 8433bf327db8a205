/** Cleans the HTML of mails: small ones at once, larger ones in a thread of their own with a deadline. */
import { Worker } from 'node:worker_threads';
import { cleanHtml } from './html-clean.ts';
import type { CleanHtml, CleanOptions } from './html-clean.ts';

export interface HtmlQuestion {
  readonly id: number;
  readonly html: string;
  readonly options: CleanOptions;
}

export interface HtmlAnswer {
  readonly id: number;
  readonly clean: CleanHtml;
}

/** Characters. The worst markup of this size takes milliseconds. */
const AT_ONCE = 8_192;
/** Of a busy machine too: a new thread alone may take seconds there. */
const DEADLINE_MS = 15_000;
/** Questions that may wait. */
const MAX_WAITING = 100;

interface Waiting {
  readonly question: HtmlQuestion;
  readonly resolve: (clean: CleanHtml | undefined) => void;
}

export class HtmlCleaner implements AsyncDisposable {
  #worker: Worker | undefined;
  #asked: Waiting | undefined;
  #deadline: NodeJS.Timeout | undefined;
  readonly #waiting: Waiting[] = [];
  #lastId = 0;

  /** Undefined when it would take too long. */
  async clean(html: string, options: CleanOptions = {}): Promise<CleanHtml | undefined> {
    if (html.length <= AT_ONCE) return cleanHtml(html, options);
    if (this.#waiting.length >= MAX_WAITING) return undefined;
    return await new Promise((resolve) => {
      this.#waiting.push({ question: { id: ++this.#lastId, html, options }, resolve });
      this.#next();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { resolve } of this.#waiting.splice(0)) resolve(undefined);
    this.#settle(undefined);
    await this.#worker?.terminate();
  }

  #next(): void {
    if (this.#asked !== undefined) return;
    this.#asked = this.#waiting.shift();
    if (this.#asked === undefined) return;
    this.#worker ??= this.#start();
    this.#worker.postMessage(this.#asked.question);
    this.#deadline = setTimeout(() => this.#giveUp(), DEADLINE_MS);
  }

  #start(): Worker {
    const worker = new Worker(new URL('./html-worker.ts', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: 256 },
    });
    worker.unref();
    worker.on('message', (answer: HtmlAnswer) => {
      if (answer.id === this.#asked?.question.id) this.#settle(answer.clean);
    });
    // Out of memory, say: that mail has no HTML, and the next one gets a new thread.
    worker.on('error', () => {
      if (this.#worker === worker) this.#giveUp();
    });
    return worker;
  }

  #giveUp(): void {
    void this.#worker?.terminate();
    this.#worker = undefined;
    this.#settle(undefined);
  }

  #settle(clean: CleanHtml | undefined): void {
    clearTimeout(this.#deadline);
    const asked = this.#asked;
    this.#asked = undefined;
    asked?.resolve(clean);
    this.#next();
  }
}
