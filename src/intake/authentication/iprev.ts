/** Does the name of an address lead back to it (RFC 8601 §3)? */
import { BlockList, isIPv4 } from 'node:net';
import type { Authentication } from './results.ts';
import type { DnsLookup } from './dns.ts';

const MOST_NAMES = 5;

export async function checkReverse(address: string, dns: DnsLookup): Promise<Authentication['iprev']> {
  const answer = (result: Authentication['iprev']['result'], name = '') => ({ result, address, name });
  const family = isIPv4(address) ? 'ipv4' : 'ipv6';
  const own = new BlockList();
  try {
    own.addAddress(address, family);
  } catch {
    return answer('permerror');
  }
  let temporary = false;
  try {
    const names = ((await dns(reverseName(address), 'PTR')) as string[]).slice(0, MOST_NAMES);
    for (const name of names) {
      try {
        const back = (await dns(name, family === 'ipv4' ? 'A' : 'AAAA')) as string[];
        if (back.some((one) => own.check(one, family))) return answer('pass', name);
      } catch (error) {
        temporary ||= isTemporary(error);
      }
    }
    return answer(temporary ? 'temperror' : 'fail');
  } catch (error) {
    return answer(isTemporary(error) ? 'temperror' : 'permerror');
  }
}

function isTemporary(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return code !== 'ENOTFOUND' && code !== 'ENODATA';
}

/** `192.0.2.1` as `1.2.0.192.in-addr.arpa`. */
function reverseName(address: string): string {
  if (isIPv4(address)) return `${address.split('.').toReversed().join('.')}.in-addr.arpa`;
  const [left = '', right] = address.split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const before = groups(left);
  const after = right === undefined ? [] : groups(right);
  const all = [...before, ...Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0'), ...after];
  const digits = all.map((group) => group.padStart(4, '0')).join('');
  return `${Array.from(digits).toReversed().join('.')}.ip6.arpa`;
}
