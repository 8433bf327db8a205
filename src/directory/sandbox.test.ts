import { expect, it } from 'vitest';
import { LocalBus } from '../adapters/bus-local.ts';
import { MemoryCache } from '../adapters/cache-memory.ts';
import { ManualClock } from '../adapters/clock-manual.ts';
import { MemoryKv } from '../adapters/kv-memory.ts';
import { SeededRandom } from '../adapters/random-seeded.ts';
import { SandboxDirectory } from './sandbox.ts';

const FROM = { protocol: 'imap', remote: '127.0.0.1' } as const;

async function sandbox() {
  const clock = new ManualClock();
  const made: string[] = [];
  const parts = {
    kv: new MemoryKv(),
    clock,
    cache: new MemoryCache(clock),
    bus: new LocalBus(),
    random: new SeededRandom(5),
    mailboxes: {
      createAccount: async (id: string) => void made.push(id),
      setQuota: async () => undefined,
      removeAccount: async () => undefined,
    },
  };
  const directory = new SandboxDirectory(parts, { hashCost: { memoryCost: 8, timeCost: 1 } });
  await directory.settle();
  return { directory, made };
}

it('lets every address of mail.test in, and makes each account once', async () => {
  const { directory, made } = await sandbox();
  const who = await Promise.all(
    Array.from({ length: 90 }, (_, i) => directory.authenticate(`User${i % 30}@Mail.test`, 'pass', FROM)),
  );
  expect(new Set(who.map(({ account }) => account)).size).toBe(30);
  expect(made).toHaveLength(30);
  await expect(directory.authenticate('user1@mail.test', 'wrong', FROM)).rejects.toMatchObject({ code: 'auth-failed' });
  await expect(directory.authenticate('user1@other.test', 'pass', FROM)).rejects.toMatchObject({ code: 'auth-failed' });
});

it('makes accounts for recipients, without their details', async () => {
  const { directory } = await sandbox();
  const route = await directory.route('new+box@mail.test');
  expect(route).toMatchObject({ kind: 'account', address: 'new@mail.test', detail: 'box' });
  expect((await directory.authenticate('new@mail.test', 'pass', FROM)).account).toBe(
    route.kind === 'account' && route.account,
  );
  expect(await directory.route('x@elsewhere.test')).toEqual({ kind: 'remote', domain: 'elsewhere.test' });
});

it('a quoted local part is an address like any other', async () => {
  const { directory } = await sandbox();
  const route = await directory.route('"user@elsewhere.test"@mail.test');
  expect(route).toMatchObject({ kind: 'account' });
  expect(await directory.route('"user@elsewhere.test"@mail.test')).toEqual(route);
});
