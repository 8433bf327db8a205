/** `pabal account export-data`: what a person may ask for. */
import type { Command } from 'commander';
import * as operations from '../../control/operations/person.ts';
import { writeArchive } from '../archive-file.ts';
import { type Cli, type CommonOptions, withControl, withJson } from '../cli.ts';
import { formatBytes, printJson, visible } from '../print.ts';

export function accountPerson(group: Command, cli: Cli): void {
  withJson(
    group
      .command('export-data <address> <file>')
      .description('everything that is kept about a person, as a zip file: mail, settings, contacts, sign-ins'),
  ).action(async (address: string, path: string, options: CommonOptions) => {
    const { bytes } = await withControl(cli, options, (control) =>
      writeArchive(path, (onItem) => control.call(operations.accountData, { address }, { onItem })),
    );
    if (options.json) return printJson(cli, { bytes });
    return cli.out(`${formatBytes(bytes)} about ${visible(address)} written to ${visible(path)}\n`);
  });
}
