/** Sessions that are used again: a bounded number to each server, kept for a moment after their last use. */
import type { Clock } from '../../ports/clock.ts';
import type { PoolLimits } from './limits.ts';
import type { SmtpSession } from './session.ts';
import { WireError } from './wire.ts';

/** After so long a server may have hung up. */
const RESTED_MS = 1_000;

interface Server {
  /** Sessions, used and idle, and those being opened. */
  open: number;
  readonly idle: { readonly session: SmtpSession; readonly since: number; readonly timer: Disposable }[];
  readonly waiting: Set<() => void>;
}

export interface Lease {
  readonly session: SmtpSession;
  /** It has carried mail before: should it be gone, the server may well be there. */
  readonly reused: boolean;
}

export class SessionPool {
  readonly #limits: PoolLimits;
  readonly #clock: Clock;
  readonly #servers = new Map<string, Server>();
  #idle = 0;
  #closed = false;

  constructor(limits: PoolLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  /** A session that is ready for MAIL. `key` names the server and all that makes one session unlike another. */
  async acquire(key: string, open: () => Promise<SmtpSession>, signal: AbortSignal): Promise<Lease> {
    for (;;) {
      if (signal.aborted || this.#closed) throw new WireError('aborted', 'stopped');
      const server = this.#server(key);
      const idle = server.idle.pop();
      if (idle) {
        this.#idle -= 1;
        idle.timer[Symbol.dispose]();
        // Whoever speaks without being asked says farewell.
        if (!idle.session.wire.spoken && (await this.#ready(idle))) return { session: idle.session, reused: true };
        this.#drop(key, idle.session);
      } else if (server.open < this.#limits.perServer) {
        server.open += 1;
        try {
          return { session: await open(), reused: false };
        } catch (error) {
          this.#left(key);
          throw error;
        }
      } else await this.#turn(server, signal);
    }
  }

  /** Somebody has a session with this server now, or had one a moment ago. */
  has(key: string): boolean {
    return this.#servers.has(key);
  }

  release(key: string, session: SmtpSession): void {
    const most = Math.min(this.#limits.transactions, session.capabilities.limit('MAILMAX'));
    const server = this.#server(key);
    const useless = session.wire.fault !== undefined || session.used >= most || this.#closed;
    if (useless || (this.#idle >= this.#limits.idle && server.waiting.size === 0)) return this.#drop(key, session);
    const timer = this.#clock.after(this.#limits.idleMs, () => {
      const at = server.idle.findIndex((entry) => entry.session === session);
      if (at < 0) return;
      server.idle.splice(at, 1);
      this.#idle -= 1;
      this.#drop(key, session);
    });
    server.idle.push({ session, since: this.#clock.monotonic(), timer });
    this.#idle += 1;
    next(server);
  }

  /** Idle sessions end now, others when they are released. */
  close(): void {
    this.#closed = true;
    for (const [key, server] of this.#servers) {
      for (const { session, timer } of server.idle.splice(0)) {
        timer[Symbol.dispose]();
        this.#drop(key, session);
      }
      for (const wake of server.waiting) wake();
    }
    this.#idle = 0;
  }

  /** One that has just ended a mail need not be asked: should it be gone all the same, the mail is tried again. */
  async #ready({ session, since }: { readonly session: SmtpSession; readonly since: number }): Promise<boolean> {
    if (!session.dirty && this.#clock.monotonic() - since < RESTED_MS) return true;
    return session.reset();
  }

  #drop(key: string, session: SmtpSession): void {
    session.quit();
    this.#left(key);
  }

  #left(key: string): void {
    const server = this.#server(key);
    server.open -= 1;
    next(server);
    if (server.open === 0 && server.waiting.size === 0) this.#servers.delete(key);
  }

  #server(key: string): Server {
    let server = this.#servers.get(key);
    if (server === undefined) {
      server = { open: 0, idle: [], waiting: new Set() };
      this.#servers.set(key, server);
    }
    return server;
  }

  async #turn(server: Server, signal: AbortSignal): Promise<void> {
    const turn = Promise.withResolvers<void>();
    server.waiting.add(turn.resolve);
    const wake = (): void => turn.resolve();
    signal.addEventListener('abort', wake, { once: true });
    await turn.promise;
    signal.removeEventListener('abort', wake);
    // Whose turn came and who stops leaves it to somebody else.
    if (!server.waiting.delete(turn.resolve) && signal.aborted) next(server);
  }
}

function next(server: Server): void {
  const [first] = server.waiting;
  if (first === undefined) return;
  server.waiting.delete(first);
  first();
}
