/** A notification in somebody's mailbox, and its original fetched from another service (K1 to K5, K9). */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { memoryBackend } from '../../test/support/backend.ts';
import { type HeldCopyOfTest, heldMail, PASSWORD, USER_ID } from '../../test/support/held-mail.ts';
import { httpBackend } from '../../test/support/http.ts';
import { composeNotification } from '../mail/downmail/notification.ts';
import { originalFetching } from '../modules/original-fetching.ts';
import type { EmailId } from '../mailstore/api.ts';
import { FETCHED_KIND } from './fetched-originals.ts';
import { Originals } from './originals.ts';
import type { HeldMail, PickUp } from './pick-up.ts';

const HEADER = [
  'From: kim@a.test',
  'To: alice@example.test',
  'Subject: A long letter',
  'Message-ID: <1@a.test>',
  // Nobody else writes results in our name.
  'Authentication-Results: mail.example.test; dmarc=pass header.from=bank.test',
  '',
].join('\r\n');
const ORIGINAL = `${HEADER}\r\nthe whole letter, with a haystack and a needle\r\n`;

let theirs: Awaited<ReturnType<typeof httpBackend>>;
let ours: Awaited<ReturnType<typeof httpBackend>>;
let copy: HeldCopyOfTest;
let port: string;
/** What the other side does otherwise than it should. */
let answers: { delete?: HeldMail['delete'] | undefined };

const opened: PickUp['open'] = async (...asked) => {
  const found = await copy.pickUp.open(...asked);
  if (found.kind === 'mail' && answers.delete) Object.assign(found.mail, { delete: answers.delete });
  return found;
};

beforeEach(async () => {
  await start(ORIGINAL);
});
afterEach(async () => {
  await theirs.server.close(0);
  await ours.server.close(0);
});

const emailOf = async (id: string): Promise<EmailId> => {
  using account = await ours.accountOf(ours.users.alice);
  return account.meta(Number(id) as never)?.email ?? ('' as EmailId);
};

async function start(original: string, fetch: Parameters<typeof httpBackend>[0] = {}): Promise<void> {
  const store = await memoryBackend();
  copy = await heldMail(store.mailstore, store.alice, original);
  await theirs?.server.close(0);
  await ours?.server.close(0);
  answers = {};
  theirs = await httpBackend({ pickUp: { open: (...asked) => opened(...asked) } });
  port = (await theirs.server.listen({ host: '127.0.0.1', port: 0 })).split(':').at(-1) ?? '';
  ours = await httpBackend(fetch);
}

interface Facts {
  readonly host?: string;
  readonly digest?: string;
  readonly size?: number;
  readonly signer?: string;
  readonly password?: string;
  readonly link?: string;
  readonly confidential?: boolean;
}

/** As intake leaves it: with what was found out about who sent it, on top. */
async function notify(facts: Facts = {}): Promise<string> {
  const { host = 'mail.a.test', signer = 'a.test', password = PASSWORD } = facts;
  const raw = composeNotification({
    header: Buffer.from(`${HEADER}\r\n`),
    text: 'the whole letter',
    to: 'alice@example.test',
    messageId: '<n1@a.test>',
    date: 0,
    link: facts.link ?? `http://${host}:${port}/downmail${USER_ID}${password}`,
    server: host,
    userId: USER_ID,
    password,
    help: '',
    expires: Date.UTC(2030, 0, 1),
    size: facts.size ?? ORIGINAL.length,
    digest: facts.digest ?? createHash('sha256').update(ORIGINAL).digest('hex'),
    excerptBytes: 50,
    signalLimit: 600,
    confidential: facts.confidential ?? false,
    pick: () => 0,
  });
  const proof =
    `Return-Path: <kim@a.test>\r\n` +
    `Authentication-Results: mail.example.test; dkim=pass header.d=${signer} header.s=s header.b=abcd;\r\n dmarc=pass header.from=${signer}\r\n` +
    `DKIM-Signature: v=1; d=${signer}; s=s; h=from:downmail-notification; b=abcdefgh\r\n`;
  const placed = await ours.deliver(ours.users.alice, Buffer.concat([Buffer.from(proof), raw]));
  return String(placed.id);
}

const read = async (id: string) => (await ours.alice.as('GET', `/v1/messages/${id}`)).json;
const fetchIt = (id: string, body: object = {}) => ours.alice.as('POST', `/v1/messages/${id}/original`, { body });
const inbox = async () => (await ours.alice.as('GET', '/v1/folders/inbox/messages')).json.items;

test('a confidential one is read on its page, and is not fetched', async () => {
  const id = await notify({ confidential: true });
  const { original } = await read(id);
  expect(original).toMatchObject({ origin: 'proven', confidential: true });
  expect(original.page).toBe(`http://mail.a.test:${port}/downmail${USER_ID}${PASSWORD}`);
  const { status, json } = await fetchIt(id);
  expect([status, json.code, copy.log]).toEqual([403, 'not-allowed', []]);
  const unproven = await notify({ confidential: true, signer: 'c.test' });
  expect((await read(unproven)).original).toMatchObject({ origin: 'unproven', page: null });
});

test('the original takes the place of its notification: whole, searchable, with its flags, and proven as that was', async () => {
  const id = await notify();
  expect((await read(id)).original).toEqual({
    origin: 'proven',
    host: 'mail.a.test',
    size: ORIGINAL.length,
    expires: '2030-01-01T00:00:00.000Z',
    confidential: false,
    page: null,
  });
  await ours.alice.as('PATCH', `/v1/messages/${id}`, { body: { flagged: true, keywords: { add: ['work'] } } });
  const { received } = await read(id);
  const { status, json } = await fetchIt(id);
  expect([status, json.subject]).toEqual([200, 'A long letter']);
  expect(await inbox()).toHaveLength(1);
  const shown = await read(json.id);
  expect(shown).toMatchObject({ flagged: true, keywords: ['work'], received, original: null });
  expect(shown.text).toContain('needle');
  // What proved the notification stands above it, and nothing that the original itself claims.
  expect(shown.authentication.dmarc).toEqual({ result: 'pass', domain: 'a.test' });
  const raw = (await ours.alice.as('GET', `/v1/messages/${json.id}/raw`)).text;
  expect(raw).toMatch(/^Received: from mail\.a\.test by mail\.example\.test with HTTPS \(Downmail\);/);
  expect(raw).not.toContain('bank.test');
  expect((await ours.alice.as('GET', '/v1/search?q=needle')).json.items).toHaveLength(1);
  expect((await read(id)).code).toBe('message-missing');
  expect(copy.log).toEqual(['fetched by fetch', 'deleted']);
});

test('asking twenty times at once brings one copy (K5)', async () => {
  const id = await notify();
  const answers = await Promise.all(Array.from({ length: 20 }, () => fetchIt(id)));
  expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThan(0);
  expect(await inbox()).toHaveLength(1);
});

test('an original that was changed is refused, and its notification stays (K3)', async () => {
  const id = await notify({ digest: '0'.repeat(64) });
  const answer = await fetchIt(id);
  expect([answer.status, answer.json.detail]).toEqual([
    409,
    'the original was changed after its notification was sent',
  ]);
  expect((await inbox()).map((one: { id: string }) => one.id)).toEqual([id]);
  expect(copy.log).not.toContain('deleted');
  expect((await fetchIt(await notify({ size: 10 }))).status).toBe(409);
  expect((await fetchIt(await notify({ size: 10_000 }))).status).toBe(503);
  expect((await fetchIt(await notify({ size: 2 << 20 }))).status).toBe(413);
});

test('an original by somebody else than its notification is refused', async () => {
  const other = ORIGINAL.replace('From: kim@a.test', 'From: ceo@bank.test');
  await start(other);
  const facts = { digest: createHash('sha256').update(other).digest('hex'), size: other.length };
  const answer = await fetchIt(await notify(facts));
  expect([answer.status, answer.json.code]).toEqual([409, 'conflict']);
});

test('a forged notification is shown as such, and nothing is fetched (K2)', async () => {
  const id = await notify({ signer: 'evil.test' });
  expect((await read(id)).original.origin).toBe('unproven');
  expect((await fetchIt(id)).status).toBe(403);
  expect((await fetchIt(id, { host: 'mail.a.test' })).status).toBe(403);
  expect(copy.log).toEqual([]);
});

test('a link to another host than the author’s must be confirmed (K2)', async () => {
  const id = await notify({ host: '127.0.0.1' });
  expect((await read(id)).original).toMatchObject({ origin: 'other-host', host: '127.0.0.1' });
  expect((await fetchIt(id)).json).toMatchObject({ code: 'not-allowed', detail: expect.stringContaining('127.0.0.1') });
  expect((await fetchIt(id, { host: 'mail.a.test' })).status).toBe(403);
  expect((await fetchIt(id, { host: '127.0.0.1' })).status).toBe(200);
});

test('nothing is asked in private networks, nor without TLS (K2)', async () => {
  await start(ORIGINAL, { fetch: { privateAddresses: false } });
  expect((await fetchIt(await notify())).status).toBe(403);
  const link = `https://mail.a.test:${port}/downmail${USER_ID}${PASSWORD}`;
  expect((await fetchIt(await notify({ link }))).status).toBe(503);
  expect(copy.log).toEqual([]);
});

test('what is not there any more is said (K4), and a wrong password brings nothing (K1)', async () => {
  expect((await fetchIt(await notify({ password: 'wrong-password' }))).status).toBe(404);
  copy.end({ kind: 'gone', state: 'recalled', at: undefined });
  const answer = await fetchIt(await notify());
  expect([answer.status, answer.json.detail]).toEqual([404, 'the original is not there: recalled']);
  await theirs.server.close(0);
  expect((await fetchIt(await notify())).status).toBe(503);
  expect(await inbox()).toHaveLength(3);
});

test('a sender who cannot be told at once that an original is not needed is told later', async () => {
  const id = await notify();
  const { delete: remove } = answers;
  answers.delete = async () => {
    throw new Error('nobody can');
  };
  const { json } = await fetchIt(id);
  expect(copy.log).toEqual(['fetched by fetch']);
  const email = await emailOf(json.id);
  using account = await ours.accountOf(ours.users.alice);
  expect(await ours.afterwards.look(account, email)).toBeGreaterThan(ours.clock.now());
  answers.delete = remove;
  await ours.afterwards.look(account, email);
  expect(copy.log).toEqual(['fetched by fetch', 'deleted']);
});

test('an original that is still there after it was deleted is found out (C-50)', async () => {
  answers.delete = async () => 'deleted';
  const id = await notify();
  const { json } = await fetchIt(id);
  const email = await emailOf(json.id);
  using account = await ours.accountOf(ours.users.alice);
  // A day later.
  const { answered, ...rest } = (await account.record<{ answered: number }>(FETCHED_KIND, email)) ?? { answered: 0 };
  expect(await ours.afterwards.look(account, email)).toBe(answered + 86_400_000);
  await account.putRecord(FETCHED_KIND, email, { ...rest, answered: answered - 86_400_000 });
  expect(await ours.afterwards.look(account, email)).toBeUndefined();
  const { items } = (await ours.alice.as('GET', '/v1/originals/undeleted')).json;
  expect(items).toMatchObject([{ host: 'mail.a.test', sender: 'a.test', openly: false, times: 1, listed: false }]);
  expect(await ours.undeletedHosts.list()).toMatchObject([{ host: 'mail.a.test', accounts: [account.id] }]);
  expect((await ours.alice.as('DELETE', '/v1/originals/undeleted/mail.a.test')).status).toBe(204);
  expect((await ours.alice.as('DELETE', '/v1/originals/undeleted/mail.a.test')).status).toBe(404);
});

test('its sender learns that it was fetched, and nothing of who fetched it with what (K9)', async () => {
  const heads: IncomingHttpHeaders[] = [];
  await using sender = createServer((request, response) => {
    heads.push(request.headers);
    response.end(request.method === 'POST' ? ORIGINAL : '{}');
  }).listen(0, '127.0.0.1');
  await once(sender, 'listening');
  const { port: at } = sender.address() as AddressInfo;
  const link = `http://mail.a.test:${at}/downmail${USER_ID}${PASSWORD}`;
  const asked = { 'user-agent': 'A Browser 1.0', 'accept-language': 'ko', 'x-forwarded-for': '203.0.113.7' };
  const id = await notify({ link });
  const { status } = await ours.alice.as('POST', `/v1/messages/${id}/original`, { body: {}, headers: asked });
  expect(status).toBe(200);
  const told = { accept: 'message/rfc822', 'user-agent': 'Pabal-Downmail', 'content-length': '0' };
  for (const head of heads)
    expect(head).toEqual({ ...told, host: `mail.a.test:${at}`, connection: expect.any(String) });
  expect(heads).toHaveLength(2);
});

test('a mail that is no notification has no original', async () => {
  const { id } = await ours.deliver(ours.users.alice, 'From: a@b.test\r\n\r\nhello');
  expect((await read(String(id))).original).toBeNull();
  expect((await fetchIt(String(id))).status).toBe(404);
});

test('who wants it has originals fetched without being asked, but only those that are proven', async () => {
  const automatic = (value: string) => ours.alice.as('PUT', '/v1/settings/originals', { body: { automatic: value } });
  expect((await ours.alice.as('GET', '/v1/settings/originals')).json).toEqual({
    automatic: 'never',
    undeleted: 'note',
  });
  const module = originalFetching(ours);
  using account = await ours.accountOf(ours.users.alice);
  const hear = async (id: string) => {
    await account.refresh();
    const message = account.meta(Number(id) as never);
    if (message === undefined) throw new Error('no such message');
    const context = { account, change: account, version: account.version, log: ours.log };
    expect(await module.wants?.(account)).toBe(true);
    await module.handle([{ id: 'e', type: 'message-added', message }], context, AbortSignal.timeout(60_000));
  };
  expect(await module.wants?.(account)).toBe(false);
  await automatic('known');
  const id = await notify();
  await hear(id);
  expect(copy.log).toEqual([]);
  await ours.alice.as('PUT', '/v1/people/kim@a.test', { body: {} });
  await hear(id);
  expect(copy.log).toEqual(['fetched by fetch', 'deleted']);
  await automatic('proven');
  const forged = await notify({ signer: 'evil.test' });
  await hear(forged);
  expect((await read(forged)).original.origin).toBe('unproven');
});

test('what was found out when a mail came to our own gateway still stands in it', async () => {
  const { mailstore: store, afterwards, clock, hostname } = ours;
  const fetch = { isOurs: () => true, get: async () => ({ bytes: pieces(ORIGINAL), checkedHere: true }) };
  const originals = new Originals({ store, fetch, afterwards, clock, hostname, messageSize: 1 << 20 });
  const id = await notify();
  using account = await ours.accountOf(ours.users.alice);
  await account.refresh();
  const placed = await originals.fetch(account, Number(id) as never, { signal: AbortSignal.timeout(60_000) });
  const { body } = await account.getMessage(placed.id);
  expect(String(await body.bytes())).toContain('dmarc=pass header.from=bank.test');
});

test('what does harm is not let in', async () => {
  const { mailstore: store, afterwards, clock, hostname } = ours;
  const check = () => Promise.reject(new Error('found something'));
  const fetch = { isOurs: () => false, get: async () => ({ bytes: pieces(ORIGINAL), checkedHere: false }) };
  const originals = new Originals({ store, fetch, afterwards, check, clock, hostname, messageSize: 1 << 20 });
  const id = await notify();
  using account = await ours.accountOf(ours.users.alice);
  await account.refresh();
  const fetching = originals.fetch(account, Number(id) as never, { signal: AbortSignal.timeout(60_000) });
  await expect(fetching).rejects.toThrow('found something');
  expect(await inbox()).toHaveLength(1);
});

async function* pieces(text: string): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < text.length; at += 7) yield Buffer.from(text.slice(at, at + 7));
}
