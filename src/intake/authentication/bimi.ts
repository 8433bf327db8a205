/**
 * Brand Indicators (BIMI, draft-brand-indicators-for-message-identification): where the author's domain says its logo is, for mail that
 * this domain stands behind. The record alone is looked at: neither the logo nor the certificate that may vouch for it is fetched, and
 * the author's choice of another record (BIMI-Selector) is not followed.
 */
import { DnsError, type Resolver } from '../../ports/resolver.ts';
import type { Authentication } from './results.ts';

export interface BimiResult {
  readonly result: 'pass' | 'fail' | 'declined' | 'temperror';
  /** Where the record is. */
  readonly domain: string;
  /** URIs, of a `pass`; '' for no certificate. */
  readonly location: string;
  readonly authority: string;
}

/** A URI of a record: HTTPS, and nothing that could end a field or a tag. */
const HTTPS = /^https:\/\/[\x21-\x3a\x3c-\x7e]{1,400}$/i;
const SELECTOR = 'default';

/** Undefined where nobody asks for it: a domain that does not stand behind the mail, does not ask for others to be kept out, or has no record. */
export async function brandIndicator(
  { result, policy, domain, policyDomain }: Authentication['dmarc'],
  resolver: Pick<Resolver, 'txt'>,
  signal: AbortSignal,
): Promise<BimiResult | undefined> {
  if (result !== 'pass' || policy === 'none' || domain === '') return undefined;
  for (const place of new Set([domain, policyDomain])) {
    if (place === '') continue;
    try {
      const texts = await resolver.txt(`${SELECTOR}._bimi.${place}`, signal);
      const records = texts.filter((text) => /^\s*v\s*=\s*BIMI1\s*(?:;|$)/i.test(text));
      if (records.length > 0) return { domain: place, ...readRecord(records) };
    } catch (error) {
      if (error instanceof DnsError && error.permanent) continue;
      return { result: 'temperror', domain: place, location: '', authority: '' };
    }
  }
  return undefined;
}

function readRecord([record = '', ...more]: readonly string[]): Omit<BimiResult, 'domain'> {
  const tags = new Map(
    record.split(';').map((tag) => {
      const equals = tag.indexOf('=');
      return [tag.slice(0, Math.max(0, equals)).trim().toLowerCase(), tag.slice(equals + 1).trim()] as const;
    }),
  );
  const [location, authority = ''] = [tags.get('l'), tags.get('a')];
  const nothing = { location: '', authority: '' };
  if (location === '' && authority === '') return { result: 'declined', ...nothing };
  const isFine = more.length === 0 && HTTPS.test(location ?? '') && (authority === '' || HTTPS.test(authority));
  return isFine ? { result: 'pass', location: location ?? '', authority } : { result: 'fail', ...nothing };
}

/** For mail programs: where the logo is; '' when there is none. */
export function locationField(bimi: BimiResult | undefined): string {
  if (bimi?.result !== 'pass') return '';
  const { location, authority } = bimi;
  return `BIMI-Location: v=BIMI1;\r\n\tl=${location};${authority === '' ? '' : `\r\n\ta=${authority};`}\r\n`;
}

/** The entry in Authentication-Results. */
export function bimiEntry({ result, domain, authority }: BimiResult) {
  return {
    method: 'bimi',
    result,
    ...(result === 'pass' && { comment: 'neither logo nor certificate was looked at' }),
    properties: [
      ['header.d', domain],
      ['header.selector', SELECTOR],
      // No certificate, or none that was verified: nobody vouches for the logo but the domain itself.
      ...(result === 'pass' && authority === '' ? ([['policy.authority', 'none']] as const) : []),
    ] as const,
  };
}
