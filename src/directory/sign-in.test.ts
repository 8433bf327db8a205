import { beforeEach, describe, expect, it } from 'vitest';
import { LocalBus } from '../adapters/bus-local.ts';
import { MemoryCache } from '../adapters/cache-memory.ts';
import { ManualClock } from '../adapters/clock-manual.ts';
import { MemoryKv } from '../adapters/kv-memory.ts';
import { SeededRandom } from '../adapters/random-seeded.ts';
import { MailError } from '../mail/error.ts';
import type { AccountId } from '../mailstore/api.ts';
import { partition } from '../ports/kv.ts';
import { type DirectoryParts, KvDirectory } from './directory.ts';
import { Passwords } from './passwords.ts';

const CHEAP = { memoryCost: 8, timeCost: 1 };
const HOME = { protocol: 'imap', remote: '192.0.2.7' } as const;
const AWAY = { protocol: 'smtp', remote: '198.51.100.9' } as const;

let clock: ManualClock;
let kv: MemoryKv;
let parts: DirectoryParts;
let directory: KvDirectory;
let alice: AccountId;
beforeEach(async () => {
  clock = new ManualClock();
  kv = new MemoryKv();
  const nothing = async () => undefined;
  parts = {
    kv,
    clock,
    cache: new MemoryCache(clock),
    bus: new LocalBus(),
    random: new SeededRandom(1),
    mailboxes: { createAccount: nothing, setQuota: nothing, removeAccount: nothing },
  };
  directory = new KvDirectory(parts, { hashCost: CHEAP });
  await directory.addDomain('example.test');
  alice = (await directory.addAccount('alice@example.test', { password: 'right' })).id;
});

async function answer(act: Promise<unknown>): Promise<string> {
  try {
    await act;
    return 'in';
  } catch (error) {
    return error instanceof MailError ? error.code : String(error);
  }
}

const signIn = (address: string, password: string, from: typeof HOME | typeof AWAY = HOME) =>
  answer(directory.authenticate(address, password, from));

describe('a password', () => {
  it('lets in its owner only, under any spelling and any alias of the address', async () => {
    await directory.addAlias('a.kim@example.test', alice);
    expect(await directory.authenticate('Alice@EXAMPLE.test', 'right', HOME)).toMatchObject({
      kind: 'user',
      account: alice,
      address: 'alice@example.test',
      admin: false,
    });
    expect(await signIn('a.kim@example.test', 'right')).toBe('in');
    for (const [address, password] of [
      ['alice@example.test', 'wrong'],
      ['alice@example.test', ''],
      ['alice+x@example.test', 'right'],
      ['nobody@example.test', 'right'],
      ['alice@elsewhere.test', 'right'],
      ['alice', 'right'],
      ['', ''],
    ] as const)
      expect(await answer(directory.authenticate(address, password, { protocol: 'imap', remote: '127.0.0.1' }))).toBe(
        'auth-failed',
      );
  });

  it('is the same in composed and decomposed form', async () => {
    await directory.updateAccount(alice, { password: 'pa\u00df\u00e9' });
    expect(await signIn('alice@example.test', 'pa\u00dfe\u0301')).toBe('in');
  });

  it('is stored as argon2id, and nothing of it elsewhere', async () => {
    const header = Buffer.from((await kv.head(partition('i', alice))).value ?? []).toString();
    expect(header).toMatch(/"password":"\$argon2id\$v=19\$m=8,t=1,p=1\$/);
    expect(header).not.toContain('right');
  });

  it('is the old one no more as soon as it was changed, also where it was right a moment ago', async () => {
    const other = new KvDirectory({ ...parts, bus: new LocalBus() }, { hashCost: CHEAP });
    expect(await answer(other.authenticate('alice@example.test', 'right', HOME))).toBe('in');
    await directory.updateAccount(alice, { password: 'new' });
    expect(await answer(other.authenticate('alice@example.test', 'right', HOME))).toBe('auth-failed');
    expect(await answer(other.authenticate('alice@example.test', 'new', HOME))).toBe('in');
  });

  it('of an account without one is wrong, and a suspended account stays out', async () => {
    await directory.addAccount('none@example.test', {});
    expect(await signIn('none@example.test', '')).toBe('auth-failed');
    await directory.updateAccount(alice, { suspended: true });
    expect(await signIn('alice@example.test', 'right')).toBe('account-suspended');
    expect(await signIn('alice@example.test', 'wrong')).toBe('auth-failed');
  });

  it('is never taken for that of somebody else', async () => {
    const people: { address: string; id: AccountId; password: string }[] = [];
    for (let i = 0; i < 30; i++) {
      const [address, password] = [`user${i}@example.test`, i % 3 === 0 ? 'common' : `pass${i}`];
      people.push({ address, password, id: (await directory.addAccount(address, { password })).id });
    }
    const random = new SeededRandom(11);
    const pick = () => people[Math.floor(random.fraction() * people.length)] as (typeof people)[number];
    for (let i = 0; i < 1500; i++) {
      const [who, whose] = [pick(), pick()];
      const attempt = directory.authenticate(who.address, whose.password, { protocol: 'http', remote: '::1' });
      if (who.password === whose.password) expect((await attempt).account).toBe(who.id);
      else expect(await answer(attempt)).toBe('auth-failed');
    }
  });
});

describe('hashing', () => {
  it('is refused beyond a bound, and every place is given back (C27)', async () => {
    const passwords = new Passwords(CHEAP);
    const phc = await passwords.hash('x');
    for (let round = 0; round < 2; round++) {
      const answers = await Promise.all(Array.from({ length: 200 }, () => answer(passwords.verify(phc, 'x'))));
      expect(answers.filter((one) => one === 'in')).toHaveLength(50);
      expect(answers.filter((one) => one === 'busy')).toHaveLength(150);
    }
    expect(await passwords.verify(phc, 'x')).toBe(true);
  });

  it('takes place for unknown users, too', async () => {
    const passwords = new Passwords(CHEAP);
    const answers = await Promise.all(Array.from({ length: 60 }, () => answer(passwords.verify(undefined, 'x'))));
    expect(answers).toContain('busy');
  });

  it('costs at least 50 ms of work as it is set, for known and unknown users alike', async () => {
    const passwords = new Passwords();
    const phc = await passwords.hash('x');
    const [, memory, passes] = /m=(\d+),t=(\d+),p=1\$/.exec(phc) ?? [];
    // Memory times passes is what an attacker pays; this much takes 50 ms on a core of 2026.
    expect(Number(memory) * Number(passes)).toBeGreaterThanOrEqual(48 * 1024 * 4);
    expect(phc.startsWith('$argon2id$')).toBe(true);
  });

  it('refuses passwords that are empty or endless', async () => {
    const passwords = new Passwords(CHEAP);
    expect(await answer(passwords.hash(''))).toBe('not-allowed');
    expect(await answer(passwords.hash('x'.repeat(1025)))).toBe('not-allowed');
    expect(await passwords.verify(undefined, 'x'.repeat(1 << 20))).toBe(false);
  });
});

describe('wrong passwords', () => {
  it('of all protocols together bring growing pauses', async () => {
    for (const protocol of ['smtp', 'imap', 'pop3', 'http', 'imap'] as const)
      expect(
        await answer(directory.authenticate('alice@example.test', 'wrong', { protocol, remote: AWAY.remote })),
      ).toBe('auth-failed');
    const pauses: number[] = [];
    for (let round = 0; round < 5; round++) {
      let seconds = 0;
      while ((await signIn('alice@example.test', 'wrong', AWAY)) === 'auth-throttled') {
        await clock.advance(1000);
        seconds++;
      }
      pauses.push(seconds);
    }
    expect(pauses).toEqual([1, 2, 4, 8, 16]);
    expect(await signIn('alice@example.test', 'right', { protocol: 'smtp', remote: '203.0.113.1' } as never)).toBe(
      'auth-throttled',
    );
  });

  it('by strangers do not lock out the owner at home', async () => {
    expect(await signIn('alice@example.test', 'right', HOME)).toBe('in');
    for (let i = 0; i < 5; i++) await signIn('alice@example.test', 'wrong', AWAY);
    expect(await signIn('alice@example.test', 'right', AWAY)).toBe('auth-throttled');
    expect(await signIn('alice@example.test', 'right', HOME)).toBe('in');
    // And the owner's success gives the strangers no new tries.
    expect(await signIn('alice@example.test', 'wrong', AWAY)).toBe('auth-throttled');
  });

  it('by strangers do not lock out the owner after a restart either', async () => {
    expect(await signIn('alice@example.test', 'right', HOME)).toBe('in');
    const later = new KvDirectory({ ...parts, cache: new MemoryCache(clock) }, { hashCost: CHEAP });
    const at = (password: string, from: typeof HOME | typeof AWAY) =>
      answer(later.authenticate('alice@example.test', password, from));
    for (let i = 0; i < 5; i++) await at('wrong', AWAY);
    expect(await at('right', AWAY)).toBe('auth-throttled');
    expect(await at('right', HOME)).toBe('in');
    for (let i = 0; i < 5; i++) expect(await at('wrong', HOME)).toBe('auth-failed');
    expect(await at('right', HOME)).toBe('auth-throttled');
    await clock.advance(31 * 86_400_000);
    for (let i = 0; i < 5; i++) await at('wrong', AWAY);
    const another = new KvDirectory({ ...parts, cache: new MemoryCache(clock) }, { hashCost: CHEAP });
    for (let i = 0; i < 5; i++) await answer(another.authenticate('alice@example.test', 'wrong', AWAY));
    expect(await answer(another.authenticate('alice@example.test', 'right', HOME))).toBe('auth-throttled');
  });

  it('for many accounts from one network slow that network down', async () => {
    for (let i = 0; i < 50; i++)
      await answer(directory.authenticate(`u${i}@example.test`, 'x', { protocol: 'imap', remote: `198.51.100.${i}` }));
    expect(await signIn('alice@example.test', 'right', AWAY)).toBe('auth-throttled');
    expect(await signIn('alice@example.test', 'right', HOME)).toBe('in');
  });

  it('are counted alike for accounts that do not exist', async () => {
    const answers = async (address: string) => {
      const all: string[] = [];
      for (let i = 0; i < 7; i++) all.push(await signIn(address, 'wrong', HOME));
      return all;
    };
    expect(await answers('nobody@example.test')).toEqual(await answers('alice@example.test'));
  });

  it('from this machine do not count unless told to', async () => {
    const local = { protocol: 'imap', remote: '127.0.0.1' } as const;
    for (let i = 0; i < 20; i++) await answer(directory.authenticate('alice@example.test', 'wrong', local));
    expect(await answer(directory.authenticate('alice@example.test', 'right', local))).toBe('in');
    const strict = new KvDirectory(parts, {
      hashCost: CHEAP,
      throttle: { perAccount: 2, perNetwork: 9, loopback: true },
    });
    for (let i = 0; i < 2; i++) await answer(strict.authenticate('alice@example.test', 'wrong', local));
    expect(await answer(strict.authenticate('alice@example.test', 'right', local))).toBe('auth-throttled');
  });
});

describe('sessions', () => {
  const WHO = () => ({ kind: 'user', account: alice, address: 'alice@example.test', admin: false }) as const;

  it('last as long as they are told, and end at once', async () => {
    const token = await directory.createSession(WHO(), { ttlMs: 1000, purpose: 'api' });
    const second = await directory.createSession(WHO(), { ttlMs: 9000, purpose: 'api' });
    expect((await directory.session(token, 'api'))?.account).toBe(alice);
    expect(await directory.session(token, 'sign-in-link')).toBeUndefined();
    await clock.advance(1001);
    expect(await directory.session(token, 'api')).toBeUndefined();
    expect((await directory.session(second, 'api'))?.account).toBe(alice);
    await directory.endSession(second);
    await directory.endSession(second);
    expect(await directory.session(second, 'api')).toBeUndefined();
  });

  it('end when nobody uses them for two weeks, and at last in any case', async () => {
    const day = 86_400_000;
    const [used, idle] = [
      await directory.createSession(WHO(), { ttlMs: 30 * day, purpose: 'api' }),
      await directory.createSession(WHO(), { ttlMs: 30 * day, purpose: 'api' }),
    ];
    const link = await directory.createSession(WHO(), { ttlMs: 30 * day, purpose: 'sign-in-link' });
    const isIn = async (token: string) => (await directory.session(token, 'api')) !== undefined;
    await clock.advance(13 * day);
    const { version } = await kv.head(partition('i', alice));
    for (let i = 0; i < 5; i++) expect(await isIn(used)).toBe(true);
    expect((await kv.head(partition('i', alice))).version).toBe(version + 1);
    await clock.advance(day);
    expect([await isIn(used), await isIn(idle)]).toEqual([true, false]);
    expect((await directory.sessions(alice)).map((one) => one.used)).toEqual([clock.now()]);
    expect(await directory.session(link, 'sign-in-link')).toBeDefined();
    await clock.advance(10 * day);
    expect(await isIn(used)).toBe(true);
    await clock.advance(6 * day);
    expect(await isIn(used)).toBe(false);
  });

  it('are not found under anything but their own token, which is not stored', async () => {
    const token = await directory.createSession(WHO(), { ttlMs: 1000, purpose: 'api' });
    for (const wrong of ['', 'x', `${token}x`, token.slice(0, -1), token.replace(alice, 'ffff'), token.toUpperCase()])
      expect(await directory.session(wrong, 'api'), wrong).toBeUndefined();
    for await (const page of kv.scan(partition('i', alice), {}))
      for (const row of page) expect(Buffer.concat(row).includes(token.slice(-20))).toBe(false);
  });

  it('by a link are given once, however often it is clicked at once', async () => {
    const token = await directory.createSession(WHO(), { ttlMs: 1000, purpose: 'sign-in-link' });
    expect(await directory.session(token, 'api')).toBeUndefined();
    const answers = await Promise.all(Array.from({ length: 5 }, () => directory.session(token, 'sign-in-link')));
    expect(answers.filter((one) => one !== undefined)).toHaveLength(1);
    expect(await directory.session(token, 'sign-in-link')).toBeUndefined();
  });

  it('end with a new password, a suspension and the account', async () => {
    const make = () => directory.createSession(WHO(), { ttlMs: 1000, purpose: 'api' });
    const first = await make();
    await directory.updateAccount(alice, { password: 'new' });
    expect(await directory.session(first, 'api')).toBeUndefined();
    const second = await make();
    await directory.updateAccount(alice, { suspended: true });
    expect(await directory.session(second, 'api')).toBeUndefined();
    await directory.updateAccount(alice, { suspended: false });
    expect(await directory.session(second, 'api')).toBeUndefined();
    const third = await make();
    await directory.removeAccount(alice);
    expect(await directory.session(third, 'api')).toBeUndefined();
    expect(await answer(make())).toBe('account-missing');
  });

  it('of one account are bounded: the oldest ends', async () => {
    const tokens: string[] = [];
    for (let i = 0; i < 101; i++) {
      tokens.push(await directory.createSession(WHO(), { ttlMs: 1000, purpose: 'api' }));
      await clock.advance(1);
    }
    expect(await directory.session(tokens[0] as string, 'api')).toBeUndefined();
    expect(await directory.session(tokens[1] as string, 'api')).toBeDefined();
  });
});

describe('a breached password', () => {
  it('is chosen by nobody, and what was chosen before goes on', async () => {
    const breached = { has: async (password: string) => password === 'right' };
    const careful = new KvDirectory({ ...parts, bus: new LocalBus() }, { hashCost: CHEAP, breached });
    expect(await answer(careful.updateAccount(alice, { password: 'right' }))).toBe('password-known');
    expect(await answer(careful.addAccount('bob@example.test', { password: 'right' }))).toBe('password-known');
    expect(await careful.account('bob@example.test')).toBeUndefined();
    expect(await answer(careful.authenticate('alice@example.test', 'right', HOME))).toBe('in');
    expect(await answer(careful.updateAccount(alice, { password: 'another' }))).toBe('in');
  });
});
