/** `pabal restore`: a backup becomes a new data folder, or mail of one account comes back from it. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { type Cli, type CommonOptions, configOf, UsageError, withJson } from '../cli.ts';
import { formatBytes, printJson, Progress, visible } from '../print.ts';
import { restoreMail, type RestoreMailOptions } from './restore-mail.ts';

export function restore(program: Command, cli: Cli): void {
  withJson(
    program
      .command('restore <path>')
      .description('make a data folder from a backup; with --account: bring mail of one account back from it'),
  )
    .option('--account <address>', 'only this one, into the service or data that is there; nothing else is touched')
    .option('--folder <name>', 'only this folder of the account')
    .option('--message <message-id>', 'only what has this Message-ID')
    .option('--into <name>', 'the folder below which it comes (default: Restored, and the time)')
    .addHelpText('after', '\nWithout --account, --data must name a new or empty folder.')
    .action((path: string, { account, ...options }: RestoreOptions) => {
      if (account !== undefined) return restoreMail(cli, resolve(path), account, options);
      if (options.folder !== undefined || options.message !== undefined || options.into !== undefined)
        throw new UsageError('--folder, --message and --into need --account');
      return restoreAll(cli, path, options);
    });
}

interface RestoreOptions extends RestoreMailOptions {
  readonly account?: string;
}

async function restoreAll(cli: Cli, path: string, options: CommonOptions): Promise<void> {
  const { config } = await configOf(cli, options);
  const { restoreSingle } = await import('../../profiles/restore.ts');
  using progress = new Progress(cli, 'restore');
  const report = await restoreSingle(resolve(path), config, (done, of) => progress.show(done, of));
  if (report.missing.length + report.problems.length > 0) cli.exitCode = 1;
  if (options.json) return printJson(cli, report);
  for (const one of report.missing) cli.out(`missing from the backup: ${visible(one)}\n`);
  for (const { account, problem } of report.problems) cli.out(`${visible(account ?? 'store')}: ${visible(problem)}\n`);
  cli.out(
    `restored ${report.accounts} accounts and ${report.blobs} attachments (${formatBytes(report.bytes)}) to ${resolve(config.data)}\n`,
  );
  cli.out(`every message was checked: ${report.problems.length} problems\n`);
}
