import { afterEach, beforeEach, expect, test } from 'vitest';
import { codeOf } from '../../../test/support/authenticator.ts';
import { httpBackend } from '../../../test/support/http.ts';
import { ManualClock } from '../../adapters/clock-manual.ts';
import { CSRF_HEADER } from './auth.ts';

let http: Awaited<ReturnType<typeof httpBackend>>;
beforeEach(async () => {
  // Codes last half a minute, whatever the machine does meanwhile.
  http = await httpBackend({ clock: new ManualClock() });
});
afterEach(() => http.server.close(0));

const ask = (method: string, path = '', body?: object) =>
  http.alice.as(method, `/v1/second-step${path}`, body === undefined ? {} : { body });
const current = 'secret password';
const signIn = (more = {}) =>
  http.call('POST', '/v1/session', { body: { address: 'alice@example.test', password: current, ...more } });

/** As an authenticator program that was given the URI. */
function authenticator(uri: string): (steps?: number) => string {
  const key = new URL(uri).searchParams.get('secret') ?? '';
  return (steps = 0) => codeOf(key, http.clock.now() + steps * 30_000);
}

test('a code is prepared with the password, switched on with a first code, asked for, and ended with both', async () => {
  expect((await ask('POST', '', { current: 'wrong' })).json.code).toBe('auth-failed');
  const { status, json } = await ask('POST', '', { current });
  expect(status).toBe(201);
  expect(json.uri).toMatch(/^otpauth:\/\/totp\/[a-z.]+:alice%40example\.test\?secret=[A-Z2-7]{32}&issuer=[a-z.]+$/);
  const code = authenticator(json.uri);
  expect((await ask('GET')).json).toEqual({ enabled: false, recoveryCodes: 0 });
  expect((await ask('PUT', '', { code: 'abcdef' })).json.code).toBe('code-required');
  const { recoveryCodes } = (await ask('PUT', '', { code: code(-1) })).json;
  expect(recoveryCodes).toHaveLength(10);
  expect((await ask('GET')).json).toEqual({ enabled: true, since: expect.any(String), recoveryCodes: 10 });
  expect((await ask('POST', '', { current })).json.code).toBe('conflict');

  expect(await signIn()).toMatchObject({ status: 401, json: { code: 'code-required' } });
  expect((await signIn({ code: 'abcdef' })).json.code).toBe('code-required');
  expect((await signIn({ code: code(0), password: 'wrong' })).json.code).toBe('auth-failed');
  expect((await signIn({ code: code(0) })).status).toBe(200);
  expect((await signIn({ code: code(0) })).json.code).toBe('code-required');
  const asPage = { address: 'alice@example.test', password: current, cookie: true, code: recoveryCodes[0] };
  const page = await http.call('POST', '/v1/session', { body: asPage, headers: { [CSRF_HEADER]: '1' } });
  expect(page.headers['set-cookie']).toBeDefined();

  const fresh = await ask('POST', '/recovery-codes', { current, code: recoveryCodes[1] });
  expect(fresh.json.recoveryCodes).toHaveLength(10);
  expect((await ask('POST', '/end', { current, code: recoveryCodes[2] })).json.code).toBe('code-required');
  expect((await ask('POST', '/end', { current: 'wrong', code: code(1) })).json.code).toBe('auth-failed');
  expect((await ask('POST', '/end', { current, code: code(1) })).status).toBe(204);
  expect((await signIn()).status).toBe(200);
});

test('a password that is changed in a session needs no code, and leaves the second step as it is', async () => {
  const { json } = await ask('POST', '', { current });
  await ask('PUT', '', { code: authenticator(json.uri)() });
  const body = { current, password: 'another password' };
  expect((await http.alice.as('PUT', '/v1/profile/password', { body })).status).toBe(200);
  expect((await signIn({ password: 'another password' })).json.code).toBe('code-required');
});
