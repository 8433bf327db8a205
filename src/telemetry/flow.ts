/**
 * Mail on its way, as it happens, for whoever runs the service and watches: who, to whom, and what became of it; never what a mail
 * says. Nothing of it is kept but the last few steps: the queues, the accounts and the log are what is remembered.
 */

export const FLOW_STEPS = [
  'accepted',
  'refused',
  'filed',
  'retried',
  'failed',
  'submitted',
  'delivered',
  'deferred',
  'bounced',
] as const;
/**
 * Arriving: `accepted` by SMTP or LMTP, `refused` there, `filed` (also: discarded by a rule), `retried` later, `failed` (error queue).
 * Leaving: `submitted` by a user, and what came of an attempt: `delivered`, `deferred`, `bounced`.
 */
export type FlowStep = (typeof FLOW_STEPS)[number];

export interface FlowFacts {
  /** Of the queue entry or submission; '' for what never had one. */
  readonly id: string;
  /** Of the envelope; '' for the null sender. */
  readonly sender: string;
  readonly to: readonly string[];
  /** Why, in our words or those of the other server. */
  readonly detail?: string | undefined;
}

export interface FlowEvent {
  /** From 1 since the service was started, without gaps. */
  readonly number: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly step: FlowStep;
  readonly id: string;
  readonly sender: string;
  /** The first of them. */
  readonly to: readonly string[];
  /** How many there are. */
  readonly recipients: number;
  readonly detail: string;
}

const KEPT = 200;
const SHOWN_RECIPIENTS = 5;
const MOST_TEXT = 320;

export class MailFlow {
  readonly #clock: { now(): number };
  /** A ring: event n is at n % KEPT. */
  readonly #recent: FlowEvent[] = [];
  readonly #watchers = new Set<(event: FlowEvent) => void>();
  #last = 0;

  constructor(clock: { now(): number }) {
    this.#clock = clock;
  }

  tell(step: FlowStep, { id, sender, to, detail = '' }: FlowFacts): void {
    const number = ++this.#last;
    const event: FlowEvent = {
      number,
      at: this.#clock.now(),
      step,
      id,
      sender: cut(sender),
      to: to.slice(0, SHOWN_RECIPIENTS).map(cut),
      recipients: to.length,
      detail: cut(detail),
    };
    this.#recent[number % KEPT] = event;
    for (const watcher of this.#watchers) watcher(event);
  }

  /** What is kept after that event, oldest first. A number that was never reached is of an earlier life: then all of it. */
  since(number: number): readonly FlowEvent[] {
    const first = Math.max(number > this.#last ? 1 : number + 1, this.#last - KEPT + 1, 1);
    const events: FlowEvent[] = [];
    for (let i = first; i <= this.#last; i++) events.push(this.#recent[i % KEPT] as FlowEvent);
    return events;
  }

  /** `watcher` must not throw, and must not wait. */
  watch(watcher: (event: FlowEvent) => void): Disposable {
    this.#watchers.add(watcher);
    return { [Symbol.dispose]: () => void this.#watchers.delete(watcher) };
  }
}

function cut(text: string): string {
  return text.length <= MOST_TEXT ? text : `${text.slice(0, MOST_TEXT)}…`;
}
