/** Who administers what, over the API: roles, domains of their own, limits, and the way back into an account. */
import { expect, test } from 'vitest';
import { httpBackend } from '../../../test/support/http.ts';
import { ManualClock } from '../../adapters/clock-manual.ts';
import type { Role } from '../../directory/offices.ts';

const OWN = { current: 'secret password' };

/** Two tenants: example.test with alice, other.test with olga; carol keeps the first, in the role asked for. */
async function tenants(role: Role, domains: readonly string[] | null = ['example.test']) {
  const http = await httpBackend();
  await http.directory.addDomain('other.test');
  const olga = await http.add('olga@other.test');
  const carol = await http.add('carol@example.test');
  await http.offices.set(carol.account, { role, domains: domains ?? undefined });
  const { as } = await http.signIn(carol);
  return { ...http, olga, carol, as };
}

test('a domain administrator sees nothing of other domains, and what is theirs is like what is missing', async () => {
  const http = await tenants('domain-administrator');
  await using _server = http.server;
  const { as, directory } = http;
  await directory.addAlias('secret-alias@other.test', http.users.alice.account);
  const list = await as('GET', '/v1/admin/accounts');
  expect(list.json.items.map(({ address }: { address: string }) => address).sort()).toEqual([
    'alice@example.test',
    'bob@example.test',
    'carol@example.test',
  ]);
  expect(list.text).not.toContain('other.test');
  expect((await as('GET', '/v1/admin/accounts?q=secret-alias')).json.items).toEqual([]);
  expect((await as('GET', '/v1/admin/domains')).json.items).toMatchObject([{ name: 'example.test' }]);
  const bodies: Record<string, unknown> = { suspended: { suspended: true }, quota: { quota: 5 } };
  const asked: [string, string][] = [
    ['PUT', 'suspended'],
    ['PUT', 'quota'],
    ['POST', 'password-link'],
    ['DELETE', 'second-step'],
    ['POST', 'unlock'],
  ];
  for (const [method, what] of asked) {
    const ask = (who: string) => as(method, `/v1/admin/accounts/${who}/${what}`, { body: bodies[what] });
    const [theirs, none] = [await ask('olga@other.test'), await ask('nobody@other.test')];
    expect([theirs.status, theirs.text], what).toEqual([404, none.text]);
    expect((await ask(http.olga.account)).status, what).toBe(404);
    expect((await ask('secret-alias@other.test')).status, what).toBeLessThan(300);
  }
  for (const url of ['records', 'limits'])
    expect((await as('GET', `/v1/admin/domains/other.test/${url}`)).text, url).toBe(
      (await as('GET', `/v1/admin/domains/nowhere.test/${url}`)).text,
    );
  const added = (address: string) => as('POST', '/v1/admin/accounts', { body: { address } });
  expect((await added('new@other.test')).text).toBe((await added('new@nowhere.test')).text);
  expect(await added('new@example.test')).toMatchObject({ status: 201, json: { path: expect.any(String) } });
});

test('who administers a domain that was removed and made anew administers nothing of it', async () => {
  const clock = new ManualClock(Date.UTC(2026, 0));
  const http = await httpBackend({ clock });
  await using _server = http.server;
  await http.directory.addDomain('gone.test');
  await http.offices.set(http.users.bob.account, { role: 'domain-administrator', domains: ['gone.test'] });
  expect((await http.bob.as('GET', '/v1/admin/role')).json).toEqual({
    role: 'domain-administrator',
    domains: ['gone.test'],
  });
  await http.directory.removeDomain('gone.test');
  expect((await http.bob.as('GET', '/v1/admin/role')).status).toBe(403);
  await clock.advance(1);
  await http.directory.addDomain('gone.test');
  expect((await http.bob.as('GET', '/v1/admin/accounts')).status).toBe(403);
});

test('nobody but an operator changes the account of who administers, and nobody his own', async () => {
  for (const role of ['domain-administrator', 'helpdesk'] as const) {
    const http = await tenants(role, role === 'helpdesk' ? null : ['example.test']);
    await using _server = http.server;
    const link = (who: string) => http.as('POST', `/v1/admin/accounts/${who}/password-link`);
    expect((await link('alice@example.test')).status, role).toBe(201);
    await http.directory.updateAccount(http.users.alice.account, { admin: true });
    expect((await link('alice@example.test')).status, role).toBe(403);
    await http.offices.set(http.users.bob.account, { role: 'auditor', domains: undefined });
    expect((await link('bob@example.test')).status, role).toBe(403);
    expect((await link('carol@example.test')).status, role).toBe(409);
  }
});

test('an operator gives a role with his password, and what is given is in the trail without it', async () => {
  const http = await tenants('operator', null);
  await using _server = http.server;
  const { as, users } = http;
  const give = (body: object) => as('PUT', '/v1/admin/accounts/bob@example.test/role', { body });
  expect((await give({ role: 'auditor', current: 'wrong' })).status).toBe(401);
  expect((await give({ role: 'auditor', domains: ['example.test'], ...OWN })).status).toBe(400);
  expect((await give({ role: 'domain-administrator', ...OWN })).status).toBe(400);
  expect((await give({ role: 'domain-administrator', domains: ['nowhere.test'], ...OWN })).status).toBe(404);
  const domains = ['example.test'];
  expect((await give({ role: 'helpdesk', domains, ...OWN })).json).toEqual({ office: { role: 'helpdesk', domains } });
  const roles = (await as('GET', '/v1/admin/roles')).json.items;
  expect(roles).toEqual([
    { address: 'carol@example.test', role: 'operator', domains: null },
    { address: 'bob@example.test', role: 'helpdesk', domains },
  ]);
  const entries = await http.audit.list(0, 100);
  expect(entries.at(-1)?.about).toBe(
    '{"address":"bob@example.test","role":"helpdesk","domains":["example.test"],"current":"[secret]"}',
  );
  expect(JSON.stringify(entries)).not.toContain('secret password');
  expect((await give({ role: 'operator', ...OWN })).json.office.role).toBe('operator');
  expect((await http.directory.account(users.bob.account))?.admin).toBe(true);
  expect((await give({ role: null, ...OWN })).json).toEqual({ office: null });
  expect((await http.directory.account(users.bob.account))?.admin).toBe(false);
});

test('a domain has no more accounts and room than it may have, whoever asks', async () => {
  const http = await tenants('domain-administrator');
  await using _server = http.server;
  await http.directory.updateAccount(http.users.alice.account, { admin: true });
  const set = (body: object) => http.alice.as('PUT', '/v1/admin/domains/example.test/limits', { body });
  expect((await set({ accounts: 4, bytes: 100 })).json).toEqual({
    accounts: 4,
    bytes: 100,
    used: { accounts: 3, bytes: null },
  });
  const quota = (who: string, bytes: number | null) =>
    http.as('PUT', `/v1/admin/accounts/${who}@example.test/quota`, { body: { quota: bytes } });
  // What one of the others may have has no end.
  expect((await quota('bob', 10)).status).toBe(409);
  for (const id of [http.users.alice, http.users.bob, http.carol])
    await http.directory.updateAccount(id.account, { quota: 20 });
  expect((await quota('bob', 61)).status).toBe(409);
  expect((await quota('bob', null)).status).toBe(409);
  expect((await quota('bob', 60)).status).toBe(200);
  const add = (name: string, bytes?: number) =>
    http.as('POST', '/v1/admin/accounts', { body: { address: `${name}@example.test`, quota: bytes } });
  expect((await quota('bob', 20)).status).toBe(200);
  expect((await add('dave')).status).toBe(409);
  expect((await add('dave', 41)).status).toBe(409);
  const both = await Promise.all([add('dave', 10), add('erin', 10)]);
  expect(new Set(both.map(({ status }) => status))).toEqual(new Set([201, 409]));
  expect((await http.as('GET', '/v1/admin/domains/example.test/limits')).json.used).toEqual({ accounts: 4, bytes: 70 });
  expect((await http.as('PUT', '/v1/admin/domains/example.test/limits', { body: {} })).status).toBe(403);
});

test('mail for what nobody has in a domain goes to whom its administrator names among his people', async () => {
  const http = await tenants('domain-administrator');
  await using _server = http.server;
  const ask = (domain: string, address?: string | null) =>
    http.as(address === undefined ? 'GET' : 'PUT', `/v1/admin/domains/${domain}/catch-all`, {
      ...(address !== undefined && { body: { address } }),
    });
  expect((await ask('example.test')).json).toEqual({ address: null });
  expect((await ask('example.test', 'bob@example.test')).json).toEqual({ address: 'bob@example.test' });
  expect((await ask('example.test')).json).toEqual({ address: 'bob@example.test' });
  expect(await http.directory.route('anybody@example.test')).toMatchObject({ account: http.users.bob.account });
  expect((await ask('example.test', 'olga@other.test')).status).toBe(404);
  expect((await ask('other.test')).status).toBe(404);
  expect((await ask('other.test', 'bob@example.test')).status).toBe(404);
  expect((await ask('example.test', null)).json).toEqual({ address: null });
  expect((await http.directory.route('anybody@example.test')).kind).toBe('unknown');
});

test('who has lost everything is let in again', async () => {
  const http = await tenants('helpdesk', null);
  await using _server = http.server;
  const from = { protocol: 'http', remote: '203.0.113.9' } as const;
  const wrong = () => http.directory.authenticate('olga@other.test', 'wrong', from).catch((error) => error.code);
  for (let i = 0; i < 6; i++) await wrong();
  expect(await wrong()).toBe('auth-throttled');
  expect((await http.as('POST', '/v1/admin/accounts/olga@other.test/unlock')).status).toBe(204);
  expect(await wrong()).toBe('auth-failed');
  const { json } = await http.as('POST', '/v1/admin/accounts/olga@other.test/password-link');
  expect((await http.call('GET', json.path)).status).toBe(200);
  expect((await http.as('DELETE', '/v1/admin/accounts/olga@other.test/second-step')).status).toBe(204);
});
