/** Fetches the policy of MTA-STS (RFC 8461 §3.3): HTTPS with a certificate that holds, no redirects, not too much of it. */
import type { ClientRequest } from 'node:http';
import { publicRequest } from '../../net/public-request.ts';
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

export function policyFetcher({ resolver, privateAddresses = false, port = 443, ca }: FetchPolicyOptions): FetchPolicy {
  return async (domain, signal) => {
    const url = new URL(`https://mta-sts.${domain}:${port}/.well-known/mta-sts.txt`);
    const request = { method: 'GET', headers: { accept: 'text/plain' } };
    return await readText(await publicRequest(url, request, { resolver, privateAddresses, ...(ca && { ca }) }, signal));
  };
}

function readText(asked: ClientRequest): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
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
