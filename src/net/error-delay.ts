/**
 * Strangers who only make errors wait ever longer for their answers (C7): guessing recipients or passwords gets slow, a
 * slip of a real client costs nothing. Shared by all sessions; each counts its own errors.
 */
import type { Clock } from '../ports/clock.ts';

export interface ErrorDelayOptions {
  /** Of one answer; 0 = none waits. */
  readonly mostMs: number;
  /** Makes 127.0.0.0/8 and ::1 wait like anybody else. */
  readonly limitLoopback: boolean;
}

/** What of a connection matters here. */
export interface Delayed {
  /** Signed in. */
  readonly trusted: boolean;
  readonly fromLoopback: boolean;
  readonly closed: Promise<void>;
}

const FREE_ERRORS = 3;
const FIRST_MS = 250;

export class ErrorDelay {
  readonly #options: ErrorDelayOptions;
  readonly #clock: Clock;

  constructor(options: ErrorDelayOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  /** Before the answer to a session's `errors`-th error. Undefined: at once; else never rejects, and ends early when the
   * connection does. */
  before(errors: number, connection: Delayed): Promise<void> | undefined {
    const { mostMs, limitLoopback } = this.#options;
    if (mostMs === 0 || errors <= FREE_ERRORS || connection.trusted) return undefined;
    if (connection.fromLoopback && !limitLoopback) return undefined;
    return this.#wait(Math.min(mostMs, FIRST_MS * 2 ** (errors - FREE_ERRORS - 1)), connection.closed);
  }

  async #wait(ms: number, closed: Promise<void>): Promise<void> {
    const gone = new AbortController();
    void closed.then(() => gone.abort());
    await this.#clock.sleep(ms, gone.signal).catch(() => undefined);
  }
}
