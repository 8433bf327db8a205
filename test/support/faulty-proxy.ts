/** Between a client and an HTTP server: passes on what goes by, and does to single requests what networks and busy servers do. */
import { connect, createServer, type Socket } from 'node:net';

/**
 * `cut`: the connection ends before the server hears anything; `lost`: after it has heard all, before it answers; `half`: in the middle of
 * the answer; `unavailable`, `failed`: it answers 503 or 500; `silent`: nobody answers, ever.
 */
export type Fault = 'cut' | 'lost' | 'half' | 'unavailable' | 'failed' | 'silent';
export const FAULTS: readonly Fault[] = ['cut', 'lost', 'half', 'unavailable', 'failed', 'silent'];

const REQUEST = /^(?:GET|HEAD|PUT|POST|DELETE) \//;
const HEADERS_END = Buffer.from('\r\n\r\n');

export interface FaultyProxy extends AsyncDisposable {
  readonly url: string;
  /** Requests that came, from the first on. */
  requests: number;
  /** What happens to the request of that number, the first being 0. */
  fault: (request: number) => Fault | undefined;
}

export async function startFaultyProxy(port: number): Promise<FaultyProxy> {
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    return socket;
  };
  const server = createServer({ noDelay: true }, (client) => {
    keep(client);
    const upstream = keep(connect({ port, host: '127.0.0.1', noDelay: true }));
    let now: Fault | undefined;
    client.on('data', (bytes: Buffer) => {
      if (REQUEST.test(bytes.subarray(0, 16).toString('latin1'))) {
        now = proxy.fault(proxy.requests++);
        if (now === 'unavailable' || now === 'failed') {
          const status = now === 'failed' ? '500 Internal Server Error' : '503 Slow Down';
          client.end(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
        }
        if (now === 'cut') client.destroy();
      }
      if (now === undefined || now === 'lost' || now === 'half') upstream.write(bytes);
    });
    upstream.on('data', (bytes: Buffer) => {
      if (now === 'lost') client.destroy();
      else if (now === 'half') {
        // An answer whose end is that of its headers would be whole.
        const end = bytes.indexOf(HEADERS_END);
        client.write(bytes.subarray(0, Math.max(1, end)), () => client.destroy());
      } else client.write(bytes);
    });
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => now !== 'silent' && client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy: FaultyProxy = {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    requests: 0,
    fault: () => undefined,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
}
