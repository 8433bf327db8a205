import { beforeEach, expect, it } from 'vitest';
import { directoryParts } from '../../test/support/directory.ts';
import type { ManualClock } from '../adapters/clock-manual.ts';
import { MailError } from '../mail/error.ts';
import type { AccountId } from '../mailstore/api.ts';
import { partition } from '../ports/kv.ts';
import type { SignInProtocol } from './api.ts';
import { type DirectoryParts, KvDirectory } from './directory.ts';
import type { SecondStepRow } from './rows.ts';
import { hotp } from './totp.ts';

const ALICE = 'alice@example.test';

let clock: ManualClock;
let parts: DirectoryParts;
let directory: KvDirectory;
let alice: AccountId;
beforeEach(async () => {
  const made = directoryParts();
  parts = made;
  ({ clock } = made);
  directory = new KvDirectory(parts, { hashCost: { memoryCost: 8, timeCost: 1 } });
  await directory.addDomain('example.test');
  alice = (await directory.addAccount(ALICE, { password: 'right' })).id;
});

async function signIn(code?: string, protocol: SignInProtocol = 'http', password = 'right'): Promise<string> {
  try {
    await directory.authenticate(ALICE, password, { protocol, remote: '192.0.2.7' }, code);
    return 'in';
  } catch (error) {
    return error instanceof MailError ? error.code : String(error);
  }
}

/** The code that an authenticator program shows now, or `steps` later. */
async function code(steps = 0): Promise<string> {
  const [value] = await parts.kv.get(partition('i', alice), [Buffer.from('t')]);
  const { secret } = JSON.parse(Buffer.from(value ?? []).toString()) as SecondStepRow;
  return hotp(Buffer.from(secret, 'base64'), Math.floor(clock.now() / 30_000) + steps);
}

async function enable(): Promise<readonly string[]> {
  await directory.secondStep.prepare(alice);
  const recovery = await directory.secondStep.enable(alice, await code());
  await clock.advance(30_000);
  return recovery;
}

it('is asked for on the web, and closes everything else to the password', async () => {
  const { password } = await directory.appPasswords.create(alice, { name: 'Phone', scopes: ['imap', 'send'] });
  await enable();
  expect(await signIn()).toBe('code-required');
  expect(await signIn('000000')).toBe('code-required');
  expect(await signIn(await code(), 'http', 'wrong')).toBe('auth-failed');
  expect(await signIn(await code())).toBe('in');
  for (const protocol of ['imap', 'pop3', 'smtp', 'managesieve'] as const) {
    expect(await signIn(undefined, protocol)).toBe('auth-failed');
    // Also where the password was right a moment ago.
    expect(await signIn(await code(1), protocol)).toBe('auth-failed');
  }
  expect(await signIn(undefined, 'imap', password)).toBe('in');
  expect(await signIn(undefined, 'pop3', password)).toBe('auth-failed');
});

it('takes a code once, also when it comes many times at once (F12)', async () => {
  await enable();
  const now = await code();
  const answers = await Promise.all(Array.from({ length: 5 }, () => signIn(now)));
  expect(answers.filter((one) => one === 'in')).toHaveLength(1);
  await clock.advance(600_000);
  expect(await signIn(now)).toBe('code-required');
  expect(await signIn(await code())).toBe('in');
});

it('takes the code with which it was switched on no second time', async () => {
  await directory.secondStep.prepare(alice);
  const first = await code();
  await directory.secondStep.enable(alice, first);
  expect(await signIn(first)).toBe('code-required');
});

it('is not there before a first code has come', async () => {
  await directory.secondStep.prepare(alice);
  expect(await signIn()).toBe('in');
  expect(await directory.secondStep.show(alice)).toEqual({ enabled: false, recoveryCodes: 0 });
  await expect(directory.secondStep.enable(alice, '000000')).rejects.toMatchObject({ code: 'code-required' });
  expect(await signIn()).toBe('in');
  const before = await code();
  // A new secret: the one before is worth nothing.
  await directory.secondStep.prepare(alice);
  await expect(directory.secondStep.enable(alice, before)).rejects.toMatchObject({ code: 'code-required' });
  await enable();
  await expect(directory.secondStep.prepare(alice)).rejects.toMatchObject({ code: 'conflict' });
});

it('has recovery codes that count once each, until there are new ones', async () => {
  const [first = '', second = '', ...others] = await enable();
  expect(others).toHaveLength(8);
  expect(await signIn(first.toUpperCase().replaceAll('-', ' '))).toBe('in');
  expect(await signIn(first)).toBe('code-required');
  expect(await directory.secondStep.show(alice)).toMatchObject({ enabled: true, recoveryCodes: 9 });
  const [fresh = ''] = await directory.secondStep.newRecoveryCodes(alice);
  expect(await signIn(second)).toBe('code-required');
  expect(await signIn(fresh)).toBe('in');
  const rows: Buffer[] = [];
  for await (const page of parts.kv.scan(partition('i', alice), {}))
    for (const row of page) rows.push(Buffer.concat(row));
  expect(Buffer.concat(rows).includes(others[0] ?? '')).toBe(false);
});

it('cannot be guessed: wrong codes are wrong passwords', async () => {
  await enable();
  for (let i = 0; i < 5; i++) expect(await signIn('000000')).toBe('code-required');
  expect(await signIn(await code())).toBe('auth-throttled');
});

it('does not count a mail program that has the password alone', async () => {
  await enable();
  for (let i = 0; i < 20; i++) expect(await signIn(undefined, 'imap')).toBe('auth-failed');
  expect(await signIn(await code())).toBe('in');
});

it('is asked for in a session only where that is wanted, and ended by the operator', async () => {
  await enable();
  const from = { protocol: 'http', remote: '192.0.2.7' } as const;
  await directory.confirm(alice, 'right', from);
  await expect(directory.confirm(alice, 'right', from, '000000')).rejects.toMatchObject({ code: 'code-required' });
  await expect(directory.confirm(alice, 'wrong', from, await code())).rejects.toMatchObject({ code: 'auth-failed' });
  await directory.confirm(alice, 'right', from, await code());
  await directory.updateAccount(alice, { password: 'another' });
  expect(await signIn(undefined, 'http', 'another')).toBe('code-required');
  expect(await directory.secondStep.disable(alice)).toBe(true);
  expect(await directory.secondStep.disable(alice)).toBe(false);
  expect(await signIn(undefined, 'http', 'another')).toBe('in');
  expect(await signIn(undefined, 'imap', 'another')).toBe('in');
});
