import { expect, test } from 'vitest';
import { memoryBackend } from '../../../test/support/backend.ts';
import { httpBackend } from '../../../test/support/http.ts';
import { SignUp, type SignUpPolicy } from '../../directory/sign-up.ts';

const POLICY: SignUpPolicy = {
  mode: 'approval',
  domains: [],
  reserved: [],
  perNetwork: 5,
  perDay: 50,
  quota: 0,
  limitLoopback: false,
};
const OWN_PAGE = { 'x-pabal-csrf': '1' };

test('a page asks what is offered, and makes an account that waits', async () => {
  // The two share nothing but this: what is made here is looked for here.
  const backend = await memoryBackend();
  const http = await httpBackend({ signUp: new SignUp(POLICY, backend) });
  await using _server = http.server;
  const offer = await http.call('GET', '/v1/sign-up');
  expect(offer.json).toEqual({ mode: 'approval', domains: ['example.test'] });
  const body = { name: 'carol', domain: 'example.test', password: 'a long one, 파발' };
  expect((await http.call('POST', '/v1/sign-up', { body })).status).toBe(403);
  const made = await http.call('POST', '/v1/sign-up', { body, headers: OWN_PAGE });
  expect([made.status, made.json]).toEqual([201, { address: 'carol@example.test', state: 'waits' }]);
  expect((await backend.directory.account('carol@example.test'))?.suspended).toBe(true);
  const again = await http.call('POST', '/v1/sign-up', { body, headers: OWN_PAGE });
  expect([again.status, again.json.code]).toEqual([409, 'account-exists']);
  const short = { ...body, password: 'short' };
  expect((await http.call('POST', '/v1/sign-up', { body: short, headers: OWN_PAGE })).status).toBe(400);
});

test('where nobody may there is no such route', async () => {
  const http = await httpBackend();
  await using _server = http.server;
  expect((await http.call('GET', '/v1/sign-up')).json).toEqual({ mode: 'off', domains: [] });
  expect((await http.call('POST', '/v1/sign-up', { body: {}, headers: OWN_PAGE })).status).toBe(405);
});
