import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { httpBackend } from '../../../test/support/http.ts';
import { CSRF_HEADER, SESSION_COOKIE } from './auth.ts';

let http: Awaited<ReturnType<typeof httpBackend>>;
beforeEach(async () => {
  http = await httpBackend();
});
afterEach(async () => {
  await http.server.close(0);
  expect(http.handles.open, 'account handles left open').toBe(0);
});

const credentials = { address: 'alice@example.test', password: 'secret password' };

/** Signs in like our own web page, and answers the cookie. */
async function cookieSession(): Promise<string> {
  const signedIn = await http.call('POST', '/v1/session', {
    body: { ...credentials, cookie: true },
    headers: { [CSRF_HEADER]: '1', origin: 'http://mail.example.test' },
  });
  expect(signedIn.status).toBe(200);
  expect(signedIn.json).not.toHaveProperty('token');
  return String(signedIn.headers['set-cookie']);
}

describe('signing in', () => {
  test('answers a token that works until it is given back', async () => {
    const { status, json } = await http.call('POST', '/v1/session', { body: credentials });
    expect(status).toBe(200);
    expect(json.account).toEqual({ id: http.users.alice.account, address: 'alice@example.test', admin: false });
    const headers = { authorization: `Bearer ${json.token}` };
    expect((await http.call('GET', '/v1/session', { headers })).json.account.address).toBe('alice@example.test');
    expect((await http.call('DELETE', '/v1/session', { headers })).status).toBe(204);
    expect((await http.call('GET', '/v1/session', { headers })).status).toBe(401);
  });

  test('fails in the same way for a wrong password and for nobody', async () => {
    const wrong = await http.call('POST', '/v1/session', { body: { ...credentials, password: 'wrong' } });
    const nobody = await http.call('POST', '/v1/session', { body: { ...credentials, address: 'x@example.test' } });
    expect(wrong.status).toBe(401);
    expect(nobody).toMatchObject({ status: 401, text: wrong.text });
    expect(wrong.json).toEqual({
      type: '/problems#auth-failed',
      title: 'The address or the password is wrong.',
      status: 401,
      code: 'auth-failed',
    });
    expect(wrong.headers['content-type']).toBe('application/problem+json');
  });

  test('refuses fields that are not documented (F17, F18)', async () => {
    for (const more of [
      { code: 123456 },
      { admin: true },
      { role: 'admin' },
      { password: { $gt: '' } },
      { address: ['a'] },
    ]) {
      const { status, json } = await http.call('POST', '/v1/session', { body: { ...credentials, ...more } });
      expect(status, JSON.stringify(more)).toBe(400);
      expect(json.errors).toHaveLength(1);
    }
    const unknown = await http.call('POST', '/v1/session', { body: { ...credentials, role: 'admin' } });
    expect(unknown.json.errors[0].message).toContain('"role"');
  });
});

describe('tokens', () => {
  test.each([
    ['none', undefined],
    ['empty', 'Bearer '],
    ['another scheme', 'Basic YTpi'],
    ['unknown', 'Bearer abcdefghijklmnop'],
    ['a JWT without signature', 'Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9.'],
    ['far too long', `Bearer ${'x'.repeat(5_000)}`],
    ['with a path in it', 'Bearer ../../etc/passwd'],
  ])('%s: 401 (F4)', async (_what, authorization) => {
    const { status, headers } = await http.call(
      'GET',
      '/v1/folders',
      authorization === undefined ? {} : { headers: { authorization } },
    );
    expect(status).toBe(401);
    expect(headers['www-authenticate']).toBe('Bearer');
  });

  test('a wrong token is not made up for by a good cookie', async () => {
    const cookie = (await cookieSession()).split(';')[0] ?? '';
    const { status } = await http.call('GET', '/v1/folders', { headers: { cookie, authorization: 'Bearer wrong' } });
    expect(status).toBe(401);
  });

  test('a sign-in link is no session', async () => {
    const link = await http.directory.createSession(http.users.alice, { ttlMs: 1e6, purpose: 'sign-in-link' });
    expect((await http.call('GET', '/v1/folders', { headers: { authorization: `Bearer ${link}` } })).status).toBe(401);
  });
});

describe('the session cookie', () => {
  test('cannot be read by scripts nor sent by other sites', async () => {
    const cookie = await cookieSession();
    expect(cookie).toMatch(new RegExp(`^${SESSION_COOKIE}=[^;]+; Max-Age=2592000; Path=/; HttpOnly; SameSite=Strict$`));
  });

  test('is new at each sign-in, whatever was planted before (F5)', async () => {
    const planted = `${SESSION_COOKIE}=planted`;
    const signedIn = await http.call('POST', '/v1/session', {
      body: { ...credentials, cookie: true },
      headers: { [CSRF_HEADER]: '1', cookie: planted },
    });
    const set = String(signedIn.headers['set-cookie']).split(';')[0];
    expect(set).not.toBe(planted);
    expect((await http.call('GET', '/v1/session', { headers: { cookie: planted } })).status).toBe(401);
    expect((await http.call('GET', '/v1/session', { headers: { cookie: set ?? '' } })).status).toBe(200);
    const out = await http.call('DELETE', '/v1/session', { headers: { cookie: set ?? '', [CSRF_HEADER]: '1' } });
    expect(out.status).toBe(204);
    expect(String(out.headers['set-cookie'])).toContain(`${SESSION_COOKIE}=; Max-Age=0`);
    expect((await http.call('GET', '/v1/session', { headers: { cookie: set ?? '' } })).status).toBe(401);
  });

  test('ends with the password it was made with', async () => {
    const cookie = (await cookieSession()).split(';')[0] ?? '';
    await http.directory.updateAccount(http.users.alice.account, { password: 'another password' });
    expect((await http.call('GET', '/v1/session', { headers: { cookie } })).status).toBe(401);
  });
});

describe('cross-site requests (F6)', () => {
  const own = { [CSRF_HEADER]: '1', origin: 'http://mail.example.test', 'content-type': 'application/json' };
  const forged: readonly [what: string, headers: Record<string, string>][] = [
    ['without our header', { 'content-type': 'application/json' }],
    ['a form of another site', { origin: 'http://evil.test', 'content-type': 'application/x-www-form-urlencoded' }],
    ['text/plain', { 'content-type': 'text/plain' }],
    ['multipart', { 'content-type': 'multipart/form-data; boundary=x' }],
    ['a foreign origin', { ...own, origin: 'http://evil.test' }],
    ['a foreign origin with our name in it', { ...own, origin: 'http://mail.example.test.evil.test' }],
    ['our host on another port', { ...own, origin: 'http://mail.example.test:81' }],
    ['an opaque origin', { ...own, origin: 'null' }],
    ['what the browser calls cross-site', { ...own, 'sec-fetch-site': 'cross-site' }],
    ['what the browser calls same-site', { ...own, 'sec-fetch-site': 'same-site' }],
  ];

  test('are refused on every route that changes something, before the body is read', async () => {
    const cookie = (await cookieSession()).split(';')[0] ?? '';
    const unsafe = http.server.routes.filter((r) => r.access === 'signed-in' && !['GET', 'HEAD'].includes(r.method));
    // Signing out comes last.
    unsafe.sort((a, b) => Number(a.url === '/v1/session') - Number(b.url === '/v1/session'));
    expect(unsafe.length).toBeGreaterThan(5);
    for (const { method, url } of unsafe) {
      const path = url.replaceAll(/:\w+/g, '1');
      for (const [what, headers] of forged) {
        const { status, json } = await http.call(method, path, { headers: { cookie, ...headers }, body: 'x=1' });
        expect([status, json.code], `${method} ${url}: ${what}`).toEqual([403, 'cross-site']);
      }
      const fine = await http.call(method, path, { headers: { cookie, ...own }, body: '{}' });
      expect(fine.status, `${method} ${url} from our own page`).not.toBe(403);
    }
  });

  test('may not sign a visitor in', async () => {
    for (const [what, headers] of forged) {
      const { status } = await http.call('POST', '/v1/session', {
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify({ ...credentials, cookie: true }),
      });
      expect(status, what).toBe(403);
    }
  });

  test('do not concern programs with a token', async () => {
    const headers = { origin: 'http://elsewhere.test', 'sec-fetch-site': 'cross-site' };
    expect((await http.alice.as('POST', '/v1/folders', { body: { name: 'x' }, headers })).status).toBe(201);
  });
});
