/** Collects, now and then, what nothing names any more; never while somebody copies the store. */
import type { MailStore } from '../mailstore/api.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../telemetry/log.ts';

const FIRST_MS = 10 * 60_000;
const EVERY_MS = 6 * 3_600_000;

export class Sweeper implements AsyncDisposable {
  readonly #mailstore: MailStore;
  readonly #clock: Clock;
  readonly #log: Log;
  #timer: Disposable | undefined;
  /** Sweeps and copies, one after the other. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(mailstore: MailStore, clock: Clock, log: Log) {
    this.#mailstore = mailstore;
    this.#clock = clock;
    this.#log = log;
  }

  /** From now on. */
  start(): void {
    this.#later(FIRST_MS);
  }

  /** Nothing is collected while `act` runs. */
  paused<T>(act: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(act);
    this.#turn = mine.catch(() => undefined);
    return mine;
  }

  sweep(): ReturnType<MailStore['sweep']> {
    return this.paused(() => this.#mailstore.sweep());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#timer?.[Symbol.dispose]();
    await this.#turn;
  }

  #later(ms: number): void {
    this.#timer = this.#clock.after(ms, () => {
      this.#later(EVERY_MS);
      this.sweep().then(
        (freed) => this.#log.info(freed, 'swept'),
        (error: unknown) => this.#log.error({ err: error }, 'a sweep failed'),
      );
    });
  }
}
