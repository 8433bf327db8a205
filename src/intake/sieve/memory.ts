/** What scripts remember between mails: who was answered (RFC 5230), what came before (RFC 7352). Each for its time. */
import { hash } from 'node:crypto';
import type { MailAccount } from '../../mailstore/api.ts';

const KIND = 'sieve-memory';
const DAY = 86_400_000;

interface Row {
  /** Milliseconds since 1970. */
  readonly until: number;
  /** The delivery that wrote it: when the same mail comes again after a crash, it has not been there before. */
  readonly delivery: string;
}

export class SieveMemory {
  readonly #account: Pick<MailAccount, 'record' | 'records' | 'putRecord' | 'once'>;
  readonly #delivery: string;
  readonly #now: number;

  constructor(account: Pick<MailAccount, 'record' | 'records' | 'putRecord' | 'once'>, delivery: string, now: number) {
    this.#account = account;
    this.#delivery = delivery;
    this.#now = now;
  }

  async has(id: string): Promise<boolean> {
    const row = await this.#account.record<Row>(KIND, digest(id));
    return row !== undefined && row.until > this.#now && row.delivery !== this.#delivery;
  }

  async remember(id: string, seconds: number): Promise<void> {
    const row: Row = { until: this.#now + seconds * 1_000, delivery: this.#delivery };
    await this.#account.putRecord(KIND, digest(id), row);
    await this.#account.once(`sieve-tidy ${Math.floor(this.#now / DAY)}`, () => this.#tidy());
  }

  /** Once a day, what is over goes. */
  async #tidy(): Promise<number> {
    const rows = await this.#account.records<Row>(KIND);
    const over = rows.filter(({ value }) => value.until <= this.#now);
    for (const { id } of over) await this.#account.putRecord(KIND, id, undefined);
    return over.length;
  }
}

function digest(id: string): string {
  return hash('sha256', id, 'base64url').slice(0, 22);
}
