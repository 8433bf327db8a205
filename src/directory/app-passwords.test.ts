import { beforeEach, expect, it } from 'vitest';
import { directoryParts } from '../../test/support/directory.ts';
import type { ManualClock } from '../adapters/clock-manual.ts';
import type { MemoryKv } from '../adapters/kv-memory.ts';
import { MailError } from '../mail/error.ts';
import type { AccountId } from '../mailstore/api.ts';
import { partition } from '../ports/kv.ts';
import { APP_PASSWORD_SCOPES, type SignInProtocol } from './api.ts';
import { KvDirectory } from './directory.ts';

const ALICE = 'alice@example.test';
const REMOTE = '192.0.2.7';

let clock: ManualClock;
let kv: MemoryKv;
let directory: KvDirectory;
let alice: AccountId;
beforeEach(async () => {
  const parts = directoryParts();
  ({ clock, kv } = parts);
  directory = new KvDirectory(parts, { hashCost: { memoryCost: 8, timeCost: 1 } });
  await directory.addDomain('example.test');
  alice = (await directory.addAccount(ALICE, { password: 'right' })).id;
});

async function signIn(password: string, protocol: SignInProtocol, address = ALICE): Promise<string> {
  try {
    await directory.authenticate(address, password, { protocol, remote: REMOTE });
    return 'in';
  } catch (error) {
    return error instanceof MailError ? error.code : String(error);
  }
}

const make = (...scopes: (typeof APP_PASSWORD_SCOPES)[number][]) =>
  directory.appPasswords.create(alice, { name: 'Phone', scopes });

it('opens the protocols of its scope and no other, and never the web', async () => {
  const doors = { imap: 'imap', pop3: 'pop3', send: 'smtp', sieve: 'managesieve' } as const;
  for (const scope of APP_PASSWORD_SCOPES) {
    const { password } = await make(scope);
    for (const protocol of ['imap', 'pop3', 'smtp', 'managesieve', 'http'] as const)
      expect(await signIn(password, protocol), `${scope} over ${protocol}`).toBe(
        doors[scope] === protocol ? 'in' : 'auth-failed',
      );
  }
  await expect(
    directory.confirm(alice, (await make('imap')).password, { protocol: 'http', remote: REMOTE }),
  ).rejects.toMatchObject({ code: 'auth-failed' });
});

it('is taken as people type it, and by its own account only', async () => {
  const { password } = await make('imap');
  expect(password).toMatch(/^([a-z2-7]{5}-){3}[a-z2-7]{5}$/);
  for (const typed of [password, password.replaceAll('-', ' '), password.replaceAll('-', ''), password.toUpperCase()])
    expect(await signIn(typed, 'imap')).toBe('in');
  await directory.addAccount('bob@example.test', { password: 'other' });
  expect(await signIn(password, 'imap', 'bob@example.test')).toBe('auth-failed');
  expect(await signIn(password, 'imap', 'nobody@example.test')).toBe('auth-failed');
  expect(await signIn(`${password.slice(0, -1)}0`, 'imap')).toBe('auth-failed');
});

it('is stored as a hash only, and its id is not the password', async () => {
  const { id, password } = await make('imap');
  const bare = password.replaceAll('-', '');
  for await (const page of kv.scan(partition('i', alice), {}))
    for (const row of page) expect(Buffer.concat(row).includes(bare)).toBe(false);
  expect(id).not.toContain(bare);
  expect(JSON.stringify(await directory.appPasswords.list(alice))).not.toContain(bare);
});

it('says when it was used last, written at most every ten minutes', async () => {
  const { id, password } = await make('imap', 'send');
  const first = clock.now();
  const lastUse = async () => (await directory.appPasswords.list(alice))[0]?.lastUse;
  expect(await lastUse()).toBeUndefined();
  await signIn(password, 'smtp');
  expect(await lastUse()).toEqual({ at: first, protocol: 'smtp', remote: REMOTE });
  // The network's own row is another matter.
  await signIn(password, 'imap');
  const { version } = await kv.head(partition('i', alice));
  await clock.advance(599_000);
  await signIn(password, 'imap');
  expect((await kv.head(partition('i', alice))).version).toBe(version);
  await clock.advance(1_000);
  await signIn(password, 'imap');
  expect(await lastUse()).toEqual({ at: first + 600_000, protocol: 'imap', remote: REMOTE });
  expect(await directory.appPasswords.revoke(alice, id)).toBe(true);
  expect(await signIn(password, 'imap')).toBe('auth-failed');
  expect(await directory.appPasswords.list(alice)).toEqual([]);
});

it('is taken back one by one, with a new password, and with the account', async () => {
  const [first, second] = [await make('imap'), await make('imap')];
  expect(await directory.appPasswords.revoke(alice, first.id)).toBe(true);
  expect(await directory.appPasswords.revoke(alice, first.id)).toBe(false);
  for (const wrong of ['', 'x', '__proto__']) expect(await directory.appPasswords.revoke(alice, wrong)).toBe(false);
  expect(await signIn(first.password, 'imap')).toBe('auth-failed');
  expect(await signIn(second.password, 'imap')).toBe('in');
  await directory.updateAccount(alice, { suspended: true });
  expect(await signIn(second.password, 'imap')).toBe('account-suspended');
  await directory.updateAccount(alice, { suspended: false });
  expect(await signIn(second.password, 'imap')).toBe('in');
  await directory.updateAccount(alice, { password: 'new' });
  expect(await signIn(second.password, 'imap')).toBe('auth-failed');
  await directory.removeAccount(alice);
  await expect(make('imap')).rejects.toMatchObject({ code: 'account-missing' });
});

it('given to the wrong program locks nobody out', async () => {
  const { password } = await make('imap');
  for (let i = 0; i < 20; i++) expect(await signIn(password, 'smtp')).toBe('auth-failed');
  expect(await signIn('right', 'smtp')).toBe('in');
});

it('is one of at most fifty', async () => {
  for (let i = 0; i < 50; i++) await make('imap');
  await expect(make('imap')).rejects.toMatchObject({ code: 'limit' });
});
