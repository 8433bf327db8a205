import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { httpBackend } from '../../../test/support/http.ts';
import { codeOf } from '../../../test/support/authenticator.ts';

const VERIFIER = 'v'.repeat(43);
const REDIRECT = 'http://127.0.0.1:4711/callback';
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const HERE = { ...FORM, origin: 'http://mail.example.test' };
const ASKED = {
  client_id: 'mail-program',
  redirect_uri: REDIRECT,
  response_type: 'code',
  code_challenge: createHash('sha256').update(VERIFIER).digest('base64url'),
  code_challenge_method: 'S256',
  state: 'a "state" & more',
  scope: 'imap send',
};

let http: Awaited<ReturnType<typeof httpBackend>>;
beforeEach(async () => {
  http = await httpBackend();
});
afterEach(() => http.server.close(0));

const encoded = (fields: Record<string, string>): string => new URLSearchParams(fields).toString();
const authorize = (fields: Record<string, string> = {}): string =>
  `/oauth/authorize?${encoded({ ...ASKED, ...fields })}`;
const agree = (fields: Record<string, string> = {}, url = authorize(), headers: Record<string, string> = HERE) =>
  http.call('POST', url, {
    headers,
    body: encoded({ do: 'allow', address: 'alice@example.test', password: 'secret password', ...fields }),
  });
const token = (fields: Record<string, string>, headers: Record<string, string> = {}) =>
  http.call('POST', '/oauth/token', { headers: { ...FORM, ...headers }, body: encoded(fields) });
const location = (answer: { headers: Record<string, unknown> }): URL => new URL(String(answer.headers['location']));

async function tokens() {
  const code = location(await agree()).searchParams.get('code') ?? '';
  const fields = { client_id: 'mail-program', code, redirect_uri: REDIRECT, code_verifier: VERIFIER };
  return await token({ grant_type: 'authorization_code', ...fields });
}

describe('agreeing', () => {
  test('shows who asks for what, in both languages, with a policy that lets the answer through', async () => {
    const page = await http.call('GET', authorize({ login_hint: 'alice@"example' }));
    expect(page.status).toBe(200);
    expect(page.text).toContain('<b>Mail program</b> wants');
    expect(page.text).toContain('a program on this computer');
    expect(page.text).toContain('value="alice@&quot;example"');
    expect(page.text).not.toContain('REST');
    expect(page.headers['content-security-policy']).toContain("form-action 'self' http://127.0.0.1:4711;");
    expect(page.headers['x-frame-options']).toBe('DENY');
    const korean = await http.call('GET', `${authorize()}&lang=ko`);
    expect(korean.text).toContain('<html lang="ko">');
    expect(korean.text).toContain('내 이름으로 메일 보내기');
  });

  test('with the password sends the code, the state and who answers to the program', async () => {
    const answer = await agree();
    expect(answer.status).toBe(303);
    const url = location(answer);
    expect(url.origin + url.pathname).toBe(REDIRECT);
    expect(url.searchParams.get('state')).toBe(ASKED.state);
    expect(url.searchParams.get('iss')).toBe('http://mail.example.test');
    expect(url.searchParams.get('code')).toMatch(/^pabalac_/);
  });

  test('wants the password, and a code where there is a second step', async () => {
    expect((await agree({ password: 'wrong' })).status).toBe(401);
    expect((await agree({ address: 'nobody@example.test' })).status).toBe(401);
    const { account } = http.users.alice;
    const secret = await http.directory.secondStep.prepare(account);
    await http.directory.secondStep.enable(account, codeOf(secret, Date.now()));
    const asked = await agree();
    expect([asked.status, asked.text.includes('asks for a code')]).toEqual([401, true]);
    expect(asked.text).not.toContain('secret password');
    const wrong = await agree({ code: '000000x' });
    expect([wrong.status, wrong.text.includes('is wrong')]).toEqual([401, true]);
    const [recovery = ''] = await http.directory.secondStep.newRecoveryCodes(account);
    expect((await agree({ code: recovery })).status).toBe(303);
  });

  test('is not done by pages of others, nor by a session that is open', async () => {
    expect((await agree({}, authorize(), { ...FORM, origin: 'https://evil.test' })).status).toBe(403);
    expect((await agree({}, authorize(), { ...HERE, 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    const cookie = `pabal_session=${http.alice.token}`;
    const { status } = await agree({ address: '', password: '' }, authorize(), { ...HERE, cookie });
    expect(status).toBe(401);
  });

  test('refused, the program hears so without anybody signing in', async () => {
    const url = location(await agree({ do: 'deny', password: '' }));
    expect(url.searchParams.get('error')).toBe('access_denied');
    expect(url.searchParams.get('code')).toBeNull();
  });

  test('a request that cannot be believed goes nowhere, others hear what is wrong', async () => {
    for (const change of [{ client_id: 'x' }, { redirect_uri: 'https://evil.test/"><script>' }]) {
      for (const answer of [await http.call('GET', authorize(change)), await agree({}, authorize(change))]) {
        expect(answer.status).toBe(400);
        expect(answer.headers['location']).toBeUndefined();
        expect(answer.text).not.toContain('<script>');
      }
    }
    const url = location(await http.call('GET', authorize({ code_challenge_method: 'plain' })));
    expect(url.searchParams.get('error')).toBe('invalid_request');
    expect(url.searchParams.get('state')).toBe(ASKED.state);
  });
});

describe('the token endpoint', () => {
  test('gives tokens that nobody keeps, and takes them back', async () => {
    const given = await tokens();
    expect(given.status).toBe(200);
    expect(given.headers['cache-control']).toBe('no-store');
    expect(given.json).toMatchObject({ token_type: 'Bearer', expires_in: 3600, scope: 'imap send' });
    const refreshed = await token({
      grant_type: 'refresh_token',
      client_id: 'mail-program',
      refresh_token: given.json.refresh_token,
    });
    expect(refreshed.status).toBe(200);
    const revoke = (body: string) => http.call('POST', '/oauth/revoke', { headers: FORM, body });
    const done = await revoke(encoded({ client_id: 'mail-program', token: refreshed.json.access_token }));
    expect(done.status).toBe(200);
    const late = await token({
      grant_type: 'refresh_token',
      client_id: 'mail-program',
      refresh_token: refreshed.json.refresh_token,
    });
    expect([late.status, late.json.error]).toEqual([400, 'invalid_grant']);
  });

  test('speaks of errors as RFC 6749 §5.2 has it', async () => {
    const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` });
    const cases: readonly (readonly [Record<string, string>, Record<string, string>, number, string])[] = [
      [{}, {}, 401, 'invalid_client'],
      [{ client_id: 'x' }, {}, 401, 'invalid_client'],
      [{ client_id: 'mail-program', client_secret: 'x' }, {}, 401, 'invalid_client'],
      [{}, basic('mail-program:x'), 401, 'invalid_client'],
      [{}, basic('mail-program'), 401, 'invalid_client'],
      [{}, basic('%zz:x'), 401, 'invalid_client'],
      [{ client_secret: 'x' }, basic('mail-program:'), 400, 'invalid_request'],
      [{ client_id: 'mail-program' }, {}, 400, 'invalid_request'],
      [{ client_id: 'mail-program', grant_type: 'password' }, {}, 400, 'unsupported_grant_type'],
      [{ client_id: 'mail-program', grant_type: 'refresh_token', refresh_token: 'x' }, {}, 400, 'invalid_grant'],
    ];
    for (const [fields, headers, status, error] of cases) {
      const answer = await token(fields, headers);
      expect([answer.status, answer.json.error], JSON.stringify([fields, headers])).toEqual([status, error]);
    }
    const twice = await http.call('POST', '/oauth/token', {
      headers: FORM,
      body: 'client_id=mail-program&client_id=x',
    });
    expect(twice.json.error).toBe('invalid_request');
  });
});

test('a device: the code is typed, somebody agrees, the device has its tokens', async () => {
  const begin = await http.call('POST', '/oauth/device_authorization', {
    headers: FORM,
    body: encoded({ client_id: 'mail-program', scope: 'imap' }),
  });
  const { device_code, user_code, verification_uri_complete, interval } = begin.json;
  expect(verification_uri_complete).toBe(`http://mail.example.test/oauth/device?user_code=${user_code}`);
  expect(interval).toBe(5);
  const poll = () =>
    token({
      client_id: 'mail-program',
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      device_code,
    });
  expect((await poll()).json.error).toBe('authorization_pending');
  const type = (fields: Record<string, string>) =>
    http.call('POST', '/oauth/device', { headers: HERE, body: encoded(fields) });
  expect((await http.call('GET', `/oauth/device?user_code=${user_code}`)).text).toContain(`value="${user_code}"`);
  expect((await type({ user_code: 'BBBB-BBBB' })).status).toBe(404);
  expect((await type({ user_code })).text).toContain('<b>Mail program</b> wants');
  const allow = { user_code, do: 'allow', address: 'bob@example.test' };
  expect((await type({ ...allow, password: 'wrong' })).status).toBe(401);
  expect((await type({ ...allow, password: 'secret password' })).text).toContain('Done.');
  const given = await poll();
  expect(given.json.scope).toBe('imap');
  expect((await http.bob.as('GET', '/v1/oauth/grants')).json.items).toMatchObject([
    { client: 'mail-program', name: 'Mail program', scopes: ['imap'] },
  ]);
});

test('programs are registered by administrators', async () => {
  const { as } = await http.signIn({ ...http.users.bob, admin: true });
  await http.directory.updateAccount(http.users.bob.account, { admin: true });
  const url = '/v1/admin/oauth/clients';
  const body = { name: 'Notes', redirects: ['https://notes.test/cb'], scopes: ['rest'], confidential: true };
  const made = await as('POST', url, { body });
  expect(made.status).toBe(201);
  expect(made.json.secret).toMatch(/^[\w-]{43}$/);
  expect((await as('POST', url, { body: { ...body, redirects: ['http://notes.test/'] } })).status).toBe(400);
  const listed = await as('GET', url);
  expect(listed.json.items.map(({ name }: { name: string }) => name)).toEqual(['Thunderbird', 'Mail program', 'Notes']);
  expect(listed.text).not.toContain(made.json.secret);
  expect((await as('DELETE', `${url}/${made.json.id}`)).status).toBe(204);
  expect((await as('DELETE', `${url}/thunderbird`)).status).toBe(404);
});

test('where everything is (RFC 8414)', async () => {
  const { json } = await http.call('GET', '/.well-known/oauth-authorization-server');
  expect(json).toMatchObject({
    issuer: 'http://mail.example.test',
    token_endpoint: 'http://mail.example.test/oauth/token',
    code_challenge_methods_supported: ['S256'],
    scopes_supported: ['imap', 'pop3', 'send', 'sieve', 'rest'],
  });
  await using fixed = (await httpBackend({ publicUrl: 'https://mail.example.org' })).server;
  const answer = await fixed.inject({ method: 'GET', url: '/.well-known/oauth-authorization-server' });
  expect(answer.json().issuer).toBe('https://mail.example.org');
});
