/** Connections that stay open while somebody is signed in: they end when what he signed in with does. */
import type { AccountId, Principal } from '../mailstore/api.ts';
import type { Bus } from '../ports/bus.ts';
import type { Log } from '../telemetry/log.ts';
import type { Directory } from './api.ts';
import { ACCESS_ENDED } from './credentials.ts';

/** How often all are looked at: what another node ended, or ends by itself, is noticed without being told. */
const CHECK_MS = 60_000;

type Who = Principal & { kind: 'user' };

/** A connection of `net/`. */
export interface Held {
  readonly closed: Promise<void>;
  shutDown(why: 'signed-out'): void;
}

interface Holding {
  readonly who: Who;
  readonly end: () => void;
}

export interface OpenAccessParts {
  readonly directory: Pick<Directory, 'stillOpens'>;
  readonly bus: Bus;
  readonly log: Log;
}

export class OpenAccess implements Disposable {
  readonly #parts: OpenAccessParts;
  readonly #open = new Map<AccountId, Set<Holding>>();
  readonly #subscription: Disposable;
  readonly #timer: NodeJS.Timeout;

  constructor(parts: OpenAccessParts) {
    this.#parts = parts;
    this.#subscription = parts.bus.subscribe(
      ACCESS_ENDED,
      (message) => void this.#look((message as { account: AccountId }).account),
    );
    this.#timer = setInterval(() => void this.#lookAtAll(), CHECK_MS).unref();
  }

  [Symbol.dispose](): void {
    this.#subscription[Symbol.dispose]();
    clearInterval(this.#timer);
  }

  /** `end` is called when it opens nothing any more: once, and not after this was disposed of. */
  enter(who: Who, end: () => void): Disposable {
    const holding: Holding = { who, end };
    const all = this.#open.get(who.account) ?? new Set();
    all.add(holding);
    this.#open.set(who.account, all);
    return { [Symbol.dispose]: () => void this.#leave(holding) };
  }

  /** The same for a connection, which leaves by itself when it closes. */
  hold(who: Who, connection: Held): Disposable {
    const entered = this.enter(who, () => connection.shutDown('signed-out'));
    void connection.closed.then(() => entered[Symbol.dispose]());
    return entered;
  }

  /** Accounts of which something is open. */
  get accounts(): number {
    return this.#open.size;
  }

  /** Answers whether it was still there. */
  #leave(holding: Holding): boolean {
    const { account } = holding.who;
    const all = this.#open.get(account);
    const wasThere = all?.delete(holding) === true;
    if (all?.size === 0) this.#open.delete(account);
    return wasThere;
  }

  async #lookAtAll(): Promise<void> {
    for (const account of this.#open.keys()) await this.#look(account);
  }

  /** While it cannot be told, they stay: the next look decides. */
  async #look(account: AccountId): Promise<void> {
    try {
      await this.#endWhatIsOver(account);
    } catch (error) {
      this.#parts.log.warn({ err: error, account }, 'could not tell whether open connections may stay');
    }
  }

  /** Asks once for each credential. */
  async #endWhatIsOver(account: AccountId): Promise<void> {
    const byCredential = Map.groupBy(this.#open.get(account) ?? [], ({ who }) => who.credential);
    for (const holdings of byCredential.values()) {
      const [first] = holdings;
      if (first === undefined || (await this.#parts.directory.stillOpens(first.who))) continue;
      // Two looks may be under way: only one of them ends it.
      for (const holding of holdings) if (this.#leave(holding)) holding.end();
    }
  }
}
