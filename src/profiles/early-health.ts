/** What is answered where HTTP will be, as long as the service cannot do anything yet: `503`, and why. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Config } from '../config/schema.ts';
import { type Endpoint, formatEndpoint } from '../config/values.ts';
import { openListener } from './listeners.ts';

export class EarlyHealth implements AsyncDisposable {
  readonly #answer: () => object;
  readonly #servers: Server[] = [];

  /** `answer` becomes JSON. Red for a balancer, so that it sends nobody here. */
  constructor(answer: () => object) {
    this.#answer = answer;
  }

  /** Answers the addresses. Throws `StartError` when one cannot be listened on. */
  async listen({ listen }: { readonly listen: Pick<Config['listen'], 'http' | 'admin'> }): Promise<readonly string[]> {
    const addresses: string[] = [];
    for (const name of ['http', 'admin'] as const)
      addresses.push(...(await openListener(name, listen[name], (endpoint) => this.#listen(endpoint))));
    return addresses;
  }

  async #listen(endpoint: Endpoint): Promise<string> {
    const server = createServer({ requestTimeout: 5000, headersTimeout: 5000 }, (_request, response) => {
      response.writeHead(503, { 'content-type': 'application/json', 'retry-after': '5', connection: 'close' });
      response.end(JSON.stringify(this.#answer()));
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
    for (const server of this.#servers) {
      server.closeAllConnections();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    }
  }
}
