/** `pabal account`: who has a mailbox. */
import type { Command } from 'commander';
import { parseSize } from '../../config/values.ts';
import * as operations from '../../control/operations/account.ts';
import { accountSending } from '../../control/operations/senders.ts';
import type { AccountInfo } from '../../directory/api.ts';
import { accountCredentials } from './account-credentials.ts';
import { accountPerson } from './account-person.ts';
import { accountRoles } from './account-roles.ts';
import { type Cli, common, type CommonOptions, readAll, UsageError, withControl, withJson } from '../cli.ts';
import { formatBytes, formatTime, printJson, printTable, visible } from '../print.ts';

interface AddOptions extends CommonOptions {
  readonly passwordStdin?: boolean;
  readonly admin?: boolean;
  readonly quota?: string;
  readonly name?: string;
}

interface SendingOptions extends CommonOptions {
  readonly suspend?: string;
  readonly resume?: boolean;
  readonly usual?: string;
}

export function account(program: Command, cli: Cli): void {
  const group = program
    .command('account')
    .description(
      'accounts: add, list, show, suspend, resume, remove, password, app-password, second-step, sign-ins, unlock, role, roles, export-data, alias, quota, category, sending',
    );

  withJson(group.command('add <address>').description('make an account; without a password a one-time link is printed'))
    .option('--password-stdin', 'read the password from standard input')
    .option('--admin', 'may administer the service')
    .option('--quota <size>', 'room for mail, such as 5GB; 0 = no limit')
    .option('--name <name>', 'name of its owner')
    .action(async (address: string, options: AddOptions) => {
      const password = options.passwordStdin ? await passwordFrom(cli) : undefined;
      const quota = options.quota === undefined ? undefined : sizeOf(options.quota);
      await withControl(
        cli,
        options,
        async (control) => {
          const added = await control.call(operations.accountAdd, {
            address,
            password,
            admin: options.admin,
            displayName: options.name,
            quota: quota === 0 ? undefined : quota,
          });
          const link = password === undefined ? await control.call(operations.accountLink, { address }) : undefined;
          if (options.json) printJson(cli, { ...added, ...(link && { link: link.url ?? link.path }) });
          else {
            cli.out(`account ${added.address} added\n`);
            if (link !== undefined) cli.out(linkText(link));
          }
        },
        true,
      );
    });

  withJson(group.command('list [domain]').description('all accounts, or those of one domain')).action(
    async (domain: string | undefined, options: CommonOptions) => {
      const all: AccountInfo[] = [];
      await withControl(cli, options, (control) =>
        control.call(operations.accountList, { domain }, { onItem: (one) => void all.push(one) }),
      );
      if (options.json) printJson(cli, all);
      else
        printTable(
          cli,
          ['address', 'aliases', 'state', 'quota', 'since'],
          all.map((one) => [
            one.address,
            one.aliases.length,
            stateOf(one),
            quotaText(one.quota),
            formatTime(one.created),
          ]),
        );
    },
  );

  withJson(group.command('show <address>').description('everything about an account')).action(
    async (address: string, options: CommonOptions) => {
      const one = await withControl(cli, options, (control) => control.call(operations.accountShow, { address }));
      if (options.json) return printJson(cli, one);
      printTable(
        cli,
        [],
        [
          ['address', one.address],
          ['name', one.displayName],
          ['id', one.id],
          ['aliases', one.aliases.join(', ')],
          ['state', stateOf(one)],
          ['messages', one.messages],
          ['used', `${formatBytes(one.bytesUsed)} of ${quotaText(one.quota)}`],
          ['since', formatTime(one.created)],
        ],
      ); // prettier-ignore
    },
  );

  const suspend = (word: string, suspended: boolean, about: string): void => {
    common(group.command(`${word} <address>`).description(about)).action(
      async (address: string, options: CommonOptions) => {
        await withControl(cli, options, (control) => control.call(operations.accountSuspend, { address, suspended }));
        cli.out(`account ${visible(address)} ${suspended ? 'suspended' : 'resumed'}\n`);
      },
    );
  };
  suspend('suspend', true, 'no sign-in, no mail for it or from it; nothing is lost, what it sent waits');
  suspend('resume', false, 'end a suspension');

  common(group.command('remove <address>').description('remove an account with all its mail, for ever')).action(
    async (address: string, options: CommonOptions) => {
      await withControl(cli, options, (control) => control.call(operations.accountRemove, { address }));
      cli.out(`account ${visible(address)} removed\n`);
    },
  );

  common(
    group.command('password <address>').description('set a new password, or print a link where it can be set once'),
  )
    .option('--password-stdin', 'read the password from standard input')
    .action(async (address: string, options: CommonOptions & { passwordStdin?: boolean }) => {
      await withControl(cli, options, async (control) => {
        if (!options.passwordStdin) return cli.out(linkText(await control.call(operations.accountLink, { address })));
        await control.call(operations.accountPassword, { address, password: await passwordFrom(cli) });
        return cli.out(`password of ${visible(address)} changed; its sessions and application passwords have ended\n`);
      });
    });

  accountCredentials(group, cli);
  accountPerson(group, cli);
  accountRoles(group, cli);

  common(group.command('alias <address> <alias>').description('another address for an account'))
    .option('--remove', 'take it away again')
    .action(async (address: string, alias: string, options: CommonOptions & { remove?: boolean }) => {
      const remove = options.remove === true;
      await withControl(cli, options, (control) => control.call(operations.accountAlias, { address, alias, remove }));
      cli.out(`alias ${visible(alias)} ${remove ? 'removed' : 'added'}\n`);
    });

  common(
    group
      .command('category <address> [categories...]')
      .description('kinds of mail it may send, the usual one first; without any: as everybody'),
  ).action(async (address: string, categories: string[], options: CommonOptions) => {
    await withControl(cli, options, (control) => control.call(operations.accountCategories, { address, categories }));
    cli.out(`${visible(address)} sends ${categories.length === 0 ? 'as everybody' : categories.join(', ')}\n`);
  });

  withJson(
    group.command('sending <address>').description('whether it may send, how much is usual, and how its mail fares'),
  )
    .option('--suspend <reason>', 'it may not send any more')
    .option('--resume', 'it may send again, and what it has sent today is usual')
    .option('--usual <recipients>', 'it may send again, and so many recipients a day are usual')
    .action((address: string, options: SendingOptions) => sending(cli, address, options));

  common(group.command('quota <address> <size>').description('room for mail, such as 5GB; 0 = no limit')).action(
    async (address: string, size: string, options: CommonOptions) => {
      const quota = sizeOf(size) || null;
      await withControl(cli, options, (control) => control.call(operations.accountQuota, { address, quota }));
      cli.out(`quota of ${visible(address)} is ${quotaText(quota ?? undefined)}\n`);
    },
  );
}

async function sending(cli: Cli, address: string, options: SendingOptions): Promise<void> {
  const usual = options.usual === undefined ? undefined : Number(options.usual);
  if (usual !== undefined && !(Number.isSafeInteger(usual) && usual > 0))
    throw new UsageError(`${JSON.stringify(options.usual)} is not a number of recipients`);
  const { suspend, resume } = options;
  const one = await withControl(cli, options, (control) =>
    control.call(accountSending, { address, suspend, resume, usual }),
  );
  if (options.json) return printJson(cli, one);
  const { standing } = one;
  printTable(
    cli,
    [],
    [
      ['address', one.address],
      ['may send', one.state === 'free' ? 'yes' : one.state],
      ['why', one.reason ?? ''],
      ['since', one.since === null ? '' : formatTime(one.since)],
      ['recipients today', one.today],
      ['usual in a day', one.usual],
      ['score', Math.round(one.score * 1000) / 1000],
      ...Object.entries(standing).map(([what, n]) => [what, Math.round(n * 10) / 10]),
    ],
  );
}

async function passwordFrom(cli: Cli): Promise<string> {
  const text = (await readAll(cli.stdin, 4096)).toString().replace(/\r?\n$/, '');
  if (text === '') throw new UsageError('the password on standard input is empty');
  return text;
}

function sizeOf(text: string): number {
  const size = parseSize(text);
  if (size === undefined) throw new UsageError(`${JSON.stringify(text)} is not a size such as 5GB`);
  return size;
}

function linkText({ url, path }: { readonly url: string | null; readonly path: string }): string {
  const where = url ?? `<address of the web pages>${path}`;
  return `set the password within a day, once, at\n  ${where}\n`;
}

function stateOf(one: AccountInfo): string {
  return `${one.suspended ? 'suspended' : 'active'}${one.admin ? ', admin' : ''}`;
}

function quotaText(quota: number | undefined): string {
  return quota === undefined ? 'no limit' : formatBytes(quota);
}
