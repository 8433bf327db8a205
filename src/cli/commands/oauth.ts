/** `pabal oauth client`: programs that may ask people for access. */
import type { Command } from 'commander';
import * as operations from '../../control/operations/oauth.ts';
import { OAUTH_SCOPES } from '../../directory/oauth/scopes.ts';
import { type Cli, common, type CommonOptions, withControl, withJson, wordsOf } from '../cli.ts';
import { formatTime, printJson, printTable } from '../print.ts';

interface AddOptions extends CommonOptions {
  readonly redirect: readonly string[];
  readonly for: string;
  readonly confidential?: boolean;
  readonly device?: boolean;
}

export function oauth(program: Command, cli: Cli): void {
  const group = program
    .command('oauth')
    .description('programs that may ask people for access')
    .command('client')
    .description('add, list, remove');

  withJson(group.command('list').description('all of them; those without a date are everybody’s')).action(
    async (options: CommonOptions) => {
      const all = await withControl(cli, options, (control) => control.call(operations.oauthClientList, {}));
      if (options.json) return printJson(cli, all);
      return printTable(
        cli,
        ['id', 'name', 'for', 'since', 'answers to'],
        all.map((one) => [
          one.id,
          one.name,
          one.scopes.join(', '),
          one.created === undefined ? '' : formatTime(one.created),
          one.redirects.join(' '),
        ]),
      );
    },
  );

  withJson(group.command('add <name>').description('register one; a secret is printed once'))
    .option(
      '--redirect <uri>',
      'where answers may go; may be given again',
      (uri: string, before: string[]) => [...before, uri],
      [],
    )
    .option('--for <scopes>', `what it may ask for: ${OAUTH_SCOPES.join(', ')}`, 'rest')
    .option('--confidential', 'a program that can keep a secret, such as a web service')
    .option('--device', 'it may use the device flow')
    .action(async (name: string, options: AddOptions) => {
      const { redirect: redirects, confidential = false, device = false } = options;
      const wanted = {
        name,
        redirects: [...redirects],
        scopes: wordsOf(options.for, OAUTH_SCOPES),
        confidential,
        device,
      };
      const made = await withControl(cli, options, (control) => control.call(operations.oauthClientAdd, wanted));
      if (options.json) return printJson(cli, made);
      cli.out(`client_id ${made.id}\n`);
      if (made.secret !== undefined) cli.out(`client_secret ${made.secret}\n`);
    });

  common(group.command('remove <id>').description('what it was given opens nothing any more')).action(
    async (id: string, options: CommonOptions) => {
      await withControl(cli, options, (control) => control.call(operations.oauthClientRemove, { id }));
      cli.out(`OAuth client ${id} removed\n`);
    },
  );
}
