import { beforeEach, expect, it } from 'vitest';
import { codeOf } from '../../test/support/authenticator.ts';
import { directoryParts } from '../../test/support/directory.ts';
import { ScramClient } from '../../test/support/scram-client.ts';
import { MailError } from '../mail/error.ts';
import type { AccountId } from '../mailstore/api.ts';
import { saslSignIn } from '../net/sasl.ts';
import type { SignInProtocol } from './api.ts';
import { KvDirectory } from './directory.ts';
import { decode, encode, identityPartition, type IdentityRow } from './rows.ts';
import { SandboxDirectory } from './sandbox.ts';
import { Transactions } from './transact.ts';

const ALICE = 'alice@example.test';
const CHEAP = { memoryCost: 8, timeCost: 1 };
const REMOTE = '192.0.2.7';
const channel = { channelBinding: () => undefined };

let parts: ReturnType<typeof directoryParts>;
let directory: KvDirectory;
let alice: AccountId;
beforeEach(async () => {
  parts = directoryParts();
  directory = new KvDirectory(parts, { hashCost: CHEAP });
  await directory.addDomain('example.test');
  alice = (await directory.addAccount(ALICE, { password: 'right' })).id;
});

const coded = async (act: Promise<unknown>): Promise<string> =>
  act.then(
    () => 'in',
    (error: unknown) => (error instanceof MailError ? error.code : String(error)),
  );

/** Answers what became of it. */
const signIn = (
  address: string,
  password: string,
  protocol: SignInProtocol = 'imap',
  remote = REMOTE,
  from = directory,
) => coded(exchange(address, password, protocol, remote, from));

async function exchange(
  address: string,
  password: string,
  protocol: SignInProtocol,
  remote: string,
  from: KvDirectory,
) {
  const client = new ScramClient(address, password);
  const { who, last } = await saslSignIn('SCRAM-SHA-256', client.first, (c) => Buffer.from(client.final(c)), {
    channel,
    mechanisms: ['SCRAM-SHA-256'],
    password: () => Promise.reject(new Error('no password came')),
    scram: (name) => from.scram(name, { protocol, remote }),
  });
  expect(last).toBe(client.expected);
  return who;
}

async function salts(...names: readonly string[]): Promise<readonly string[]> {
  const offers = names.map((name) => directory.scram(name, { protocol: 'imap', remote: REMOTE }));
  return (await Promise.all(offers)).map(({ salt }) => Buffer.from(salt).toString('base64'));
}

/** As rows were before SCRAM. */
async function forgetKeys(): Promise<void> {
  await new Transactions(parts.kv, parts.clock, parts.random).run(identityPartition(alice), async (view) => {
    const { scram: _, ...older } = decode<IdentityRow>(view.header) as IdentityRow;
    const rows = (await view.rows({ start: Buffer.from('p'), end: Buffer.from('q') })).map(([key, value]) => {
      const { scram: __, ...row } = decode<{ name: string; scopes: []; created: number; scram?: never }>(value) ?? {
        name: '',
        scopes: [] as [],
        created: 0,
      };
      return [key, encode(row)] as const;
    });
    return { batch: { header: encode(older), put: rows }, result: undefined };
  });
}

it('opens the account to its owner, by any of its addresses, and to nobody else', async () => {
  await directory.addAlias('a.kim@example.test', alice);
  expect(await exchange(ALICE, 'right', 'imap', REMOTE, directory)).toMatchObject({
    kind: 'user',
    account: alice,
    address: ALICE,
    admin: false,
  });
  expect(await signIn('A.Kim@EXAMPLE.test', 'right')).toBe('in');
  for (const name of [ALICE, 'nobody@example.test', 'alice', 'alice+x@example.test'])
    expect(await signIn(name, name === ALICE ? 'wrong' : 'right')).toBe('auth-failed');
  await directory.updateAccount(alice, { password: 'new' });
  expect(await signIn(ALICE, 'right')).toBe('auth-failed');
  expect(await signIn(ALICE, 'new')).toBe('in');
  await directory.updateAccount(alice, { suspended: true });
  expect(await signIn(ALICE, 'new')).toBe('account-suspended');
});

it('who is not there has a salt that stays the same, in every process and spelling, and no two have one', async () => {
  const names = [ALICE, 'nobody@example.test', 'other@example.test', 'no address'];
  const first = await salts(...names);
  expect(new Set(first).size).toBe(names.length);
  expect(first.every((salt) => salt.length === 24)).toBe(true);
  directory = new KvDirectory(parts, { hashCost: CHEAP });
  expect(await salts(...names)).toEqual(first);
  expect(await salts('Nobody@EXAMPLE.test')).toEqual([first[1]]);
});

it('wrong proofs count with wrong passwords, whoever they are for', async () => {
  for (const name of [ALICE, 'nobody@example.test']) {
    for (let i = 0; i < 3; i++) expect(await signIn(name, 'wrong')).toBe('auth-failed');
    for (let i = 0; i < 2; i++)
      expect(await coded(directory.authenticate(name, 'wrong', { protocol: 'pop3', remote: REMOTE }))).toBe(
        'auth-failed',
      );
    expect(await signIn(name, 'right')).toBe('auth-throttled');
    expect(await coded(directory.authenticate(name, 'right', { protocol: 'imap', remote: REMOTE }))).toBe(
      'auth-throttled',
    );
  }
});

it('application passwords open what they are for; with a second step the password itself opens nothing', async () => {
  const reading = await directory.appPasswords.create(alice, { name: 'Phone', scopes: ['imap'] });
  const sending = await directory.appPasswords.create(alice, { name: 'Printer', scopes: ['send'] });
  const doors = async (password: string) => [
    await signIn(ALICE, password, 'imap'),
    await signIn(ALICE, password, 'smtp'),
  ];
  expect(await doors(reading.password)).toEqual(['in', 'auth-failed']);
  expect(await doors(sending.password)).toEqual(['auth-failed', 'in']);
  const listed = await directory.appPasswords.list(alice);
  expect(new Set(listed.map(({ lastUse }) => lastUse?.protocol))).toEqual(new Set(['imap', 'smtp']));
  expect(JSON.stringify(listed)).not.toMatch(/scram|stored/);
  const key = await directory.secondStep.prepare(alice);
  await directory.secondStep.enable(alice, codeOf(key, parts.clock.now()));
  expect(await doors('right')).toEqual(['auth-failed', 'auth-failed']);
  expect(await doors(reading.password)).toEqual(['in', 'auth-failed']);
  await directory.appPasswords.revoke(alice, reading.id);
  expect(await doors(reading.password)).toEqual(['auth-failed', 'auth-failed']);
  await directory.updateAccount(alice, { password: 'another' });
  expect(await doors(sending.password)).toEqual(['auth-failed', 'auth-failed']);
});

it('passwords from before there were keys have them after their next use', async () => {
  const { password } = await directory.appPasswords.create(alice, { name: 'Phone', scopes: ['imap'] });
  await forgetKeys();
  const from = { protocol: 'imap', remote: '127.0.0.1' } as const;
  for (const one of ['right', password]) {
    expect(await signIn(ALICE, one, 'imap', from.remote)).toBe('auth-failed');
    await directory.authenticate(ALICE, one === password ? one.replaceAll('-', '').toUpperCase() : one, from);
    expect(await signIn(ALICE, one, 'imap', from.remote)).toBe('in');
  }
});

it('a password counts as SASLprep has it; what a client would not send has no keys and works as before', async () => {
  await directory.updateAccount(alice, { password: 'pa\u00a0\u2168' });
  expect(await signIn(ALICE, 'pa IX')).toBe('in');
  await directory.updateAccount(alice, { password: 'a\u0007' });
  expect(await signIn(ALICE, 'a\u0007', 'imap', '127.0.0.1')).toBe('auth-failed');
  expect(await coded(directory.authenticate(ALICE, 'a\u0007', { protocol: 'imap', remote: '127.0.0.1' }))).toBe('in');
});

it('nothing of a password is stored that opens by itself', async () => {
  const { value } = await parts.kv.head(identityPartition(alice));
  const { scram } = decode<IdentityRow>(value) as IdentityRow;
  expect(scram?.iterations).toBeGreaterThanOrEqual(15_000);
  expect(Object.keys(scram?.keys ?? {})).toEqual(['stored', 'server']);
});

it('the password that everybody knows works in the sandbox, for whoever signs in first', async () => {
  const sandbox = new SandboxDirectory(parts, { hashCost: CHEAP });
  await sandbox.settle();
  expect(await signIn('new@mail.test', 'pass', 'imap', REMOTE, sandbox)).toBe('in');
  expect(await signIn('new@mail.test', 'wrong', 'imap', REMOTE, sandbox)).toBe('auth-failed');
});
