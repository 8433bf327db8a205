/** Ports for programs that cannot choose one themselves and say which. */
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Free at all of these addresses. None of those that outgoing connections are given: it must still be free when the program binds it. */
export async function freePort(hosts: readonly string[] = ['127.0.0.1']): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    const servers = [];
    try {
      for (const host of hosts) {
        const server = createServer().listen(port, host);
        servers.push(server);
        await once(server, 'listening');
      }
      return port;
    } catch {
      // Somebody has it at one of them.
    } finally {
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    }
  }
}
