/**
 * Sessions in IDLE hear from us every two minutes, so that routers on the way (NAT) do not forget the connection, and so that we
 * notice who is gone. One timer for all of them: an idle connection costs an entry of a map.
 */
import type { Clock } from '../../ports/clock.ts';

export interface Idler {
  /** Nothing was said for a while. */
  keepAlive(): void;
}

const EVERY_MS = 120_000;
const TICK_MS = 1_000;
/** Many that began together do not hold up everybody else. */
const MOST_IN_A_TICK = 500;

export class KeepAlive {
  readonly #clock: Clock;
  /** When each is due, in that order. */
  readonly #due = new Map<Idler, number>();
  #timer: Disposable | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(idler: Idler): void {
    this.#due.delete(idler);
    this.#due.set(idler, this.#clock.monotonic() + EVERY_MS);
    this.#timer ??= this.#clock.after(TICK_MS, () => this.#tick());
  }

  remove(idler: Idler): void {
    this.#due.delete(idler);
    if (this.#due.size > 0) return;
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }

  #tick(): void {
    this.#timer = undefined;
    const now = this.#clock.monotonic();
    let told = 0;
    for (const [idler, due] of this.#due) {
      if (due > now || told++ === MOST_IN_A_TICK) break;
      this.add(idler);
      idler.keepAlive();
    }
    if (this.#due.size > 0) this.#timer ??= this.#clock.after(TICK_MS, () => this.#tick());
  }
}
