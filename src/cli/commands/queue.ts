/** `pabal queue`: mail that waits, and mail that failed. */
import { Argument, type Command } from 'commander';
import * as operations from '../../control/operations/queue.ts';
import { MailError } from '../../mail/error.ts';
import { QUEUE_NAMES, type QueueEntry, type QueueName } from '../../ports/queue.ts';
import { type Cli, common, type CommonOptions, withControl, withJson } from '../cli.ts';
import { formatTime, printJson, printTable, visible } from '../print.ts';

export function queue(program: Command, cli: Cli): void {
  const group = program.command('queue').description('queues: list, show, retry, hold, release, drop');

  withJson(group.command('list').description('how much waits in each queue, or the entries of one'))
    .addArgument(new Argument('[queue]', 'which one').choices(QUEUE_NAMES))
    .action(async (name: QueueName | undefined, options: CommonOptions) => {
      if (name === undefined) return listCounts(cli, options);
      const entries: QueueEntry[] = [];
      await withControl(cli, options, (control) =>
        control.call(operations.queueList, { queue: name }, { onItem: (entry) => void entries.push(entry) }),
      );
      if (options.json) return printJson(cli, entries);
      printTable(
        cli,
        ['id', 'since', 'due', 'tries', 'state', 'reason'],
        entries.map((entry) => [
          entry.id,
          formatTime(entry.created),
          formatTime(entry.due),
          entry.attempts,
          entry.held ? 'held' : 'waiting',
          (entry.reason ?? '').slice(0, 100),
        ]),
      );
    });

  withJson(group.command('show <id>').description('everything about an entry')).action(
    async (id: string, options: CommonOptions) => {
      const entry = await withControl(cli, options, (control) => control.call(operations.queueShow, { id }));
      if (entry === null) throw new MailError('message-missing', 'user', `there is no entry ${visible(id)}`);
      printJson(cli, entry);
    },
  );

  const change = (word: string, done: string, operation: typeof operations.queueHold, about: string): void => {
    common(group.command(`${word} <ids...>`).description(about)).action(
      async (ids: string[], options: CommonOptions) => {
        const { changed } = await withControl(cli, options, (control) => control.call(operation, { ids }));
        cli.out(`${changed} of ${ids.length} ${done}\n`);
        if (changed < ids.length) cli.exitCode = 1;
      },
    );
  };
  change('retry', 'will be tried now', operations.queueRetry, 'try again now, also from the error queue');
  change('hold', 'held', operations.queueHold, 'leave alone until released');
  change('release', 'released', operations.queueRelease, 'end a hold');
  change('drop', 'dropped', operations.queueDrop, 'forget for ever');
}

async function listCounts(cli: Cli, options: CommonOptions): Promise<void> {
  const counts = await withControl(cli, options, (control) => control.call(operations.queueCounts, {}));
  if (options.json) return printJson(cli, counts);
  printTable(
    cli,
    ['queue', 'waiting', 'due', 'held', 'oldest'],
    QUEUE_NAMES.map((name) => {
      const { waiting, due, held, oldest } = counts[name];
      return [name, waiting, due, held, oldest === undefined ? '' : formatTime(oldest)];
    }),
  );
}
