/** `pabal migrate`: everything moves from one configuration to another. */
import type { Command } from 'commander';
import { loadConfig } from '../../config/load.ts';
import { type Cli, type CommonOptions, configOf, UsageError, withJson } from '../cli.ts';
import { formatBytes, printJson, Progress, visible } from '../print.ts';

interface MigrateOptions extends CommonOptions {
  readonly toConfig?: string;
  readonly toData?: string;
  readonly toSet: readonly string[];
  readonly reopen?: boolean;
}

export function migrate(program: Command, cli: Cli): void {
  withJson(
    program
      .command('migrate')
      .description('move all mail, accounts and queues to another data folder, to PostgreSQL and S3, or back'),
  )
    .option(
      '--to-config <file>',
      'configuration of the place to move to (default: only what --to-data and --to-set say)',
    )
    .option('--to-data <dir>', 'data folder of the place to move to')
    .option(
      '--to-set <key=value>',
      'sets a key of its configuration; may be repeated',
      (one: string, all: string[]) => [...all, one],
      [],
    )
    .option('--reopen', 'serve mail from where it left: what came to the other place since is not in it')
    .addHelpText(
      'after',
      '\nStop the service first, at both places. PABAL_ variables count for where the mail is, not for where it goes.\n' +
        'When it is interrupted, run it again: it goes on where it was.',
    )
    .action((options: MigrateOptions) => (options.reopen ? reopen(cli, options) : move(cli, options)));
}

async function move(cli: Cli, options: MigrateOptions): Promise<void> {
  const { toConfig, toData, toSet } = options;
  if (toConfig === undefined && toData === undefined && toSet.length === 0)
    throw new UsageError('where to? Name it with --to-config, --to-data or --to-set');
  const { config: from } = await configOf(cli, options);
  const set = [...toSet, ...(toData === undefined ? [] : [`data=${toData}`])];
  // Without a file of its own the other place has none: not the one that happens to lie in the working folder.
  const { config: to } = await loadConfig({ file: toConfig ?? null, set });
  const { migrate: run } = await import('../../profiles/migration/migrate.ts');
  const bars = new Map<string, Progress>();
  const report = await run(from, to, (step, done) => {
    const bar = bars.get(step) ?? new Progress(cli, step);
    bars.set(step, bar);
    bar.show(done, 0);
  });
  for (const bar of bars.values()) bar[Symbol.dispose]();
  if (report.missing.length + report.problems.length > 0) cli.exitCode = 1;
  if (options.json) return printJson(cli, report);
  for (const one of report.missing) cli.out(`missing: ${visible(one)}\n`);
  for (const { account, problem } of report.problems) cli.out(`${visible(account ?? 'store')}: ${visible(problem)}\n`);
  const { accounts, rows, bytes, attachments } = report;
  cli.out(`moved ${accounts} accounts: ${rows} rows (${formatBytes(bytes)}) and ${attachments} attachments\n`);
  cli.out(`every row was compared and every message checked: ${report.problems.length} problems\n`);
}

async function reopen(cli: Cli, options: MigrateOptions): Promise<void> {
  const { config } = await configOf(cli, options);
  const { reopen: run } = await import('../../profiles/migration/migrate.ts');
  await run(config);
  cli.out('this mail is served from here again\n');
}
