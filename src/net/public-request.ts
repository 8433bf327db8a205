/**
 * HTTP requests to places that others name. They go to public addresses only, whatever DNS says in between: the address that was looked
 * at is the one that is connected to. No redirects are followed.
 */
import { type ClientRequest, request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import type { Resolver } from '../ports/resolver.ts';
import { isPublic } from './address.ts';

export interface PublicRequestOptions {
  readonly resolver: Resolver;
  /** Also to this machine and to private networks. */
  readonly privateAddresses: boolean;
  /** Roots that are trusted instead of Node's own; PEM. */
  readonly ca?: readonly string[];
}

/** A request that is still to be ended by the caller. Throws when the host has no address that may be used. */
export async function publicRequest(
  url: URL,
  { method, headers }: { readonly method: string; readonly headers: Readonly<Record<string, string | number>> },
  { resolver, privateAddresses, ca }: PublicRequestOptions,
  signal: AbortSignal,
): Promise<ClientRequest> {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const addresses = await resolver.addresses(host, signal);
  const usable = addresses.filter(({ address }) => privateAddresses || isPublic(address));
  const [first] = usable;
  if (first === undefined) throw new Error(`${host} has no public address`);
  const all = usable.map(({ address, family }) => ({ address, family }));
  const lookup: LookupFunction = (_host, asked, done) =>
    asked.all === true ? done(null, all) : done(null, first.address, first.family);
  const send = url.protocol === 'https:' ? tlsRequest : plainRequest;
  return send(url, { method, headers, agent: false, lookup, signal, ...(ca && { ca: [...ca] }) });
}
