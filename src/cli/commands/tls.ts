/** `pabal tls`: the certificates in use. */
import type { Command } from 'commander';
import { tlsReload, tlsStatus } from '../../control/operations/tls.ts';
import { type Cli, type CommonOptions, withControl, withJson } from '../cli.ts';
import { printJson, printTable } from '../print.ts';

export function tls(program: Command, cli: Cli): void {
  const group = program.command('tls').description('certificates in use: status, reload');

  withJson(group.command('status').description('for which hosts they are, and until when')).action(
    async (options: CommonOptions) => {
      const facts = await withControl(cli, options, (control) => control.call(tlsStatus, {}));
      if (options.json) return printJson(cli, facts);
      if (facts === null) return cli.out('no service runs here\n');
      printTable(
        cli,
        ['certificate', 'hosts', 'issuer', 'until', 'problem'],
        facts.map(({ name, hosts, issuer, validTo, problem = '' }) => [
          name,
          hosts.join(' '),
          issuer,
          validTo === 0 ? '' : new Date(validTo).toISOString().slice(0, 10),
          problem,
        ]),
      );
    },
  );

  withJson(
    group
      .command('reload')
      .description('looks at the files now (the service does by itself twice a minute, and on SIGHUP)'),
  ).action(async (options: CommonOptions) => {
    const { changed } = await withControl(cli, options, (control) => control.call(tlsReload, {}));
    if (options.json) printJson(cli, { changed });
    else cli.out(changed.length === 0 ? 'nothing is new\n' : `in use from now on: ${changed.join(', ')}\n`);
  });
}
