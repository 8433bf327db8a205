/** `pabal cluster status`: which service has the database, and who stands by. */
import type { Command } from 'commander';
import { type Cli, type CommonOptions, configOf, withJson } from '../cli.ts';
import { formatTime, printJson, printTable, visible } from '../print.ts';

export function cluster(program: Command, cli: Cli): void {
  const group = program.command('cluster').description('services that share a database: status');
  withJson(group.command('status').description('which one has the database, and who stands by')).action(
    async (options: CommonOptions) => {
      const { config } = await configOf(cli, options, {});
      const { clusterNodes } = await import('../../profiles/engine.ts');
      const nodes = await clusterNodes(config);
      if (!nodes.some(({ state }) => state === 'active')) cli.exitCode = 1;
      if (options.json) return printJson(cli, nodes);
      return printTable(
        cli,
        ['service', 'state', 'since', 'last sign of life'],
        nodes.map(({ name, state, since, silentMs }) => [
          visible(name),
          state,
          formatTime(since),
          `${(silentMs / 1000).toFixed(1)} s ago`,
        ]),
      );
    },
  );
}
