/** Where a domain wants reports about it: `rua` of its DMARC record (RFC 9989 §4.7) and of its TLS-RPT record (RFC 8460 §3). */
import { parseMailbox } from '../path.ts';

export interface ReportUri {
  readonly kind: 'mailto' | 'https';
  /** An address, or the URL. */
  readonly to: string;
  /** Where the mail goes, or the name of the web server; lower case. */
  readonly host: string;
  /** Bytes that it takes (`!10m`, RFC 7489 §6.2). */
  readonly most?: number;
}

/** More are not served (RFC 9990 leaves the limit to whoever sends). */
export const MOST_URIS = 5;
const MOST_RECORD = 4_000;
const UNITS = new Map([
  ['', 1],
  ['k', 1 << 10],
  ['m', 1 << 20],
  ['g', 2 ** 30],
  ['t', 2 ** 40],
]);

/** Tags of the one DMARC record among the texts, names in lower case; undefined when there is none, or several. */
export function dmarcTags(texts: readonly string[]): ReadonlyMap<string, string> | undefined {
  const records = texts.filter((text) => /^v[ \t]*=[ \t]*DMARC1[ \t]*(?:;|$)/i.test(text.trimStart()));
  return records.length === 1 ? tagsOf(records[0] ?? '') : undefined;
}

/** Of the one TLS-RPT record among the texts; none when there is no such record, or several. */
export function tlsReportUris(texts: readonly string[]): readonly ReportUri[] {
  const records = texts.filter((text) => /^v=TLSRPTv1[ \t]*;/.test(text));
  return records.length === 1 ? reportUris(tagsOf(records[0] ?? '')?.get('rua') ?? '') : [];
}

/** Those that can be served, in their order. */
export function reportUris(value: string): readonly ReportUri[] {
  return value
    .split(',')
    .slice(0, 4 * MOST_URIS)
    .flatMap((text) => uriOf(text.trim()) ?? [])
    .slice(0, MOST_URIS);
}

function tagsOf(record: string): ReadonlyMap<string, string> | undefined {
  if (record.length > MOST_RECORD) return undefined;
  const tags = new Map<string, string>();
  for (const part of record.split(';')) {
    const at = part.indexOf('=');
    const name = part.slice(0, Math.max(0, at)).trim().toLowerCase();
    if (name === '') continue;
    if (tags.has(name)) return undefined;
    tags.set(name, part.slice(at + 1).trim());
  }
  return tags;
}

function uriOf(text: string): ReportUri | undefined {
  const [uri = '', size, ...more] = text.split('!');
  const most = size === undefined ? undefined : bytesOf(size);
  if (more.length > 0 || (size !== undefined && most === undefined)) return undefined;
  const limit = most === undefined ? {} : { most };
  if (/^mailto:/i.test(uri)) {
    const address = decoded(uri.slice(7).split('?')[0] ?? '');
    const mailbox = address === undefined ? undefined : parseMailbox(address);
    return mailbox && { kind: 'mailto', to: mailbox.address, host: mailbox.domain.toLowerCase(), ...limit };
  }
  if (!/^https:/i.test(uri) || !URL.canParse(uri)) return undefined;
  const url = new URL(uri);
  return { kind: 'https', to: url.href, host: url.hostname.toLowerCase(), ...limit };
}

function bytesOf(text: string): number | undefined {
  const [, digits = '', unit = ''] = /^(\d{1,12})([kmgt]?)$/i.exec(text) ?? [];
  return digits === '' ? undefined : Number(digits) * (UNITS.get(unit.toLowerCase()) ?? 1);
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
