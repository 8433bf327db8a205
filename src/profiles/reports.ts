/** Reports to other domains, as the configuration has them. */
import type { Config } from '../config/schema.ts';
import { DailyCounts } from '../delivery/reports/daily-counts.ts';
import { dmarcResults } from '../delivery/reports/dmarc-results.ts';
import { DailyReports, type DailyReportsParts } from '../delivery/reports/reporter.ts';
import { tlsResults } from '../delivery/reports/tls-results.ts';
import type { TlsResult } from '../delivery/smtp-transfer.ts';
import type { KeptRowsParts } from '../delivery/kept-rows.ts';
import type { CheckedOrigin } from '../intake/authentication/check.ts';
import { checkedUrl, post } from '../modules/post.ts';
import { partition } from '../ports/kv.ts';
import { VERSION } from '../version.ts';

/** What is counted; disposing writes it. */
export interface ReportCounts extends AsyncDisposable {
  readonly counts: DailyReportsParts['counts'];
  readonly evaluated: ((checked: CheckedOrigin) => void) | undefined;
  readonly onTls: ((result: TlsResult) => void) | undefined;
}

/** Nothing is counted where nothing is sent. */
export function openReportCounts({ reports }: Config, remote: boolean, parts: KeptRowsParts): ReportCounts {
  const wanted = remote && reports.organization !== '';
  const open = (name: string): DailyCounts => new DailyCounts(parts, partition('c', name));
  const dmarc = wanted && reports.dmarc ? open('dmarc-results') : undefined;
  const tls = wanted && reports.tls ? open('tls-results') : undefined;
  return {
    counts: { ...(dmarc && { dmarc }), ...(tls && { tls }) },
    evaluated: dmarc && dmarcResults(dmarc),
    onTls: tls && tlsResults(tls),
    async [Symbol.asyncDispose]() {
      await dmarc?.[Symbol.asyncDispose]();
      await tls?.[Symbol.asyncDispose]();
    },
  };
}

/** Undefined when none are to be sent. */
export function openDailyReports(
  { reports, hostname }: Config,
  parts: Omit<DailyReportsParts, 'post' | 'organization' | 'from' | 'hostname' | 'version'>,
): DailyReports | undefined {
  const { dmarc, tls } = parts.counts;
  if (dmarc === undefined && tls === undefined) return undefined;
  // Whoever publishes a record names the URL: it is no way into a private network.
  const options = { resolver: parts.resolver, privateAddresses: false };
  const { organization, from } = reports;
  return new DailyReports({
    ...parts,
    post: async (url, body, headers, signal) => post(checkedUrl(url, options), body, headers, options, signal),
    organization,
    from,
    hostname,
    version: VERSION,
  });
}
