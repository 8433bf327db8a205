/** Name, password, signatures and sessions over the API. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { httpBackend } from '../../../test/support/http.ts';

let http: Awaited<ReturnType<typeof httpBackend>>;
beforeEach(async () => {
  http = await httpBackend();
});
afterEach(() => http.server.close(0));

const put = (url: string, body: object) => http.alice.as('PUT', url, { body });
const get = async (url: string) => (await http.alice.as('GET', url)).json;
const ALICE = 'alice@example.test';

test('a new password needs the one before, ends every session and begins one', async () => {
  const other = await http.signIn(http.users.alice);
  const wrong = await put('/v1/profile/password', { current: 'wrong', password: 'a new password' });
  expect(wrong.json.code).toBe('auth-failed');
  expect((await put('/v1/profile/password', { current: 'secret password', password: 'short' })).status).toBe(400);
  expect((await other.as('GET', '/v1/session')).status).toBe(200);
  const changed = await put('/v1/profile/password', { current: 'secret password', password: 'a new password' });
  expect(changed.status).toBe(200);
  expect((await other.as('GET', '/v1/session')).status).toBe(401);
  expect((await http.alice.as('GET', '/v1/session')).status).toBe(401);
  const headers = { authorization: `Bearer ${changed.json.token}` };
  expect((await http.call('GET', '/v1/session', { headers })).status).toBe(200);
  const signIn = (password: string) => http.call('POST', '/v1/session', { body: { address: ALICE, password } });
  expect((await signIn('secret password')).status).toBe(401);
  expect((await signIn('a new password')).status).toBe(200);
});

test('a page that changes the password stays signed in by a new cookie', async () => {
  const own = { 'x-pabal-csrf': '1' };
  const body = { address: ALICE, password: 'secret password', cookie: true };
  const signedIn = await http.call('POST', '/v1/session', { body, headers: own });
  const cookieOf = (answer: typeof signedIn) => String(answer.headers['set-cookie']).split(';')[0] ?? '';
  const changed = await http.call('PUT', '/v1/profile/password', {
    body: { current: 'secret password', password: 'a new password' },
    headers: { ...own, cookie: cookieOf(signedIn) },
  });
  expect(changed.json).toEqual({});
  expect(cookieOf(changed)).not.toBe(cookieOf(signedIn));
  expect((await http.call('GET', '/v1/session', { headers: { cookie: cookieOf(changed) } })).status).toBe(200);
});

test('sessions are told apart, and ended one by one', async () => {
  const agent = { 'user-agent': `Browser ${'x'.repeat(400)}` };
  const { json } = await http.call('POST', '/v1/session', {
    body: { address: ALICE, password: 'secret password' },
    headers: agent,
  });
  await http.directory.createSession(http.users.alice, { ttlMs: 1e6, purpose: 'sign-in-link' });
  const { items } = await get('/v1/sessions');
  expect(items).toHaveLength(2);
  const [there, here] = items[0].current ? [items[1], items[0]] : items;
  expect(here.current).toBe(true);
  expect(there).toMatchObject({ current: false, remote: '127.0.0.1', program: agent['user-agent'].slice(0, 300) });
  expect(json.token).not.toContain(there.id);
  expect((await http.alice.as('DELETE', `/v1/sessions/${there.id}`)).status).toBe(204);
  const headers = { authorization: `Bearer ${json.token}` };
  expect((await http.call('GET', '/v1/session', { headers })).status).toBe(401);
  expect((await http.alice.as('DELETE', `/v1/sessions/${there.id}`)).status).toBe(404);
  expect((await get('/v1/sessions')).items).toEqual([here]);
});

test('the name is that of the account, until an address has one of its own; mail goes out under it', async () => {
  await http.directory.addAlias('sales@example.test', http.users.alice.account);
  expect(await get('/v1/profile')).toMatchObject({ address: ALICE, name: '', aliases: ['sales@example.test'] });
  expect((await put('/v1/profile/name', { name: '김앨리스' })).status).toBe(204);
  expect((await put('/v1/profile/name', { name: 'a\r\nBcc: x' })).status).toBe(400);
  expect((await get('/v1/profile')).name).toBe('김앨리스');
  const sales = { name: 'Sales', signature: '-- \nSales' };
  expect((await put('/v1/identities/SALES@example.test', sales)).json).toEqual({
    address: 'sales@example.test',
    image: '',
    ...sales,
  });
  expect((await put('/v1/identities/bob@example.test', sales)).status).toBe(404);
  expect((await get('/v1/identities')).items).toEqual([
    { address: ALICE, name: '김앨리스', signature: '', image: '' },
    { address: 'sales@example.test', image: '', ...sales },
  ]);
  const kept = await http.alice.as('POST', '/v1/drafts', { body: { subject: 'x' } });
  const draft = await get(`/v1/messages/${kept.json.id}`);
  expect(draft.from).toEqual([{ name: '김앨리스', address: ALICE }]);
});

test('an image stands under a signature: one that is an image, and small', async () => {
  const path = `/v1/identities/${ALICE}/image`;
  const png = (more = 0) => Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.alloc(more)]);
  const putImage = (content: Buffer | null) => put(path, { content: content && content.toString('base64') });
  expect((await http.alice.as('GET', path)).status).toBe(404);
  expect((await putImage(Buffer.from('<svg onload="x()"/>'))).status).toBe(415);
  expect((await putImage(png(40_000))).status).toBe(400);
  const { json, status } = await putImage(png(39_000));
  expect([status, json.image]).toEqual([200, expect.stringMatching(/^[\w-]{22}$/)]);
  const shown = await http.alice.as('GET', path);
  expect(shown.headers).toMatchObject({ 'content-type': 'image/png', 'x-content-type-options': 'nosniff' });
  expect(shown.bytes.equals(png(39_000))).toBe(true);
  // Another name or text leaves it.
  expect((await put(`/v1/identities/${ALICE}`, { name: 'A', signature: 'B' })).json.image).toBe(json.image);
  expect((await http.bob.as('GET', path)).status).toBe(404);
  expect((await put('/v1/identities/bob@example.test/image', { content: null })).status).toBe(404);
  expect((await putImage(null)).json).toEqual({ address: ALICE, name: 'A', signature: 'B', image: '' });
  expect((await http.alice.as('GET', path)).status).toBe(404);
});
