/** The maildrop of who signs in with the user id and the password of a notification (Downmail): the one mail it tells of. */
import { handedOut } from '../../downmail/handed-out.ts';
import type { HeldMail } from '../../downmail/pick-up.ts';
import { MailError } from '../../mail/error.ts';
import type { Body } from '../../mailstore/api.ts';
import type { Drop } from './maildrop.ts';

const DAY = 86_400_000;

export class HeldDrop implements Drop {
  readonly last = 1;
  readonly #mail: HeldMail;
  #body: Promise<Body> | undefined;
  #deleted = false;

  constructor(mail: HeldMail) {
    this.#mail = mail;
  }

  get count(): number {
    return this.#deleted ? 0 : 1;
  }
  get bytes(): number {
    return this.#deleted ? 0 : this.#mail.size;
  }

  get keeps(): number {
    const { keep, created, expires } = this.#mail;
    return keep === 'until-fetched' ? 0 : Math.max(1, Math.floor((expires - created) / DAY));
  }

  has(number: number): boolean {
    return number === 1 && !this.#deleted;
  }

  size(): number {
    return this.#mail.size;
  }

  /** The same at every sign-in, and that of no other mail. */
  uniqueId(): string {
    return this.#mail.digest;
  }

  /** Reading it marks it as fetched, at once: clients hang up whenever they please. */
  async body(): Promise<Body> {
    this.#body ??= this.#mail.content().then((content) => handedOut(this.#mail, content, 'pop3'));
    return await this.#body;
  }

  markFetched(): void {
    // Done by the body.
  }

  markDeleted(): void {
    this.#deleted = true;
  }

  unmarkAll(): void {
    this.#deleted = false;
  }

  /** Deletes it at the sender. `not-allowed` when the sender keeps it all the same (RFC 1939 §6: then QUIT says so). */
  async update(): Promise<void> {
    if (this.#deleted && (await this.#mail.delete()) === 'kept')
      throw new MailError('not-allowed', 'user', 'its sender keeps this mail');
  }

  [Symbol.dispose](): void {
    this.#mail[Symbol.dispose]();
  }
}
