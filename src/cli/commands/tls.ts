/** `pabal tls`: the certificates in use, and those that come by ACME. */
import type { Command } from 'commander';
import { tlsReload, tlsRenew, tlsStatus } from '../../control/operations/tls.ts';
import { type Cli, type CommonOptions, withControl, withJson } from '../cli.ts';
import { printJson, printTable } from '../print.ts';

export function tls(program: Command, cli: Cli): void {
  const group = program.command('tls').description('certificates: status, reload, renew');

  withJson(
    group.command('status').description('for which hosts they are, until when, and what is asked for next'),
  ).action(async (options: CommonOptions) => {
    const status = await withControl(cli, options, (control) => control.call(tlsStatus, {}));
    if (options.json) return printJson(cli, status);
    if (status === null) return cli.out('no service runs here\n');
    printTable(
      cli,
      ['certificate', 'hosts', 'issuer', 'until', 'problem'],
      status.inUse.map(({ name, hosts, issuer, validTo, problem = '' }) => [
        name,
        hosts.join(' '),
        issuer,
        validTo === 0 ? '' : dayOf(validTo),
        problem,
      ]),
    );
    if (status.renewals.length > 0)
      printTable(
        cli,
        ['by ACME', 'hosts', 'asked for', 'failures', 'problem'],
        status.renewals.map(({ name, hosts, dueAt, failures, problem = '' }) => [
          name,
          hosts.join(' '),
          dueAt <= Date.now() ? 'now' : dayOf(dueAt),
          failures,
          problem,
        ]),
      );
  });

  withJson(
    group
      .command('reload')
      .description('looks at the files now (the service does by itself twice a minute, and on SIGHUP)'),
  ).action(async (options: CommonOptions) => {
    const { changed } = await withControl(cli, options, (control) => control.call(tlsReload, {}));
    if (options.json) printJson(cli, { changed });
    else cli.out(changed.length === 0 ? 'nothing is new\n' : `in use from now on: ${changed.join(', ')}\n`);
  });

  withJson(
    group.command('renew [name]').description('asks for those that come by ACME now, or for one: its first host'),
  ).action(async (name: string | undefined, options: CommonOptions) => {
    const done = await withControl(cli, options, (control) =>
      control.call(tlsRenew, name === undefined ? {} : { name }),
    );
    if (done.some(({ problem }) => problem !== undefined)) cli.exitCode = 1;
    if (options.json) return printJson(cli, done);
    for (const { name: one, problem } of done)
      cli.out(problem === undefined ? `${one}: renewed\n` : `${one}: ${problem}\n`);
  });
}

function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
