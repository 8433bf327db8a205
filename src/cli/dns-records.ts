/** The DNS records that a domain needs, and whether they are there. */
import { Resolver } from 'node:dns/promises';
import { isIP, SocketAddress } from 'node:net';
import type { DkimKey } from '../directory/dkim-keys.ts';

export interface DnsRecord {
  readonly name: string;
  readonly type: 'MX' | 'TXT' | 'SRV';
  /** As in a zone file. */
  readonly value: string;
}

/** RFC 6376 §3.6.1, RFC 8463 §4. */
export function dkimRecord(domain: string, { selector, algorithm, publicKey }: DkimKey): DnsRecord {
  return {
    name: `${selector}._domainkey.${domain}.`,
    type: 'TXT',
    value: `v=DKIM1; k=${algorithm}; p=${publicKey}`,
  };
}

export function recordsFor(domain: string, hostname: string, keys: readonly DkimKey[]): DnsRecord[] {
  return [
    { name: `${domain}.`, type: 'MX', value: `10 ${hostname}.` },
    { name: `${domain}.`, type: 'TXT', value: 'v=spf1 mx -all' },
    ...keys.map((key) => dkimRecord(domain, key)),
    { name: `_dmarc.${domain}.`, type: 'TXT', value: 'v=DMARC1; p=quarantine' },
    // RFC 8460 §3: where others report that they could not reach us over TLS.
    { name: `_smtp._tls.${domain}.`, type: 'TXT', value: `v=TLSRPTv1; rua=mailto:postmaster@${domain}` },
    // RFC 6186, RFC 8314 §5.1: mail programs find their settings.
    { name: `_submissions._tcp.${domain}.`, type: 'SRV', value: `0 1 465 ${hostname}.` },
    { name: `_imaps._tcp.${domain}.`, type: 'SRV', value: `0 1 993 ${hostname}.` },
    { name: `_pop3s._tcp.${domain}.`, type: 'SRV', value: `10 1 995 ${hostname}.` },
  ];
}

const TIMEOUT_MS = 3000;

/** 'ok', 'missing', what is there instead, or why it cannot be told. */
export async function checkRecords(records: readonly DnsRecord[], servers: readonly string[]): Promise<string[]> {
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: 2 });
  if (servers.length > 0) resolver.setServers([...servers]);
  return Promise.all(
    records.map(async (record) => {
      try {
        const found = await lookUp(resolver, record);
        const relevant = record.type === 'TXT' ? found.filter((text) => sameKind(text, record.value)) : found;
        if (relevant.some((one) => same(one, record.value))) return 'ok';
        return relevant.length === 0 ? 'missing' : relevant.join(', ');
      } catch (error) {
        const code = (error as NodeJS.ErrnoException).code ?? '';
        return code === 'ENODATA' || code === 'ENOTFOUND' ? 'missing' : `not known (${code})`;
      }
    }),
  );
}

/** Whether an address is called so in DNS, and the name leads back to it: 'ok', what is there instead, or why it cannot be told. */
export async function checkReverse(address: string, name: string, servers: readonly string[]): Promise<string> {
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: 2 });
  if (servers.length > 0) resolver.setServers([...servers]);
  try {
    const names = (await resolver.reverse(address)).map((one) => one.toLowerCase().replace(/\.$/, ''));
    if (!names.includes(name.toLowerCase())) return `it is called ${names.join(', ')}`;
    const back = isIP(address) === 6 ? await resolver.resolve6(name) : await resolver.resolve4(name);
    const same = back.some((one) => canonical(one) === canonical(address));
    return same ? 'ok' : `${name} leads to ${back.join(', ')}`;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    return code === 'ENODATA' || code === 'ENOTFOUND' ? 'it, or its name, has no record' : `not known (${code})`;
  }
}

function canonical(address: string): string {
  return new SocketAddress({ address, family: isIP(address) === 6 ? 'ipv6' : 'ipv4' }).address;
}

async function lookUp(resolver: Resolver, { name, type }: DnsRecord): Promise<string[]> {
  if (type === 'MX') return (await resolver.resolveMx(name)).map((mx) => `${mx.priority} ${mx.exchange}.`);
  if (type === 'TXT') return (await resolver.resolveTxt(name)).map((parts) => parts.join(''));
  return (await resolver.resolveSrv(name)).map((srv) => `${srv.priority} ${srv.weight} ${srv.port} ${srv.name}.`);
}

/** SPF is compared with SPF: a name may have other texts. */
function sameKind(a: string, b: string): boolean {
  return a.split(/[ ;]/)[0]?.toLowerCase() === b.split(/[ ;]/)[0]?.toLowerCase();
}

function same(a: string, b: string): boolean {
  return a.toLowerCase().replaceAll('..', '.') === b.toLowerCase();
}
