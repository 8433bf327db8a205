/** The maildrop of who signs in to his sender mailbox (Downmail): each copy that waits, with a line above it that says for whom. */
import type { Body, MailAccount } from '../../mailstore/api.ts';
import { type Held, visibleId } from '../../mailstore/sender-mailbox.ts';
import { endCopies, newestCopies } from '../../downmail/waiting-account.ts';
import type { Drop } from './maildrop.ts';

export class WaitingDrop implements Drop {
  /** A copy goes when its recipient has fetched it, or when its time is over: that may be any day. */
  readonly keeps = 1;
  readonly #account: MailAccount & Disposable;
  readonly #copies: readonly Held[];
  readonly #deleted = new Set<number>();

  private constructor(account: MailAccount & Disposable, copies: readonly Held[]) {
    this.#account = account;
    this.#copies = copies;
  }

  /** As it is now. The account is closed with it. */
  static async of(account: MailAccount & Disposable): Promise<WaitingDrop> {
    return new WaitingDrop(account, await newestCopies(account));
  }

  get last(): number {
    return this.#copies.length;
  }
  get count(): number {
    return this.#copies.length - this.#deleted.size;
  }
  get bytes(): number {
    return this.#copies.reduce((sum, _, i) => sum + (this.#deleted.has(i + 1) ? 0 : this.size(i + 1)), 0);
  }

  has(number: number): boolean {
    return number >= 1 && number <= this.last && !this.#deleted.has(number);
  }

  size(number: number): number {
    const copy = this.#copies[number - 1];
    return copy === undefined ? 0 : lineAbove(copy).length + copy.mail.size;
  }

  uniqueId(number: number): string {
    const { submission, part, position } = this.#copy(number);
    return `${submission}.${part}.${position}`;
  }

  async body(number: number): Promise<Body> {
    const copy = this.#copy(number);
    return below(lineAbove(copy), await this.#account.outgoing.content(copy.submission));
  }

  markFetched(): void {
    // Who looks at his own mail fetches nothing.
  }

  markDeleted(number: number): void {
    this.#deleted.add(number);
  }

  unmarkAll(): void {
    this.#deleted.clear();
  }

  /** Their recipients cannot fetch them from then on. */
  async update(): Promise<void> {
    await endCopies(
      this.#account,
      [...this.#deleted].map((number) => this.#copy(number)),
    );
  }

  [Symbol.dispose](): void {
    this.#account[Symbol.dispose]();
  }

  #copy(number: number): Held {
    const copy = this.#copies[number - 1];
    if (copy === undefined) throw new RangeError(`there is no copy ${number}`);
    return copy;
  }
}

function lineAbove({ senderId, recipient }: Held): Buffer {
  const { held, address } = recipient;
  const fetched = held.fetched === undefined ? 'no' : 'yes';
  return Buffer.from(
    `Downmail-Copy: user=${visibleId(senderId, held)}; fetched=${fetched};\r\n\trecipient=${address}\r\n`,
  );
}

function below(above: Buffer, body: Body): Body {
  const size = above.length + body.size;
  const stream = async function* (start = 0, end = size): AsyncGenerator<Uint8Array> {
    if (start < above.length) yield above.subarray(start, Math.min(end, above.length));
    if (end > above.length) yield* body.stream(Math.max(0, start - above.length), end - above.length);
  };
  return {
    size,
    stream,
    bytes: async (start, end) => Buffer.concat(await Array.fromAsync(stream(start, end))),
  };
}
