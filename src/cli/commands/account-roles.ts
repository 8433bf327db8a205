/** `pabal account role`, `roles` and `unlock`: who administers what, and who is let in again. */
import { Argument, type Command } from 'commander';
import * as operations from '../../control/operations/offices.ts';
import { type Role, ROLES } from '../../directory/offices.ts';
import { type Cli, common, type CommonOptions, withControl, withJson } from '../cli.ts';
import { printJson, printTable, visible } from '../print.ts';

interface RoleOptions extends CommonOptions {
  readonly domain: readonly string[];
}

export function accountRoles(group: Command, cli: Cli): void {
  withJson(
    group
      .command('role <address>')
      .description(
        'what an account may do with others: everything (operator), the accounts of its domains (domain-administrator), read the audit trail and reports (auditor), let people in again (helpdesk)',
      ),
  )
    .addArgument(new Argument('<role>', 'or none').choices([...ROLES, 'none']))
    .option(
      '--domain <name>',
      'for this domain only; may be repeated',
      (one: string, all: string[]) => [...all, one],
      [],
    )
    .action(async (address: string, word: Role | 'none', options: RoleOptions) => {
      const role = word === 'none' ? null : word;
      const domains = options.domain.length > 0 ? [...options.domain] : undefined;
      const office = await withControl(cli, options, (control) =>
        control.call(operations.accountRole, { address, role, domains }),
      );
      if (options.json) return printJson(cli, office);
      const where = office?.domains === undefined ? '' : ` of ${office.domains.join(', ')}`;
      return cli.out(`${visible(address)} is ${office === null ? 'nobody who administers' : office.role}${where}\n`);
    });

  withJson(group.command('roles').description('who administers what')).action(async (options: CommonOptions) => {
    const all = await withControl(cli, options, (control) => control.call(operations.accountRoles, {}));
    if (options.json) return printJson(cli, all);
    return printTable(
      cli,
      ['address', 'role', 'domains'],
      all.map(({ address, role, domains }) => [address, role, domains?.join(', ') ?? 'all']),
    );
  });

  common(
    group.command('unlock <address>').description('forget wrong passwords, so that no pause lasts any more'),
  ).action(async (address: string, options: CommonOptions) => {
    await withControl(cli, options, (control) => control.call(operations.accountUnlock, { address }));
    cli.out(`${visible(address)} may try again\n`);
  });
}
