/** `pabal hold`: accounts of which nothing may go (legal hold). */
import type { Command } from 'commander';
import * as operations from '../../control/operations/legal-hold.ts';
import { writeArchive } from '../archive-file.ts';
import { type Cli, common, type CommonOptions, UsageError, withControl, withJson } from '../cli.ts';
import { formatBytes, formatTime, printJson, printTable, visible } from '../print.ts';

interface AddOptions extends CommonOptions {
  readonly reason: string;
  readonly until?: string;
}

export function hold(program: Command, cli: Cli): void {
  const group = program
    .command('hold')
    .description('accounts of which nothing may go (legal hold), whatever their owners remove: add, list, end, export');

  withJson(
    group
      .command('add <address>')
      .description('keep all that is removed from an account; its owner sees nothing of it'),
  )
    .requiredOption('--reason <text>', 'why, for instance the number of a case')
    .option('--until <time>', 'it ends by itself then (2027-01-31, or with a time of day)')
    .action(async (address: string, options: AddOptions) => {
      const { reason } = options;
      const until = options.until === undefined ? undefined : Date.parse(options.until);
      if (until !== undefined && Number.isNaN(until))
        throw new UsageError(`${JSON.stringify(options.until)} is no point in time`);
      const added = await withControl(cli, options, (control) =>
        control.call(operations.holdAdd, { address, reason, until }),
      );
      if (options.json) return printJson(cli, added);
      return cli.out(`nothing of ${visible(added.address)} goes any more; hold ${added.id}\n`);
    });

  withJson(group.command('list').description('the holds that last')).action(async (options: CommonOptions) => {
    const all = await withControl(cli, options, (control) => control.call(operations.holdList, {}));
    if (options.json) return printJson(cli, all);
    return printTable(
      cli,
      ['id', 'account', 'since', 'until', 'by', 'reason'],
      all.map(({ id, address, removed, since, until, by, reason }) => [
        id,
        `${visible(address)}${removed ? ' (removed)' : ''}`,
        formatTime(since),
        until === undefined ? '' : formatTime(until),
        visible(by),
        visible(reason),
      ]),
    );
  });

  common(group.command('end <id>').description('let what was removed go; what is still there stays')).action(
    async (id: string, options: CommonOptions) => {
      await withControl(cli, options, (control) => control.call(operations.holdEnd, { id }));
      cli.out('the hold has ended\n');
    },
  );

  withJson(group.command('export <id> <file>').description('what was removed while it lasted, as a zip file')).action(
    async (id: string, path: string, options: CommonOptions) => {
      const { bytes } = await withControl(cli, options, (control) =>
        writeArchive(path, (onItem) => control.call(operations.holdArchive, { id }, { onItem })),
      );
      if (options.json) return printJson(cli, { bytes });
      return cli.out(`${formatBytes(bytes)} written to ${visible(path)}\n`);
    },
  );
}
