/** The DNS records that a domain needs, and whether they are there. */
import { isIP, SocketAddress } from 'node:net';
import { TAKES_NOTIFICATIONS, takesNotificationsName } from '../mail/downmail/dns.ts';
import { policyId } from '../mail/sts-policy.ts';
import { DnsError, type Resolver } from '../ports/resolver.ts';
import type { Brand } from './brand.ts';
import type { DkimKey } from './dkim-keys.ts';

export interface DnsRecord {
  readonly name: string;
  readonly type: 'MX' | 'TXT' | 'SRV' | 'CNAME';
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

export interface Published {
  readonly hostname: string;
  /** The MTA-STS policy; undefined when there is none. */
  readonly stsPolicy: string | undefined;
  /** Its people take notifications for granted (Downmail). */
  readonly takesNotifications?: boolean;
  /** Where its logo is, and who vouches for it; DOMAIN stands for the domain. */
  readonly brand?: Brand;
}

export function recordsFor(domain: string, published: Published, keys: readonly DkimKey[]): DnsRecord[] {
  const { hostname, stsPolicy, takesNotifications = false, brand } = published;
  return [
    { name: `${domain}.`, type: 'MX', value: `10 ${hostname}.` },
    { name: `${domain}.`, type: 'TXT', value: 'v=spf1 mx -all' },
    ...keys.map((key) => dkimRecord(domain, key)),
    { name: `_dmarc.${domain}.`, type: 'TXT', value: `v=DMARC1; p=quarantine; rua=mailto:postmaster@${domain}` },
    // RFC 8460 §3: where others report that they could not reach us over TLS.
    { name: `_smtp._tls.${domain}.`, type: 'TXT', value: `v=TLSRPTv1; rua=mailto:postmaster@${domain}` },
    ...(stsPolicy === undefined ? [] : stsRecords(domain, hostname, stsPolicy)),
    ...(brand === undefined ? [] : [brandRecord(domain, brand)]),
    ...(takesNotifications
      ? [{ name: `${takesNotificationsName(domain)}.`, type: 'TXT' as const, value: TAKES_NOTIFICATIONS }]
      : []),
    // RFC 6186, RFC 8314 §5.1: mail programs find their settings.
    { name: `_submissions._tcp.${domain}.`, type: 'SRV', value: `0 1 465 ${hostname}.` },
    { name: `_imaps._tcp.${domain}.`, type: 'SRV', value: `0 1 993 ${hostname}.` },
    { name: `_pop3s._tcp.${domain}.`, type: 'SRV', value: `10 1 995 ${hostname}.` },
    // Where Thunderbird and Outlook ask for settings; a web server in front ends TLS for these names.
    { name: `autoconfig.${domain}.`, type: 'CNAME', value: `${hostname}.` },
    { name: `_autodiscover._tcp.${domain}.`, type: 'SRV', value: `0 1 443 ${hostname}.` },
  ];
}

/** RFC 8461 §3.1, §3.3: that there is a policy, and the host that shows it. */
function stsRecords(domain: string, hostname: string, policy: string): DnsRecord[] {
  return [
    { name: `_mta-sts.${domain}.`, type: 'TXT', value: `v=STSv1; id=${policyId(policy)};` },
    { name: `mta-sts.${domain}.`, type: 'CNAME', value: `${hostname}.` },
  ];
}

/** BIMI: it counts only beside a DMARC policy that keeps others out, as ours above does. */
function brandRecord(domain: string, brand: Brand): DnsRecord {
  const { logo, certificate } = brandFor(domain, brand);
  return {
    name: `default._bimi.${domain}.`,
    type: 'TXT',
    value: `v=BIMI1; l=${logo};${certificate === '' ? '' : ` a=${certificate};`}`,
  };
}

/** `DOMAIN` stands for each of them. */
export function brandFor(domain: string, { logo, certificate }: Brand): Brand {
  const at = (link: string): string => link.replaceAll('DOMAIN', domain);
  return { logo: at(logo), certificate: at(certificate) };
}

/** The limit of one look-up: whoever waits is a person. */
const TIMEOUT_MS = 6_000;

/** 'ok', 'missing', what is there instead, or why it cannot be told. */
export async function checkRecords(records: readonly DnsRecord[], resolver: Resolver): Promise<string[]> {
  return Promise.all(
    records.map(async (record) => {
      try {
        const found = await lookUp(resolver, record);
        const relevant = record.type === 'TXT' ? found.filter((text) => sameKind(text, record.value)) : found;
        if (relevant.some((one) => same(one, record.value))) return 'ok';
        return relevant.length === 0 ? 'missing' : relevant.join(', ');
      } catch (error) {
        if (error instanceof DnsError && error.permanent) return 'missing';
        return notKnown(error);
      }
    }),
  );
}

/** Whether an address is called so in DNS, and the name leads back to it: 'ok', what is there instead, or why it cannot be told. */
export async function checkReverse(address: string, name: string, resolver: Resolver): Promise<string> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const names = (await resolver.ptr(address, signal)).map((one) => one.toLowerCase().replace(/\.$/, ''));
    if (!names.includes(name.toLowerCase())) return `it is called ${names.join(', ')}`;
    const back = (await resolver.addresses(name, signal)).map((one) => one.address);
    const same = back.some((one) => canonical(one) === canonical(address));
    return same ? 'ok' : `${name} leads to ${back.join(', ')}`;
  } catch (error) {
    return error instanceof DnsError && error.permanent ? 'it, or its name, has no record' : notKnown(error);
  }
}

function canonical(address: string): string {
  return new SocketAddress({ address, family: isIP(address) === 6 ? 'ipv6' : 'ipv4' }).address;
}

function notKnown(error: unknown): string {
  return `not known (${error instanceof DnsError ? error.kind : 'timeout'})`;
}

async function lookUp(resolver: Resolver, record: DnsRecord): Promise<string[]> {
  const { name, type, value } = record;
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  if (type === 'MX') return (await resolver.mx(name, signal)).map((mx) => `${mx.preference} ${mx.exchange}.`);
  if (type === 'TXT') return resolver.txt(name, signal);
  if (type === 'SRV')
    return (await resolver.srv(name, signal)).map((srv) => `${srv.priority} ${srv.weight} ${srv.port} ${srv.target}.`);
  // Whatever the name is called there: an alias and addresses of its own do the same.
  const wanted = await resolver.addresses(value, signal);
  const found = await resolver.addresses(name, signal);
  return found.some(({ address }) => wanted.some((one) => one.address === address))
    ? [value]
    : found.map(({ address }) => address);
}

/** SPF is compared with SPF: a name may have other texts. */
function sameKind(a: string, b: string): boolean {
  return a.split(/[ ;]/)[0]?.toLowerCase() === b.split(/[ ;]/)[0]?.toLowerCase();
}

function same(a: string, b: string): boolean {
  return a.toLowerCase().replaceAll('..', '.') === b.toLowerCase();
}
