import { beforeEach, expect, it } from 'vitest';
import { directoryParts } from '../../test/support/directory.ts';
import type { ManualClock } from '../adapters/clock-manual.ts';
import type { MemoryKv } from '../adapters/kv-memory.ts';
import type { AccountId } from '../mailstore/api.ts';
import { partition } from '../ports/kv.ts';
import type { NewPlace, SignInProtocol } from './api.ts';
import { KvDirectory, NEW_PLACE } from './directory.ts';

const ALICE = 'alice@example.test';
const HOME = '192.0.2.7';
const AWAY = '198.51.100.9';

let clock: ManualClock;
let kv: MemoryKv;
let directory: KvDirectory;
let alice: AccountId;
let told: NewPlace[];
beforeEach(async () => {
  const parts = directoryParts();
  ({ clock, kv } = parts);
  directory = new KvDirectory(parts, {
    hashCost: { memoryCost: 8, timeCost: 1 },
    throttle: { perAccount: 1000, perNetwork: 1000, loopback: false },
  });
  await directory.addDomain('example.test');
  alice = (await directory.addAccount(ALICE, { password: 'right' })).id;
  told = [];
  parts.bus.subscribe(NEW_PLACE, (message) => void told.push(message as NewPlace));
});

const signIn = (remote: string, protocol: SignInProtocol = 'imap', password = 'right') =>
  directory.authenticate(ALICE, password, { protocol, remote });
const fail = (remote: string) => expect(signIn(remote, 'smtp', 'wrong')).rejects.toMatchObject({ code: 'auth-failed' });
const list = () => directory.places.list(alice);
const networks = async () => (await list()).map(({ network }) => network);

it('is listed with what was done there, the latest first', async () => {
  const [first] = [clock.now(), await signIn(HOME)];
  await clock.advance(3_600_000);
  await signIn('192.0.2.8', 'http');
  await fail(AWAY);
  await expect.poll(networks).toHaveLength(2);
  await clock.advance(1000);
  await signIn('2001:db8::1');
  expect(await list()).toEqual([
    {
      network: '2001:db8:0:0::/64',
      remote: '2001:db8::1',
      protocols: ['imap'],
      first: clock.now(),
      last: clock.now(),
      failures: 0,
    },
    {
      network: '192.0.2.0/24',
      remote: '192.0.2.8',
      protocols: ['imap', 'http'],
      first,
      last: first + 3_600_000,
      failures: 0,
    },
    { network: '198.51.100.0/24', remote: AWAY, protocols: [], failures: 1, lastFailure: first + 3_600_000 },
  ]); // prettier-ignore
});

it('is told the first time somebody signs in from there, but for the very first', async () => {
  await signIn(HOME);
  await signIn('192.0.2.200', 'pop3');
  expect(told).toEqual([]);
  const parallel = await Promise.all(Array.from({ length: 5 }, () => signIn(AWAY, 'http')));
  expect(parallel).toHaveLength(5);
  expect(told).toEqual([{ account: alice, address: ALICE, protocol: 'http', remote: AWAY, at: expect.any(Number) }]);
  await clock.advance(86_400_000);
  await signIn(AWAY);
  await signIn(HOME);
  expect(told).toHaveLength(1);
});

it('from which somebody only tried is new when somebody gets in', async () => {
  await signIn(HOME);
  await fail(AWAY);
  await expect.poll(networks).toHaveLength(2);
  await signIn(AWAY);
  expect(told).toHaveLength(1);
});

it('costs no write for a program that signs in again and again', async () => {
  await signIn(HOME);
  const { version } = await kv.head(partition('i', alice));
  for (let i = 0; i < 10; i++) await signIn(HOME);
  expect((await kv.head(partition('i', alice))).version).toBe(version);
});

it('of this machine is none, unless it counts as others do', async () => {
  await signIn('127.0.0.1');
  await fail('::1');
  expect(await list()).toEqual([]);
});

it('is kept for the owner, however many strangers try', async () => {
  await signIn(HOME);
  for (let i = 0; i < 120; i++) await fail(`10.0.${i}.1`);
  await expect.poll(networks).toContain('10.0.119.0/24');
  expect(await networks()).toContain('192.0.2.0/24');
  expect((await list()).length).toBeLessThanOrEqual(101);
  await directory.removeAccount(alice);
  expect(await list()).toEqual([]);
});
