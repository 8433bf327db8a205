/** `pabal restore`: a backup becomes a new data folder. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { type Cli, type CommonOptions, configOf, withJson } from '../cli.ts';
import { formatBytes, printJson, Progress, visible } from '../print.ts';

export function restore(program: Command, cli: Cli): void {
  withJson(
    program
      .command('restore <path>')
      .description('make a data folder from a backup; --data must name a new or empty folder'),
  ).action(async (path: string, options: CommonOptions) => {
    const { config } = await configOf(cli, options);
    const { restoreSingle } = await import('../../profiles/restore.ts');
    using progress = new Progress(cli, 'restore');
    const report = await restoreSingle(resolve(path), config, (done, of) => progress.show(done, of));
    if (report.missing.length + report.problems.length > 0) cli.exitCode = 1;
    if (options.json) return printJson(cli, report);
    for (const one of report.missing) cli.out(`missing from the backup: ${visible(one)}\n`);
    for (const { account, problem } of report.problems)
      cli.out(`${visible(account ?? 'store')}: ${visible(problem)}\n`);
    cli.out(
      `restored ${report.accounts} accounts and ${report.blobs} attachments (${formatBytes(report.bytes)}) to ${resolve(config.data)}\n`,
    );
    cli.out(`every message was checked: ${report.problems.length} problems\n`);
  });
}
