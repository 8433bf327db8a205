/** `pabal module`: extension modules, and what they could not deal with. */
import type { Command } from 'commander';
import * as operations from '../../control/operations/module.ts';
import { MailError } from '../../mail/error.ts';
import type { DeadLetter } from '../../modules/dead-letters.ts';
import { type Cli, common, type CommonOptions, withControl, withJson } from '../cli.ts';
import { formatTime, printJson, printTable } from '../print.ts';

export function module(program: Command, cli: Cli): void {
  const group = program.command('module').description('extension modules: list, dead, redeliver, drop');

  withJson(group.command('list').description('the modules of the running service')).action(
    async (options: CommonOptions) => {
      const modules = await withControl(cli, options, (control) => control.call(operations.moduleList, {}));
      if (modules.length === 0) throw new MailError('busy', 'temporary', 'the service does not run: no module does');
      if (options.json) return printJson(cli, modules);
      printTable(
        cli,
        ['module', 'may', 'hears', 'what it does'],
        modules.map(({ name, scope, events, does }) => [name, scope, events.join(', '), does]),
      );
    },
  );

  withJson(group.command('dead').description('dead letters: what modules could not deal with')).action(
    async (options: CommonOptions) => {
      const letters: DeadLetter[] = [];
      await withControl(cli, options, (control) =>
        control.call(operations.moduleDead, {}, { onItem: (letter) => void letters.push(letter) }),
      );
      if (options.json) return printJson(cli, letters);
      printTable(
        cli,
        ['id', 'since', 'state', 'reason'],
        letters.map(({ id, at, again, reason }) => [
          id,
          formatTime(at),
          again ? 'is redelivered' : 'waits',
          reason.slice(0, 100),
        ]),
      );
    },
  );

  common(
    group
      .command('redeliver <id>')
      .description('deliver a dead letter once more, within a minute of the running service'),
  ).action(async (id: string, options: CommonOptions) => {
    await withControl(cli, options, (control) => control.call(operations.moduleRedeliver, { id }));
    cli.out('It will be delivered once more.\n');
  });

  common(group.command('drop <id>').description('forget a dead letter for ever')).action(
    async (id: string, options: CommonOptions) => {
      await withControl(cli, options, (control) => control.call(operations.moduleDrop, { id }));
      cli.out('Dropped.\n');
    },
  );
}
