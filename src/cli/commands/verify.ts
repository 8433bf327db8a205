/** `pabal verify`: is everything in the store as it must be? */
import type { Command } from 'commander';
import * as operations from '../../control/operations/store.ts';
import { type Cli, type CommonOptions, withControl, withJson } from '../cli.ts';
import { formatBytes, printJson, Progress, visible } from '../print.ts';

export function verify(program: Command, cli: Cli): void {
  withJson(
    program
      .command('verify [address]')
      .description('check every invariant of the store, or of one account; exit code 1 when something is wrong'),
  )
    .option(
      '--repair',
      'put right what follows from other rows, tell what is left, and collect what nothing names any more',
    )
    .action(async (address: string | undefined, options: CommonOptions & { repair?: boolean }) => {
      const problems: operations.Problem[] = [];
      const { result, freed } = await withControl(cli, options, async (control) => {
        using progress = new Progress(cli, 'problems');
        const checked = await control.call(
          operations.verify,
          { address, repair: options.repair },
          {
            onItem: (problem) => {
              problems.push(problem);
              progress.show(problems.length, 0);
            },
          },
        );
        return { result: checked, freed: options.repair ? await control.call(operations.sweep, {}) : undefined };
      });
      if (result.problems > 0) cli.exitCode = 1;
      if (options.json) return printJson(cli, { ...result, found: problems, ...(freed && { freed }) });
      for (const { account, problem, repaired } of problems)
        cli.out(`${visible(account ?? 'store')}: ${repaired ? 'repaired: ' : ''}${visible(problem)}\n`);
      const repaired = options.repair ? `, ${result.repaired} repaired` : '';
      cli.out(`${result.accounts} accounts checked, ${result.problems} problems${repaired}\n`);
      if (freed)
        cli.out(
          `collected ${freed.blobs} blobs (${formatBytes(freed.bytes)}) and ${freed.staged} unfinished messages\n`,
        );
    });
}
