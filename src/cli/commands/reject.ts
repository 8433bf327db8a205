/** `pabal reject`: whose mail nobody gets, or nobody in a domain. */
import { type Command, Option } from 'commander';
import * as operations from '../../control/operations/reject.ts';
import type { Operation } from '../../control/operation.ts';
import { REJECT_ACTIONS, type RejectAction, type RejectEntry } from '../../mail/reject-list.ts';
import { type Cli, type CommonOptions, withControl, withJson } from '../cli.ts';
import { printJson, printTable } from '../print.ts';

interface RejectOptions extends CommonOptions {
  readonly domain?: string;
  readonly action?: RejectAction;
}

export function reject(program: Command, cli: Cli): void {
  const group = program
    .command('reject')
    .description('senders whose mail nobody gets: list, add, remove; owners have lists of their own');
  const add = (command: Command): Command =>
    withJson(command).option('--domain <domain>', 'for this domain (default: for all)');

  async function show<Args>(
    options: RejectOptions,
    operation: Operation<Args, never, readonly RejectEntry[]>,
    args: Args,
  ): Promise<void> {
    const entries = await withControl(cli, options, (control) => control.call(operation, args));
    if (options.json) return printJson(cli, entries);
    printTable(
      cli,
      ['sender', 'action'],
      entries.map(({ sender, action }) => [sender, action]),
    );
  }

  add(group.command('list').description('the senders, and what is done with their mail')).action(
    (options: RejectOptions) => show(options, operations.rejectList, { domain: options.domain ?? '' }),
  );
  add(group.command('add <sender>').description('an address, a domain, or a pattern with * and ?'))
    .addOption(
      new Option('--action <action>', 'refuse: the sender is told; junk: put aside; discard: dropped without a word')
        .choices(REJECT_ACTIONS)
        .default('refuse'),
    )
    .action((sender: string, { domain = '', action = 'refuse', ...options }: RejectOptions) =>
      show(options, operations.rejectAdd, { domain, sender, action }),
    );
  add(group.command('remove <sender>').description('as it is in the list')).action(
    (sender: string, options: RejectOptions) =>
      show(options, operations.rejectRemove, { domain: options.domain ?? '', sender }),
  );
}
