import { beforeEach, describe, expect, it } from 'vitest';
import { LocalBus } from '../adapters/bus-local.ts';
import { MemoryCache } from '../adapters/cache-memory.ts';
import { ManualClock } from '../adapters/clock-manual.ts';
import { MemoryKv } from '../adapters/kv-memory.ts';
import { SeededRandom } from '../adapters/random-seeded.ts';
import { KvDirectory } from './directory.ts';
import { SandboxDirectory } from './sandbox.ts';

const OPTIONS = { hashCost: { memoryCost: 8, timeCost: 1 }, hostname: 'mx.example.test' };

function parts() {
  const clock = new ManualClock();
  return {
    kv: new MemoryKv(),
    clock,
    cache: new MemoryCache(clock),
    bus: new LocalBus(),
    random: new SeededRandom(7),
    mailboxes: {
      createAccount: async () => undefined,
      setQuota: async () => undefined,
      removeAccount: async () => undefined,
    },
  };
}

let all: ReturnType<typeof parts>;
let directory: KvDirectory;
beforeEach(async () => {
  all = parts();
  directory = new KvDirectory(all, OPTIONS);
  await directory.settle();
  await directory.addDomain('example.test');
  await directory.addDomain('other.test');
});

/** A second later than the one before. */
async function administrator(address: string): ReturnType<KvDirectory['addAccount']> {
  await all.clock.advance(1000);
  return directory.addAccount(address, { admin: true });
}

describe('postmaster and abuse', () => {
  it('reach the first administrator of the domain, else the first of all', async () => {
    await directory.addAccount('kim@example.test', {});
    expect(await directory.route('postmaster@example.test')).toEqual({ kind: 'unknown' });
    const first = await administrator('first@example.test');
    const second = await administrator('second@other.test');
    await administrator('third@other.test');
    await directory.addDomain('empty.test');
    expect(await directory.route('PostMaster@Example.test')).toEqual({
      kind: 'account',
      account: first.id,
      address: 'postmaster@example.test',
      detail: undefined,
    });
    expect(await directory.route('abuse+spam@other.test')).toMatchObject({ account: second.id, detail: 'spam' });
    expect(await directory.route('abuse@empty.test')).toMatchObject({ account: first.id });
    expect((await directory.route('hostmaster@example.test')).kind).toBe('unknown');
    expect((await directory.route('postmaster@elsewhere.test')).kind).toBe('remote');
    expect(await directory.maySendAs(first.id, 'postmaster@example.test')).toBe(true);
    expect(await directory.maySendAs(second.id, 'postmaster@example.test')).toBe(false);
  });

  it('reach whoever has the address, while he can be reached', async () => {
    const admin = await administrator('admin@example.test');
    const own = await directory.addAccount('postmaster@example.test', {});
    const kim = await directory.addAccount('kim@example.test', {});
    await directory.addAlias('abuse@example.test', kim.id);
    expect(await directory.route('postmaster@example.test')).toMatchObject({ account: own.id });
    expect(await directory.route('abuse@example.test')).toMatchObject({ account: kim.id });
    await directory.updateAccount(own.id, { suspended: true });
    expect(await directory.route('postmaster@example.test')).toMatchObject({ account: admin.id });
    await directory.removeAlias('abuse@example.test');
    expect(await directory.route('abuse@example.test')).toMatchObject({ account: admin.id });
  });

  it('follow at once when administrators come and go, also on another node', async () => {
    const other = new KvDirectory(all, OPTIONS);
    const at = async () => {
      await Promise.resolve();
      const route = await other.route('postmaster@example.test');
      return route.kind === 'account' ? route.account : route.kind;
    };
    expect(await at()).toBe('unknown');
    const { id: a } = await administrator('a@example.test');
    expect(await at()).toBe(a);
    await all.clock.advance(1000);
    const { id: b } = await directory.addAccount('b@example.test', {});
    await directory.updateAccount(b, { admin: true });
    expect(await at()).toBe(a);
    await directory.updateAccount(a, { suspended: true });
    expect(await at()).toBe(b);
    await directory.updateAccount(a, { suspended: false });
    expect(await at()).toBe(a);
    await directory.updateAccount(a, { admin: false });
    expect(await at()).toBe(b);
    await directory.removeAccount(b);
    expect(await at()).toBe('unknown');
  });

  it('are found in a store that was written before administrators were listed', async () => {
    const { id } = await administrator('admin@example.test');
    const { kv } = all;
    const before = new MemoryKv();
    for (const kind of ['a', 'd', 'i'] as const) {
      for await (const partition of kv.partitions(kind)) {
        if (partition === 'i/.administrators') continue;
        const { version, commitId, value } = await kv.head(partition);
        const rows = [];
        for await (const page of kv.scan(partition, {})) rows.push(...page);
        if (commitId !== undefined)
          await before.commit(partition, 0, version, { ...(value && { header: value }), put: rows }, commitId);
      }
    }
    const later = new KvDirectory({ ...all, kv: before, bus: new LocalBus() }, OPTIONS);
    await later.settle();
    expect(await later.route('postmaster@example.test')).toMatchObject({ account: id });
  });
});

describe('postmaster without a domain', () => {
  it('is that of this server, if its name is one of our domains, else that of the first administrator', async () => {
    expect(await directory.route('postmaster')).toEqual({ kind: 'unknown' });
    const admin = await administrator('admin@other.test');
    const kim = await directory.addAccount('kim@other.test', {});
    expect(await directory.route('Postmaster')).toMatchObject({ account: admin.id, address: 'postmaster@other.test' });
    await directory.addAlias('postmaster@other.test', kim.id);
    expect(await directory.route('postmaster')).toMatchObject({ account: kim.id });
    await directory.addDomain('mx.example.test');
    expect(await directory.route('postmaster')).toMatchObject({
      account: admin.id,
      address: 'postmaster@mx.example.test',
    });
  });

  it('has an account of its own in the sandbox', async () => {
    const sandbox = new SandboxDirectory(parts(), OPTIONS);
    await sandbox.settle();
    expect(await sandbox.route('postmaster')).toMatchObject({ kind: 'account', address: 'postmaster@mail.test' });
  });
});
