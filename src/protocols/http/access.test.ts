/**
 * Who reaches what (F1, G15). The list of routes comes from the server itself, and what each answers is described in
 * `test/support/http-routes.ts`.
 */
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PasskeyDevice } from '../../../test/support/passkey-device.ts';
import { httpBackend } from '../../../test/support/http.ts';
import type { Answer } from '../../../test/support/http.ts';
import { ADMINISTRATOR, OPERATOR, ROLES_OF } from '../../../test/support/admin-routes.ts';
import { MISSING, moving, OPENS_THE_ACCOUNT, OWN, PUBLIC, subscription } from '../../../test/support/http-routes.ts';
import type { Ids } from '../../../test/support/route-case.ts';
import type { OAuthScope } from '../../directory/oauth/scopes.ts';
import type { AccountId } from '../../mailstore/api.ts';

import { ROLES } from '../../directory/offices.ts';

const SECRET = 'alice-only-marker';
const MAIL = [
  `From: ${SECRET} <friend@elsewhere.test>`,
  'To: alice@example.test',
  `Subject: ${SECRET}`,
  'Content-Type: multipart/mixed; boundary=b',
  '',
  '--b',
  '',
  SECRET,
  '--b',
  `Content-Disposition: attachment; filename="${SECRET}.txt"`,
  '',
  SECRET,
  '--b--',
  '',
].join('\r\n');

let http: Awaited<ReturnType<typeof httpBackend>>;
let theirs: Ids;
beforeEach(async () => {
  http = await httpBackend({ downmail: { mode: 'downmail' } });
  // So that alice's ids are not bob's, too: ids are counted in each account.
  for (let i = 0; i < 20; i++) await http.deliver(http.users.alice, 'Subject: x\r\n\r\n');
  const placed = await http.deliver(http.users.alice, MAIL);
  const { json } = await http.alice.as('POST', '/v1/folders', { body: { name: SECRET } });
  const held = { to: ['alice@example.test'], subject: SECRET, saveTo: null, sendAt: inAnHour() };
  const sent = await http.alice.as('POST', '/v1/messages', { body: held });
  const waiting = { to: ['alice@example.test'], subject: SECRET, saveTo: null, downmail: true };
  const kept = await http.alice.as('POST', '/v1/messages', { body: waiting });
  await http.dispatcher.idle();
  const suppressed = `${SECRET}@elsewhere.test`;
  await http.alice.as('POST', '/v1/suppressions', { body: { address: suppressed } });
  const { id: submission } = sent.json;
  const rule = await http.alice.as('POST', '/v1/rules', { body: moving(json.id) });
  const run = await http.alice.as('POST', '/v1/classifications', { body: { folder: json.id, preview: true } });
  const script = `${SECRET}-script`;
  await http.alice.as('PUT', `/v1/scripts/${script}`, { body: { source: 'keep;' } });
  const person = `${SECRET}-person@elsewhere.test`;
  await http.alice.as('PUT', `/v1/people/${person}`, { body: {} });
  const hook = await http.alice.as('POST', '/v1/webhooks', {
    body: { url: `https://${SECRET}.test/`, events: ['login'] },
  });
  const push = await http.alice.as('POST', '/v1/push/subscriptions', { body: subscription(`https://${SECRET}.test/`) });
  const contact = await http.alice.as('POST', '/v1/contacts', { body: { name: SECRET } });
  const group = await http.alice.as('POST', '/v1/contact-groups', { body: { name: SECRET } });
  const data = await http.alice.as('POST', '/v1/account-data', { body: { current: 'secret password' } });
  const ids = {
    push: push.json.id,
    submission,
    copy: `${kept.json.id}.0.0`,
    suppressed,
    rule: rule.json.id,
    script,
    person,
    webhook: hook.json.id,
    run: run.json.id,
    session: (await http.alice.as('GET', '/v1/sessions')).json.items[0].id,
    appPassword: (
      await http.directory.appPasswords.create(http.users.alice.account, { name: SECRET, scopes: ['imap'] })
    ).id,
    passkey: await passkeyOf(http.users.alice),
    grant: await grantOf(http.users.alice),
    identity: 'alice@example.test',
    contact: contact.json.id,
    group: group.json.id,
    accountData: data.json.path.split('/').at(-1),
  };
  theirs = { folder: json.id, message: String(placed.id), thread: placed.thread, ...ids };
});
afterEach(() => http.server.close(0));

let asked = 0;
// For whoever watches: how much stands behind "nobody else".
afterAll(() => console.log(`authorisation: ${asked} requests of routes of an account by whom they are not`));

/** Where HEAD would cost as much as GET. */
const STREAMS = new Set(['GET /v1/events', 'GET /v1/account-data/:ticket', 'GET /v1/folders/:id/mbox']);
/** A place in a stream that is none: nobody sees its end. */
const NOWHERE = { headers: { 'last-event-id': 'x' } };

async function grantOf({ account }: { readonly account: AccountId }): Promise<string> {
  const { grants } = http.directory.oauth;
  await grants.give(account, { client: 'mail-program', scopes: ['imap'] });
  return (await grants.list(account))[0]?.id ?? '';
}

async function passkeyOf({ account }: { readonly account: AccountId }): Promise<string> {
  const asked = { challenge: 'AAAA', rp: { id: 'localhost' } };
  const origin = 'http://localhost';
  const made = new PasskeyDevice(origin).make(asked);
  return (await http.directory.passkeys.add(account, SECRET, made, { ...asked, origin })).id;
}

function inAnHour(): string {
  return new Date(Date.now() + 3_600_000).toISOString();
}

function routes(access: string): string[] {
  const here = http.server.routes.filter(
    (r) => r.access === access && r.method !== 'HEAD' && !r.url.startsWith('/docs'),
  );
  return here.map(({ method, url }) => `${method} ${url}`);
}

async function ask(
  caller: typeof http.call,
  name: string,
  ids: Ids,
  method = name.split(' ')[0] ?? '',
): Promise<Answer> {
  const found = OWN[name];
  if (found === undefined) throw new Error(`no case for ${name}`);
  const [url, call] = found.request(ids);
  asked++;
  return await caller(method, url, call);
}

function withHeaders(caller: typeof http.call, headers: Record<string, string>): typeof http.call {
  return (method, url, call) => caller(method, url, { ...call, headers: { ...call?.headers, ...headers } });
}

/** A path whatever its ids are called. */
function shape(url: string): string {
  return url.replaceAll(/:[a-z]+/g, ':');
}

/** What names nobody, or nobody any more. */
async function closedKinds(): Promise<Record<string, Record<string, string>>> {
  const { directory, users, alice } = http;
  const session = async (user = users.alice, ttlMs = 1e6, purpose: 'api' | 'sign-in-link' = 'api') =>
    await directory.createSession(user, { ttlMs, purpose });
  const ended = await session();
  await directory.endSession(ended);
  const suspended = await http.add('carol@example.test');
  const removed = await http.add('dora@example.test');
  const [ofSuspended, ofRemoved] = [await session(suspended), await session(removed)];
  await directory.updateAccount(suspended.account, { suspended: true });
  await directory.removeAccount(removed.account);
  const tokens = {
    'a word': 'wrong',
    'an ended session': ended,
    'an expired session': await session(users.alice, 0),
    'a sign-in link': await session(users.alice, 1e6, 'sign-in-link'),
    'a session of a suspended account': ofSuspended,
    'a session of a removed account': ofRemoved,
    'a session said to be of another account': http.bob.token.replace(users.bob.account, users.alice.account),
    'a session with one letter less': alice.token.slice(0, -1),
  };
  const kinds: Record<string, Record<string, string>> = { nothing: {} };
  for (const [kind, token] of Object.entries(tokens)) {
    kinds[kind] = { authorization: `Bearer ${token}` };
    kinds[`${kind}, as a cookie`] = { cookie: `pabal_session=${token}`, 'x-pabal-csrf': '1' };
  }
  const { grants } = directory.oauth;
  const given = async (scopes: readonly OAuthScope[], client = 'mail-program') =>
    (await grants.give(users.alice.account, { client, scopes })).access;
  const revoked = await given(['rest']);
  for (const { id } of await grants.list(users.alice.account)) await grants.revoke(users.alice.account, id);
  kinds['an access token that was taken back'] = { authorization: `Bearer ${revoked}` };
  kinds['an access token of a client that is not there'] = { authorization: `Bearer ${await given(['rest'], 'gone')}` };
  kinds['an access token, as a cookie'] = { cookie: `pabal_session=${await given(['rest'])}`, 'x-pabal-csrf': '1' };
  const password = Buffer.from('alice@example.test:secret password').toString('base64');
  kinds['the password itself'] = { authorization: `Basic ${password}` };
  kinds['a session in another scheme'] = { authorization: `Token ${alice.token}` };
  return kinds;
}

/** An answer without what differs between any two. */
function comparable({ status, text, headers }: Answer, ids: Ids) {
  const named = Object.values(ids).reduce((t, id) => t.replaceAll(`"${id}"`, '"ID"'), text);
  // Devices are never asked the same twice.
  const plain = named.replace(/"challenge":"[\w-]+"/, '"challenge":""');
  return { status, text: plain, headers: { ...headers, date: '', 'content-length': '' } };
}

describe('every route', () => {
  test('is described here', () => {
    expect(routes('signed-in').sort()).toEqual(Object.keys(OWN).sort());
    expect(routes('public').sort()).toEqual([...PUBLIC].sort());
    expect(routes('operator')).toEqual(OPERATOR);
    expect(routes('administrator').sort()).toEqual(Object.keys(ADMINISTRATOR).sort());
  });

  test('for administrators is closed to everybody else (F25)', async () => {
    const { as } = await http.signIn({ ...http.users.bob, admin: true });
    await http.directory.updateAccount(http.users.bob.account, { admin: true });
    for (const [name, status] of Object.entries(ADMINISTRATOR)) {
      const [method = '', url = ''] = name.split(' ');
      expect((await http.call(method, url)).status, name).toBe(401);
      expect((await http.alice.as(method, url)).status, name).toBe(403);
      expect((await as(method, url, NOWHERE)).status, name).toBe(status);
    }
    // Who looked at or did what is written down; lists alone are not.
    const entries = await http.audit.list(0, 100);
    const done = Object.entries(ADMINISTRATOR).filter(([, status]) => status !== 400);
    const written = done.map(([name]) => name).filter((name) => !name.startsWith('GET ') || name.includes(':'));
    const asked = entries.filter(({ outcome }) => outcome === 'asked');
    expect(asked.map(({ by, what }) => `${by} ${what}`)).toEqual(written.map((name) => `bob@example.test ${name}`));
    const failed = written.filter((name) => (ADMINISTRATOR[name] ?? 0) >= 400);
    expect(entries.filter(({ outcome }) => outcome === 'failed').map(({ what }) => what)).toEqual(failed);
  });

  test.each(ROLES)('for administrators is open to the role %s as far as its work goes', async (role) => {
    const { users, offices, bob } = http;
    const domains = role === 'domain-administrator' ? ['example.test'] : undefined;
    await offices.set(users.bob.account, { role, domains });
    for (const [name, status] of Object.entries(ADMINISTRATOR)) {
      const [method = '', url = ''] = name.split(' ');
      const may = (ROLES_OF[name] ?? ['operator']).includes(role);
      const { text, ...answer } = await bob.as(method, url, NOWHERE);
      expect(answer.status, `${name} as ${role}`).toBe(may ? status : 403);
      expect(text, `${name} as ${role}`).not.toContain(SECRET);
    }
    expect(Object.keys(ROLES_OF).filter((name) => ADMINISTRATOR[name] === undefined)).toEqual([]);
    await offices.set(users.bob.account, undefined);
    expect((await bob.as('GET', '/v1/admin/role')).status).toBe(403);
  });

  test('of an account is closed to whoever is not signed in', async () => {
    const kinds = await closedKinds();
    let checks = 0;
    for (const name of Object.keys(OWN)) {
      const [method = ''] = name.split(' ');
      for (const [kind, headers] of Object.entries(kinds)) {
        for (const asked of method === 'GET' && !STREAMS.has(name) ? ['GET', 'HEAD'] : [method]) {
          const answer = await ask(withHeaders(http.call, headers), name, theirs, asked);
          const what = `${asked} ${name} with ${kind}`;
          expect(answer.status, what).toBe(401);
          expect(answer.text, what).not.toContain(SECRET);
          checks++;
        }
      }
    }
    // Every route and method by every kind of credential.
    expect(checks).toBeGreaterThanOrEqual(1_500);
  });

  test('is closed to programs that were given something else, and what opens the account to all of them (RFC 6750 §3.1)', async () => {
    const { grants } = http.directory.oauth;
    const { account } = http.users.alice;
    await http.directory.updateAccount(account, { admin: true });
    const bearer = async (scopes: readonly OAuthScope[]) => {
      const { access } = await grants.give(account, { client: 'mail-program', scopes });
      return { authorization: `Bearer ${access}` };
    };
    const mail = await bearer(['imap', 'pop3', 'send', 'sieve']);
    const rest = await bearer(['rest']);
    for (const name of Object.keys(OWN)) {
      const refused = await ask(withHeaders(http.call, mail), name, theirs);
      expect(refused.status, name).toBe(403);
      expect(refused.headers['www-authenticate'], name).toContain('insufficient_scope');
      expect(refused.text, name).not.toContain(SECRET);
    }
    for (const name of OPENS_THE_ACCOUNT)
      expect((await ask(withHeaders(http.call, rest), name, theirs)).status, name).toBe(403);
    for (const name of Object.keys(ADMINISTRATOR)) {
      const [method = '', url = ''] = name.split(' ');
      expect((await http.call(method, url, { headers: rest })).status, name).toBe(403);
    }
    expect((await http.call('GET', '/v1/folders', { headers: rest })).status).toBe(200);
  });

  test('that changes something wants proof that the page is ours beside the cookie', async () => {
    const cookie = `pabal_session=${http.alice.token}`;
    const kinds: Record<string, Record<string, string>> = {
      'no proof': { cookie },
      'another site': { cookie, 'x-pabal-csrf': '1', origin: 'https://elsewhere.test' },
      'a page without origin': { cookie, 'x-pabal-csrf': '1', origin: 'null' },
      'what a browser says': { cookie, 'x-pabal-csrf': '1', 'sec-fetch-site': 'cross-site' },
    };
    for (const name of Object.keys(OWN).filter((one) => !one.startsWith('GET'))) {
      for (const [kind, headers] of Object.entries(kinds)) {
        const { status, text } = await ask(withHeaders(http.call, headers), name, theirs);
        expect(status, `${name} with ${kind}`).toBe(403);
        expect(text).not.toContain(SECRET);
      }
    }
  });

  test('knows its methods only, whoever asks', async () => {
    const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
    const known = new Set(http.server.routes.map(({ method, url }) => `${method} ${shape(url)}`));
    for (const [name, { request }] of Object.entries(OWN)) {
      const [, pattern = ''] = name.split(' ');
      for (const method of methods.filter((one) => !known.has(`${one} ${shape(pattern)}`))) {
        const { status, text, headers } = await http.alice.as(method, request(theirs)[0]);
        // To the other methods of `/v1/messages/:id`, `/v1/messages/batch` is a message that is missing.
        const refused = pattern.includes(':') ? [405] : [400, 404, 405];
        expect(status, `${method} ${pattern}`).toBeOneOf(refused);
        expect(text + JSON.stringify(headers), `${method} ${pattern}`).not.toContain(SECRET);
      }
    }
  });

  test.each([
    ['a token', (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` }), false],
    ['a cookie', (token: string) => ({ cookie: `pabal_session=${token}`, 'x-pabal-csrf': '1' }), false],
    ['a token of an administrator', (token: string) => ({ authorization: `Bearer ${token}` }), true],
  ])('answers a foreign id like a missing one, with no byte of what is there (F1): %s', async (_, headers, admin) => {
    if (admin) await http.directory.updateAccount(http.users.bob.account, { admin: true });
    const caller = async () => withHeaders(http.call, headers((await http.signIn(http.users.bob)).token));
    for (const [name, { stranger }] of Object.entries(OWN)) {
      const bob = await caller();
      const foreign = await ask(bob, name, theirs);
      const none = await ask(name === 'DELETE /v1/session' ? await caller() : bob, name, MISSING);
      expect(foreign.status, name).toBe(stranger);
      expect(comparable(foreign, theirs), name).toEqual(comparable(none, MISSING));
      expect(foreign.text + JSON.stringify(foreign.headers), name).not.toContain(SECRET);
    }
    // And nothing of hers has changed.
    const mine = await http.alice.as('GET', `/v1/messages/${theirs.message}`);
    expect(mine.json).toMatchObject({ read: false, folder: '1', subject: SECRET });
    expect((await http.alice.as('GET', `/v1/folders/${theirs.folder}`)).json.name).toBe(SECRET);
  });

  test('answers an id that cannot be one like a missing one', async () => {
    const odd = [
      '0',
      '-1',
      '1e3',
      '1.0',
      ' 1',
      '%00',
      '..',
      '%2e%2e%2f',
      '__proto__',
      'constructor',
      '99999999999',
      'ÿ',
    ];
    for (const name of Object.keys(OWN).filter((n) => n.includes('/:id'))) {
      for (const id of odd) {
        const wire = encodeURIComponent(decodeURIComponent(id));
        const answer = await ask(http.alice.as, name, {
          ...MISSING,
          folder: wire,
          message: wire,
          thread: wire,
          submission: wire,
          rule: wire,
          run: wire,
          session: wire,
          appPassword: wire,
          passkey: wire,
          grant: wire,
          contact: wire,
          group: wire,
        });
        // A client makes another path of `..`, which may know other methods and types.
        expect(answer.status, `${name} with ${id}`).toBeOneOf(id === '..' ? [404, 405, 415] : [404]);
      }
    }
  });

  test('is never kept by caches, and never a page of another site', async () => {
    for (const name of Object.keys(OWN).filter((n) => n.startsWith('GET'))) {
      const { headers } = await ask(http.alice.as, name, theirs);
      expect(headers['cache-control'], name).toBe('no-store');
      expect(headers['x-content-type-options'], name).toBe('nosniff');
      expect(headers['content-security-policy'], name).toMatch(/^default-src 'none';/);
      expect(headers['cross-origin-resource-policy'], name).toBe('same-origin');
    }
  });
});

test('HEAD is answered like GET, without a body, and not for streams', async () => {
  expect((await http.call('HEAD', '/v1/folders')).status).toBe(401);
  expect(await http.alice.as('HEAD', '/v1/folders')).toMatchObject({ status: 200, text: '' });
  expect((await http.alice.as('HEAD', '/v1/events')).status).toBe(405);
});

test('a method that a path does not know is told which it knows; where nothing is, that is all', async () => {
  const told = async (method: string, url: string) => {
    const { status, headers } = await http.call(method, url);
    return [status, headers['allow']];
  };
  expect(await told('PUT', '/v1/folders')).toEqual([405, 'GET, HEAD, POST']);
  expect(await told('POST', '/v1/messages/7?x=/')).toEqual([405, 'DELETE, GET, HEAD, PATCH']);
  expect(await told('OPTIONS', '/v1/messages/7/attachments/1')).toEqual([405, 'GET, HEAD']);
  expect(await told('DELETE', '/')).toEqual([405, 'GET, HEAD']);
  // What only the operator sees is nothing.
  for (const url of ['/metrics', '/v1/messages/7/', '/v1/messages//raw', '/v1', '/v1/folders/1/x', '/%00'])
    expect(await told('PUT', url), url).toEqual([404, undefined]);
});

describe('metrics', () => {
  test('move to a listener of their own when there is one', async () => {
    const server = http.server;
    const open = await server.listen({ host: '127.0.0.1', port: 0 });
    const status = async (address: string, path: string) => (await fetch(`http://${address}${path}`)).status;
    expect(await status(open, '/metrics')).toBe(200);
    const operator = await server.listen({ host: '127.0.0.1', port: 0 }, 'operator');
    const paths = ['/metrics', '/healthz', '/', '/v1/folders'];
    expect(await Promise.all(paths.map((path) => status(operator, path)))).toEqual([200, 200, 404, 404]);
    expect(await Promise.all(paths.map((path) => status(open, path)))).toEqual([404, 200, 200, 401]);
    expect((await fetch(`http://${operator}/v1/folders`, { method: 'PUT' })).status).toBe(404);
  });

  test('are shown to this machine and to the operator, and are not there for anybody else', async () => {
    await using server = (await httpBackend({ operatorToken: 'operator secret' })).server;
    const from = async (headers: Record<string, string>, remoteAddress = '127.0.0.1') =>
      (await server.inject({ method: 'GET', url: '/metrics', headers, remoteAddress })).statusCode;
    expect(await from({})).toBe(200);
    expect(await from({}, '::ffff:127.0.0.1')).toBe(200);
    expect(await from({}, '192.0.2.1')).toBe(404);
    expect(await from({ authorization: 'Bearer operator secret' }, '192.0.2.1')).toBe(404);
    expect(await from({ 'x-forwarded-for': '192.0.2.1' })).toBe(404);
    expect(await from({ forwarded: 'for=192.0.2.1' })).toBe(404);
  });

  test('take a token without spaces', async () => {
    await using server = (await httpBackend({ operatorToken: 'operator-secret' })).server;
    const from = async (token: string) =>
      (
        await server.inject({
          method: 'GET',
          url: '/metrics',
          headers: { authorization: `Bearer ${token}` },
          remoteAddress: '192.0.2.1',
        })
      ).statusCode;
    expect(await from('operator-secret')).toBe(200);
    expect(await from('operator-secret2')).toBe(404);
    expect(await from('operator-secre')).toBe(404);
    expect(await from('')).toBe(404);
  });
});
