/** What administrators see and do over the API: queues, accounts, domains. */
import { expect, test } from 'vitest';
import { httpBackend } from '../../../test/support/http.ts';
import type { QueueId } from '../../ports/queue.ts';

async function administered(options: Parameters<typeof httpBackend>[0] = {}) {
  const http = await httpBackend(options);
  await http.directory.updateAccount(http.users.bob.account, { admin: true });
  const { as } = await http.signIn({ ...http.users.bob, admin: true });
  return { ...http, as };
}

test('the error queue says what is in it and why, page by page; an entry is tried again', async () => {
  const http = await administered();
  await using _server = http.server;
  const payload = { sender: 'a@elsewhere.test', received: 1, id: 'x', recipients: [{ address: 'alice@example.test' }] };
  const [first, second] = await http.queue.add('error', [
    { payload, reason: 'the disk is full' },
    { payload: { account: http.users.alice.account, submission: 's', part: 0, destination: 'far.test' } },
  ]);
  const one = await http.as('GET', '/v1/admin/queues/error?limit=1');
  expect(one.json.items).toMatchObject([
    { id: first, reason: 'the disk is full', sender: 'a@elsewhere.test', to: ['alice@example.test'], held: false },
  ]);
  const next = await http.as('GET', `/v1/admin/queues/error?limit=1&cursor=${encodeURIComponent(one.json.next)}`);
  expect(next.json.items).toMatchObject([{ id: second, sender: 'alice@example.test', to: ['far.test'], reason: null }]);
  expect(next.json.next).toBeUndefined();
  // Of one list, for one administrator.
  const cursor = encodeURIComponent(one.json.next);
  expect((await http.as('GET', `/v1/admin/queues/intake?cursor=${cursor}`)).status).toBe(400);

  const counts = async (name: string) =>
    (await http.as('GET', '/v1/admin/queues')).json.items.find((queue: { name: string }) => queue.name === name);
  expect(await counts('error')).toMatchObject({ waiting: 2, held: 0, oldest: expect.any(String) });
  expect((await http.as('POST', `/v1/admin/queues/entries/${second}/retry`)).status).toBe(204);
  expect((await http.queue.get(second as QueueId))?.queue).toBe('outbound');
  expect((await http.as('POST', `/v1/admin/queues/entries/${second}x/retry`)).status).toBe(404);
});

test('accounts are found and suspended, but not one’s own', async () => {
  const http = await administered();
  await using _server = http.server;
  const found = await http.as('GET', '/v1/admin/accounts?q=ALICE');
  expect(found.json).toMatchObject({ items: [{ address: 'alice@example.test', suspended: false }], more: false });
  const suspend = (address: string, suspended: boolean) =>
    http.as('PUT', `/v1/admin/accounts/${encodeURIComponent(address)}/suspended`, { body: { suspended } });
  expect((await suspend('alice@example.test', true)).json).toMatchObject({ suspended: true });
  expect((await http.alice.as('GET', '/v1/folders')).status).toBeGreaterThan(400);
  expect((await suspend('alice@example.test', false)).json).toMatchObject({ suspended: false });
  expect((await suspend('bob@example.test', true)).status).toBe(409);
  expect((await suspend('nobody@example.test', true)).status).toBe(404);
});

test('a domain says what it should publish and what is there; what does not work is told', async () => {
  const record = { name: 'example.test.', type: 'MX' as const, value: '10 mail.example.test.', found: 'missing' };
  const asked: string[] = [];
  const http = await administered({
    domainRecords: async (domain) => {
      asked.push(domain);
      return [record];
    },
  });
  await using _server = http.server;
  expect((await http.as('GET', '/v1/admin/domains')).json.items).toMatchObject([{ name: 'example.test' }]);
  expect((await http.as('GET', '/v1/admin/domains/EXAMPLE.test/records')).json.items).toEqual([record]);
  expect((await http.as('GET', '/v1/admin/domains/other.test/records')).status).toBe(404);
  expect(asked).toEqual(['example.test']);
  http.problems.push('the scanner does not answer');
  expect((await http.as('GET', '/v1/admin/health')).json).toEqual({ problems: ['the scanner does not answer'] });
});

test('an account is opened without a password, which its owner sets over a link; how large it may grow is changed', async () => {
  const http = await administered();
  await using _server = http.server;
  const open = (address: string, body: object) => http.as('POST', '/v1/admin/accounts', { body: { address, ...body } });
  const opened = await open('carol@example.test', { name: 'Carol', quota: 1 << 30 });
  expect(opened).toMatchObject({
    status: 201,
    json: { account: { address: 'carol@example.test', name: 'Carol', quota: 1 << 30, admin: false } },
  });
  expect((await http.call('GET', opened.json.path)).status).toBe(200);
  expect((await open('carol@example.test', {})).status).toBe(409);
  expect((await open('carol@elsewhere.test', {})).status).toBe(404);
  expect((await open('not an address', {})).status).toBe(400);
  const quota = await http.as('PUT', '/v1/admin/accounts/carol@example.test/quota', { body: { quota: null } });
  expect(quota.json).toMatchObject({ quota: null });
  const again = await http.as('POST', '/v1/admin/accounts/carol@example.test/password-link');
  expect((await http.call('GET', again.json.path)).status).toBe(200);
  // What was done, with what, and without what lets anybody in.
  const entries = await http.audit.list(0, 100);
  const asked = entries.filter(({ outcome }) => outcome === 'asked');
  expect(asked.map(({ what }) => what.split('/').at(-1))).toEqual([
    ...Array(4).fill('accounts'),
    'quota',
    'password-link',
  ]);
  expect(entries[0]?.about).toContain('"quota":1073741824');
  expect(JSON.stringify(entries)).not.toContain(again.json.path.split('/').at(-1));
});
