/** Requests to an S3, each with a deadline, repeated with back-off while the server is away: every one of ours may be done twice. */
import { addAbortSignal, type Readable } from 'node:stream';
import { type S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import type { Clock } from '../ports/clock.ts';
import { StoreFailed, StoreFull } from '../ports/kv.ts';
import type { Random } from '../ports/random.ts';

export interface S3Limits {
  /** How long one request may take, its body included. */
  readonly requestMs: number;
  /** How long a request is repeated. */
  readonly patienceMs: number;
  readonly retryMs: number;
  readonly longestRetryMs: number;
}

export const S3_LIMITS: S3Limits = { requestMs: 30_000, patienceMs: 45_000, retryMs: 100, longestRetryMs: 5000 };

export class S3Requests {
  readonly #client: S3Client;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #limits: S3Limits;
  readonly #closed = new AbortController();
  #away: Error | undefined;

  constructor(
    client: S3Client,
    { clock, random }: { readonly clock: Clock; readonly random: Random },
    limits: Partial<S3Limits>,
  ) {
    this.#client = client;
    this.#clock = clock;
    this.#random = random;
    this.#limits = { ...S3_LIMITS, ...limits };
  }

  /** Why the last request got no answer; undefined when it got one. */
  get away(): Error | undefined {
    return this.#away;
  }

  /** Undefined when what it is about is not there. Throws `StoreFull`, `StoreFailed` when there is no good answer in time. */
  async ask<T>(what: string, act: (client: S3Client, signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
    const { requestMs, patienceMs, retryMs, longestRetryMs } = this.#limits;
    const until = this.#clock.monotonic() + patienceMs;
    for (let pause = retryMs; ; pause = Math.min(2 * pause, longestRetryMs)) {
      if (this.#closed.signal.aborted) throw new StoreFailed('the store is closed');
      const late = new AbortController();
      using _timer = this.#clock.after(requestMs, () => late.abort(new Error(`no answer after ${requestMs} ms`)));
      try {
        const answer = await act(this.#client, AbortSignal.any([late.signal, this.#closed.signal]));
        this.#away = undefined;
        return answer;
      } catch (error) {
        const answered = error instanceof S3ServiceException ? error : undefined;
        const status = answered?.$metadata.httpStatusCode ?? 0;
        if (answered && !isPassing(answered, status)) {
          this.#away = undefined;
          if (status === 404 && answered.name !== 'NoSuchBucket') return undefined;
          throw isFull(answered, status) ? new StoreFull(told(what, error), { cause: error }) : refused(what, error);
        }
        const reason = late.signal.aborted ? (late.signal.reason as Error) : error;
        this.#away = reason as Error;
        if (this.#clock.monotonic() > until) throw new StoreFailed(told(what, reason), { cause: reason });
      }
      await this.#clock.sleep(pause * (0.5 + this.#random.fraction() / 2), this.#closed.signal).catch(() => undefined);
    }
  }

  close(): void {
    this.#closed.abort();
    this.#client.destroy();
  }
}

/** All of a body, which may not be longer than what was asked for. */
export async function readBody(body: unknown, most: number, signal: AbortSignal): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of addAbortSignal(signal, body as Readable) as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > most) throw new Error('an answer longer than what was asked for');
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

const PASSING = ['RequestTimeout', 'RequestTimeTooSkewed', 'BadDigest', 'SlowDown', 'IncompleteBody'];

/** Worth another attempt: the server has trouble, is asked too much, or did not get all that was sent. */
function isPassing({ name }: S3ServiceException, status: number): boolean {
  if (status === 507) return false;
  return status >= 500 || status === 429 || PASSING.includes(name);
}

function isFull({ name }: S3ServiceException, status: number): boolean {
  return status === 507 || status === 413 || name === 'QuotaExceeded';
}

function refused(what: string, error: unknown): StoreFailed {
  return new StoreFailed(told(what, error), { cause: error });
}

function told(what: string, error: unknown): string {
  const { name, message } = error as Error;
  const status = error instanceof S3ServiceException ? `${error.$metadata.httpStatusCode} ` : '';
  return `S3 could not ${what}: ${status}${name === 'Error' ? message : `${name}: ${message}`}`;
}
