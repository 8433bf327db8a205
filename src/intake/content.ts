/** The bytes of a mail that comes in: its header block, and what is stored of it. */
import { createHash, hash } from 'node:crypto';
import { MailError } from '../mail/error.ts';
import type { Body } from '../mailstore/api.ts';
import type { RawMail } from './arrival.ts';
import { HEAD_LIMIT } from './arrival.ts';

/** Up to the empty line. A header block that does not end within the head is refused. */
export function headerOf({ head, rest }: RawMail): Buffer {
  const end = head.indexOf('\r\n\r\n');
  if (end === -1 && rest !== undefined)
    throw new MailError('too-large', 'user', `the header is larger than ${HEAD_LIMIT} bytes`);
  return end === -1 ? head : head.subarray(0, end + 2);
}

/** A mail as it is stored: with our lines on top, which do not count in its digest. */
export class Content {
  readonly bytes: Uint8Array | AsyncIterable<Uint8Array>;
  readonly #hash: ReturnType<typeof createHash> | undefined;
  readonly #head: Buffer;
  size: number;

  constructor({ head, rest }: RawMail, added: string) {
    this.#head = head;
    const first = added === '' ? head : Buffer.concat([Buffer.from(added), head]);
    this.size = first.length;
    if (rest === undefined) {
      this.bytes = first;
    } else {
      this.#hash = createHash('sha256').update(head);
      this.bytes = this.#all(first, rest);
    }
  }

  /** Once the content was read to its end. */
  digest(): string {
    return this.#hash?.digest('base64url') ?? hash('sha256', this.#head, 'base64url');
  }

  async *#all(first: Buffer, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    yield first;
    for await (const piece of rest) {
      this.#hash?.update(piece);
      this.size += piece.length;
      yield piece;
    }
  }
}

/** What is stored already, to be handed in once more. */
export async function rawMail(body: Body): Promise<RawMail> {
  const head = Buffer.from(await body.bytes(0, Math.min(body.size, HEAD_LIMIT)));
  return body.size <= HEAD_LIMIT ? { head } : { head, rest: body.stream(HEAD_LIMIT) };
}
