import { createHash } from 'node:crypto';
import { beforeEach, expect, test } from 'vitest';
import { directoryParts } from '../../../test/support/directory.ts';
import type { AccountId } from '../../mailstore/api.ts';
import type { SignInProtocol } from '../api.ts';
import { KvDirectory } from '../directory.ts';
import { mayRedirect } from './clients.ts';
import { DEVICE_MS, POLL_MS } from './devices.ts';
import { ACCESS_MS, CODE_MS, GRANT_IDLE_MS, type Tokens } from './grants.ts';
import { DEVICE_GRANT, type OAuth } from './oauth.ts';

const ALICE = 'alice@example.test';
const REDIRECT = 'http://127.0.0.1:4711/callback';
const VERIFIER = 'v'.repeat(43);
const CHALLENGE = createHash('sha256').update(VERIFIER).digest('base64url');
const REMOTE = '198.51.100.7';
const CLIENT = { id: 'mail-program', secret: undefined };

let parts: ReturnType<typeof directoryParts>;
let directory: KvDirectory;
let oauth: OAuth;
let alice: AccountId;
beforeEach(async () => {
  parts = directoryParts();
  directory = new KvDirectory(parts, { hashCost: { memoryCost: 8, timeCost: 1 } });
  oauth = directory.oauth;
  await directory.addDomain('example.test');
  alice = (await directory.addAccount(ALICE, { password: 'right' })).id;
  await directory.addAccount('bob@example.test', { password: 'right' });
});

const params = (fields: Record<string, string | undefined>) =>
  new URLSearchParams(Object.entries(fields).filter((pair): pair is [string, string] => pair[1] !== undefined));
const ASKED = {
  client_id: 'mail-program',
  redirect_uri: REDIRECT,
  response_type: 'code',
  code_challenge: CHALLENGE,
  code_challenge_method: 'S256',
  state: 'xyz',
};

async function codeFor(scope?: string): Promise<string> {
  const asked = await oauth.authorization(params({ ...ASKED, scope }));
  if (asked.kind !== 'asks') throw asked.error;
  return await oauth.allow(alice, asked.request);
}

const redeem = (code: string, more: Record<string, string> = {}, client = CLIENT) =>
  oauth.token(
    params({ grant_type: 'authorization_code', code, redirect_uri: REDIRECT, code_verifier: VERIFIER, ...more }),
    client,
  );
const refresh = (token: string, scope?: string) =>
  oauth.token(params({ grant_type: 'refresh_token', refresh_token: token, scope }), CLIENT);
const tokens = async (scope?: string): Promise<Tokens> => redeem(await codeFor(scope));
const open = (token: string, protocol: SignInProtocol = 'imap', address?: string) =>
  directory.bearer(token, { protocol, remote: REMOTE }, address).then(
    ({ address: who }) => who,
    (error: { code?: string }) => error.code,
  );
const refused = { code: 'invalid_grant' };

test('a code becomes tokens, which open what they are for and nothing else', async () => {
  const { access, scopes } = await tokens('imap send');
  expect(scopes).toEqual(['imap', 'send']);
  expect(await open(access)).toBe(ALICE);
  expect(await open(access, 'imap', 'Alice@EXAMPLE.test')).toBe(ALICE);
  expect(await open(access, 'smtp', ALICE)).toBe(ALICE);
  for (const protocol of ['pop3', 'managesieve', 'http'] as const)
    expect(await open(access, protocol), protocol).toBe('not-allowed');
  expect(await open(access, 'imap', 'bob@example.test')).toBe('auth-failed');
  expect(await open(access, 'imap', 'nobody@example.test')).toBe('auth-failed');
  expect(await open(`${access.slice(0, -1)}${access.endsWith('A') ? 'B' : 'A'}`)).toBe('auth-failed');
});

test('a code counts once; shown again, what came of it ends (RFC 6749 §4.1.2)', async () => {
  const code = await codeFor();
  const { access, refresh: again } = await redeem(code);
  expect(await open(access)).toBe(ALICE);
  await expect(redeem(code)).rejects.toMatchObject(refused);
  expect(await open(access)).toBe('auth-failed');
  await expect(refresh(again)).rejects.toMatchObject(refused);
});

test.each([
  ['another verifier', { code_verifier: 'w'.repeat(43) }],
  ['another redirect', { redirect_uri: 'http://127.0.0.1:4711/' }],
  ['no redirect', { redirect_uri: '' }],
])('a code with %s is spent and gives nothing', async (_, more) => {
  const code = await codeFor();
  await expect(redeem(code, more)).rejects.toMatchObject(refused);
  await expect(redeem(code)).rejects.toMatchObject(refused);
});

test('a code of another client, an old one and made-up ones give nothing', async () => {
  await expect(redeem(await codeFor(), {}, { id: 'thunderbird', secret: undefined })).rejects.toMatchObject(refused);
  const code = await codeFor();
  await parts.clock.advance(CODE_MS);
  await expect(redeem(code)).rejects.toMatchObject(refused);
  for (const made of ['x', 'pabalac_x_y', `pabalac_${alice}_${'A'.repeat(43)}`, `pabalac_nobody_${'A'.repeat(43)}`])
    await expect(redeem(made)).rejects.toMatchObject(refused);
});

test('a refresh token counts once; one that comes again ends the whole grant (RFC 9700 §4.14.2)', async () => {
  const first = await tokens();
  const second = await refresh(first.refresh);
  expect(await open(first.access)).toBe(ALICE);
  expect(await open(second.access)).toBe(ALICE);
  const third = await refresh(second.refresh);
  await expect(refresh(first.refresh)).rejects.toMatchObject(refused);
  for (const { access } of [first, second, third]) expect(await open(access)).toBe('auth-failed');
  await expect(refresh(third.refresh)).rejects.toMatchObject(refused);
});

test('of two that use the same refresh token at once one is refused, and the grant ends', async () => {
  const first = await tokens();
  const both = await Promise.allSettled([refresh(first.refresh), refresh(first.refresh)]);
  expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  expect(await oauth.grants.list(alice)).toEqual([]);
});

test('fewer scopes hold for that token only, more are refused', async () => {
  const first = await tokens('imap send');
  const less = await refresh(first.refresh, 'imap');
  expect([await open(less.access), await open(less.access, 'smtp')]).toEqual([ALICE, 'not-allowed']);
  await expect(refresh(less.refresh, 'imap pop3')).rejects.toMatchObject({ code: 'invalid_scope' });
  const all = await refresh(less.refresh);
  expect(await open(all.access, 'smtp')).toBe(ALICE);
});

test('access tokens last an hour, what nobody uses ends', async () => {
  const { access, refresh: again } = await tokens();
  await parts.clock.advance(ACCESS_MS - 1);
  expect(await open(access)).toBe(ALICE);
  await parts.clock.advance(1);
  expect(await open(access)).toBe('auth-failed');
  await parts.clock.advance(GRANT_IDLE_MS);
  await expect(refresh(again)).rejects.toMatchObject(refused);
  expect(await oauth.grants.list(alice)).toEqual([]);
});

test('guesses count as wrong passwords do, tokens that are too old do not', async () => {
  const { access } = await tokens();
  await parts.clock.advance(ACCESS_MS);
  for (let i = 0; i < 20; i++) expect(await open(access, 'imap', ALICE)).toBe('auth-failed');
  const guess = access.replace(/.{43}$/, 'A'.repeat(43));
  for (let i = 0; i < 5; i++) expect(await open(guess, 'imap', ALICE)).toBe('auth-failed');
  expect(await open(guess, 'imap', ALICE)).toBe('auth-throttled');
  const password = directory.authenticate(ALICE, 'right', { protocol: 'imap', remote: REMOTE });
  await expect(password).rejects.toMatchObject({ code: 'auth-throttled' });
});

test('the owner sees what was let in, and ends it; the last use is told', async () => {
  const { access } = await tokens('imap');
  await open(access);
  const [grant] = await oauth.grants.list(alice);
  expect(grant).toMatchObject({
    client: 'mail-program',
    scopes: ['imap'],
    lastUse: { protocol: 'imap', remote: REMOTE },
  });
  const bob = (await directory.account('bob@example.test'))?.id as AccountId;
  expect(await oauth.grants.revoke(bob, grant?.id ?? '')).toBe(false);
  expect(await oauth.grants.revoke(alice, grant?.id ?? '')).toBe(true);
  expect(await open(access)).toBe('auth-failed');
});

test('a program ends its own access with either token, and nobody else’s (RFC 7009)', async () => {
  for (const which of ['access', 'refresh'] as const) {
    const given = await tokens();
    const token = params({ token: given[which] });
    await oauth.revoke(token, { id: 'thunderbird', secret: undefined });
    expect(await open(given.access)).toBe(ALICE);
    await oauth.revoke(token, CLIENT);
    expect(await open(given.access)).toBe('auth-failed');
    // Once more, and with what is none: the answer is the same.
    await oauth.revoke(token, CLIENT);
    await oauth.revoke(params({ token: 'x' }), CLIENT);
  }
  const { access } = await tokens();
  await oauth.revoke(params({ token: access.replace(/.{43}$/, 'A'.repeat(43)) }), CLIENT);
  expect(await open(access)).toBe(ALICE);
});

test('a new password, a suspension and the end of the account end it all', async () => {
  const code = await codeFor();
  const { access, refresh: again } = await tokens();
  await directory.updateAccount(alice, { suspended: true });
  expect(await open(access)).toBe('account-suspended');
  await directory.updateAccount(alice, { suspended: false });
  expect(await open(access)).toBe(ALICE);
  await directory.updateAccount(alice, { password: 'another' });
  expect(await open(access)).toBe('auth-failed');
  await expect(refresh(again)).rejects.toMatchObject(refused);
  await expect(redeem(code)).rejects.toMatchObject(refused);
  const fresh = await tokens();
  await directory.removeAccount(alice);
  expect(await open(fresh.access)).toBe('auth-failed');
});

test('an account has at most 100 grants: the one that was not used for longest goes', async () => {
  const first = await tokens();
  await parts.clock.advance(1);
  for (let i = 0; i < 100; i++) await oauth.grants.give(alice, { client: 'mail-program', scopes: ['imap'] });
  expect(await oauth.grants.list(alice)).toHaveLength(100);
  expect(await open(first.access)).toBe('auth-failed');
});

test.each<[string, Record<string, string | undefined>, string, string]>([
  ['no client', { client_id: undefined }, 'bad', 'invalid_request'],
  ['an unknown client', { client_id: 'x' }, 'bad', 'invalid_client'],
  ['no redirect', { redirect_uri: undefined }, 'bad', 'invalid_request'],
  ['a foreign redirect', { redirect_uri: 'https://evil.test/' }, 'bad', 'invalid_request'],
  [
    'a host that only begins like loopback',
    { redirect_uri: 'http://127.0.0.1.evil.test/callback' },
    'bad',
    'invalid_request',
  ],
  ['a user in the redirect', { redirect_uri: 'http://127.0.0.1:1@evil.test/callback' }, 'bad', 'invalid_request'],
  ['another path', { redirect_uri: 'http://127.0.0.1:1/other' }, 'bad', 'invalid_request'],
  ['a query more', { redirect_uri: 'http://127.0.0.1:1/callback?x=1' }, 'bad', 'invalid_request'],
  ['a long state', { state: 's'.repeat(2001) }, 'bad', 'invalid_request'],
  ['another response type', { response_type: 'token' }, 'refused', 'unsupported_response_type'],
  ['another response mode', { response_mode: 'fragment' }, 'refused', 'invalid_request'],
  ['no challenge', { code_challenge: undefined }, 'refused', 'invalid_request'],
  ['the plain method', { code_challenge_method: 'plain' }, 'refused', 'invalid_request'],
  ['no method', { code_challenge_method: undefined }, 'refused', 'invalid_request'],
  ['a short challenge', { code_challenge: 'abc' }, 'refused', 'invalid_request'],
  ['an unknown scope', { scope: 'imap everything' }, 'refused', 'invalid_scope'],
  ['a scope that is not for this client', { scope: 'rest' }, 'refused', 'invalid_scope'],
])('a request with %s', async (_, change, kind, code) => {
  const asked = await oauth.authorization(params({ ...ASKED, ...change }));
  expect(asked).toMatchObject({ kind, error: { code } });
});

test('no parameter may come twice', async () => {
  for (const name of ['client_id', 'redirect_uri', 'state', 'scope', 'code_challenge']) {
    const twice = params({ ...ASKED, scope: 'imap' });
    twice.append(name, 'x');
    expect(await oauth.authorization(twice)).toMatchObject({ error: { code: 'invalid_request' } });
  }
});

test('loopback addresses may have any port, others none but their own (RFC 8252 §7.3)', async () => {
  const client = await oauth.clients.add({
    name: 'Notes',
    redirects: ['https://notes.test/cb', 'http://[::1]/cb', 'org.example.notes:/cb'],
    scopes: ['rest'],
    confidential: false,
    device: false,
  });
  const good = ['https://notes.test/cb', 'http://[::1]:9/cb', 'http://[::1]/cb', 'org.example.notes:/cb'];
  const bad = [
    'https://notes.test:9/cb',
    'http://127.0.0.1/cb',
    'https://notes.test/cb/',
    'org.example.notes:/cb2',
    '',
  ];
  expect(good.map((uri) => mayRedirect(client, uri))).toEqual(good.map(() => true));
  expect(bad.map((uri) => mayRedirect(client, uri))).toEqual(bad.map(() => false));
  for (const uri of [
    'http://notes.test/',
    'javascript:alert(1)',
    'https://x/#f',
    'https://u@x/',
    'x',
    'data:,x',
    'notes:/x',
  ])
    await expect(oauth.clients.add({ ...client, redirects: [uri] }), uri).rejects.toMatchObject({ code: 'syntax' });
});

test('a client with a secret proves it, one without sends none; one that is removed loses all it was given', async () => {
  const { id, secret } = await oauth.clients.add({
    name: 'Notes',
    redirects: [REDIRECT],
    scopes: ['rest'],
    confidential: true,
    device: false,
  });
  const asked = await oauth.authorization(params({ ...ASKED, client_id: id }));
  if (asked.kind !== 'asks') throw asked.error;
  for (const wrong of [undefined, '', 'x', `${secret}x`])
    await expect(redeem('x', {}, { id, secret: wrong } as never)).rejects.toMatchObject({ code: 'invalid_client' });
  await expect(redeem('x', {}, { id: 'mail-program', secret: 'x' } as never)).rejects.toMatchObject({
    code: 'invalid_client',
  });
  const { access } = await redeem(await oauth.allow(alice, asked.request), {}, { id, secret } as never);
  expect(await open(access, 'http')).toBe(ALICE);
  expect(await oauth.clients.remove('mail-program')).toBe(false);
  expect(await oauth.clients.remove(id)).toBe(true);
  expect(await open(access, 'http')).toBe('auth-failed');
});

test('a device is let in by whoever types its code (RFC 8628)', async () => {
  const begun = await oauth.device(params({ scope: 'imap' }), CLIENT, REMOTE);
  expect(begun.user).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
  const poll = () => oauth.token(params({ grant_type: DEVICE_GRANT, device_code: begun.device }), CLIENT);
  await expect(poll()).rejects.toMatchObject({ code: 'authorization_pending' });
  await expect(poll()).rejects.toMatchObject({ code: 'slow_down' });
  const typed = begun.user.toLowerCase().replace('-', ' ');
  expect(await oauth.devices.waiting(typed, REMOTE)).toEqual({ client: 'mail-program', scopes: ['imap'] });
  expect(await oauth.devices.decide(typed, alice)).toBe(true);
  expect(await oauth.devices.decide(typed, undefined)).toBe(false);
  expect(await oauth.devices.waiting(typed, REMOTE)).toBeUndefined();
  expect(await open((await poll()).access)).toBe(ALICE);
  await expect(poll()).rejects.toMatchObject({ code: 'expired_token' });
});

test('a device is refused, forgotten after ten minutes, and nobody else gets its tokens', async () => {
  const begun = await oauth.device(params({}), CLIENT, REMOTE);
  const poll = (client = 'mail-program', code = begun.device) =>
    oauth.token(params({ grant_type: DEVICE_GRANT, device_code: code }), { id: client, secret: undefined });
  await expect(poll('thunderbird')).rejects.toMatchObject(refused);
  expect(await oauth.devices.decide(begun.user, undefined)).toBe(true);
  await expect(poll()).rejects.toMatchObject({ code: 'access_denied' });
  const late = await oauth.device(params({}), CLIENT, REMOTE);
  await parts.clock.advance(DEVICE_MS);
  expect(await oauth.devices.decide(late.user, alice)).toBe(false);
  await expect(poll('mail-program', late.device)).rejects.toMatchObject({ code: 'expired_token' });
  await expect(oauth.device(params({}), { id: 'thunderbird', secret: undefined }, REMOTE)).rejects.toMatchObject({
    code: 'unauthorized_client',
  });
  expect(POLL_MS).toBeLessThan(DEVICE_MS);
});

test('codes of devices cannot be tried out, nor devices begun, without end', async () => {
  for (let i = 0; i < 20; i++) expect(await oauth.devices.waiting('BBBB-BBBB', REMOTE)).toBeUndefined();
  await expect(oauth.devices.waiting('BBBB-BBBB', REMOTE)).rejects.toMatchObject({ code: 'auth-throttled' });
  for (let i = 0; i < 60; i++) await oauth.device(params({}), CLIENT, REMOTE);
  await expect(oauth.device(params({}), CLIENT, REMOTE)).rejects.toMatchObject({ code: 'temporarily_unavailable' });
  await oauth.device(params({}), CLIENT, '203.0.113.9');
});

test('nothing that opens is in the store', async () => {
  const { access, refresh: again } = await tokens();
  const code = await codeFor();
  const stored = JSON.stringify(await everything());
  for (const secret of [access, again, code].map((text) => text.slice(-43))) expect(stored).not.toContain(secret);
});

async function everything(): Promise<string[]> {
  const rows: string[] = [];
  for await (const page of parts.kv.scan(`i/${alice}` as never, {}))
    for (const [key, value] of page) rows.push(Buffer.from(key).toString('latin1'), Buffer.from(value).toString());
  return rows;
}
