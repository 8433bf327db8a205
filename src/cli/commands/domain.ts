/** `pabal domain`: the domains we take mail for. */
import type { Command } from 'commander';
import * as operations from '../../control/operations/domain.ts';
import { type Brand, type BrandFinding, checkBrand } from '../../directory/brand.ts';
import { MailError } from '../../mail/error.ts';
import { type Cli, common, type CommonOptions, configOf, withControl, withJson } from '../cli.ts';
import type { Config } from '../../config/schema.ts';
import { openResolver } from '../../profiles/single.ts';
import { brandFor, checkRecords, dkimRecord, type DnsRecord, recordsFor } from '../../directory/dns-records.ts';
import { publishedBy } from '../../profiles/published.ts';
import { domainLimits } from './domain-limits.ts';
import { domainReports } from './reports.ts';
import { formatTime, printJson, printTable, visible } from '../print.ts';

export function domain(program: Command, cli: Cli): void {
  const group = program
    .command('domain')
    .description('domains: add, list, show, check, limits, catch-all, reports, rotate-dkim, remove');

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
    .action((name: string, options: CommonOptions & { check?: boolean }) => show(cli, name, options, options.check));

  withJson(group.command('check <name>').description('which of the DNS records of a domain are there')).action(
    (name: string, options: CommonOptions) => show(cli, name, options, true),
  );

  domainReports(group, cli);
  domainLimits(group, cli);

  withJson(
    group
      .command('catch-all <name> [address]')
      .description('who gets mail for addresses that nobody has; "none": it is refused, as at first'),
  ).action(async (name: string, address: string | undefined, options: CommonOptions) => {
    const found = await withControl(cli, options, (control) =>
      address === undefined
        ? control.call(operations.domainCatchAll, { name })
        : control.call(operations.domainSetCatchAll, { name, address: address === 'none' ? null : address }),
    );
    if (options.json) printJson(cli, found);
    else if (found.address === null) cli.out(`mail for addresses of ${name} that nobody has is refused\n`);
    else cli.out(`mail for addresses of ${name} that nobody has goes to ${visible(found.address)}\n`);
  });

  withJson(
    group
      .command('rotate-dkim <name>')
      .description('new keys for signing: made and shown at first, in use once they are published')
      .option('--now', 'use them although the DNS does not show them'),
  ).action(async (name: string, options: CommonOptions & { now?: boolean }) => {
    const { config } = await configOf(cli, options);
    await withControl(cli, options, async (control) => {
      const before = await control.call(operations.domainDkim, { name, change: 'none' });
      const waiting = before.some(({ state }) => state === 'next');
      const keys = waiting ? before : await control.call(operations.domainDkim, { name, change: 'prepare' });
      const next = keys.filter(({ state }) => state === 'next').map((key) => dkimRecord(name, key));
      const found = options.now ? next.map(() => 'ok') : await checked(next, config);
      const active = found.every((one) => one === 'ok');
      if (active) await control.call(operations.domainDkim, { name, change: 'activate' });
      else if (waiting) cli.exitCode = 1;
      const rows = next.map((record, i) => ({ ...record, found: found[i] ?? 'missing' }));
      if (options.json) return printJson(cli, { name, active, records: rows });
      printRecords(cli, rows);
      cli.out(
        active
          ? 'these keys sign from now on; leave the records of the last ones for two weeks\n'
          : `publish these, then run 'pabal domain rotate-dkim ${name}' again\n`,
      );
    });
  });

  common(group.command('remove <name>').description('take no more mail for a domain; it must have no accounts')).action(
    async (name: string, options: CommonOptions) => {
      await withControl(cli, options, (control) => control.call(operations.domainRemove, { name }));
      cli.out(`domain ${name} removed\n`);
    },
  );
}

async function show(cli: Cli, name: string, options: CommonOptions, check: boolean | undefined): Promise<void> {
  const { config } = await configOf(cli, options);
  const found = await withControl(cli, options, async (control) => {
    const info = await control.call(operations.domainShow, { name });
    return info && { info, keys: await control.call(operations.domainDkim, { name, change: 'none' }) };
  });
  if (found === null) throw new MailError('domain-missing', 'user', `there is no domain ${name}`);
  const { info, keys } = found;
  const published = publishedBy(config);
  const { stsPolicy } = published;
  const records = recordsFor(info.name, published, keys);
  const states = check ? await checked(records, config) : undefined;
  const brand = check && published.brand ? await brandOf(info.name, published.brand, config) : [];
  const rows = records.map((record, i) => ({ ...record, ...(states && { found: states[i] ?? 'missing' }) }));
  if ([...(states ?? []), ...brand.map(({ found: one }) => one)].some((one) => one !== 'ok')) cli.exitCode = 1;
  if (options.json)
    return printJson(cli, {
      ...info,
      dkim: keys,
      records: rows,
      stsPolicy: stsPolicy ?? null,
      ...(check && { brand }),
    });
  printRecords(cli, rows);
  for (const { what, url, found: state } of brand) cli.out(`${what} ${url}: ${state}\n`);
  if (stsPolicy !== undefined)
    cli.out(`https://mta-sts.${info.name}/.well-known/mta-sts.txt shows:\n${stsPolicy.replaceAll('\r', '')}`);
}

async function brandOf(domain: string, brand: Brand, config: Config): Promise<readonly BrandFinding[]> {
  await using resolver = openResolver(config);
  const privateAddresses = config.outbound.private_addresses;
  return await checkBrand(domain, brandFor(domain, brand), { resolver, privateAddresses });
}

async function checked(records: readonly DnsRecord[], config: Config): Promise<string[]> {
  await using resolver = openResolver(config);
  return await checkRecords(records, resolver);
}

function printRecords(cli: Cli, rows: readonly (DnsRecord & { readonly found?: string })[]): void {
  const checked = rows.some(({ found }) => found !== undefined);
  printTable(
    cli,
    ['name', 'type', 'value', ...(checked ? ['found'] : [])],
    rows.map((row) => [row.name, row.type, row.value, ...(checked ? [row.found ?? ''] : [])]),
  );
}
