import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { problemsOf, SYSTEM } from '../../test/support/mail-store.ts';
import { later, refused, ScriptedTransfer } from '../../test/support/scripted-transfer.ts';
import { ALICE, BOB, CAROL, INBOX, type Sending, sendingWorld, subjects } from '../../test/support/sending.ts';
import { settle } from '../../test/support/settle.ts';
import { EICAR } from '../mail/malware/eicar.ts';
import type { MailError } from '../mail/error.ts';
import type { AccountId } from '../mailstore/api.ts';

let world: Awaited<ReturnType<typeof sendingWorld>>;
let run: Sending;
let transfer: ScriptedTransfer;
beforeEach(async () => {
  world = await sendingWorld();
  transfer = new ScriptedTransfer(() => world.clock.now());
  run = await world.start(world.kv, transfer);
});
afterEach(async () => {
  expect(await problemsOf(run.mailstore)).toEqual([]);
  await run[Symbol.asyncDispose]();
});

async function rules(account: AccountId, script: string): Promise<void> {
  using opened = await run.mailstore.open(SYSTEM, account);
  await run.scripts.put(opened, 'all', script);
  await run.scripts.activate(opened, 'all');
}
const forward = (...to: string[]): string => to.map((one) => `redirect "${one}";\n`).join('');
const MAIL =
  'From: Kim <kim@author.test>\r\nTo: alice@example.test\r\nSubject: hello\r\nMessage-ID: <1@author.test>\r\n\r\ntext\r\n';
const inbox = async (account: AccountId): Promise<string[]> => {
  using opened = await run.mailstore.open(SYSTEM, account);
  return subjects(opened, INBOX);
};

describe('what is passed on', () => {
  beforeEach(() => rules(ALICE, forward('x@far.test')));

  test('leaves at our domain, and what the next server reports later finds its way to who sent it', async () => {
    await run.comes('kim@author.test', 'alice@example.test', MAIL);
    const [sender = ''] = transfer.senders;
    expect(sender).toMatch(/^SRS0=[a-z2-7]{8}=[a-z2-7]{2}=author\.test=kim@example\.test$/);
    await run.comes('', sender, 'From: MAILER-DAEMON@far.test\r\nSubject: failed\r\n\r\nx\r\n');
    expect(transfer.received).toEqual(['x@far.test hello', 'kim@author.test failed']);
    expect(transfer.senders[1], 'nobody reports about a report').toBe('');
    expect(transfer.mails[1], 'signatures stay whole').toMatch(/\r\nSubject: failed\r\n\r\nx\r\n$/);
    expect(await inbox(CAROL), 'the postmaster only carries it').toEqual([]);
  });

  test('and a virus in such a report goes nowhere', async () => {
    await run.comes('kim@author.test', 'alice@example.test', MAIL);
    const [sender = ''] = transfer.senders;
    await run.comes('', sender, `From: MAILER-DAEMON@far.test\r\nSubject: failed\r\n\r\n${EICAR}\r\n`);
    expect(transfer.received).toEqual(['x@far.test hello']);
    expect((await run.queue.list('error')).map(({ reason }) => reason)).toEqual([expect.stringContaining('virus')]);
  });

  test('is refused at once: who sent it is told, and nobody else', async () => {
    transfer.servers.set('far.test', () => refused);
    await run.comes('kim@author.test', 'alice@example.test', MAIL);
    expect(transfer.received).toEqual(['kim@author.test Undelivered mail returned to sender']);
    expect(transfer.mails.at(-1), 'our domain can sign it').toMatch(/^From: .*<postmaster@example\.test>\r$/m);
    expect(transfer.mails.at(-1)).toMatch(/To: <kim@author\.test>[^]*Final-Recipient: rfc822; x@far\.test/);
    expect(await inbox(ALICE)).toEqual([]);
  });

  test('a return path takes reports only, and only one that we made', async () => {
    await run.comes('kim@author.test', 'alice@example.test', MAIL);
    const [sender = ''] = transfer.senders;
    await expect(run.comes('spam@else.test', sender, MAIL)).rejects.toMatchObject({ code: 'not-allowed' });
    const other = sender.replace('=kim@', '=victim@');
    await expect(run.comes('', other, MAIL)).rejects.toMatchObject({ code: 'unknown-recipient' });
  });

  test.each([
    ['as long as can be', `${'k'.repeat(64)}@author.test`],
    ['for each mail of a list (VERP)', `bounces+${'a'.repeat(56)}@list.test`],
    ['of a forwarder before us', `SRS0=abcd=ef=${'long.'.repeat(6)}test=kim@one.test`],
  ])('a sender %s stands under a token, and reports find him, also after a restart', async (_which, from) => {
    await run.comes(from, 'alice@example.test', MAIL);
    const [sender = ''] = transfer.senders;
    expect(sender).toMatch(/^SRS0=[a-z2-7]{8}=[a-z2-7]{2}==[a-z2-7]{20}@example\.test$/);
    await run[Symbol.asyncDispose]();
    run = await world.start(world.kv, transfer);
    await run.comes('', sender.toUpperCase(), 'From: MAILER-DAEMON@far.test\r\nSubject: failed\r\n\r\nx\r\n');
    expect(transfer.received).toEqual(['x@far.test hello', `${from} failed`]);
    expect(transfer.senders[1]).toBe('');
    // Nobody else can make one up, and nothing is believed for ever.
    for (const other of [sender.replace('@', 'a@'), sender.replace('==', '==a')])
      await expect(run.comes('', other, MAIL)).rejects.toMatchObject({ code: 'unknown-recipient' });
    await world.clock.advance(22 * 86_400_000);
    await expect(run.comes('', sender, MAIL)).rejects.toMatchObject({ code: 'unknown-recipient' });
  });

  test('a report that has nowhere to go waits, and goes no further than its time', async () => {
    transfer.servers.set('far.test', () => refused);
    transfer.servers.set('author.test', () => later);
    await run.comes('kim@author.test', 'alice@example.test', MAIL);
    for (let i = 0; i < 8; i++) {
      await world.clock.advance(86_400_000);
      await run.quiet();
    }
    expect((await run.queue.counts()).outbound.waiting).toBe(0);
    expect(transfer.received).toEqual([]);
  });
});

describe('a circle ends (H4)', () => {
  const VACATION = 'require "vacation";\nvacation "away";\n';
  let passed = 0;
  /** Why we took no more of it. */
  let codes: string[] = [];
  /** Another's server that passes on what it gets for `address`, with its trace on top. */
  const outside = (
    domain: string,
    to: string,
    more: { readonly header?: string; readonly strips?: boolean; readonly footer?: boolean } = {},
  ): void => {
    transfer.servers.set(domain, ({ raw }) => {
      passed++;
      const [head = '', ...rest] = raw.split('\r\n\r\n');
      const kept = more.strips ? head.replaceAll(/^Delivered-To: .*\r\n/gm, '') : head;
      const trace = `Received: by ${domain}; Sat, 21 Nov 2026 00:00:00 +0000\r\n${more.header ?? ''}`;
      const again = `${trace}${kept}\r\n\r\n${rest.join('\r\n\r\n')}${more.footer ? `footer ${passed}\r\n` : ''}`;
      const from = `owner@${domain}`;
      // As soon as this one is taken.
      queueMicrotask(() => void run.comes(from, to, again).catch((error: MailError) => void codes.push(error.code)));
      return { kind: 'delivered', host: domain, reply: '250 ok', dsnRelayed: false, tls: undefined };
    });
  };
  beforeEach(() => {
    passed = 0;
    codes = [];
  });

  const A = 'alice@example.test';
  const B = 'bob@example.test';
  const C = 'carol@example.test';
  const circles: readonly (readonly [what: string, set: () => Promise<unknown> | void])[] = [
    ['to oneself', () => rules(ALICE, forward(A))],
    ['to a name of oneself', () => rules(ALICE, forward('alice+other@example.test'))],
    ['between two', () => Promise.all([rules(ALICE, forward(B)), rules(BOB, forward(A))])],
    ['between three', () => Promise.all([rules(ALICE, forward(B)), rules(BOB, forward(C)), rules(CAROL, forward(A))])],
    [
      'a ring of names',
      () => Promise.all([rules(ALICE, forward('bob+x@example.test')), rules(BOB, forward('alice+y@example.test'))]),
    ],
    [
      'everybody to all others',
      () => Promise.all([rules(ALICE, forward(B, C)), rules(BOB, forward(A, C)), rules(CAROL, forward(A, B))]),
    ],
    [
      'with copies kept',
      () => {
        const copying = (to: string): string => `require "copy";\nredirect :copy "${to}";\n`;
        return Promise.all([rules(ALICE, copying(B)), rules(BOB, copying(A))]);
      },
    ],
    [
      'with answers to everything',
      () => Promise.all([rules(ALICE, VACATION + forward(B)), rules(BOB, VACATION + forward(A))]),
    ],
    [
      'over another service that keeps its trace',
      () => {
        outside('far.test', A);
        return rules(ALICE, forward('x@far.test'));
      },
    ],
    [
      'over one that removes Delivered-To',
      () => {
        outside('far.test', A, { strips: true });
        return rules(ALICE, forward('x@far.test'));
      },
    ],
    [
      'over a list that changes the mail each time, and removes Delivered-To',
      () => {
        outside('far.test', A, { strips: true, footer: true, header: 'List-Id: <l.far.test>\r\n' });
        return rules(ALICE, forward('l@far.test'));
      },
    ],
    [
      'over two other services',
      () => {
        outside('one.test', B);
        outside('two.test', A);
        return Promise.all([rules(ALICE, forward('x@one.test')), rules(BOB, forward('y@two.test'))]);
      },
    ],
    [
      'over a list that sends to both',
      () => {
        outside('one.test', B, { header: 'List-Id: <l.one.test>\r\n' });
        return Promise.all([rules(ALICE, forward('l@one.test')), rules(BOB, forward(A, 'l@one.test'))]);
      },
    ],
    [
      'to where it is refused, and the report goes round',
      () => {
        transfer.servers.set('bad.test', () => refused);
        transfer.servers.set('author.test', () => refused);
        return Promise.all([rules(ALICE, forward('x@bad.test')), rules(BOB, forward(A))]);
      },
    ],
  ];

  test.each(circles)('%s', async (_what, set) => {
    await set();
    await run.comes('kim@author.test', A, MAIL);
    for (let i = 0; i < 3; i++) {
      await run.quiet();
      await settle(50);
    }
    await run.quiet();
    const { intake, outbound } = await run.queue.counts();
    expect(intake.waiting + outbound.waiting, 'nothing goes round any more').toBe(0);
    let mails = transfer.mails.length;
    let kept = 0;
    for (const account of [ALICE, BOB, CAROL]) {
      using opened = await run.mailstore.open(SYSTEM, account);
      mails += (await opened.outgoing.list({ limit: 1000 })).length;
      kept += (await subjects(opened, INBOX)).filter((subject) => subject === 'hello').length;
    }
    expect(mails, 'mails on all ways together').toBeLessThanOrEqual(60);
    const told = transfer.mails.some((raw) => raw.includes('Undelivered mail returned to sender'));
    expect(kept > 0 || told || codes.includes('mail-loop'), 'and it is somewhere, or its sender knows').toBe(true);
  });
});
