/** The file with everything about a person, over the API. */
import { expect, test } from 'vitest';
import { httpBackend } from '../../../test/support/http.ts';
import { ManualClock } from '../../adapters/clock-manual.ts';
import type { HttpOptions } from './options.ts';
import { zipContent, zipEntries } from '../../mail/zip.ts';

const own = { body: { current: 'secret password' } };

test('is given to who knows the password, for ten minutes, and to nobody else', async () => {
  const clock = new ManualClock(Date.UTC(2026, 10, 22));
  const http = await httpBackend({ clock });
  await using _server = http.server;
  const { alice, bob, users } = http;
  const raw = 'Subject: mine\r\n\r\nbody\r\n';
  await http.deliver(users.alice, raw);
  expect((await alice.as('POST', '/v1/account-data', { body: { current: 'wrong' } })).status).toBe(401);
  const { status, json } = await alice.as('POST', '/v1/account-data', own);
  expect([status, json.expires]).toEqual([201, '2026-11-22T00:10:00.000Z']);
  const answer = await alice.as('GET', json.path);
  expect(answer.status).toBe(200);
  expect(answer.headers).toMatchObject({
    'content-type': 'application/zip',
    'content-disposition': 'attachment; filename="mail-account-2026-11-22.zip"',
  });
  const mail = zipEntries(answer.bytes, 100)?.find(({ name }) => name.endsWith('.eml'));
  expect(zipContent(answer.bytes, mail!, 1_000)?.toString()).toBe(raw);
  expect((await bob.as('GET', json.path)).status).toBe(404);
  await clock.advance(10 * 60_000 + 1);
  expect((await alice.as('GET', json.path)).status).toBe(404);
  await expect.poll(() => http.handles.open).toBe(0);
});

test('is made once at a time for an account', async () => {
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  async function* personData() {
    begin();
    await gate;
    yield Buffer.from('all');
  }
  const http = await httpBackend({ compliance: { personData } as unknown as HttpOptions['compliance'] });
  await using _server = http.server;
  const { path } = (await http.alice.as('POST', '/v1/account-data', own)).json;
  const first = http.alice.as('GET', path);
  await begun;
  expect((await http.alice.as('GET', path)).status).toBe(503);
  open();
  expect(await first).toMatchObject({ status: 200, text: 'all' });
  expect((await http.alice.as('GET', path)).status).toBe(200);
});

test('is given to administrators, who leave an entry', async () => {
  const http = await httpBackend();
  await using _server = http.server;
  await http.directory.updateAccount(http.users.bob.account, { admin: true });
  const { as } = await http.signIn({ ...http.users.bob, admin: true });
  const { status, bytes } = await as('GET', '/v1/admin/accounts/alice@example.test/data');
  expect(status).toBe(200);
  expect(zipEntries(bytes, 100)?.map(({ name }) => name)).toContain('account.json');
  expect(await http.audit.list(0, 10)).toMatchObject([
    { by: 'bob@example.test', what: 'GET /v1/admin/accounts/:address/data', about: '{"address":"alice@example.test"}' },
  ]);
});
