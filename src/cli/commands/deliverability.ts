/** `pabal deliverability`: how mail fares at other servers, and from where it leaves. */
import type { Command } from 'commander';
import { deliverability as operation } from '../../control/operations/senders.ts';
import { type Cli, type CommonOptions, withControl, withJson } from '../cli.ts';
import { formatTime, printJson, printTable } from '../print.ts';

type Standing = Record<'score' | 'sent' | 'deferred' | 'refused' | 'bounced' | 'complaint', number>;

const STANDING = ['score', 'sent', 'deferred', 'refused', 'bounced', 'complaints'];

export function deliverability(program: Command, cli: Cli): void {
  withJson(
    program
      .command('deliverability')
      .description('addresses from which mail leaves, receivers, and who sends well or badly'),
  ).action(async (options: CommonOptions) => {
    const report = await withControl(cli, options, (control) => control.call(operation, {}));
    if (options.json) return printJson(cli, report);
    const { sources, warmUp, receivers, domains, accounts, blocked } = report;
    const sections: readonly (readonly [head: readonly string[], rows: readonly (readonly (string | number)[])[]])[] = [
      [
        ['blocked', 'state', 'since', 'why'],
        blocked.map(({ account, state, since, reason }) => [account, state, formatTime(since), reason]),
      ],
      [
        ['address', 'name', 'categories', 'warm', ...STANDING],
        sources.map((one) => [
          one.name,
          one.hello,
          one.categories.join(', '),
          one.warm ? 'yes' : 'no',
          ...standingOf(one),
        ]),
      ],
      [
        ['new address', 'receiver', 'day of use', 'today', 'of'],
        warmUp.map(({ source, provider, step, used, limit }) => [source, provider, step + 1, used, limit ?? '']),
      ],
      [
        ['receiver', 'from', 'at once', 'most', 'pause'],
        receivers.map(({ provider, source, active, atOnce, pauseMs }) => [
          provider,
          source,
          active,
          atOnce,
          pauseMs === 0 ? '' : `${pauseMs / 1000} s`,
        ]),
      ],
      [['domain', ...STANDING], domains.map((one) => [one.name, ...standingOf(one)])],
      [['account', ...STANDING], accounts.map((one) => [one.name, ...standingOf(one)])],
    ];
    const full = sections.filter(([, rows]) => rows.length > 0);
    if (full.length === 0) cli.out('nothing was sent to other servers yet\n');
    for (const [head, rows] of full)
      printTable(
        cli,
        [...head],
        rows.map((row) => [...row]),
      );
  });
}

function standingOf({ score, sent, deferred, refused, bounced, complaint }: Standing): number[] {
  return [score, sent, deferred, refused, bounced, complaint];
}
