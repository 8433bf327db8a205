/** `pabal reports`: reports to other domains, and those that came. */
import type { Command } from 'commander';
import { reportsList, reportsSend, reportsWaiting, type ReportSummary } from '../../control/operations/reports.ts';
import { type Cli, type CommonOptions, UsageError, withControl, withJson } from '../cli.ts';
import { printJson, printTable } from '../print.ts';

type DaysOption = CommonOptions & { readonly days: string };

export function reports(program: Command, cli: Cli): void {
  const group = program
    .command('reports')
    .description('reports about mail and TLS of domains (DMARC, TLS-RPT): list, waiting, send');

  withJson(group.command('list').description('those that were sent, and those that came'))
    .option('--days <n>', 'of so many days', '30')
    .action(async (options: DaysOption) => {
      const rows = await withControl(cli, options, (control) => control.call(reportsList, { days: daysIn(options) }));
      if (options.json) return printJson(cli, rows);
      printTable(
        cli,
        ['day', 'domain', 'kind', '', 'who', 'total', 'failed'],
        rows.map((row) => [dayText(row.begin), row.domain, row.kind, row.direction, whoOf(row), row.total, row.failed]),
      );
    });

  withJson(group.command('waiting').description('what was counted and is not sent yet')).action(
    async (options: CommonOptions) => {
      const rows = await withControl(cli, options, (control) => control.call(reportsWaiting, {}));
      if (options.json) return printJson(cli, rows);
      if (rows === null) cli.out('no service runs here that sends reports (reports.organization)\n');
      else
        printTable(
          cli,
          ['day', 'domain', 'kind', 'counted'],
          rows.map(({ day, domain, kind, count }) => [dayText(day * 86_400_000), domain, kind, count]),
        );
    },
  );

  withJson(group.command('send').description('sends those of all days that are over, now'))
    .option('--today', 'and what there is of today, to see whether it works')
    .action(async (options: CommonOptions & { readonly today?: boolean }) => {
      const done = await withControl(cli, options, (control) =>
        control.call(reportsSend, { today: options.today === true }),
      );
      if (options.json) return printJson(cli, done);
      cli.out(`${done.sent} sent, ${done.unwanted} that nobody asks for, ${done.postponed} tried again later\n`);
    });
}

/** `pabal domain reports`: of one domain, what others say. */
export function domainReports(group: Command, cli: Cli): void {
  withJson(group.command('reports <name>').description('what other servers report about mail and TLS of a domain'))
    .option('--days <n>', 'of so many days', '30')
    .action(async (domain: string, options: DaysOption) => {
      const days = daysIn(options);
      const all = await withControl(cli, options, (control) => control.call(reportsList, { domain, days }));
      const rows = all.filter(({ direction }) => direction === 'received');
      if (options.json) return printJson(cli, rows);
      if (rows.length === 0) cli.out(`nobody has reported about ${domain} in ${days} days\n`);
      const dmarc = rows.filter(({ kind }) => kind === 'dmarc');
      const tls = rows.filter(({ kind }) => kind === 'tls');
      if (dmarc.length > 0) {
        printTable(cli, ['who reports', 'mails', 'passed'], byReporter(dmarc).map(shareOf));
        printTable(cli, ['source', 'mails', 'passed'], summed(dmarc.flatMap(({ parts }) => parts)).map(shareOf));
      }
      if (tls.length > 0) {
        printTable(cli, ['who reports', 'TLS sessions', 'good'], byReporter(tls).map(shareOf));
        const failures = summed(tls.flatMap(({ parts }) => parts));
        if (failures.length > 0)
          printTable(
            cli,
            ['what failed', 'sessions'],
            failures.map(({ name, total }) => [name, total]),
          ); // prettier-ignore
      }
    });
}

type Part = ReportSummary['parts'][number];

function byReporter(rows: readonly ReportSummary[]): readonly Part[] {
  return summed(rows.map((row) => ({ name: whoOf(row), total: row.total, failed: row.failed })));
}

/** Those of one name together, most first. */
function summed(parts: readonly Part[]): readonly Part[] {
  return [...Map.groupBy(parts, ({ name }) => name)]
    .map(([name, some]) => ({
      name,
      total: some.reduce((sum, { total }) => sum + total, 0),
      failed: some.reduce((sum, { failed }) => sum + failed, 0),
    }))
    .sort((a, b) => b.total - a.total);
}

function shareOf({ name, total, failed }: Part): [string, number, string] {
  return [name, total, total === 0 ? '' : `${Math.floor((1000 * (total - failed)) / total) / 10} %`];
}

function whoOf({ direction, organization, parties }: ReportSummary): string {
  return direction === 'sent' ? parties.join(', ') : `${organization} (${parties.join(', ')})`;
}

function dayText(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

function daysIn({ days }: DaysOption): number {
  const number = Number(days);
  if (!Number.isInteger(number) || number < 1 || number > 90) throw new UsageError('--days: a number from 1 to 90');
  return number;
}
