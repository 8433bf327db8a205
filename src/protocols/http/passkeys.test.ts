import { afterEach, beforeEach, expect, test } from 'vitest';
import { httpBackend } from '../../../test/support/http.ts';
import { PasskeyDevice, type PasskeyOptions } from '../../../test/support/passkey-device.ts';
import { passkeyUser } from '../../directory/passkeys.ts';
import { ManualClock } from '../../adapters/clock-manual.ts';

let http: Awaited<ReturnType<typeof httpBackend>>;
const clock = new ManualClock();
beforeEach(async () => {
  http = await httpBackend({ clock });
});
afterEach(() => http.server.close(0));

const current = 'secret password';
const ORIGIN = 'http://mail.example.test';
const post = (path: string, body?: object) => http.alice.as('POST', path, body === undefined ? {} : { body });
const stranger = (path: string, body?: object) => http.call('POST', path, body === undefined ? {} : { body });

async function made(device: PasskeyDevice, name = 'Phone') {
  const { json } = await post('/v1/passkeys/options', { current });
  const { challenge } = json.publicKey as PasskeyOptions;
  return post('/v1/passkeys', { name, challenge, credential: device.make(json.publicKey) });
}

async function signIn(
  device: PasskeyDevice,
  change: (credential: ReturnType<PasskeyDevice['answer']>) => unknown = (x) => x,
) {
  const { json } = await stranger('/v1/session/passkey/options');
  const credential = change(device.answer(json.publicKey));
  return stranger('/v1/session/passkey', { challenge: json.publicKey.challenge, credential });
}

test('is made with the password, signs in without a name, is listed and taken back', async () => {
  expect((await post('/v1/passkeys/options', { current: 'wrong' })).json.code).toBe('auth-failed');
  const device = new PasskeyDevice(ORIGIN);
  const { status, json } = await made(device);
  expect({ status, json }).toMatchObject({ status: 201, json: { name: 'Phone', synced: false } });
  expect((await made(device)).json.code).toBe('conflict');

  const signed = await signIn(device);
  expect(signed).toMatchObject({ status: 200, json: { account: { address: 'alice@example.test' } } });
  const who = await http.call('GET', '/v1/session', { headers: { authorization: `Bearer ${signed.json.token}` } });
  expect(who.json.account.address).toBe('alice@example.test');
  const [one] = (await http.alice.as('GET', '/v1/passkeys')).json.items;
  expect(one).toMatchObject({ id: json.id, lastUse: new Date(clock.now()).toISOString() });

  expect((await http.bob.as('DELETE', `/v1/passkeys/${json.id}`)).status).toBe(404);
  expect((await http.alice.as('DELETE', `/v1/passkeys/${json.id}`)).status).toBe(204);
  expect((await signIn(device)).json.code).toBe('auth-failed');
});

test('of another page, another challenge, another key, or of nobody that the device made sure of, opens nothing', async () => {
  const device = new PasskeyDevice(ORIGIN);
  await made(device);
  const refused = async (answer: Promise<{ readonly status: number; readonly json: { readonly code?: string } }>) =>
    expect(await answer).toMatchObject({ status: 401, json: { code: 'auth-failed' } });
  await refused(
    signIn(device, (credential) => ({
      ...credential,
      response: { ...credential.response, clientDataJSON: clientData('http://evil.test', credential) },
    })),
  );
  await refused(
    signIn(device, (credential) => ({ ...credential, response: { ...credential.response, signature: 'AAAA' } })),
  );
  const another = new PasskeyDevice(ORIGIN);
  another.make({ challenge: 'AAAA', user: { id: passkeyUser(http.users.alice.account) } });
  await refused(signIn(another));
  device.verifies = false;
  await refused(signIn(device));
  device.verifies = true;

  const { json } = await stranger('/v1/session/passkey/options');
  const { challenge } = json.publicKey;
  const credential = device.answer(json.publicKey);
  await refused(stranger('/v1/session/passkey', { challenge: `${challenge}A`, credential }));
  expect((await stranger('/v1/session/passkey', { challenge, credential })).status).toBe(200);
  // Once only, also for who overheard it.
  await refused(stranger('/v1/session/passkey', { challenge, credential }));
  const later = (await stranger('/v1/session/passkey/options')).json.publicKey;
  await clock.advance(5 * 60_000 + 1);
  await refused(stranger('/v1/session/passkey', { challenge: later.challenge, credential: device.answer(later) }));
  // A copy of the key that has counted less.
  device.counter = 0;
  await refused(signIn(device));
});

test('says nothing of who made the device: nothing is looked up because of it', async () => {
  const { json } = await post('/v1/passkeys/options', { current });
  const credential = new PasskeyDevice(ORIGIN).make(json.publicKey, 'packed');
  const { challenge } = json.publicKey;
  expect((await post('/v1/passkeys', { name: 'x', challenge, credential })).json.code).toBe('not-allowed');
});

test('stands for the password once, where it is asked for again', async () => {
  const device = new PasskeyDevice(ORIGIN);
  await made(device);
  const confirmed = async (by = http.alice, answers = device) => {
    const { publicKey } = (await by.as('POST', '/v1/passkeys/confirmation/options')).json;
    const body = { challenge: publicKey.challenge, credential: answers.answer(publicKey) };
    return by.as('POST', '/v1/passkeys/confirmation', { body });
  };
  const { current: instead } = (await confirmed()).json;
  const make = (given: string, by = http.alice) =>
    by.as('POST', '/v1/app-passwords', { body: { current: given, name: 'x', scopes: ['imap'] } });
  expect((await make(instead, http.bob)).status).toBe(401);
  expect((await make(instead)).status).toBe(201);
  expect((await make(instead)).json.code).toBe('auth-failed');
  expect((await confirmed(http.bob)).json.code).toBe('auth-failed');
  const old = (await confirmed()).json.current;
  await clock.advance(5 * 60_000 + 1);
  expect((await make(old)).json.code).toBe('auth-failed');
});

test('opens no suspended account, and goes with a new password', async () => {
  const device = new PasskeyDevice(ORIGIN);
  await made(device);
  const { account } = http.users.alice;
  expect((await signIn(device)).status).toBe(200);
  await http.directory.updateAccount(account, { suspended: true });
  expect((await signIn(device)).json.code).toBe('account-suspended');
  await http.directory.updateAccount(account, { suspended: false });
  expect((await signIn(device)).status).toBe(200);
  await http.directory.updateAccount(account, { password: 'another password' });
  expect((await signIn(device)).json.code).toBe('auth-failed');
});

function clientData(origin: string, { response }: ReturnType<PasskeyDevice['answer']>): string {
  const said = JSON.parse(Buffer.from(response.clientDataJSON, 'base64url').toString()) as object;
  return Buffer.from(JSON.stringify({ ...said, origin })).toString('base64url');
}
