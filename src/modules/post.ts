/** POST to an address that a user names. */
import { MailError } from '../mail/error.ts';
import { publicRequest } from '../net/public-request.ts';
import type { Resolver } from '../ports/resolver.ts';

export interface PostOptions {
  readonly resolver: Resolver;
  /** Also to this machine and to private networks, and without TLS. */
  readonly privateAddresses: boolean;
}

const MOST_URL = 2_000;

/** What a user may name. Throws `syntax`, of kind 'user'. */
export function checkedUrl(text: string, { privateAddresses }: Pick<PostOptions, 'privateAddresses'>): URL {
  const refuse = (why: string): MailError => new MailError('syntax', 'syntax', `not a usable URL: ${why}`);
  if (text.length > MOST_URL || !URL.canParse(text)) throw refuse('it cannot be read');
  const url = new URL(text);
  if (url.protocol !== 'https:' && !(privateAddresses && url.protocol === 'http:'))
    throw refuse('it must begin with https://');
  if (url.username !== '' || url.password !== '') throw refuse('it must hold no name and password');
  if (url.hostname === '') throw refuse('it names no host');
  return url;
}

/** Resolves with the status of the answer. Throws when nobody answers, or the address is not public. */
export async function post(
  url: URL,
  body: Uint8Array,
  headers: Readonly<Record<string, string>>,
  options: PostOptions,
  signal: AbortSignal,
): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const asked = await publicRequest(
    url,
    { method: 'POST', headers: { ...headers, 'content-length': body.length } },
    options,
    signal,
  );
  asked.on('error', reject);
  asked.on('response', (answer) => {
    resolve(answer.statusCode ?? 0);
    // What it says interests nobody.
    answer.destroy();
  });
  asked.end(body);
  return promise;
}
