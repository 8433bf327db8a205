/** A service that waits until another one no longer uses the database: it answers health checks, and nothing else. */
import type { StandbyOptions } from '../adapters/kv-postgres-lease.ts';
import type { Config } from '../config/schema.ts';
import type { Log } from '../telemetry/log.ts';
import { EarlyHealth } from './early-health.ts';

export class Standby implements AsyncDisposable {
  readonly options: StandbyOptions;
  readonly #config: Config;
  readonly #log: Log;
  readonly #health = new EarlyHealth(() => ({ status: 'standby' }));
  #opening: Promise<void> = Promise.resolve();

  constructor(config: Config, log: Log, signal?: AbortSignal) {
    this.#config = config;
    this.#log = log;
    this.options = {
      afterMs: 1000 * config.store.takeover_seconds,
      ...(signal && { signal }),
      onWaiting: (active) => {
        this.#opening = this.#wait(active).catch((error: unknown) =>
          log.warn({ err: error }, 'standing by without answering health checks'),
        );
      },
    };
  }

  async #wait(active: string | undefined): Promise<void> {
    const http = await this.#health.listen(this.#config);
    this.#log.info({ active, http }, 'standing by');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opening;
    await this.#health[Symbol.asyncDispose]();
  }
}
