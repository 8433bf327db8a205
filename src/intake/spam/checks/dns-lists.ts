/** Lists in DNS of servers and of domains that others found to send spam (RFC 5782). Who does not answer in time says nothing. */
import { isIPv4, isIPv6 } from 'node:net';
import { plainAddress } from '../../../net/address.ts';
import { DnsError, type Resolver } from '../../../ports/resolver.ts';
import type { ScanPoint } from '../../../ports/scanner.ts';
import { type DnsList, point, type SpamCheck } from '../check.ts';

const MOST_DOMAINS = 10;

export const addressLists: SpamCheck = {
  name: 'address-lists',
  async run({ client, rules, resolver }, signal) {
    const name = reversed(client.address);
    if (name === undefined) return [];
    return listedIn(
      resolver,
      [name],
      rules.addressLists,
      signal,
      ({ zone }) => `the sending server ${client.address} is on the list ${zone}`,
    );
  },
};

export const domainLists: SpamCheck = {
  name: 'domain-lists',
  async run({ mail, rules, resolver }, signal) {
    const names = new Set<string>();
    for (const { host } of mail.links) {
      if (names.size >= MOST_DOMAINS) break;
      if (isIPv4(host) || isIPv6(host) || !/^[a-z0-9.-]{4,200}$/.test(host) || !host.includes('.')) continue;
      names.add(
        host
          .split('.')
          .slice(-3)
          .join('.')
          .replace(/^www\./, ''),
      );
    }
    return listedIn(
      resolver,
      [...names],
      rules.domainLists,
      signal,
      ({ zone }, name) => `it links to ${name}, which is on the list ${zone}`,
    );
  },
};

/** Points once a list, for the first name on it. */
async function listedIn(
  resolver: Resolver,
  names: readonly string[],
  lists: readonly DnsList[],
  signal: AbortSignal,
  why: (list: DnsList, name: string) => string,
): Promise<ScanPoint[]> {
  const found = await Promise.all(
    lists.map(async (list) => {
      const answers = await Promise.all(names.map((name) => isListed(resolver, `${name}.${list.zone}`, signal)));
      const name = names[answers.indexOf(true)];
      if (name === undefined) return undefined;
      const rule = list.zone.toUpperCase().replace(/[^A-Z0-9]+/g, '_');
      return point(`LISTED_${rule}`.slice(0, 80), list.points, why(list, name));
    }),
  );
  return found.filter((one) => one !== undefined);
}

/** An address in 127.0.0.0/8; 127.255.255.0/24 says that the question was refused. */
async function isListed(resolver: Resolver, name: string, signal: AbortSignal): Promise<boolean> {
  try {
    const answers = await resolver.addresses(name, signal);
    return answers.some(({ address }) => address.startsWith('127.') && !address.startsWith('127.255.255.'));
  } catch (error) {
    if (error instanceof DnsError || signal.aborted) return false;
    throw error;
  }
}

function reversed(address: string): string | undefined {
  const plain = plainAddress(address);
  if (isIPv4(plain)) return plain.split('.').toReversed().join('.');
  if (!isIPv6(plain)) return undefined;
  const [head = '', tail] = plain.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const middle = tail === undefined ? [] : Array.from({ length: 8 - left.length - right.length }, () => '0');
  const digits = [...left, ...middle, ...right].map((group) => group.padStart(4, '0')).join('');
  return digits.split('').toReversed().join('.');
}
