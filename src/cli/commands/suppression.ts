/** `pabal suppression`: addresses to which nothing is sent any more. */
import type { Command } from 'commander';
import * as operations from '../../control/operations/suppression.ts';
import { MailError } from '../../mail/error.ts';
import { type Cli, common, type CommonOptions, UsageError, withControl, withJson } from '../cli.ts';
import { formatTime, printJson, printTable, visible } from '../print.ts';

interface Options extends CommonOptions {
  readonly account?: string;
  readonly days?: string;
  readonly note?: string;
}

type Listed = Parameters<Parameters<typeof operations.suppressionList.run>[2]['item']>[0];

export function suppression(program: Command, cli: Cli): void {
  const group = program
    .command('suppression')
    .description('addresses to which nothing is sent, because mail bounced or was called spam: list, add, remove');
  const account = ['--account <address>', "an account's own list instead of the one for everybody here"] as const;

  withJson(group.command('list').description('the addresses, why, and how long'))
    .option(...account)
    .action(async (options: Options) => {
      const all: Listed[] = [];
      await withControl(cli, options, (control) =>
        control.call(operations.suppressionList, scope(options), { onItem: (one) => void all.push(one) }),
      );
      if (options.json) return printJson(cli, all);
      printTable(
        cli,
        ['address', 'reason', 'since', 'until', 'detail'],
        all.map(({ address, reason, since, expires, detail }) => [
          address,
          reason,
          formatTime(since),
          expires === undefined ? '' : formatTime(expires),
          detail.slice(0, 80),
        ]),
      );
    });

  common(group.command('add <address>').description('send nothing more there'))
    .option(...account)
    .option('--days <number>', 'how long; for ever when absent')
    .option('--note <text>', 'why')
    .action(async (address: string, options: Options) => {
      const { note } = options;
      const days = options.days === undefined ? undefined : Number(options.days);
      if (days !== undefined && !(Number.isInteger(days) && days >= 1 && days <= 3650))
        throw new UsageError('--days: a whole number from 1 to 3650');
      const args = {
        ...scope(options),
        address,
        ...(days !== undefined && { days }),
        ...(note !== undefined && { detail: note }),
      };
      const added = await withControl(cli, options, (control) => control.call(operations.suppressionAdd, args));
      cli.out(`nothing more goes to ${visible(added.address)}\n`);
    });

  common(group.command('remove <address>').description('send there again'))
    .option(...account)
    .action(async (address: string, options: Options) => {
      const args = { ...scope(options), address };
      const { removed } = await withControl(cli, options, (control) =>
        control.call(operations.suppressionRemove, args),
      );
      if (!removed) throw new MailError('not-allowed', 'user', `${visible(address)} is not on the list`);
      cli.out(`mail to ${visible(address)} goes out again\n`);
    });
}

function scope({ account }: Options): { account?: string } {
  return account === undefined ? {} : { account };
}
