/** `pabal audit`: what those who run the service did, and whether that was changed afterwards. */
import type { Command } from 'commander';
import * as operations from '../../control/operations/audit.ts';
import type { AuditEntry } from '../../directory/audit.ts';
import { MailError } from '../../mail/error.ts';
import { type Cli, type CommonOptions, UsageError, withControl, withJson } from '../cli.ts';
import { formatTime, printJson, printTable, visible } from '../print.ts';

interface Options extends CommonOptions {
  readonly after?: string;
  readonly noted?: string;
}

export function audit(program: Command, cli: Cli): void {
  const group = program
    .command('audit')
    .description('what those who run the service did, each entry sealed with the one before: list, verify');

  withJson(group.command('list').description('the entries, the oldest first'))
    .option('--after <number>', 'only those after this one')
    .action(async (options: Options) => {
      const after = Number(options.after ?? '0');
      if (!Number.isSafeInteger(after) || after < 0) throw new UsageError('--after is the number of an entry');
      const all: AuditEntry[] = [];
      await withControl(cli, options, (control) =>
        control.call(operations.auditList, { after }, { onItem: (one) => void all.push(one) }),
      );
      if (options.json) return printJson(cli, all);
      printTable(
        cli,
        ['', 'time', 'who', 'what', 'about', ''],
        all.map(({ number, at, by, what, about, outcome }) => [
          String(number),
          formatTime(at),
          visible(by),
          what,
          visible(about).slice(0, 100),
          outcome === 'failed' ? 'failed' : '',
        ]),
      );
    });

  withJson(
    group
      .command('verify')
      .description('whether an entry was changed, removed or put in; prints the last one as NUMBER:HASH'),
  )
    .option('--noted <number:hash>', 'an entry as it was printed before, and kept elsewhere')
    .action(async (options: Options) => {
      const { noted } = options;
      const verdict = await withControl(cli, options, (control) =>
        control.call(operations.auditVerify, { ...(noted !== undefined && { noted }) }),
      );
      if (options.json) printJson(cli, verdict);
      const { entries, last, problems } = verdict;
      if (problems.length > 0)
        throw new MailError('damaged', 'bug', `the audit trail was changed: ${problems.join(', ')}`);
      if (!options.json)
        cli.out(`${entries} entries, unchanged${last ? `; the last one is ${last.number}:${last.hash}` : ''}\n`);
    });
}
