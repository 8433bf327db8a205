import { beforeEach, describe, expect, it } from 'vitest';
import { LocalBus } from '../adapters/bus-local.ts';
import { MemoryCache } from '../adapters/cache-memory.ts';
import { ManualClock } from '../adapters/clock-manual.ts';
import { SystemClock } from '../adapters/clock-system.ts';
import { MemoryKv } from '../adapters/kv-memory.ts';
import { SeededRandom } from '../adapters/random-seeded.ts';
import { MailError } from '../mail/error.ts';
import type { AccountId } from '../mailstore/api.ts';
import type { CommitResult, KeyValueStore } from '../ports/kv.ts';
import { type DirectoryOptions, KvDirectory } from './directory.ts';

/** So cheap that a test may hash. */
const CHEAP = { memoryCost: 8, timeCost: 1 };

class Mailboxes {
  readonly quotas = new Map<AccountId, number | undefined>();
  async createAccount(id: AccountId, options: { quota?: number } = {}) {
    this.quotas.set(id, options.quota);
  }
  async setQuota(id: AccountId, bytes: number | undefined) {
    this.quotas.set(id, bytes);
  }
  async removeAccount(id: AccountId) {
    this.quotas.delete(id);
  }
}

function setUp(options: DirectoryOptions & { kv?: KeyValueStore; manual?: boolean } = {}) {
  const clock = new ManualClock();
  const mailboxes = new Mailboxes();
  const bus = new LocalBus();
  const parts = {
    kv: options.kv ?? new MemoryKv(),
    clock: options.manual === false ? new SystemClock() : clock,
    cache: new MemoryCache(clock),
    bus,
    random: new SeededRandom(7),
    mailboxes,
  };
  const make = () => new KvDirectory(parts, { hashCost: CHEAP, ...options });
  return { ...parts, clock, mailboxes, make, directory: make() };
}

async function codeOf(act: Promise<unknown>): Promise<string> {
  try {
    await act;
    return 'done';
  } catch (error) {
    return error instanceof MailError ? error.code : `threw ${String(error)}`;
  }
}

async function listed(directory: KvDirectory, domain?: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { address } of directory.accounts(domain)) found.push(address);
  return found.sort();
}

let it1: ReturnType<typeof setUp>;
let directory: KvDirectory;
beforeEach(async () => {
  it1 = setUp();
  ({ directory } = it1);
  await directory.addDomain('Example.TEST');
});

describe('domains', () => {
  it('are compared without case and in ASCII', async () => {
    await directory.addDomain('한국.test');
    expect((await directory.domains()).map(({ name }) => name)).toEqual(['example.test', 'xn--3e0b707e.test']);
    expect(await directory.isLocal('EXAMPLE.test')).toBe(true);
    expect(await directory.isLocal('XN--3E0B707E.test')).toBe(true);
    expect(await directory.isLocal('[127.0.0.1]')).toBe(false);
  });

  it('cannot be added twice, removed while somebody lives there, or have an impossible name', async () => {
    expect(await codeOf(directory.addDomain('example.test'))).toBe('domain-exists');
    await directory.addAccount('a@example.test', {});
    expect(await codeOf(directory.removeDomain('example.test'))).toBe('conflict');
    expect(await codeOf(directory.removeDomain('other.test'))).toBe('domain-missing');
    for (const name of [
      '',
      '.',
      'a..b',
      '-a.test',
      `${'a'.repeat(64)}.test`,
      'a b.test',
      '[1.2.3.4]',
      'a/b',
      `${'a.'.repeat(130)}test`,
    ])
      expect(await codeOf(directory.addDomain(name)), name).toBe('address-syntax');
  });

  it('are forgotten when removed, and may come again', async () => {
    expect(await directory.isLocal('example.test')).toBe(true);
    await directory.removeDomain('example.test');
    expect(await directory.isLocal('example.test')).toBe(false);
    expect(await directory.domains()).toEqual([]);
    expect(await codeOf(directory.addAccount('a@example.test', {}))).toBe('domain-missing');
    await directory.addDomain('example.test');
    expect(await directory.isLocal('example.test')).toBe(true);
  });
});

describe('accounts', () => {
  it('have one owner per address, whoever asks at the same time', async () => {
    const results = await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        codeOf(directory.addAccount(i % 2 ? 'Same@example.test' : 'same@EXAMPLE.test', {})),
      ),
    );
    expect(results.filter((code) => code === 'done')).toHaveLength(1);
    expect(results.filter((code) => code === 'account-exists')).toHaveLength(7);
    expect(it1.mailboxes.quotas.size).toBe(1);
    expect(await listed(directory)).toHaveLength(1);
  });

  it('are found by address, alias and id, and listed by domain', async () => {
    const { id } = await directory.addAccount('Kim.Alice@example.test', { displayName: '김', admin: true, quota: 5 });
    await directory.addAlias('sales@example.test', id);
    await directory.addDomain('other.test');
    await directory.addAccount('x@other.test', {});
    expect(await directory.account('KIM.alice@example.TEST')).toMatchObject({
      id,
      address: 'Kim.Alice@example.test',
      admin: true,
      quota: 5,
    });
    expect((await directory.account('sales@example.test'))?.id).toBe(id);
    expect((await directory.account(id))?.aliases).toEqual(['sales@example.test']);
    expect(await directory.account('nobody@example.test')).toBeUndefined();
    expect(await directory.account('../x')).toBeUndefined();
    expect(await listed(directory, 'example.test')).toEqual(['Kim.Alice@example.test']);
    expect(await listed(directory)).toEqual(['Kim.Alice@example.test', 'x@other.test']);
    expect(it1.mailboxes.quotas.get(id)).toBe(5);
  });

  it('change, and take their quota to the mail store', async () => {
    const { id } = await directory.addAccount('a@example.test', { quota: 5 });
    await directory.updateAccount(id, { quota: null, displayName: 'A' });
    expect(await directory.account(id)).toMatchObject({ displayName: 'A', quota: undefined });
    expect(it1.mailboxes.quotas.get(id)).toBeUndefined();
    expect(await codeOf(directory.updateAccount('ffff' as AccountId, { admin: true }))).toBe('account-missing');
  });

  it('leave nothing behind', async () => {
    const { id } = await directory.addAccount('a@example.test', {});
    await directory.addAlias('b@example.test', id);
    expect((await directory.route('b@example.test')).kind).toBe('account');
    await directory.removeAccount(id);
    expect((await directory.route('a@example.test')).kind).toBe('unknown');
    expect((await directory.route('b@example.test')).kind).toBe('unknown');
    expect(await directory.account(id)).toBeUndefined();
    expect(it1.mailboxes.quotas.size).toBe(0);
    await directory.removeDomain('example.test');
    await directory.addDomain('example.test');
    expect((await directory.addAccount('b@example.test', {})).id).not.toBe(id);
  });

  it('keep aliases apart from accounts', async () => {
    const { id } = await directory.addAccount('a@example.test', {});
    await directory.addAccount('b@example.test', {});
    expect(await codeOf(directory.addAlias('b@example.test', id))).toBe('account-exists');
    expect(await codeOf(directory.addAlias('c@nowhere.test', id))).toBe('domain-missing');
    expect(await codeOf(directory.removeAlias('a@example.test'))).toBe('account-missing');
    await directory.addAlias('c@example.test', id);
    await directory.removeAlias('C@example.test');
    expect((await directory.account(id))?.aliases).toEqual([]);
    expect((await directory.route('c@example.test')).kind).toBe('unknown');
  });
});

describe('a store that conflicts, loses answers and applies late', () => {
  it('never gives an address to two accounts, and never a half account', async () => {
    const kv = new MemoryKv({ seed: 3 });
    const { make, mailboxes } = setUp({ kv, manual: false });
    const two = [make(), make()] as const;
    await two[0].addDomain('example.test');
    const names = Array.from({ length: 12 }, (_, i) => `user${i}@example.test`);
    const results = await Promise.all(names.flatMap((name) => two.map((one) => codeOf(one.addAccount(name, {})))));
    expect(results.filter((code) => code === 'done')).toHaveLength(12);
    expect(results.filter((code) => code === 'account-exists')).toHaveLength(12);
    expect(await listed(two[1])).toEqual([...names].sort());
    expect(mailboxes.quotas.size).toBe(12);
    const ids = await Promise.all(names.map(async (name) => (await two[0].account(name))?.id));
    await Promise.all(ids.map((id) => two[1].removeAccount(id as AccountId)));
    expect(await listed(two[0])).toEqual([]);
    expect(mailboxes.quotas.size).toBe(0);
    expect(Object.values(kv.injected).some((n) => n > 0)).toBe(true);
  });
});

/** Stops for ever at the n-th commit, before or after it applied: what a kill leaves. `killed` resolves when it came to that. */
function killedAt(kv: MemoryKv, commits: number, applied: boolean): { kv: KeyValueStore; killed: Promise<void> } {
  let left = commits;
  const killed = Promise.withResolvers<void>();
  const dying = new Proxy(kv, {
    get(target, name) {
      if (name === 'commit')
        return async (...args: Parameters<MemoryKv['commit']>): Promise<CommitResult> => {
          left--;
          if (left > 0) return target.commit(...args);
          if (left === 0 && applied) await target.commit(...args);
          killed.resolve();
          return new Promise(() => undefined);
        };
      const value = Reflect.get(target, name) as unknown;
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  return { kv: dying, killed: killed.promise };
}

describe('a crash between any two commits', () => {
  const changes: [string, (directory: KvDirectory, id: AccountId) => Promise<unknown>][] = [
    ['adding an account', (d) => d.addAccount('new@example.test', { password: 'x' })],
    ['adding an administrator', (d) => d.addAccount('new@example.test', { admin: true })],
    ['making one', (d, id) => d.updateAccount(id, { admin: true })],
    ['removing an account', (d, id) => d.removeAccount(id)],
    ['adding an alias', (d, id) => d.addAlias('new@example.test', id)],
    ['removing an alias', (d) => d.removeAlias('old@example.test')],
    ['a quota', (d, id) => d.updateAccount(id, { quota: 99 })],
  ];
  for (const [what, change] of changes) {
    it(`in ${what} leaves nothing unusable`, async () => {
      for (let n = 1; n <= 12; n++) {
        for (const applied of [false, true]) {
          const kv = new MemoryKv();
          const before = setUp({ kv });
          await before.directory.addDomain('example.test');
          const { id } = await before.directory.addAccount('first@example.test', {});
          await before.directory.addAlias('old@example.test', id);
          const { kv: dead, killed } = killedAt(kv, n, applied);
          const dying = new KvDirectory({ ...before, kv: dead }, { hashCost: CHEAP });
          const finished = await Promise.race([change(dying, id).then(() => true), killed.then(() => false)]);
          const after = before.make();
          await after.settle();
          const accounts = await listed(after);
          // Every mailbox has its account and the other way round; every address leads to one that lists it.
          expect(before.mailboxes.quotas.size, `${what}, commit ${n}`).toBe(accounts.length);
          for (const address of ['first@example.test', 'old@example.test', 'new@example.test']) {
            const route = await after.route(address);
            if (route.kind === 'account') {
              const owner = await after.account(route.account);
              expect([owner?.address, ...(owner?.aliases ?? [])]).toContain(address);
            } else expect(await after.account(address), address).toBeUndefined();
          }
          const first = await after.account('first@example.test');
          if (first !== undefined) {
            expect(before.mailboxes.quotas.get(id)).toBe(first.quota);
            for (const alias of first.aliases) expect((await after.route(alias)).kind).toBe('account');
          }
          // Whatever is free can be had.
          for (const address of ['first@example.test', 'old@example.test', 'new@example.test'])
            if ((await after.account(address)) === undefined) await after.addAccount(address, {});
          for await (const { id: each } of after.accounts()) await after.removeAccount(each);
          await after.removeDomain('example.test');
          if (finished) return;
        }
      }
      throw new Error('more commits than this test looks at');
    });
  }
});

describe('routes', () => {
  it('ignore case, Unicode form and quotes, and split off details', async () => {
    const { id } = await directory.addAccount('José@example.test', {});
    const decomposed = 'JOSE\u0301@Example.Test';
    expect(await directory.route(decomposed)).toEqual({
      kind: 'account',
      account: id,
      address: 'jos\u00e9@example.test',
      detail: undefined,
    });
    expect(await directory.route('"josé"@example.test')).toMatchObject({ account: id });
    expect(await directory.route('josé+Lists+x@example.test')).toMatchObject({ account: id, detail: 'lists+x' });
    expect(await directory.route('+josé@example.test')).toEqual({ kind: 'unknown' });
    expect(await directory.route('x@elsewhere.test')).toEqual({ kind: 'remote', domain: 'elsewhere.test' });
  });

  it('prefer an address that was made with its plus', async () => {
    const a = await directory.addAccount('a@example.test', {});
    const b = await directory.addAccount('a+b@example.test', {});
    expect(await directory.route('a+b@example.test')).toMatchObject({ account: b.id });
    expect(await directory.route('a+c@example.test')).toMatchObject({ account: a.id, detail: 'c' });
  });

  it('refuse what is no address', async () => {
    for (const address of [
      '',
      '@',
      'a',
      '@example.test',
      'a@',
      'a@b@',
      'a\u0000@example.test',
      'a\r\n@example.test',
      `${'a'.repeat(129)}@example.test`,
      '\ud800@example.test',
    ])
      expect(await codeOf(directory.route(address)), JSON.stringify(address)).toBe('address-syntax');
  });

  it('are told anew at once after a change, also by another node', async () => {
    const other = it1.make();
    expect((await other.route('a@example.test')).kind).toBe('unknown');
    const { id } = await directory.addAccount('a@example.test', {});
    await Promise.resolve();
    expect((await other.route('a@example.test')).kind).toBe('account');
    await directory.updateAccount(id, { suspended: true });
    await Promise.resolve();
    expect((await other.route('a+x@example.test')).kind).toBe('suspended');
  });

  it('are right again after a while when the message was lost', async () => {
    const deaf = new KvDirectory({ ...it1, bus: new LocalBus() }, { hashCost: CHEAP });
    expect((await deaf.route('a@example.test')).kind).toBe('unknown');
    await directory.addAccount('a@example.test', {});
    expect((await deaf.route('a@example.test')).kind).toBe('unknown');
    await it1.clock.advance(10_001);
    expect((await deaf.route('a@example.test')).kind).toBe('account');
  });

  it('say who may send as whom', async () => {
    const a = await directory.addAccount('a@example.test', {});
    const b = await directory.addAccount('b@example.test', {});
    await directory.addAlias('sales@example.test', a.id);
    expect(await directory.maySendAs(a.id, 'A+x@example.test')).toBe(true);
    expect(await directory.maySendAs(a.id, 'sales@example.test')).toBe(true);
    expect(await directory.maySendAs(b.id, 'sales@example.test')).toBe(false);
    expect(await directory.maySendAs(b.id, 'b@elsewhere.test')).toBe(false);
  });
});
