/**
 * Notes what others report about our domains (DMARC, TLS-RPT), so that their postmaster sees it at a glance. The mail itself is filed as any other. Believed is
 * what somebody signed whose domain stands behind it (DMARC), about a domain of ours, and sent to who answers for it.
 */
import { isRole } from '../../directory/postmaster.ts';
import type { Directory } from '../../directory/api.ts';
import type { Stage } from '../../intake/pipeline.ts';
import { MOST_REPORT_MAIL, readDomainReport, type DomainReport } from '../../mail/reports/read.ts';
import type { Clock } from '../../ports/clock.ts';
import { type ReportHistory, type ReportSummary } from './history.ts';
import { byName } from './make.ts';

export interface DomainReportParts {
  readonly directory: Pick<Directory, 'account' | 'isLocal'>;
  readonly reports: Pick<ReportHistory, 'add'>;
  readonly clock: Clock;
}

export function domainReports({ directory, reports, clock }: DomainReportParts): Stage {
  return {
    name: 'domain-reports',
    does: 'notes what other servers report about mail and TLS of our domains (DMARC, TLS-RPT)',
    needs: ['body', 'account', 'authentication'],
    onFailure: 'accept',
    applies: ({ mail, recipient, findings }) =>
      recipient.own === undefined && findings.junk === undefined && mail.authentication?.dmarc.result === 'pass',
    async deliver(delivery) {
      const { mail, recipient, account } = delivery;
      const { details, body } = await delivery.content();
      if (details.size > MOST_REPORT_MAIL || !(await answers(recipient.address, account.id, directory))) return false;
      const report = await readDomainReport(Buffer.from(await body.bytes(0, body.size)));
      if (report === undefined) return false;
      for (const summary of summaries(report, mail.authentication?.dmarc.domain ?? '', clock.now()))
        if (await directory.isLocal(summary.domain)) await reports.add(summary);
      return false;
    },
  };
}

/** An administrator, or somebody who is the postmaster. */
async function answers(address: string, account: string, directory: Pick<Directory, 'account'>): Promise<boolean> {
  const local = address.slice(0, address.lastIndexOf('@')).split('+')[0] ?? '';
  return isRole(local.toLowerCase()) || (await directory.account(account))?.admin === true;
}

/** One for each domain that it is about. */
export function summaries(report: DomainReport, by: string, at: number): readonly ReportSummary[] {
  const { organization, reportId, begin, end } = report;
  const common = { direction: 'received' as const, organization, reportId, begin, end, at, parties: [by] };
  if (report.kind === 'dmarc') {
    const parts = report.rows.map(({ sourceIp, count, dkim, spf }) => ({
      name: sourceIp,
      total: count,
      failed: dkim === 'pass' || spf === 'pass' ? 0 : count,
    }));
    const { domain, messages: total, failed } = report;
    return [{ ...common, kind: 'dmarc', domain, total, failed, parts: byName(parts) }];
  }
  return [...Map.groupBy(report.policies, ({ domain }) => domain.toLowerCase())].map(([domain, policies]) => {
    const failed = policies.reduce((sum, one) => sum + one.failed, 0);
    const parts = policies.flatMap(({ failures }) =>
      failures.map(({ result, sessions }) => ({ name: result, total: sessions, failed: sessions })),
    );
    const total = failed + policies.reduce((sum, one) => sum + one.succeeded, 0);
    return { ...common, kind: 'tls', domain, total, failed, parts: byName(parts) };
  });
}
