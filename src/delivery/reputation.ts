/**
 * How well an account, a domain that sends, and one of our addresses do with those who receive: what was taken, refused,
 * bounced and complained about, each counting half after a while. The fast block of accounts and the choice of the address
 * stand on it.
 */
import type { AccountId } from '../mailstore/api.ts';
import { partition } from '../ports/kv.ts';
import { KeptRows, type KeptRowsParts } from './kept-rows.ts';

/** What became of mail, per recipient. */
export type Feedback =
  /** Another server took it. */
  | 'sent'
  /** The address is none, or takes nothing: in the session, or by a report that came later. */
  | 'bounced'
  /** Not now. */
  | 'deferred'
  /** The receiver does not want it from us: 5.7.x. */
  | 'refused'
  /** Somebody said that it is spam. */
  | 'complaint';

export interface Noted {
  readonly what: Feedback;
  /** Recipients; 1 when absent. */
  readonly count?: number;
  readonly account?: AccountId;
  /** Of the envelope sender, or of the author. */
  readonly domain?: string;
  /** Our address from which it went. */
  readonly source?: string;
}

export type Subject = 'account' | 'domain' | 'source';

/** Counts as they weigh now. */
export type Standing = Readonly<Record<Feedback, number>>;

interface Row {
  /** In the order of `FEEDBACK`, as they weighed at `at`. */
  readonly n: readonly number[];
  readonly at: number;
}

const FEEDBACK: readonly Feedback[] = ['sent', 'bounced', 'deferred', 'refused', 'complaint'];

/** Accounts change within hours, the name of an address within weeks. */
export const HALF_LIFE_MS: Readonly<Record<Subject, number>> = {
  account: 86_400_000,
  domain: 7 * 86_400_000,
  source: 14 * 86_400_000,
};

/** The shares at which a sender is half as good as one without fault; large receivers turn mail away at 0.3 % complaints. */
const HALF_AT: Readonly<Record<Exclude<Feedback, 'sent'>, number>> = {
  complaint: 0.003,
  bounced: 0.1,
  refused: 0.1,
  deferred: 0.5,
};
/** Mails without fault that everybody begins with: one bounce of one mail says little. */
const BENEFIT_OF_DOUBT = 100;

/** From 0 to 1, without fault. */
export function score(standing: Standing): number {
  const all = totalOf(standing) + BENEFIT_OF_DOUBT;
  const penalty = Object.entries(HALF_AT).reduce(
    (sum, [what, half]) => sum + standing[what as Feedback] / all / half,
    0,
  );
  return 1 / (1 + penalty);
}

/** Recipients that were tried. A complaint is about mail that was sent. */
export function totalOf({ sent, bounced, deferred, refused }: Standing): number {
  return sent + bounced + deferred + refused;
}

export type OnAccount = (account: AccountId, standing: Standing) => Promise<void>;

/** Not worth a row any more. */
const FORGOTTEN = 0.5;

export class Reputation implements AsyncDisposable {
  readonly #parts: KeptRowsParts;
  readonly #rows: KeptRows<Row>;
  readonly #onAccount: OnAccount;

  /** `onAccount` is told of every account as it stands after each note. */
  constructor(parts: KeptRowsParts, onAccount: OnAccount = () => Promise.resolve()) {
    this.#parts = parts;
    this.#onAccount = onAccount;
    this.#rows = new KeptRows<Row>(parts, {
      partition: partition('c', 'reputation'),
      // The longest half-life: which subject a row is of does not matter here.
      stale: (row, now) => decayed(row, now, HALF_LIFE_MS.source).every((n) => n < FORGOTTEN),
    });
  }

  /** Never fails: mail goes its way, whatever can be noted of it. */
  async note(noted: Noted): Promise<void> {
    const { what, count = 1, account, domain, source } = noted;
    try {
      if (account !== undefined) await this.#add('account', account, what, count);
      if (domain !== undefined && domain !== '') await this.#add('domain', domain.toLowerCase(), what, count);
      if (source !== undefined) await this.#add('source', source, what, count);
      if (account !== undefined) await this.#onAccount(account, await this.of('account', account));
    } catch (error) {
      this.#parts.log.warn({ err: error, what, account, domain, source }, 'could not note what became of a mail');
    }
  }

  /** Of an account that is gone. */
  forget(account: AccountId): Promise<void> {
    return this.#rows.remove(keyOf('account', account));
  }

  async of(subject: Subject, name: string): Promise<Standing> {
    return this.#standing(await this.#rows.get(keyOf(subject, name)), subject);
  }

  /** In order of subject and name. */
  async *all(): AsyncIterable<{ readonly subject: Subject; readonly name: string; readonly standing: Standing }> {
    for await (const [key, row] of this.#rows.all()) {
      const space = key.indexOf(' ');
      const subject = key.slice(0, space) as Subject;
      yield { subject, name: key.slice(space + 1), standing: this.#standing(row, subject) };
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#rows[Symbol.asyncDispose]();
  }

  async #add(subject: Subject, name: string, what: Feedback, count: number): Promise<void> {
    const now = this.#parts.clock.now();
    const index = FEEDBACK.indexOf(what);
    await this.#rows.change(keyOf(subject, name), (row) => ({
      n: decayed(row, now, HALF_LIFE_MS[subject]).map((n, i) => rounded(i === index ? n + count : n)),
      at: now,
    }));
  }

  #standing(row: Row | undefined, subject: Subject): Standing {
    const n = decayed(row, this.#parts.clock.now(), HALF_LIFE_MS[subject]);
    return Object.fromEntries(FEEDBACK.map((what, i) => [what, n[i] ?? 0])) as Record<Feedback, number>;
  }
}

function keyOf(subject: Subject, name: string): string {
  return `${subject} ${name}`;
}

/** A wall clock that was set back does not make anything count more. */
function decayed(row: Row | undefined, now: number, halfLifeMs: number): number[] {
  const factor = 0.5 ** (Math.max(0, now - (row?.at ?? now)) / halfLifeMs);
  return FEEDBACK.map((_, i) => (row?.n[i] ?? 0) * factor);
}

function rounded(n: number): number {
  return Math.round(n * 1000) / 1000;
}
