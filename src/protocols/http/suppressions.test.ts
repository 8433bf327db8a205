import { afterEach, beforeEach, expect, test } from 'vitest';
import { httpBackend } from '../../../test/support/http.ts';

let http: Awaited<ReturnType<typeof httpBackend>>;
beforeEach(async () => {
  http = await httpBackend({ remote: true });
});
afterEach(async () => {
  await http.server.close(0);
  expect(http.handles.open, 'account handles left open').toBe(0);
});

const list = async (query = '') => (await http.alice.as('GET', `/v1/suppressions${query}`)).json;

test('what is on the list is told with its reason, page by page, and can be taken off', async () => {
  for (const address of ['C@other.test', 'a@other.test', 'b@other.test'])
    expect(
      (await http.alice.as('POST', '/v1/suppressions', { body: { address, days: 3, detail: 'asked to' } })).status,
    ).toBe(200);
  const first = await list('?limit=2');
  expect(first.items).toMatchObject([
    { address: 'a@other.test', reason: 'manual', detail: 'asked to', expires: expect.any(String) as string },
    { address: 'b@other.test' },
  ]);
  expect((await list(`?limit=2&cursor=${first.next}`)).items).toMatchObject([{ address: 'c@other.test' }]);
  expect((await http.alice.as('DELETE', '/v1/suppressions/B%40other.test')).status).toBe(204);
  expect((await http.alice.as('DELETE', '/v1/suppressions/B%40other.test')).status).toBe(404);
  expect((await list()).items).toHaveLength(2);
  expect((await http.bob.as('GET', '/v1/suppressions')).json.items).toEqual([]);
});

test('a mail to an address on it is not sent, and the answer says so', async () => {
  await http.alice.as('POST', '/v1/suppressions', { body: { address: 'x@other.test' } });
  const { status, json } = await http.alice.as('POST', '/v1/messages', { body: { to: ['x@other.test'], text: 'x' } });
  expect([status, json.code]).toEqual([422, 'suppressed']);
  expect((await http.bob.as('POST', '/v1/messages', { body: { to: ['x@other.test'], text: 'x' } })).status).toBe(202);
  expect((await http.alice.as('POST', '/v1/suppressions', { body: { address: 'no address' } })).status).toBe(400);
});
