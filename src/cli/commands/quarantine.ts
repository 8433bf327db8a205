/** `pabal quarantine`: mail that the checks held back. */
import type { Command } from 'commander';
import * as operations from '../../control/operations/quarantine.ts';
import { type Cli, common, type CommonOptions, withControl, withJson } from '../cli.ts';
import { formatTime, printJson, printTable, visible } from '../print.ts';

export function quarantine(program: Command, cli: Cli): void {
  const group = program
    .command('quarantine')
    .description(
      'mail in which something harmful was found, or that nobody could look into: list, show, release, drop',
    );

  withJson(group.command('list').description('what is held, and why')).action(async (options: CommonOptions) => {
    const mails: operations.HeldMail[] = [];
    await withControl(cli, options, (control) =>
      control.call(operations.quarantineList, {}, { onItem: (mail) => void mails.push(mail) }),
    );
    if (options.json) return printJson(cli, mails);
    printTable(
      cli,
      ['id', 'received', 'from', 'reason'],
      mails.map(({ id, received, sender, reason }) => [id, formatTime(received), `<${sender}>`, reason.slice(0, 100)]),
    );
  });

  withJson(group.command('show <id>').description('who sent it to whom, and its header')).action(
    async (id: string, options: CommonOptions) => {
      const { header, ...facts } = await withControl(cli, options, (control) =>
        control.call(operations.quarantineShow, { id }),
      );
      if (options.json) return printJson(cli, { ...facts, header });
      const { received, sender, recipients, client, reason, attachments, size } = facts;
      printTable(
        cli,
        ['what', ''],
        [
          ['received', formatTime(received)],
          ['by', client ?? 'this service'],
          ['from', `<${sender}>`],
          ['to', recipients.join(', ')],
          ['reason', reason],
          ['size', size],
          ['attachments', attachments.map(visible).join(', ')],
        ],
      );
      for (const line of header.split('\r\n')) cli.out(`${visible(line)}\n`);
    },
  );

  common(
    group
      .command('release <id>')
      .description('deliver it, marked with the keyword $Quarantined; the checks for viruses and spam let it pass'),
  ).action(async (id: string, options: CommonOptions) => {
    await withControl(cli, options, (control) => control.call(operations.quarantineRelease, { id }));
    cli.out('It is delivered now.\n');
  });

  common(group.command('drop <id>').description('forget it for ever')).action(
    async (id: string, options: CommonOptions) => {
      await withControl(cli, options, (control) => control.call(operations.quarantineDrop, { id }));
      cli.out('Dropped.\n');
    },
  );
}
