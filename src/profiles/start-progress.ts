/** Tells, in the log and to health checks, what a start is at when that takes longer than a second. */
import type { Config } from '../config/schema.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../telemetry/log.ts';
import { EarlyHealth } from './early-health.ts';

const SLOW_MS = 1_000;

interface Step {
  readonly doing: string;
  readonly since: number;
  /** Of whatever the step counts. */
  done: number;
}

export class StartProgress implements AsyncDisposable {
  readonly #config: { readonly listen: Pick<Config['listen'], 'http' | 'admin'> };
  readonly #clock: Clock;
  readonly #log: Pick<Log, 'info' | 'warn'>;
  readonly #health = new EarlyHealth(() => ({ status: 'starting', ...this.#now() }));
  #opening: Promise<void> | undefined;
  #step: Step | undefined;

  constructor(
    config: { readonly listen: Pick<Config['listen'], 'http' | 'admin'> },
    clock: Clock,
    log: Pick<Log, 'info' | 'warn'>,
  ) {
    this.#config = config;
    this.#clock = clock;
    this.#log = log;
  }

  /** One after the other. `act` says how far it is, and gives others a turn now and then. */
  async step<T>(doing: string, act: (done: (count: number) => void) => Promise<T>): Promise<T> {
    const step: Step = { doing, since: this.#clock.monotonic(), done: 0 };
    this.#step = step;
    let timer: Disposable;
    const tellLater = (): void => {
      timer = this.#clock.after(SLOW_MS, () => {
        this.#tell();
        tellLater();
      });
    };
    tellLater();
    try {
      return await act((count) => (step.done = count));
    } finally {
      timer![Symbol.dispose]();
      this.#step = undefined;
    }
  }

  #tell(): void {
    this.#log.info(this.#now(), 'starting');
    this.#opening ??= this.#health.listen(this.#config).then(
      (http) => this.#log.info({ http }, 'answering health checks while starting'),
      (error: unknown) => this.#log.warn({ err: error }, 'starting without answering health checks'),
    );
  }

  #now(): { doing: string; done: number; seconds: number } {
    const { doing = 'the rest', done = 0, since = this.#clock.monotonic() } = this.#step ?? {};
    return { doing, done, seconds: Math.round((this.#clock.monotonic() - since) / 1000) };
  }

  /** The addresses are free afterwards. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opening;
    await this.#health[Symbol.asyncDispose]();
  }
}
