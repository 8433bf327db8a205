/** `pabal intake`: what happens to arriving mail. */
import type { Command } from 'commander';
import * as operations from '../../control/operations/intake.ts';
import { MailError } from '../../mail/error.ts';
import { type Cli, type CommonOptions, withControl, withJson } from '../cli.ts';
import { printJson, printTable } from '../print.ts';

const FAILURES = { accept: 'mail goes on', retry: 'tried again', 'error-queue': 'error queue' } as const;

export function intake(program: Command, cli: Cli): void {
  const group = program.command('intake').description('arriving mail: stages');
  withJson(
    group.command('stages').description('the stages that arriving mail goes through in the running service, in order'),
  ).action(async (options: CommonOptions) => {
    const stages = await withControl(cli, options, (control) => control.call(operations.intakeStages, {}));
    if (stages.length === 0) throw new MailError('busy', 'temporary', 'the service does not run: no mail can arrive');
    if (options.json) return printJson(cli, stages);
    printTable(
      cli,
      ['stage', 'when', 'needs', 'if it fails', 'what it does'],
      stages.map(({ name, when, needs, onFailure, does }) => [
        name,
        when.join(', '),
        needs.join(', '),
        FAILURES[onFailure],
        does,
      ]),
    );
  });
}
