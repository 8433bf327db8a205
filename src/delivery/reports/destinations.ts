/** To whom a report about a domain may go: those whom its record names, and who agree when they are of another organisation. */
import { lookup } from '../../intake/authentication/dns.ts';
import { type ReportUri, reportUris } from '../../mail/reports/report-uri.ts';
import { dmarcTags } from '../../mail/reports/report-uri.ts';
import { DnsError, type Resolver } from '../../ports/resolver.ts';

/** Texts at a name; none when there are none. Throws when DNS does not tell. */
export async function textsAt(resolver: Resolver, name: string, signal: AbortSignal): Promise<readonly string[]> {
  try {
    return await resolver.txt(name, signal);
  } catch (error) {
    if (error instanceof DnsError && error.permanent) return [];
    throw error;
  }
}

/** Those of `rua` that take reports about the domain (RFC 9990 §5). Throws when DNS does not tell. */
export async function willingReceivers(
  domain: string,
  rua: string,
  resolver: Resolver,
  signal: AbortSignal,
): Promise<readonly ReportUri[]> {
  const willing: ReportUri[] = [];
  for (const uri of reportUris(rua)) {
    if (uri.kind !== 'mailto') continue;
    if (await isSameOrganization(domain, uri.host, resolver, signal)) willing.push(uri);
    else willing.push(...(await agreed(domain, uri, resolver, signal)));
  }
  return willing;
}

/** The record that says so may name another address at the same host. */
async function agreed(
  domain: string,
  uri: ReportUri,
  resolver: Resolver,
  signal: AbortSignal,
): Promise<readonly ReportUri[]> {
  const tags = dmarcTags(await textsAt(resolver, `${domain}._report._dmarc.${uri.host}`, signal));
  if (tags === undefined) return [];
  const instead = tags.get('rua');
  if (instead === undefined) return [uri];
  return reportUris(instead).filter(({ kind, host }) => kind === 'mailto' && host === uri.host);
}

/** By the records along the way up (RFC 9989 §4.10.2). */
async function isSameOrganization(a: string, b: string, resolver: Resolver, signal: AbortSignal): Promise<boolean> {
  if (a === b) return true;
  if (a.split('.').at(-1) !== b.split('.').at(-1)) return false;
  const { createRecordLookup, getOrgDomain } = await import('mailauth/lib/dmarc/get-dmarc-record.js');
  const records = createRecordLookup(lookup(resolver, signal), { strict: true });
  return (await getOrgDomain(a, records)) === (await getOrgDomain(b, records));
}
