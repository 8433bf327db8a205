/** A service that waits until another one no longer uses the database: it answers health checks, and nothing else. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { StandbyOptions } from '../adapters/kv-postgres-lease.ts';
import type { Config } from '../config/schema.ts';
import { type Endpoint, formatEndpoint } from '../config/values.ts';
import type { Log } from '../telemetry/log.ts';
import { openListener } from './listeners.ts';

/** Red for a balancer, so that it sends nobody here. */
const ANSWER = JSON.stringify({ status: 'standby' });

export class Standby implements AsyncDisposable {
  readonly options: StandbyOptions;
  readonly #config: Config;
  readonly #log: Log;
  readonly #servers: Server[] = [];
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
    const http: string[] = [];
    for (const name of ['http', 'admin'] as const)
      http.push(...(await openListener(name, this.#config.listen[name], (endpoint) => this.#listen(endpoint))));
    this.#log.info({ active, http }, 'standing by');
  }

  async #listen(endpoint: Endpoint): Promise<string> {
    const server = createServer({ requestTimeout: 5000, headersTimeout: 5000 }, (_request, response) => {
      response.writeHead(503, { 'content-type': 'application/json', 'retry-after': '5', connection: 'close' });
      response.end(ANSWER);
    });
    this.#servers.push(server);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(endpoint, resolve);
    });
    return formatEndpoint({ ...endpoint, port: (server.address() as AddressInfo).port });
  }

  /** Its addresses are free afterwards. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opening;
    for (const server of this.#servers) {
      server.closeAllConnections();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    }
  }
}
