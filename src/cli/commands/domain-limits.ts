/** `pabal domain limits`: what a domain may have. */
import type { Command } from 'commander';
import { parseSize } from '../../config/values.ts';
import { domainLimits as limits } from '../../control/operations/offices.ts';
import { type Cli, type CommonOptions, UsageError, withControl, withJson } from '../cli.ts';
import { formatBytes, printJson, printTable } from '../print.ts';

interface LimitOptions extends CommonOptions {
  readonly accounts?: string;
  readonly bytes?: string;
}

export function domainLimits(group: Command, cli: Cli): void {
  withJson(group.command('limits <name>').description('what a domain may have, and has'))
    .option('--accounts <number>', 'so many accounts at most, or none: no limit')
    .option('--bytes <size>', 'room for all accounts together, such as 500GB, or none: no limit')
    .action(async (name: string, options: LimitOptions) => {
      const accounts = wanted(options.accounts, (text) => (/^\d{1,9}$/.test(text) ? Number(text) : undefined));
      const bytes = wanted(options.bytes, parseSize);
      const found = await withControl(cli, options, (control) => control.call(limits, { name, accounts, bytes }));
      if (options.json) return printJson(cli, found);
      const size = (one: number | null): string => (one === null ? 'no limit' : formatBytes(one));
      return printTable(
        cli,
        ['', 'has', 'may have'],
        [
          ['accounts', found.used.accounts, found.accounts ?? 'no limit'],
          ['room', size(found.used.bytes), size(found.bytes)],
        ],
      );
    });
}

/** Undefined: as it is; null: no limit. */
function wanted(text: string | undefined, read: (text: string) => number | undefined): number | null | undefined {
  if (text === undefined) return undefined;
  if (text === 'none') return null;
  const value = read(text);
  if (value === undefined) throw new UsageError(`${JSON.stringify(text)} is neither a limit nor none`);
  return value;
}
