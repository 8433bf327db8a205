import { afterEach, beforeEach, expect, test } from 'vitest';
import { directoryParts } from '../../test/support/directory.ts';
import { codeOf } from '../../test/support/authenticator.ts';
import type { AccountId, Principal } from '../mailstore/api.ts';
import { silentLog } from '../telemetry/log.ts';
import type { SignInProtocol } from './api.ts';
import { ACCESS_ENDED } from './credentials.ts';
import { KvDirectory } from './directory.ts';
import { OpenAccess } from './open-access.ts';

const ALICE = 'alice@example.test';
type Who = Principal & { kind: 'user' };

let parts: ReturnType<typeof directoryParts>;
let directory: KvDirectory;
let access: OpenAccess;
let alice: AccountId;
const ended: string[] = [];
beforeEach(async () => {
  parts = directoryParts();
  directory = new KvDirectory(parts, { hashCost: { memoryCost: 8, timeCost: 1 } });
  await directory.addDomain('example.test');
  alice = (await directory.addAccount(ALICE, { password: 'right' })).id;
  access = new OpenAccess({ directory, bus: parts.bus, log: silentLog });
  ended.length = 0;
});
afterEach(() => access[Symbol.dispose]());

const signIn = (password: string, protocol: SignInProtocol = 'imap', code?: string): Promise<Who> =>
  directory.authenticate(ALICE, password, { protocol, remote: '198.51.100.7' }, code);
const appPassword = () => directory.appPasswords.create(alice, { name: 'x', scopes: ['imap'] });

/** One of each kind, by name. */
async function everyone() {
  const [kept, taken] = [await appPassword(), await appPassword()];
  const { access: token } = await directory.oauth.grants.give(alice, { client: 'mail-program', scopes: ['imap'] });
  const from = { protocol: 'imap', remote: '198.51.100.7' } as const;
  const session = await directory.createSession(await signIn('right'), { ttlMs: 1e9, purpose: 'api' });
  const who: Record<string, Who | undefined> = {
    password: await signIn('right'),
    kept: await signIn(kept.password),
    taken: await signIn(taken.password),
    oauth: await directory.bearer(token, from, undefined),
    session: await directory.session(session, 'api'),
  };
  for (const [name, one] of Object.entries(who)) if (one !== undefined) access.enter(one, () => ended.push(name));
  return { taken, session };
}

const over = async (...names: string[]) => {
  await expect.poll(() => [...ended].sort()).toEqual([...names].sort());
};

test('only what was opened with what is taken back ends', async () => {
  const { taken, session } = await everyone();
  await directory.appPasswords.revoke(alice, taken.id);
  await over('taken');
  const [grant] = await directory.oauth.grants.list(alice);
  await directory.oauth.grants.revoke(alice, grant?.id ?? '');
  await over('taken', 'oauth');
  await directory.endSession(session);
  await over('taken', 'oauth', 'session');
});

test('a new password ends it all, and so does the end of the account, or its suspension', async () => {
  const all = ['kept', 'oauth', 'password', 'session', 'taken'];
  await everyone();
  await directory.updateAccount(alice, { displayName: 'Alice', quota: 5 });
  await directory.updateAccount(alice, { password: 'another' });
  await over(...all);
  await directory.updateAccount(alice, { password: 'right' });
  ended.length = 0;
  await everyone();
  await directory.updateAccount(alice, { suspended: true });
  await over(...all);
  await directory.updateAccount(alice, { suspended: false });
  ended.length = 0;
  await everyone();
  await directory.removeAccount(alice);
  await over(...all);
});

test('where the password alone does no more, who came with it alone has to go', async () => {
  await everyone();
  const secret = await directory.secondStep.prepare(alice);
  const codes = await directory.secondStep.enable(alice, codeOf(secret, parts.clock.now()));
  await over('password');
  const withCode = await signIn('right', 'http', codes[0]);
  access.enter(withCode, () => ended.push('code'));
  await directory.appPasswords.revoke(alice, 'x');
  expect(await directory.stillOpens(withCode)).toBe(true);
  await directory.updateAccount(alice, { password: 'another' });
  expect(await directory.stillOpens(withCode)).toBe(false);
});

test('each ends once, however often it is looked at meanwhile', async () => {
  await everyone();
  parts.bus.publish(ACCESS_ENDED, { account: alice });
  await directory.updateAccount(alice, { password: 'another' });
  for (let i = 0; i < 5; i++) parts.bus.publish(ACCESS_ENDED, { account: alice });
  await over('kept', 'oauth', 'password', 'session', 'taken');
  expect(access.accounts).toBe(0);
});

test('a connection leaves by itself when it closes', async () => {
  const closed = Promise.withResolvers<void>();
  const who = await signIn('right');
  access.hold(who, { closed: closed.promise, shutDown: (why) => ended.push(why) });
  expect(access.accounts).toBe(1);
  closed.resolve();
  await expect.poll(() => access.accounts).toBe(0);
});

test('a hash that is cheaper than those of today is made again at sign-in, and nobody is signed out by it', async () => {
  const before = await signIn('right');
  const dearer = new KvDirectory(parts, { hashCost: { memoryCost: 16, timeCost: 2 } });
  const phc = async () =>
    JSON.stringify(await parts.kv.head(`i/${alice}` as never).then(({ value }) => Buffer.from(value ?? []).toString()));
  expect(await phc()).toContain('m=8,t=1');
  const after = await dearer.authenticate(ALICE, 'right', { protocol: 'imap', remote: '198.51.100.7' });
  expect(await phc()).toContain('m=16,t=2');
  expect(after.credential).toBe(before.credential);
  expect(await dearer.stillOpens(before)).toBe(true);
  await dearer.authenticate(ALICE, 'right', { protocol: 'imap', remote: '198.51.100.7' });
});
