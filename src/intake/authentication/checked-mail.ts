/** A mail that is checked while it goes by: its end is not reached when it is refused. */
import { MailError } from '../../mail/error.ts';
import type { RawMail } from '../arrival.ts';
import type { RunningCheck } from './check.ts';
import type { Authentication } from './results.ts';

export class CheckedMail {
  /** To be read instead of the one that came. */
  readonly mail: RawMail;
  readonly #check: RunningCheck;
  /** Once it was read to its end. */
  authentication: Authentication | undefined;

  constructor({ head, rest }: RawMail, check: RunningCheck) {
    this.#check = check;
    this.mail = rest === undefined ? { head } : { head, rest: this.#checked(rest) };
  }

  /** To be awaited before the mail is read. Throws `policy-refused` for a mail that is all there; else the stream does. */
  async begin(): Promise<void> {
    await this.#check.push(this.mail.head);
    if (this.mail.rest === undefined) await this.#decide();
  }

  async *#checked(rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    let complete = false;
    try {
      for await (const piece of rest) {
        await this.#check.push(piece);
        yield piece;
      }
      complete = true;
      await this.#decide();
    } finally {
      if (!complete) this.#check.abort();
    }
  }

  async #decide(): Promise<void> {
    this.authentication = await this.#check.end();
    const { disposition, domain } = this.authentication.dmarc;
    if (disposition === 'reject')
      throw new MailError('policy-refused', 'user', `the DMARC policy of ${domain} says so`);
  }
}
