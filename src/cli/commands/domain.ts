/** `pabal domain`: the domains we take mail for. */
import type { Command } from 'commander';
import * as operations from '../../control/operations/domain.ts';
import { MailError } from '../../mail/error.ts';
import { type Cli, common, type CommonOptions, configOf, withControl, withJson } from '../cli.ts';
import { checkRecords, recordsFor } from '../dns-records.ts';
import { formatTime, printJson, printTable } from '../print.ts';

export function domain(program: Command, cli: Cli): void {
  const group = program.command('domain').description('domains: add, list, show, remove');

  common(group.command('add <name>').description('take mail for a domain')).action(
    async (name: string, options: CommonOptions) => {
      const added = await withControl(cli, options, (control) => control.call(operations.domainAdd, { name }), true);
      cli.out(`domain ${added.name} added; 'pabal domain show ${added.name}' lists the DNS records to publish\n`);
    },
  );

  withJson(group.command('list').description('all domains')).action(async (options: CommonOptions) => {
    const domains = await withControl(cli, options, (control) => control.call(operations.domainList, {}));
    if (options.json) printJson(cli, domains);
    else
      printTable(
        cli,
        ['domain', 'accounts', 'since'],
        domains.map((one) => [one.name, one.accounts, formatTime(one.created)]),
      );
  });

  withJson(group.command('show <name>').description('the DNS records to publish for a domain'))
    .option('--check', 'look the records up')
    .action(async (name: string, options: CommonOptions & { check?: boolean }) => {
      const found = await withControl(cli, options, (control) => control.call(operations.domainShow, { name }));
      if (found === null) throw new MailError('domain-missing', 'user', `there is no domain ${name}`);
      const { config } = await configOf(cli, options);
      const records = recordsFor(found.name, config.hostname);
      const checked = options.check ? await checkRecords(records, config.dns.servers) : undefined;
      const rows = records.map((record, i) => ({ ...record, ...(checked && { found: checked[i] ?? 'missing' }) }));
      if (checked?.some((one) => one !== 'ok')) cli.exitCode = 1;
      if (options.json) printJson(cli, { ...found, records: rows });
      else
        printTable(
          cli,
          ['name', 'type', 'value', ...(checked ? ['found'] : [])],
          rows.map((row) => [row.name, row.type, row.value, ...(checked ? [row.found ?? ''] : [])]),
        );
    });

  common(group.command('remove <name>').description('take no more mail for a domain; it must have no accounts')).action(
    async (name: string, options: CommonOptions) => {
      await withControl(cli, options, (control) => control.call(operations.domainRemove, { name }));
      cli.out(`domain ${name} removed\n`);
    },
  );
}
