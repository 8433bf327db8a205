/** `pabal account export-data`: what a person may ask for. */
import { open, rename, rm } from 'node:fs/promises';
import type { Command } from 'commander';
import * as operations from '../../control/operations/person.ts';
import { type Cli, type CommonOptions, withControl, withJson } from '../cli.ts';
import { formatBytes, printJson, visible } from '../print.ts';

export function accountPerson(group: Command, cli: Cli): void {
  withJson(
    group
      .command('export-data <address> <file>')
      .description('everything that is kept about a person, as a zip file: mail, settings, contacts, sign-ins'),
  ).action(async (address: string, path: string, options: CommonOptions) => {
    const bytes = await exportData(cli, address, path, options);
    if (options.json) return printJson(cli, { bytes });
    return cli.out(`${formatBytes(bytes)} about ${visible(address)} written to ${visible(path)}\n`);
  });
}

/** The file has its name only when it is whole. */
async function exportData(cli: Cli, address: string, path: string, options: CommonOptions): Promise<number> {
  return await withControl(cli, options, async (control) => {
    const part = `${path}.part`;
    const file = await open(part, 'wx', 0o600);
    try {
      const { bytes } = await control.call(
        operations.accountData,
        { address },
        {
          onItem: async (text) => {
            await file.writeFile(Buffer.from(text, 'base64'));
          },
        },
      );
      await file.sync();
      await file.close();
      await rename(part, path);
      return bytes;
    } catch (error) {
      await file.close();
      await rm(part, { force: true });
      throw error;
    }
  });
}
