/** The report that a mail brings about a domain: DMARC aggregate or TLS-RPT. */
import { findPart } from '../delivery-report.ts';
import { decodeBody } from '../encoding.ts';
import type { Part } from '../message.ts';
import { parseMessage } from '../parse.ts';
import { type AggregateReport, readAggregate } from './aggregate.ts';
import { readTlsReport, type TlsReport } from './tls-report.ts';
import { unpackReport } from './unpack.ts';

export type DomainReport = AggregateReport | TlsReport;

/** A mail with a report is no larger. */
export const MOST_REPORT_MAIL = 4 << 20;

const TYPES: ReadonlySet<string> = new Set([
  'application/gzip',
  'application/x-gzip',
  'application/zip',
  'application/x-zip-compressed',
  'application/octet-stream',
  'application/xml',
  'text/xml',
  'application/tlsrpt+gzip',
  'application/tlsrpt+json',
]);

/** Undefined when there is none, or none that can be read. Never rejects, whatever the bytes. */
export async function readDomainReport(raw: Buffer): Promise<DomainReport | undefined> {
  if (raw.length > MOST_REPORT_MAIL) return undefined;
  const part = findPart(parseMessage(raw).structure, isReport);
  if (part === undefined) return undefined;
  const content = decodeBody(raw.subarray(part.bodyStart, part.bodyEnd), part.encoding);
  const text = (await unpackReport(content))?.toString('utf8').trimStart();
  if (text === undefined) return undefined;
  return text.startsWith('{') ? readTlsReport(text) : readAggregate(text);
}

function isReport({ type, subtype }: Part): boolean {
  return TYPES.has(`${type}/${subtype}`);
}
