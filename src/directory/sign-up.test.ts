import { describe, expect, test } from 'vitest';
import { memoryBackend } from '../../test/support/backend.ts';
import { SignUp, type SignUpPolicy } from './sign-up.ts';

const OPEN: SignUpPolicy = {
  mode: 'open',
  domains: [],
  reserved: ['king'],
  perNetwork: 2,
  perDay: 3,
  quota: 5_000_000,
  limitLoopback: true,
};

async function lab(policy: Partial<SignUpPolicy> = {}) {
  const backend = await memoryBackend();
  const signUp = new SignUp({ ...OPEN, ...policy }, backend);
  const make = (name: string, more: { remote?: string; password?: string; domain?: string } = {}) =>
    signUp.make({
      name,
      domain: 'example.test',
      password: 'a long one, 파발',
      displayName: 'Carol',
      remote: '192.0.2.1',
      ...more,
    });
  return { ...backend, signUp, make };
}

test('an account is made, noted, and opens with its password', async () => {
  const { make, directory, audit } = await lab();
  const made = await make('Carol.Kim');
  expect(made).toMatchObject({
    address: 'carol.kim@example.test',
    displayName: 'Carol',
    quota: 5_000_000,
    admin: false,
  });
  const from = { protocol: 'http', remote: '192.0.2.1' } as const;
  expect((await directory.authenticate('carol.kim@example.test', 'a long one, 파발', from)).account).toBe(made.id);
  const [entry] = await audit.list(0, 10);
  expect(entry).toMatchObject({ by: 'carol.kim@example.test', what: 'sign-up', outcome: 'asked' });
  expect(entry?.about).not.toContain('a long one');
  await expect(make('carol.kim', { remote: '198.51.100.1' })).rejects.toMatchObject({ code: 'account-exists' });
});

test('where an administrator decides it opens nothing before', async () => {
  const { make, directory } = await lab({ mode: 'approval' });
  const { id, suspended, waits } = await make('carol');
  expect([suspended, waits]).toEqual([true, true]);
  const from = { protocol: 'http', remote: '192.0.2.1' } as const;
  const opens = directory.authenticate('carol@example.test', 'a long one, 파발', from);
  await expect(opens).rejects.toMatchObject({ code: 'account-suspended' });
  expect(await directory.updateAccount(id, { displayName: 'Carol' })).toMatchObject({ waits: true });
  // Whichever way it was decided, it waits no more.
  expect((await directory.updateAccount(id, { suspended: true })).waits).toBeUndefined();
  await directory.updateAccount(id, { suspended: false });
  await directory.authenticate('carol@example.test', 'a long one, 파발', from);
});

describe('nobody gets', () => {
  test('an account where nobody may, or in a domain that is not offered', async () => {
    const { make } = await lab({ mode: 'off' });
    await expect(make('carol')).rejects.toMatchObject({ code: 'not-allowed' });
    const other = await lab({ domains: ['other.test'] });
    expect(await other.signUp.domains()).toEqual([]);
    await expect(other.make('carol')).rejects.toMatchObject({ code: 'not-allowed' });
  });

  test('the name of an office, or one that could be read as another', async () => {
    const { make } = await lab({ limitLoopback: false });
    const names = [
      'postmaster',
      'post-master',
      'Admin',
      'admin1',
      'no.reply',
      'king',
      'ab',
      'a..b',
      '.abc',
      'abc.',
      'аdam',
      'a+b',
      'a@b',
      'x'.repeat(41),
    ];
    for (const name of names)
      await expect(make(name, { remote: '127.0.0.1' }), name).rejects.toMatchObject({ code: 'address-syntax' });
  });

  test('a password that everybody would try', async () => {
    const { make } = await lab();
    for (const password of ['my carol 1234', 'aaaaaaaaaaaa'])
      await expect(make('carol', { password })).rejects.toMatchObject({ code: 'password-known' });
  });

  test('more than is allowed in a day, from one network and in all', async () => {
    const { make } = await lab();
    await make('first');
    await make('second');
    await expect(make('third')).rejects.toMatchObject({ code: 'limit', kind: 'temporary' });
    await make('fourth', { remote: '198.51.100.1' });
    await expect(make('fifth', { remote: '203.0.113.1' })).rejects.toMatchObject({ code: 'limit' });
  });

  test('to try many names', async () => {
    const { make } = await lab();
    for (let i = 0; i < 20; i++) await make('alice').catch(() => undefined);
    await expect(make('alice')).rejects.toMatchObject({ code: 'limit' });
  });
});
