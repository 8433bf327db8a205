/** Fetches the policy of MTA-STS (RFC 8461 §3.3): HTTPS with a certificate that holds, no redirects, not too much of it. */
import { request } from 'node:https';
import type { LookupFunction } from 'node:net';
import { isPublic } from '../../net/address.ts';
import type { Resolver } from '../../ports/resolver.ts';
import { type FetchPolicy, MAX_POLICY_BYTES } from './mta-sts.ts';

export interface FetchPolicyOptions {
  readonly resolver: Resolver;
  /** Connect to this machine and to private networks, should DNS lead there. Default: no. */
  readonly privateAddresses?: boolean;
  /** Default 443. */
  readonly port?: number;
  /** Roots that are trusted instead of Node's own; PEM. */
  readonly ca?: readonly string[];
}

export function policyFetcher(options: FetchPolicyOptions): FetchPolicy {
  return async (domain, signal) => {
    const host = `mta-sts.${domain}`;
    const addresses = await options.resolver.addresses(host, signal);
    // To no place that only we can reach.
    const usable = addresses.filter(({ address }) => options.privateAddresses === true || isPublic(address));
    const [first] = usable;
    if (first === undefined) throw new Error(`${host} has no public address`);
    const lookup: LookupFunction = (_host, { all }, done) =>
      all === true
        ? done(
            null,
            usable.map(({ address, family }) => ({ address, family })),
          ) // prettier-ignore
        : done(null, first.address, first.family);
    return fetchText(host, lookup, options, signal);
  };
}

function fetchText(
  host: string,
  lookup: LookupFunction,
  { port = 443, ca }: FetchPolicyOptions,
  signal: AbortSignal,
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const asked = request({
    host,
    servername: host,
    port,
    path: '/.well-known/mta-sts.txt',
    headers: { accept: 'text/plain' },
    agent: false,
    lookup,
    signal,
    ...(ca && { ca: [...ca] }),
  });
  asked.on('error', reject);
  asked.on('response', (answer) => {
    const type = answer.headers['content-type'] ?? '';
    if (answer.statusCode !== 200 || !/^text\/plain\s*(?:;|$)/i.test(type)) {
      asked.destroy(new Error(`no policy, but ${answer.statusCode} ${type}`));
      return;
    }
    const pieces: Buffer[] = [];
    let size = 0;
    answer.on('data', (piece: Buffer) => {
      size += piece.length;
      if (size > MAX_POLICY_BYTES) asked.destroy(new Error('the policy is too long'));
      else pieces.push(piece);
    });
    answer.on('end', () => resolve(Buffer.concat(pieces).toString('utf8')));
    answer.on('error', reject);
  });
  asked.end();
  return promise;
}
