/** `pabal config`: what the service would run with. */
import type { Command } from 'commander';
import { printConfig, withoutSecrets } from '../../config/print.ts';
import { type Cli, type CommonOptions, configOf, withJson } from '../cli.ts';
import { printJson } from '../print.ts';

export function config(program: Command, cli: Cli): void {
  withJson(program.command('config').description('print the effective configuration, without secrets')).action(
    async (options: CommonOptions) => {
      const { written } = await configOf(cli, options);
      if (options.json) printJson(cli, Object.fromEntries(withoutSecrets(written)));
      else cli.out(printConfig(written));
    },
  );
}
