/** What is to be had at a place that others name: at a public address, and not more than so much of it. */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { publicRequest, type PublicRequestOptions } from './public-request.ts';

export interface PublicFetch {
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes; whatever has more throws. */
  readonly most: number;
  /** Throws for an answer whose bytes are not wanted. */
  readonly check: (answer: IncomingMessage) => void;
}

/** Throws when nothing answers, when the host has no public address, and what `check` throws. No redirects are followed. */
export async function publicFetch(
  url: URL,
  { headers, most, check }: PublicFetch,
  options: PublicRequestOptions,
  signal: AbortSignal,
): Promise<Buffer> {
  const asked = await publicRequest(url, { method: 'GET', headers }, options, signal);
  asked.end();
  const [answer] = (await once(asked, 'response', { signal })) as [IncomingMessage];
  try {
    check(answer);
    const pieces: Buffer[] = [];
    let size = 0;
    for await (const piece of answer as AsyncIterable<Buffer>) {
      size += piece.length;
      if (size > most) throw new Error(`it has more than ${most >> 10} KB`);
      pieces.push(piece);
    }
    return Buffer.concat(pieces);
  } finally {
    asked.destroy();
  }
}
