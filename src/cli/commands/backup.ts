/** `pabal backup`: a consistent copy, also while the service runs. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import * as operations from '../../control/operations/store.ts';
import { type Cli, type CommonOptions, withControl, withJson } from '../cli.ts';
import { formatBytes, printJson, Progress } from '../print.ts';

export function backup(program: Command, cli: Cli): void {
  withJson(
    program.command('backup <path>').description('copy the whole store into a new folder, also while the service runs'),
  ).action(async (path: string, options: CommonOptions) => {
    const manifest = await withControl(cli, options, async (control) => {
      using progress = new Progress(cli, 'backup');
      return await control.call(
        operations.backup,
        { path: resolve(path) },
        { onItem: ({ done, of }) => progress.show(done, of) },
      );
    });
    if (options.json) return printJson(cli, manifest);
    cli.out(
      `backup written to ${resolve(path)}: the store and ${manifest.blobs} attachments (${formatBytes(manifest.bytes)})\n`,
    );
  });
}
