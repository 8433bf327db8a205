import { afterEach, beforeEach, expect, test } from 'vitest';
import { httpBackend } from '../../../test/support/http.ts';

let http: Awaited<ReturnType<typeof httpBackend>>;
beforeEach(async () => {
  http = await httpBackend();
});
afterEach(() => http.server.close(0));

const body = { current: 'secret password', name: 'Phone', scopes: ['imap', 'send', 'imap'] };
const make = (change = {}) => http.alice.as('POST', '/v1/app-passwords', { body: { ...body, ...change } });
const list = async () => (await http.alice.as('GET', '/v1/app-passwords')).json.items;

test('an application password is told once, listed with its last use, and taken back', async () => {
  const { status, json } = await make();
  expect(status).toBe(201);
  const { password, ...shown } = json;
  expect(shown).toMatchObject({ name: 'Phone', scopes: ['imap', 'send'] });
  expect(await list()).toEqual([shown]);
  const signIn = () =>
    http.directory.authenticate('alice@example.test', password, { protocol: 'imap', remote: '192.0.2.1' });
  await signIn();
  expect(await list()).toEqual([
    { ...shown, lastUse: { at: expect.any(String), protocol: 'imap', remote: '192.0.2.1' } },
  ]);
  expect((await http.alice.as('DELETE', `/v1/app-passwords/${shown.id}`)).status).toBe(204);
  expect((await http.alice.as('DELETE', `/v1/app-passwords/${shown.id}`)).status).toBe(404);
  await expect(signIn()).rejects.toMatchObject({ code: 'auth-failed' });
});

test('it is made for whoever knows the password of the account only', async () => {
  const { password } = (await make()).json;
  for (const current of ['wrong', password]) expect((await make({ current })).json.code).toBe('auth-failed');
  for (const change of [{ scopes: [] }, { scopes: ['http'] }, { name: '' }, { name: 'a\r\nb' }, { account: 'x' }])
    expect((await make(change)).status, JSON.stringify(change)).toBe(400);
  expect(await list()).toHaveLength(1);
});

test('it neither signs in over the API nor is a token for it', async () => {
  const { password } = (await make({ scopes: ['imap', 'pop3', 'send', 'sieve'] })).json;
  const signedIn = await http.call('POST', '/v1/session', { body: { address: 'alice@example.test', password } });
  expect(signedIn.json.code).toBe('auth-failed');
  const headers = { authorization: `Bearer ${password}` };
  expect((await http.call('GET', '/v1/folders', { headers })).status).toBe(401);
});
