/** Clock: wall time for dates, monotonic time for deadlines. Tests inject their own: no test sleeps. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds since some moment; never goes back. */
  monotonic(): number;
  /** Resolves after `ms` of monotonic time; rejects with the signal's reason. Does not keep the process alive. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls once after `ms`; disposing cancels. */
  after(ms: number, run: () => void): Disposable;
}
