/** What protects the server from a client that means no good, or from too many of one person's. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { WireClient } from '../../../test/client/wire.ts';
import { ImapService } from '../../../test/imap/service.ts';
import { settle } from '../../../test/support/settle.ts';
import { ManualClock } from '../../adapters/clock-manual.ts';
import { AccountConnections } from '../../net/account-connections.ts';
import { ErrorDelay } from '../../net/error-delay.ts';
import type { AccountId } from '../../mailstore/api.ts';
import { Metrics } from '../../telemetry/metrics.ts';

const clock = new ManualClock();
/** The store's. */
const searching = new ManualClock();
const metrics = new Metrics();
const connections = new AccountConnections({ perAccount: 2, perAccountAndAddress: 2, limitLoopback: true });
let service: ImapService;
beforeAll(async () => {
  const errorDelay = new ErrorDelay({ mostMs: 5000, limitLoopback: true }, clock);
  service = await ImapService.start({
    plaintextLogin: true,
    overrides: { clock, errorDelay, connections, metrics },
    store: { clock: searching, searchSeconds: 20 },
  });
});
afterAll(() => service[Symbol.asyncDispose]());

test('the answers to errors wait longer and longer before sign-in, those to other commands do not', async () => {
  const wire = await service.session('new');
  await wire.line();
  await wire.write('a FOO\r\nb FOO\r\nc FOO\r\nd LOGIN a@example.test wrong\r\ne FOO\r\nf NOOP\r\n');
  for (const tag of ['a', 'b', 'c']) expect(await wire.line()).toBe(`${tag} BAD unknown command`);
  for (const [ms, answer] of [
    [250, /^d NO \[AUTHENTICATIONFAILED\]/],
    [500, /^e BAD/],
  ] as const) {
    await expect.poll(() => clock.waiting).toBe(1);
    await clock.advance(ms - 1);
    expect(clock.waiting).toBe(1);
    await clock.advance(1);
    expect(await wire.line()).toMatch(answer);
  }
  expect(await wire.line()).toBe('f OK NOOP completed');
  await wire.write('g LOGIN a@example.test pass\r\nh FOO\r\ni NOOP\r\n');
  expect(await wire.line()).toMatch(/^g OK /);
  expect(await wire.line()).toBe('h BAD unknown command');
  expect(await wire.line()).toBe('i OK NOOP completed');
  wire.destroy();
  await expect.poll(() => connections.accounts).toBe(0);
});

test('an account has so many connections at once', async () => {
  await service.transcript(`
    b> a NOOP
    b< a OK NOOP completed
    b2> a NOOP
    b2< a OK NOOP completed
    new< ...
    new> a LOGIN b@example.test pass
    new< a NO [LIMIT] The account has too many connections: close some
    new> b LOGIN c@example.test pass
    new< /^b OK /
    b2> z LOGOUT
    b2< * BYE Goodbye
    b2< /^z OK /
    b2<|
  `);
  await expect.poll(() => connections.accounts).toBe(0);
});

test('a client in IDLE hears every two minutes that we are there', async () => {
  const wire = await service.session('d');
  await wire.write('a SELECT INBOX\r\n');
  while (!(await wire.line()).startsWith('a OK'));
  await wire.write('b IDLE\r\n');
  expect(await wire.line()).toBe('+ idling');
  for (let i = 0; i < 2; i++) {
    await clock.advance(120_000);
    expect(await wire.line()).toBe('* OK Still here');
  }
  await wire.write('DONE\r\n');
  expect(await wire.line()).toBe('b OK IDLE completed');
  await clock.advance(300_000);
  expect(clock.waiting).toBe(0);
  await wire.write('c NOOP\r\n');
  expect(await wire.line()).toBe('c OK NOOP completed');
  wire.destroy();
});

test('commands are counted by name', async () => {
  const text = await metrics.exposition();
  for (const series of [
    /^pabal_commands_total{protocol="imap",command="NOOP",result="done"} [1-9]/m,
    /^pabal_commands_total{protocol="imap",command="LOGIN",result="failed"} 2$/m,
    /^pabal_commands_total{protocol="imap",command="unknown",result="failed"} [1-9]/m,
    /^pabal_command_seconds_count{protocol="imap",command="SELECT"} 1$/m,
  ])
    expect(text).toMatch(series);
});

test('an account that searches without end waits for its searches, for nothing else, and alone (C28)', async () => {
  const sessions = await Promise.all(['m', 'm2', 'n'].map((name) => service.session(name)));
  const [mary, marysOther, nina] = sessions as [WireClient, WireClient, WireClient];
  for (const wire of sessions) {
    await wire.write('a EXAMINE INBOX\r\n');
    while (!(await wire.line()).startsWith('a OK'));
  }
  await service.store.searching('m@example.test' as AccountId, () => searching.advance(120_000));
  // The store's own timers are there again.
  await settle();
  const { waiting } = searching;
  await mary.write('b NOOP\r\nc SEARCH TEXT "x"\r\nd NOOP\r\n');
  expect(await mary.line()).toBe('b OK NOOP completed');
  await marysOther.write('c THREAD REFERENCES UTF-8 ALL\r\n');
  await expect.poll(() => searching.waiting).toBe(waiting + 2);
  await nina.write('c SORT (DATE) UTF-8 ALL\r\n');
  expect(await nina.line()).toBe('* SORT');
  await searching.advance(15_000);
  expect(await mary.line()).toBe('* SEARCH');
  expect(await mary.line()).toBe('c OK SEARCH completed');
  expect(await mary.line()).toBe('d OK NOOP completed');
  expect(await marysOther.line()).toBe('* THREAD');
  for (const wire of sessions) wire.destroy();
  await expect.poll(() => connections.accounts).toBe(0);
});
