/** Makes the reports about one domain and day: DMARC (RFC 9990) and TLS (RFC 8460), and the mails that carry them. */
import { hash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { type AggregateRecord, aggregateXml } from '../../mail/reports/write-aggregate.ts';
import { reportMail } from '../../mail/reports/report-mail.ts';
import { type TlsPolicyFacts, tlsReportJson } from '../../mail/reports/write-tls.ts';
import { DAY_MS } from './daily-counts.ts';
import type { ReportSummary } from './history.ts';

export interface Reporter {
  readonly organization: string;
  /** Address in the name of which reports are sent, and its domain. */
  readonly from: string;
  readonly domain: string;
  readonly version: string;
}

/** What a report is about. */
export interface Period {
  readonly domain: string;
  /** Days since 1970. */
  readonly day: number;
  /** When it is made; milliseconds since 1970. */
  readonly now: number;
}

export interface MadeReport {
  readonly reportId: string;
  /** Packed. */
  readonly content: Buffer;
  readonly summary: Omit<ReportSummary, 'parties'>;
  /** The whole mail to one receiver. */
  mailTo(address: string): Buffer;
}

const pack = promisify(gzip);
/** Records that are put together before others have a turn. */
const RECORDS_A_TURN = 500;

export async function dmarcReport(
  reporter: Reporter,
  period: Period,
  tags: ReadonlyMap<string, string>,
  records: readonly AggregateRecord[],
): Promise<MadeReport> {
  const { domain, now } = period;
  const { begin, end, reportId, unique } = named('dmarc', reporter, period);
  const { organization, from: contact, version } = reporter;
  const facts = { organization, contact, reportId, begin, end, policyDomain: domain, tags, records };
  let xml = '';
  let pieces = 0;
  for (const piece of aggregateXml({ ...facts, generator: `Pabal ${version}` })) {
    xml += piece;
    if (++pieces % RECORDS_A_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const content = await pack(xml);
  const failed = records.filter(({ dkimAligned, spfAligned }) => !dkimAligned && !spfAligned);
  return {
    reportId,
    content,
    summary: {
      ...summaryOf('dmarc', reporter, period),
      total: sum(records, ({ count }) => count),
      failed: sum(failed, ({ count }) => count),
      parts: bySource(records),
    },
    mailTo: (to) =>
      reportMail({
        organization,
        from: contact,
        to,
        subject: `Report Domain: ${domain} Submitter: ${reporter.domain} Report-ID: <${reportId}>`,
        date: now,
        messageId: messageIdOf(reportId, to),
        fields: [],
        multipart: 'mixed',
        text: `This is a DMARC aggregate report about ${domain} from ${reporter.domain}.`,
        filename: `${reporter.domain}!${domain}!${begin}!${end}!${unique}.xml.gz`,
        type: 'application/gzip',
        content,
      }),
  };
}

export async function tlsReport(
  reporter: Reporter,
  period: Period,
  policies: readonly TlsPolicyFacts[],
): Promise<MadeReport> {
  const { domain, now } = period;
  const { begin, end, reportId, unique } = named('tls', reporter, period);
  const { organization, from: contact } = reporter;
  const content = await pack(tlsReportJson({ organization, contact, reportId, begin, end, domain, policies }));
  const failures = policies.flatMap((policy) => policy.failures);
  const failed = sum(failures, ({ sessions }) => sessions);
  return {
    reportId,
    content,
    summary: {
      ...summaryOf('tls', reporter, period),
      total: failed + sum(policies, ({ succeeded }) => succeeded),
      failed,
      parts: byName(failures.map(({ result, sessions }) => ({ name: result, total: sessions, failed: sessions }))),
    },
    mailTo: (to) =>
      reportMail({
        organization,
        from: contact,
        to,
        subject: `Report Domain: ${domain} Submitter: ${reporter.domain} Report-ID: <${reportId}>`,
        date: now,
        messageId: messageIdOf(reportId, to),
        // Failing TLS must not keep back what is said about it (RFC 8460 §3, RFC 8689 §5).
        fields: [`TLS-Report-Domain: ${domain}`, `TLS-Report-Submitter: ${reporter.domain}`, 'TLS-Required: No'],
        multipart: 'report; report-type="tlsrpt"',
        text: `This is an aggregate report about TLS with the mail servers of ${domain} from ${reporter.domain}.`,
        filename: `${reporter.domain}!${domain}!${begin}!${end}!${unique}.json.gz`,
        type: 'application/tlsrpt+gzip',
        content,
      }),
  };
}

/** Parts of a summary, those of one name together, most first. */
export function byName(parts: ReportSummary['parts']): ReportSummary['parts'] {
  const found = new Map<string, { name: string; total: number; failed: number }>();
  for (const { name, total, failed } of parts) {
    const known = found.get(name) ?? { name, total: 0, failed: 0 };
    found.set(name, { name, total: known.total + total, failed: known.failed + failed });
  }
  return [...found.values()].sort((a, b) => b.total - a.total);
}

function bySource(records: readonly AggregateRecord[]): ReportSummary['parts'] {
  return byName(
    records.map(({ sourceIp, count, dkimAligned, spfAligned }) => ({
      name: sourceIp,
      total: count,
      failed: dkimAligned || spfAligned ? 0 : count,
    })),
  );
}

function summaryOf(kind: ReportSummary['kind'], reporter: Reporter, period: Period) {
  const { begin, end, reportId } = named(kind, reporter, period);
  return {
    direction: 'sent' as const,
    kind,
    domain: period.domain,
    begin: begin * 1000,
    end: end * 1000,
    reportId,
    organization: reporter.organization,
    at: period.now,
  };
}

/** The same for the same report, so that one that is sent again is known. Seconds since 1970. */
function named(kind: string, { domain: by }: Reporter, { domain, day, now }: Period) {
  const begin = (day * DAY_MS) / 1000;
  // Of a day that is not over: as far as it went.
  const end = Math.min(begin + DAY_MS / 1000 - 1, Math.floor(now / 1000));
  const unique = hash('sha256', JSON.stringify([kind, by, domain, begin, end]), 'hex').slice(0, 16);
  return { begin, end, unique, reportId: `${begin}.${unique}@${by}` };
}

function messageIdOf(reportId: string, to: string): string {
  const at = reportId.lastIndexOf('@');
  return `<${reportId.slice(0, at)}.${hash('sha256', to, 'hex').slice(0, 8)}${reportId.slice(at)}>`;
}

function sum<T>(all: readonly T[], of: (one: T) => number): number {
  return all.reduce((total, one) => total + of(one), 0);
}
