/** INPROGRESS (RFC 9585): who waits for long hears how far it is, and that we are still there. */
import type { Session } from './session.ts';

const EVERY_MS = 10_000;

export class Progress {
  readonly #session: Session;
  readonly #goal: number;
  #due: number;

  /** Of the command that runs: `goal` messages, all in all. */
  constructor(session: Session, goal: number) {
    this.#session = session;
    this.#goal = goal;
    this.#due = session.services.clock.monotonic() + EVERY_MS;
  }

  /** To be called where an untagged response may stand. */
  tell(done: number): void {
    const { services, out, tag } = this.#session;
    const now = services.clock.monotonic();
    if (now < this.#due) return;
    this.#due = now + EVERY_MS;
    // It would end the response code (RFC 9585 §4).
    const name = tag.includes(']') ? 'NIL' : `"${tag}"`;
    out.line(`* OK [INPROGRESS (${name} ${Math.min(done, this.#goal)} ${this.#goal})] Still at it`);
    out.flush();
  }
}
