/** `pabal account app-password`, `second-step` and `sign-ins`: what opens an account beside its password, and from where it was opened. */
import type { Command } from 'commander';
import * as operations from '../../control/operations/credentials.ts';
import { APP_PASSWORD_SCOPES } from '../../directory/api.ts';
import { type Cli, type CommonOptions, UsageError, withControl, withJson, wordsOf } from '../cli.ts';
import { formatTime, printJson, printTable, visible } from '../print.ts';

interface AppPasswordOptions extends CommonOptions {
  readonly add?: string;
  readonly for?: string;
  readonly revoke?: string;
}

export function accountCredentials(group: Command, cli: Cli): void {
  withJson(
    group
      .command('app-password <address>')
      .description('passwords for single programs, with their last use; one more, or one less'),
  )
    .option('--add <name>', 'make one; it is printed once')
    .option('--for <scopes>', `what it is good for: ${APP_PASSWORD_SCOPES.join(', ')}`, APP_PASSWORD_SCOPES.join(','))
    .option('--revoke <id>', 'it opens nothing any more')
    .action((address: string, options: AppPasswordOptions) => appPassword(cli, address, options));

  withJson(
    group
      .command('second-step <address>')
      .description('whether a code is asked for beside the password, and an end of it'),
  )
    .option('--off', 'the password is enough again: for who has lost the program and the recovery codes')
    .action((address: string, options: CommonOptions & { readonly off?: boolean }) =>
      secondStep(cli, address, options),
    );

  withJson(
    group.command('sign-ins <address>').description('from where somebody signed in, or tried to, the latest first'),
  ).action((address: string, options: CommonOptions) => signIns(cli, address, options));
}

async function signIns(cli: Cli, address: string, options: CommonOptions): Promise<void> {
  const all = await withControl(cli, options, (control) => control.call(operations.signInList, { address }));
  if (options.json) return printJson(cli, all);
  const time = (at: number | undefined): string => (at === undefined ? '' : formatTime(at));
  return printTable(
    cli,
    ['network', 'over', 'first', 'last', 'failures', 'last failure'],
    all.map((one) => [
      one.network,
      one.protocols.join(', '),
      time(one.first),
      time(one.last),
      one.failures,
      time(one.lastFailure),
    ]),
  );
}

async function secondStep(cli: Cli, address: string, options: CommonOptions & { off?: boolean }): Promise<void> {
  if (options.off) {
    const { was } = await withControl(cli, options, (control) => control.call(operations.secondStepOff, { address }));
    return cli.out(`${visible(address)} ${was ? 'signs in without a code now' : 'signed in without a code before'}\n`);
  }
  const one = await withControl(cli, options, (control) => control.call(operations.secondStepShow, { address }));
  if (options.json) return printJson(cli, one);
  return cli.out(
    one.since === undefined
      ? `${visible(address)} signs in without a code\n`
      : `${visible(address)} signs in with a code since ${formatTime(one.since)}, ${one.recoveryCodes} recovery codes are left\n`,
  );
}

async function appPassword(cli: Cli, address: string, options: AppPasswordOptions): Promise<void> {
  const { add: name, revoke: id } = options;
  if (name !== undefined && id !== undefined) throw new UsageError('--add and --revoke do not go together');
  if (id !== undefined) {
    await withControl(cli, options, (control) => control.call(operations.appPasswordRevoke, { address, id }));
    return cli.out(`application password of ${visible(address)} revoked\n`);
  }
  if (name !== undefined) {
    const scopes = wordsOf(options.for ?? '', APP_PASSWORD_SCOPES);
    const made = await withControl(cli, options, (control) =>
      control.call(operations.appPasswordAdd, { address, name, scopes }),
    );
    return options.json ? printJson(cli, made) : cli.out(`${made.password}\n`);
  }
  const all = await withControl(cli, options, (control) => control.call(operations.appPasswordList, { address }));
  if (options.json) return printJson(cli, all);
  return printTable(
    cli,
    ['name', 'for', 'since', 'last use', 'id'],
    all.map((one) => [
      one.name,
      one.scopes.join(', '),
      formatTime(one.created),
      one.lastUse === undefined ? '' : `${formatTime(one.lastUse.at)} ${one.lastUse.protocol} ${one.lastUse.remote}`,
      one.id,
    ]),
  );
}
