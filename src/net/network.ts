/** Listeners for line protocols: who is let in, what runs on a connection, and how it all ends. */
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../telemetry/log.ts';
import type { Counter, Gauge, Metrics } from '../telemetry/metrics.ts';
import { formatHostPort, plainAddress } from './address.ts';
import type { HostPort } from './address.ts';
import { Admission, ADMISSION_LIMITS } from './admission.ts';
import type { AdmissionLimits } from './admission.ts';
import { Connection } from './connection.ts';
import type { ConnectionOptions } from './connection.ts';
import { Deadlines } from './deadlines.ts';
import { openFileLimit } from './file-limit.ts';
import { ConnectionError } from './error.ts';
import { trustedPeers } from './proxy.ts';
import type { TlsIdentity } from './tls.ts';

/** Why a client is sent away; the protocol has a line for each. */
export type Farewell =
  | 'too-many-connections'
  | 'timeout'
  | 'line-too-long'
  | 'bare-newline'
  | 'shutting-down'
  | 'signed-out'
  | 'bug';

/** A line protocol as the network sees it. */
export interface LineProtocol {
  /** Label of its metrics and logs: 'smtp', 'imap' ... */
  readonly name: string;
  readonly options: ConnectionOptions;
  /**
   * The whole session, greeting included. Ends by returning. `ConnectionError`s may be left to the network, which says
   * the farewell and hangs up; any other exception ends only this session.
   */
  serve(connection: Connection): Promise<void>;
  /** The last line, CRLF included. */
  farewell(why: Farewell): string;
}

export interface ListenOptions {
  readonly protocol: LineProtocol;
  readonly addresses: readonly HostPort[];
  /** Present: TLS from the first byte. */
  readonly implicitTls?: TlsIdentity;
  /** Peers ("10.0.0.0/8") that must begin with a PROXY protocol header. */
  readonly proxies?: readonly string[];
}

export interface Endpoint {
  readonly protocol: string;
  /** "host:port" with the real ports. */
  readonly addresses: readonly string[];
}

const BACKLOG = 1024;
/** Descriptors that are not connections of ours: the store, blobs, HTTP. */
const OTHER_FILES = 150;

export class Network implements AsyncDisposable {
  readonly deadlines: Deadlines;
  readonly #log: Log;
  readonly #admission: Admission;
  readonly #servers = new Set<Server>();
  readonly #connections = new Set<Connection>();
  readonly #idPrefix: string;
  #lastId = 0;
  #stopping = false;

  readonly #opened: Counter<'protocol'>;
  readonly #open: Gauge<'protocol'>;
  readonly #refused: Counter<'protocol' | 'reason'>;
  readonly #ended: Counter<'protocol' | 'reason'>;
  readonly #acceptErrors: Counter<string>;

  constructor(parts: {
    readonly log: Log;
    readonly metrics: Metrics;
    readonly clock: Clock;
    readonly limits?: AdmissionLimits;
  }) {
    const { log, metrics, clock } = parts;
    this.#log = log;
    const wanted = parts.limits ?? ADMISSION_LIMITS;
    const total = Math.min(wanted.total, Math.max(1, openFileLimit() - OTHER_FILES));
    if (total < wanted.total)
      log.warn({ wanted: wanted.total, total }, 'fewer connections than configured: the limit of open files is low');
    this.#admission = new Admission({ ...wanted, total });
    this.deadlines = new Deadlines(clock);
    this.#idPrefix = (clock.now() % 36 ** 5).toString(36).padStart(5, '0');
    this.#opened = metrics.counter('connections_total', 'Connections accepted.', ['protocol']);
    this.#open = metrics.gauge('connections', 'Connections open now.', ['protocol']);
    this.#refused = metrics.counter('connections_refused_total', 'Connections turned away.', ['protocol', 'reason']);
    this.#ended = metrics.counter('connections_failed_total', 'Connections that did not end well.', [
      'protocol',
      'reason',
    ]);
    this.#acceptErrors = metrics.counter('accept_errors_total', 'Connections the system could not give us.');
  }

  /** Opens all addresses or none. */
  async listen(options: ListenOptions): Promise<Endpoint> {
    const servers: Server[] = [];
    const isProxy = options.proxies === undefined ? undefined : trustedPeers(options.proxies);
    try {
      for (const address of options.addresses) servers.push(await this.#open1(address, options, isProxy));
    } catch (error) {
      for (const server of servers) server.close();
      throw error;
    }
    for (const server of servers) this.#servers.add(server);
    return {
      protocol: options.protocol.name,
      addresses: servers.map((server) => {
        const { address, port } = server.address() as AddressInfo;
        return formatHostPort({ host: address, port });
      }),
    };
  }

  /** No new connections; sessions end where they wait for a command, whatever is left after `graceMs` is cut off. */
  async close(graceMs = 30_000): Promise<void> {
    this.#stopping = true;
    for (const server of this.#servers) server.close();
    this.#servers.clear();
    for (const connection of this.#connections) connection.shutDown();
    const all = Promise.all([...this.#connections].map((connection) => connection.closed));
    const grace = Promise.withResolvers<void>();
    const timer = setTimeout(grace.resolve, graceMs);
    await Promise.race([all, grace.promise]);
    clearTimeout(timer);
    for (const connection of this.#connections) connection.destroy();
    this.deadlines[Symbol.dispose]();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #open1(
    address: HostPort,
    options: ListenOptions,
    isProxy: ((address: string) => boolean) | undefined,
  ): Promise<Server> {
    const server = createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true }, (socket) =>
      this.#accept(socket, options, isProxy),
    );
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: address.host, port: address.port, backlog: BACKLOG }, () => {
        server.off('error', reject);
        // Out of file descriptors and the like: that client is lost, the service is not.
        server.on('error', (error) => {
          this.#acceptErrors.inc();
          this.#log.warn({ error: error.message, protocol: options.protocol.name }, 'could not accept a connection');
        });
        resolve(server);
      });
    });
  }

  #accept(socket: Socket, options: ListenOptions, isProxy: ((address: string) => boolean) | undefined): void {
    const { protocol } = options;
    const peer = plainAddress(socket.remoteAddress ?? '');
    const viaProxy = isProxy?.(peer) ?? false;
    // A proxy's own connections count in all only; its clients are counted when it has named them.
    const refusal = this.#stopping ? 'stopping' : this.#admission.enter(viaProxy ? '127.0.0.1' : peer, this.#now());
    if (refusal !== undefined) {
      this.#refused.inc({ protocol: protocol.name, reason: refusal });
      socket.on('error', () => undefined);
      if (options.implicitTls === undefined)
        socket.end(protocol.farewell(this.#stopping ? 'shutting-down' : 'too-many-connections'));
      socket.destroySoon();
      return;
    }
    this.deadlines.stressed = this.#admission.scarce;
    const id = `${this.#idPrefix}${(++this.#lastId).toString(36)}`;
    const connection = new Connection(socket, id, protocol.name, protocol.options, this.deadlines, this.#log);
    this.#connections.add(connection);
    this.#opened.inc({ protocol: protocol.name });
    this.#open.inc({ protocol: protocol.name });
    void this.#run(connection, options, viaProxy ? undefined : peer);
  }

  async #run(connection: Connection, options: ListenOptions, admitted: string | undefined): Promise<void> {
    const { protocol } = options;
    let client = admitted ?? '127.0.0.1';
    try {
      if (admitted === undefined) {
        await connection.readProxyHeader();
        this.#admission.leave(client);
        client = '';
        const refusal = this.#admission.enter(connection.remoteAddress, this.#now());
        if (refusal !== undefined) {
          this.#refused.inc({ protocol: protocol.name, reason: refusal });
          if (options.implicitTls === undefined) connection.write(protocol.farewell('too-many-connections'));
          return;
        }
        client = connection.remoteAddress;
      }
      if (options.implicitTls !== undefined) await connection.handshake(options.implicitTls);
      await protocol.serve(connection);
      connection.close();
    } catch (error) {
      this.#failed(connection, protocol, error);
    } finally {
      connection.close();
      await connection.closed;
      if (client !== '') this.#admission.leave(client);
      this.deadlines.stressed = this.#admission.scarce;
      this.#connections.delete(connection);
      this.#open.dec({ protocol: protocol.name });
    }
  }

  #failed(connection: Connection, protocol: LineProtocol, error: unknown): void {
    const fault = error instanceof ConnectionError ? error.fault : 'bug';
    this.#ended.inc({ protocol: protocol.name, reason: fault });
    if (fault === 'bug') connection.log.error({ err: error }, 'a session failed');
    else connection.log.debug({ fault, reason: (error as Error).message }, 'a connection ended');
    if (fault === 'tls') connection.destroy();
    else if (fault !== 'closed') connection.write(protocol.farewell(fault));
    connection.close(true);
  }

  #now(): number {
    return this.deadlines.now();
  }
}
