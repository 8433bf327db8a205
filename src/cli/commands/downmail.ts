/** `pabal downmail`: sender mailboxes, where mail waits until its recipients fetch it. */
import type { Command } from 'commander';
import { parseSize } from '../../config/values.ts';
import * as operations from '../../control/operations/downmail.ts';
import type { SenderMailboxFacts } from '../../mailstore/sender-mailbox.ts';
import { type Cli, common, type CommonOptions, UsageError, withControl, withJson } from '../cli.ts';
import { formatTime, printJson, printTable, visible } from '../print.ts';

interface Options extends CommonOptions {
  readonly room?: string;
  readonly mail?: string;
  readonly recipient?: string;
  readonly before?: string;
  readonly all?: boolean;
  readonly gateway?: boolean;
}

const GATEWAY = ['--gateway', 'what the gateway keeps for this recipient, who may be elsewhere'] as const;

function ownerOf(account: string, { gateway }: Options): { account: string; gateway?: boolean } {
  return { account, ...(gateway === true && { gateway }) };
}

export function downmail(program: Command, cli: Cli): void {
  const group = program
    .command('downmail')
    .description(
      'sender mailboxes, where mail waits until it is fetched: open, show, list, delete; and servers that keep them too long',
    );

  withJson(group.command('open <address>').description('gives an account a sender mailbox, or another limit for it'))
    .option('--room <size>', 'such as 500MB; no limit when absent')
    .option(...GATEWAY)
    .action(async (address: string, options: Options) => {
      const limit = options.room === undefined ? null : parseSize(options.room);
      if (limit === undefined || limit === 0) throw new UsageError('--room: a size such as 500MB');
      const args = { ...ownerOf(address, options), limit };
      tell(options, await withControl(cli, options, (control) => control.call(operations.downmailOpen, args)));
    });

  withJson(group.command('show <address>').description('how much room there is, and how much is used'))
    .option(...GATEWAY)
    .action(async (address: string, options: Options) => {
      const args = ownerOf(address, options);
      tell(options, await withControl(cli, options, (control) => control.call(operations.downmailShow, args)));
    });

  withJson(group.command('list <address>').description('what waits, a line for each recipient'))
    .option(...GATEWAY)
    .action(async (address: string, options: Options) => {
      const all: operations.WaitingCopy[] = [];
      await withControl(cli, options, (control) =>
        control.call(operations.downmailList, ownerOf(address, options), { onItem: (one) => void all.push(one) }),
      );
      if (options.json) return printJson(cli, all);
      printTable(
        cli,
        ['id', 'recipient', 'subject', 'mail', 'sent', 'bytes', 'until', 'fetched'],
        all.map((one) => [
          one.userId,
          one.recipient,
          one.subject.slice(0, 40),
          one.mail,
          formatTime(one.sent),
          String(one.size),
          formatTime(one.expires),
          one.fetched === undefined ? '' : formatTime(one.fetched),
        ]),
      );
    });

  common(group.command('delete <address>').description('deletes what waits: nobody can fetch it from then on'))
    .option('--mail <id>', 'one mail, for all its recipients')
    .option('--recipient <address>', 'for this recipient, or @domain')
    .option('--before <date>', 'sent before, such as 2026-01-31')
    .option('--all', 'everything')
    .option(...GATEWAY)
    .action(async (address: string, options: Options) => {
      const { mail, recipient, all } = options;
      const before = options.before === undefined ? undefined : Date.parse(options.before);
      if (Number.isNaN(before)) throw new UsageError('--before: a date such as 2026-01-31');
      if (all !== true && mail === undefined && recipient === undefined && before === undefined)
        throw new UsageError('say which: --mail, --recipient, --before or --all');
      const args = {
        ...ownerOf(address, options),
        ...(mail !== undefined && { mail }),
        ...(recipient !== undefined && { recipient }),
        ...(before !== undefined && { before }),
      };
      const { deleted, fetched } = await withControl(cli, options, (control) =>
        control.call(operations.downmailDelete, args),
      );
      cli.out(`${deleted} deleted, ${fetched} of them fetched before\n`);
    });

  const undeleted = withJson(
    group
      .command('undeleted')
      .description(
        'servers that still had originals after they had said that these were deleted: senders of spam, perhaps',
      ),
  ).option('--forget <host>', 'it was judged: `pabal reject add` puts senders on the reject list');
  undeleted.action(async (options: CommonOptions & { readonly forget?: string }) => {
    const { forget: host } = options;
    const hosts = await withControl(cli, options, (control) =>
      host === undefined
        ? control.call(operations.downmailUndeleted, {})
        : control.call(operations.downmailForget, { host }),
    );
    if (options.json) return printJson(cli, hosts);
    printTable(
      cli,
      ['host', 'sender', 'accounts', 'first', 'last'],
      hosts.map((one) => [
        visible(one.host),
        visible(one.sender),
        String(one.accounts.length),
        formatTime(one.first),
        formatTime(one.last),
      ]),
    );
  });

  function tell(options: Options, { senderId, used, limit, mails, copies }: SenderMailboxFacts): void {
    if (options.json) return printJson(cli, { id: senderId, used, limit: limit ?? null, mails, copies });
    const room = limit === undefined ? 'no limit' : `of ${limit}`;
    cli.out(`/${visible(senderId)}/: ${used} bytes used, ${room}; ${mails} mails wait for ${copies} recipients\n`);
  }
}
