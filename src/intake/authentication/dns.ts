/** DNS as the checks ask for it: through the resolver port, so many questions a mail, and never longer than a deadline. */
import { isIPv4, isIPv6 } from 'node:net';
import { DnsError, type Resolver } from '../../ports/resolver.ts';

/** What the library calls; it knows failures by their `code`. */
export type DnsLookup = (name: string, type: string) => Promise<string[][] | string[]>;

/** Far more than an honest mail needs, for all its checks together. */
const MOST_QUESTIONS = 120;

const CODES = { nxdomain: 'ENOTFOUND', nodata: 'ENODATA', servfail: 'ESERVFAIL', timeout: 'ETIMEOUT' } as const;

export function lookup(resolver: Resolver, signal: AbortSignal): DnsLookup {
  let left = MOST_QUESTIONS;
  const late = new Promise<never>((_resolve, reject) => {
    const end = (): void => reject(failure('ETIMEOUT', 'the deadline of the checks'));
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
  late.catch(() => undefined);
  return async (name, type) => {
    if (left-- <= 0) throw failure('ESERVFAIL', 'too many questions for one mail');
    try {
      return await Promise.race([ask(resolver, name.replace(/\.$/, ''), type, signal), late]);
    } catch (error) {
      if (error instanceof DnsError) throw failure(CODES[error.kind], error.message);
      if (signal.aborted) throw failure('ETIMEOUT', 'the deadline of the checks');
      throw error;
    }
  };
}

async function ask(
  resolver: Resolver,
  name: string,
  type: string,
  signal: AbortSignal,
): Promise<string[][] | string[]> {
  switch (type) {
    case 'TXT':
      return (await resolver.txt(name, signal)).map((text) => [text]);
    case 'MX': {
      const records = await resolver.mx(name, signal);
      return records.map(({ exchange, preference }) => ({ exchange, priority: preference })) as unknown as string[];
    }
    case 'A':
    case 'AAAA': {
      const family = type === 'A' ? 4 : 6;
      const found = (await resolver.addresses(name, signal)).filter((one) => one.family === family);
      if (found.length === 0) throw new DnsError('nodata', name);
      return found.map(({ address }) => address);
    }
    case 'PTR': {
      const address = addressOf(name);
      if (address === undefined) throw new DnsError('nxdomain', name);
      return resolver.ptr(address, signal);
    }
    default:
      throw new DnsError('nodata', name);
  }
}

/** The address that a name below in-addr.arpa or ip6.arpa stands for. */
function addressOf(name: string): string | undefined {
  const labels = name.toLowerCase().split('.');
  const top = labels.splice(-2).join('.');
  labels.reverse();
  if (top === 'in-addr.arpa') {
    const address = labels.join('.');
    return isIPv4(address) ? address : undefined;
  }
  if (top !== 'ip6.arpa' || labels.length !== 32) return undefined;
  const groups = Array.from({ length: 8 }, (_, i) => labels.slice(i * 4, i * 4 + 4).join(''));
  const address = groups.join(':');
  return isIPv6(address) ? address : undefined;
}

function failure(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
