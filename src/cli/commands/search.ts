/** `pabal search`: the indexes that searching uses. */
import type { Command } from 'commander';
import * as operations from '../../control/operations/search.ts';
import { type Cli, type CommonOptions, withControl, withJson } from '../cli.ts';
import { formatBytes, printJson, printTable } from '../print.ts';

export function search(program: Command, cli: Cli): void {
  const group = program.command('search').description('search indexes: rebuild');
  withJson(
    group.command('rebuild [address]').description('make the index of an account, or of all, anew from the mail'),
  ).action(async (address: string | undefined, options: CommonOptions) => {
    const all: operations.Rebuilt[] = [];
    await withControl(cli, options, (control) =>
      control.call(operations.searchRebuild, { address }, { onItem: (one) => void all.push(one) }),
    );
    if (options.json) return printJson(cli, all);
    printTable(
      cli,
      ['account', 'messages', 'skipped', 'segments', 'size'],
      all.map(({ account, messages, skipped, segments, bytes }) => [
        account,
        messages,
        skipped,
        segments,
        formatBytes(bytes),
      ]),
    );
  });
}
