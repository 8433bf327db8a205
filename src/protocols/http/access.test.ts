/**
 * Who reaches what (F1, G15). The list of routes comes from the server itself: a route that is not described here fails
 * the test, so none can be added without saying what a stranger gets there.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { httpBackend } from '../../../test/support/http.ts';
import type { Answer, Call } from '../../../test/support/http.ts';

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

/** Each kind of id that routes take: one of alice's, and one that nobody has. */
interface Ids {
  readonly folder: string;
  readonly message: string;
  readonly thread: string;
  readonly submission: string;
  readonly copy: string;
  readonly suppressed: string;
  readonly rule: string;
  readonly person: string;
  readonly webhook: string;
  readonly push: string;
  readonly run: string;
  readonly session: string;
  readonly identity: string;
  readonly contact: string;
  readonly group: string;
}

interface Case {
  /** With the ids in their places. */
  readonly request: (ids: Ids) => readonly [url: string, call?: Call];
  /** What a signed-in stranger gets for alice's ids and for missing ones alike. */
  readonly stranger: number;
}

const change = { body: { read: true } };

/** With the keys of RFC 8291, appendix A. */
const subscription = (endpoint: string) => ({
  endpoint,
  keys: {
    p256dh: 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4',
    auth: 'BTBZMqHH6r4Tts7J_aSIgg',
  },
});

const moving = (folder: string) => ({ conditions: [], actions: [{ do: 'move', folder }] });

const OWN: Record<string, Case> = {
  'GET /v1/session': { request: () => ['/v1/session'], stranger: 200 },
  'DELETE /v1/session': { request: () => ['/v1/session'], stranger: 204 },
  'GET /v1/sessions': { request: () => ['/v1/sessions'], stranger: 200 },
  'DELETE /v1/sessions/:id': { request: (ids) => [`/v1/sessions/${ids.session}`], stranger: 404 },
  'GET /v1/profile': { request: () => ['/v1/profile'], stranger: 200 },
  'PUT /v1/profile/name': { request: () => ['/v1/profile/name', { body: { name: 'x' } }], stranger: 204 },
  'PUT /v1/profile/password': {
    request: () => ['/v1/profile/password', { body: { current: 'not it', password: 'another password' } }],
    stranger: 401,
  },
  'GET /v1/identities': { request: () => ['/v1/identities'], stranger: 200 },
  'PUT /v1/identities/:address': {
    request: (ids) => [`/v1/identities/${ids.identity}`, { body: { name: '', signature: '' } }],
    stranger: 404,
  },
  'GET /v1/folders': { request: () => ['/v1/folders'], stranger: 200 },
  'POST /v1/folders': {
    request: (ids) => ['/v1/folders', { body: { name: 'x', parent: ids.folder } }],
    stranger: 404,
  },
  'GET /v1/folders/:id': { request: (ids) => [`/v1/folders/${ids.folder}`], stranger: 404 },
  'PATCH /v1/folders/:id': {
    request: (ids) => [`/v1/folders/${ids.folder}`, { body: { name: 'mine' } }],
    stranger: 404,
  },
  'DELETE /v1/folders/:id': { request: (ids) => [`/v1/folders/${ids.folder}`], stranger: 404 },
  'POST /v1/folders/:id/empty': { request: (ids) => [`/v1/folders/${ids.folder}/empty`], stranger: 404 },
  'GET /v1/folders/:id/messages': { request: (ids) => [`/v1/folders/${ids.folder}/messages`], stranger: 404 },
  'GET /v1/messages/:id': { request: (ids) => [`/v1/messages/${ids.message}`], stranger: 404 },
  'GET /v1/messages/:id/report': { request: (ids) => [`/v1/messages/${ids.message}/report`], stranger: 404 },
  'GET /v1/messages/:id/page': { request: (ids) => [`/v1/messages/${ids.message}/page`], stranger: 404 },
  'GET /v1/messages/:id/raw': { request: (ids) => [`/v1/messages/${ids.message}/raw`], stranger: 404 },
  'GET /v1/messages/:id/attachments/:n': {
    request: (ids) => [`/v1/messages/${ids.message}/attachments/1`],
    stranger: 404,
  },
  'PATCH /v1/messages/:id': { request: (ids) => [`/v1/messages/${ids.message}`, change], stranger: 404 },
  'POST /v1/messages/:id/receipt': {
    request: (ids) => [`/v1/messages/${ids.message}/receipt`, { body: { answer: 'decline' } }],
    stranger: 404,
  },
  'POST /v1/messages/:id/original': {
    request: (ids) => [`/v1/messages/${ids.message}/original`, { body: {} }],
    stranger: 404,
  },
  'POST /v1/messages/:id/report': {
    request: (ids) => [`/v1/messages/${ids.message}/report`, { body: { as: 'spam' } }],
    stranger: 404,
  },
  'DELETE /v1/messages/:id': { request: (ids) => [`/v1/messages/${ids.message}`], stranger: 404 },
  // What is named in a mail is the sender's own: the folder for the copy.
  'POST /v1/messages': {
    request: (ids) => ['/v1/messages', { body: { to: ['bob@example.test'], saveTo: ids.folder } }],
    stranger: 404,
  },
  'POST /v1/drafts': {
    request: (ids) => ['/v1/drafts', { body: { attached: [{ message: ids.message, n: 1 }] } }],
    stranger: 404,
  },
  'DELETE /v1/drafts/:id': { request: (ids) => [`/v1/drafts/${ids.message}`], stranger: 404 },
  'POST /v1/messages/batch': {
    request: (ids) => ['/v1/messages/batch', { body: { ids: [ids.message], delete: true } }],
    stranger: 200,
  },
  'GET /v1/rules': { request: () => ['/v1/rules'], stranger: 200 },
  'PUT /v1/rules': { request: (ids) => ['/v1/rules', { body: { items: [moving(ids.folder)] } }], stranger: 404 },
  'POST /v1/rules': { request: (ids) => ['/v1/rules', { body: moving(ids.folder) }], stranger: 404 },
  'PUT /v1/rules/:id': {
    request: (ids) => [`/v1/rules/${ids.rule}`, { body: { conditions: [], actions: [] } }],
    stranger: 404,
  },
  'DELETE /v1/rules/:id': { request: (ids) => [`/v1/rules/${ids.rule}`], stranger: 404 },
  'GET /v1/classifications': { request: () => ['/v1/classifications'], stranger: 200 },
  'POST /v1/classifications': {
    request: (ids) => ['/v1/classifications', { body: { folder: ids.folder, preview: true } }],
    stranger: 404,
  },
  'POST /v1/folders/:id/tidy': {
    request: (ids) => [`/v1/folders/${ids.folder}/tidy`, { body: { olderThanDays: 1 } }],
    stranger: 404,
  },
  'GET /v1/classifications/:id': { request: (ids) => [`/v1/classifications/${ids.run}`], stranger: 404 },
  'DELETE /v1/classifications/:id': { request: (ids) => [`/v1/classifications/${ids.run}`], stranger: 404 },
  'POST /v1/classifications/:id/undo': {
    request: (ids) => [`/v1/classifications/${ids.run}/undo`],
    stranger: 404,
  },
  'GET /v1/reject-list': { request: () => ['/v1/reject-list'], stranger: 200 },
  'PUT /v1/reject-list': { request: () => ['/v1/reject-list', { body: { items: [] } }], stranger: 200 },
  'GET /v1/people': { request: () => ['/v1/people'], stranger: 200 },
  'GET /v1/people/:address': { request: (ids) => [`/v1/people/${ids.person}`], stranger: 404 },
  'PUT /v1/people/:address': {
    request: (ids) => [`/v1/people/${ids.person}`, { body: { folder: ids.folder } }],
    stranger: 404,
  },
  'DELETE /v1/people/:address': { request: (ids) => [`/v1/people/${ids.person}`], stranger: 404 },
  'GET /v1/contacts': { request: (ids) => [`/v1/contacts?group=${ids.group}`], stranger: 404 },
  'POST /v1/contacts': { request: () => ['/v1/contacts', { body: { note: 'of nobody' } }], stranger: 400 },
  'GET /v1/contacts/suggest': { request: () => ['/v1/contacts/suggest?q=alice'], stranger: 200 },
  'GET /v1/contacts/export': { request: (ids) => [`/v1/contacts/export?group=${ids.group}`], stranger: 404 },
  'POST /v1/contacts/import': {
    request: () => ['/v1/contacts/import', { body: 'x', headers: { 'content-type': 'text/csv' } }],
    stranger: 400,
  },
  'POST /v1/contacts/batch': {
    request: (ids) => ['/v1/contacts/batch', { body: { ids: [ids.contact], delete: true } }],
    stranger: 200,
  },
  'GET /v1/contacts/:id': { request: (ids) => [`/v1/contacts/${ids.contact}`], stranger: 404 },
  'PUT /v1/contacts/:id': {
    request: (ids) => [`/v1/contacts/${ids.contact}`, { body: { name: 'mine' } }],
    stranger: 404,
  },
  'DELETE /v1/contacts/:id': { request: (ids) => [`/v1/contacts/${ids.contact}`], stranger: 404 },
  'GET /v1/contact-groups': { request: () => ['/v1/contact-groups'], stranger: 200 },
  'POST /v1/contact-groups': {
    request: (ids) => ['/v1/contact-groups', { body: { name: 'mine', members: [ids.contact] } }],
    stranger: 404,
  },
  'GET /v1/contact-groups/:id': { request: (ids) => [`/v1/contact-groups/${ids.group}`], stranger: 404 },
  'PUT /v1/contact-groups/:id': {
    request: (ids) => [`/v1/contact-groups/${ids.group}`, { body: { name: 'mine' } }],
    stranger: 404,
  },
  'DELETE /v1/contact-groups/:id': { request: (ids) => [`/v1/contact-groups/${ids.group}`], stranger: 404 },
  'GET /v1/settings/absence': { request: () => ['/v1/settings/absence'], stranger: 200 },
  'PUT /v1/settings/absence': {
    request: () => ['/v1/settings/absence', { body: { enabled: false } }],
    stranger: 200,
  },
  'GET /v1/settings/time-zone': { request: () => ['/v1/settings/time-zone'], stranger: 200 },
  'PUT /v1/settings/time-zone': {
    request: () => ['/v1/settings/time-zone', { body: { timeZone: 'Asia/Seoul' } }],
    stranger: 200,
  },
  'GET /v1/settings/rules-script': { request: () => ['/v1/settings/rules-script'], stranger: 200 },
  'PUT /v1/settings/rules-script': {
    request: () => ['/v1/settings/rules-script', { body: { script: '' } }],
    stranger: 200,
  },
  'GET /v1/settings/receipts': { request: () => ['/v1/settings/receipts'], stranger: 200 },
  'PUT /v1/settings/receipts': {
    request: () => ['/v1/settings/receipts', { body: { answer: 'ask' } }],
    stranger: 200,
  },
  'GET /v1/settings/originals': { request: () => ['/v1/settings/originals'], stranger: 200 },
  'PUT /v1/settings/originals': {
    request: () => ['/v1/settings/originals', { body: { automatic: 'known' } }],
    stranger: 200,
  },
  'GET /v1/settings/language': { request: () => ['/v1/settings/language'], stranger: 200 },
  'PUT /v1/settings/language': {
    request: () => ['/v1/settings/language', { body: { language: null } }],
    stranger: 200,
  },
  'GET /v1/settings/sending': { request: () => ['/v1/settings/sending'], stranger: 200 },
  'PUT /v1/settings/sending': {
    request: () => ['/v1/settings/sending', { body: { copyFromPrograms: false } }],
    stranger: 200,
  },
  'GET /v1/submissions': { request: () => ['/v1/submissions'], stranger: 200 },
  'GET /v1/submissions/:id': { request: (ids) => [`/v1/submissions/${ids.submission}`], stranger: 404 },
  'DELETE /v1/submissions/:id': { request: (ids) => [`/v1/submissions/${ids.submission}`], stranger: 404 },
  'POST /v1/submissions/:id/recall': {
    request: (ids) => [`/v1/submissions/${ids.submission}/recall`],
    stranger: 404,
  },
  'GET /v1/recalled': { request: () => ['/v1/recalled'], stranger: 200 },
  'GET /v1/settings/new-mail': { request: () => ['/v1/settings/new-mail'], stranger: 200 },
  'PUT /v1/settings/new-mail': {
    request: () => ['/v1/settings/new-mail', { body: { enabled: false } }],
    stranger: 200,
  },
  'GET /v1/settings/recall': { request: () => ['/v1/settings/recall'], stranger: 200 },
  'PUT /v1/settings/recall': {
    request: () => ['/v1/settings/recall', { body: { allow: true, note: true } }],
    stranger: 200,
  },
  'GET /v1/sender-mailbox': { request: () => ['/v1/sender-mailbox'], stranger: 403 },
  'GET /v1/sender-mailbox/copies': { request: () => ['/v1/sender-mailbox/copies'], stranger: 200 },
  'GET /v1/sender-mailbox/copies/:id': {
    request: (ids) => [`/v1/sender-mailbox/copies/${ids.copy}`],
    stranger: 404,
  },
  'GET /v1/sender-mailbox/copies/:id/raw': {
    request: (ids) => [`/v1/sender-mailbox/copies/${ids.copy}/raw`],
    stranger: 404,
  },
  'DELETE /v1/sender-mailbox/copies/:id': {
    request: (ids) => [`/v1/sender-mailbox/copies/${ids.copy}`],
    stranger: 404,
  },
  'POST /v1/sender-mailbox/delete': {
    request: (ids) => ['/v1/sender-mailbox/delete', { body: { mail: ids.copy.slice(0, 24) } }],
    stranger: 200,
  },
  'POST /v1/sender-mailbox/notify': {
    request: (ids) => ['/v1/sender-mailbox/notify', { body: { mail: ids.copy.slice(0, 24) } }],
    stranger: 200,
  },
  'GET /v1/settings/downmail': { request: () => ['/v1/settings/downmail'], stranger: 200 },
  'PUT /v1/settings/downmail': {
    request: () => ['/v1/settings/downmail', { body: { send: 'strangers' } }],
    stranger: 200,
  },
  'GET /v1/suppressions': { request: () => ['/v1/suppressions'], stranger: 200 },
  'POST /v1/suppressions': {
    request: () => ['/v1/suppressions', { body: { address: 'x@elsewhere.test' } }],
    stranger: 200,
  },
  'DELETE /v1/suppressions/:address': {
    request: (ids) => [`/v1/suppressions/${ids.suppressed}`],
    stranger: 404,
  },
  'GET /v1/settings/pager': { request: () => ['/v1/settings/pager'], stranger: 200 },
  'PUT /v1/settings/pager': {
    request: () => ['/v1/settings/pager', { body: { to: '+82 10 1234 5678' } }],
    stranger: 403,
  },
  'GET /v1/webhooks': { request: () => ['/v1/webhooks'], stranger: 200 },
  'POST /v1/webhooks': {
    request: () => ['/v1/webhooks', { body: { url: 'http://hooks.test/', events: ['login'] } }],
    stranger: 400,
  },
  'DELETE /v1/webhooks/:id': { request: (ids) => [`/v1/webhooks/${ids.webhook}`], stranger: 404 },
  'GET /v1/push/key': { request: () => ['/v1/push/key'], stranger: 200 },
  'GET /v1/push/subscriptions': { request: () => ['/v1/push/subscriptions'], stranger: 200 },
  'POST /v1/push/subscriptions': {
    request: () => ['/v1/push/subscriptions', { body: subscription('http://push.test/') }],
    stranger: 400,
  },
  'DELETE /v1/push/subscriptions/:id': {
    request: (ids) => [`/v1/push/subscriptions/${ids.push}`],
    stranger: 404,
  },
  'GET /v1/folders/:id/threads': { request: (ids) => [`/v1/folders/${ids.folder}/threads`], stranger: 404 },
  'GET /v1/threads/:id': { request: (ids) => [`/v1/threads/${ids.thread}`], stranger: 404 },
  'GET /v1/search': { request: () => ['/v1/search?q=marker'], stranger: 200 },
  'GET /v1/search/suggestions': { request: () => ['/v1/search/suggestions?q=alice'], stranger: 200 },
  // A stream of one's own account, whatever is asked; what it carries is tested with the events.
  'GET /v1/events': { request: () => ['/v1/events', { headers: { 'last-event-id': 'x' } }], stranger: 400 },
};

/** Public by intent. */
const PUBLIC = [
  'POST /v1/session',
  'GET /v1/openapi.json',
  'GET /healthz',
  'GET /',
  'GET /start',
  'GET /style.css',
  'GET /.well-known/mta-sts.txt',
  'GET /problems',
  'GET /sign-in/:token',
  'POST /sign-in/:token',
  // Who has the password of a notification has signed in: tested with them.
  'GET /downmail/help',
  'GET /downmail/:sender/:recipient/:number/:password',
  'POST /downmail/:sender/:recipient/:number/:password',
  'DELETE /downmail/:sender/:recipient/:number/:password',
];
const OPERATOR = ['GET /metrics'];
/** With what an administrator gets where there is nothing. */
const ADMINISTRATOR: Record<string, number> = {
  'GET /v1/admin/deliverability': 200,
  'GET /v1/admin/reports': 200,
  'GET /v1/admin/quarantine': 200,
  'GET /v1/admin/quarantine/:id': 404,
  'POST /v1/admin/quarantine/:id/release': 404,
  'DELETE /v1/admin/quarantine/:id': 404,
};

let http: Awaited<ReturnType<typeof httpBackend>>;
let theirs: Ids;
const missing: Ids = {
  folder: '999',
  message: '99999',
  thread: 'f'.repeat(24),
  submission: 'f'.repeat(24),
  copy: `${'f'.repeat(24)}.0.0`,
  suppressed: 'nobody@elsewhere.test',
  rule: 'f'.repeat(12),
  person: 'nobody@elsewhere.test',
  webhook: 'f'.repeat(12),
  push: 'f'.repeat(22),
  run: 'f'.repeat(12),
  session: 'f'.repeat(43),
  identity: 'nobody@example.test',
  contact: 'f'.repeat(16),
  group: 'f'.repeat(16),
};

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
  const person = `${SECRET}-person@elsewhere.test`;
  await http.alice.as('PUT', `/v1/people/${person}`, { body: {} });
  const hook = await http.alice.as('POST', '/v1/webhooks', {
    body: { url: `https://${SECRET}.test/`, events: ['login'] },
  });
  const push = await http.alice.as('POST', '/v1/push/subscriptions', { body: subscription(`https://${SECRET}.test/`) });
  const contact = await http.alice.as('POST', '/v1/contacts', { body: { name: SECRET } });
  const group = await http.alice.as('POST', '/v1/contact-groups', { body: { name: SECRET } });
  const ids = {
    push: push.json.id,
    submission,
    copy: `${kept.json.id}.0.0`,
    suppressed,
    rule: rule.json.id,
    person,
    webhook: hook.json.id,
    run: run.json.id,
    session: (await http.alice.as('GET', '/v1/sessions')).json.items[0].id,
    identity: 'alice@example.test',
    contact: contact.json.id,
    group: group.json.id,
  };
  theirs = { folder: json.id, message: String(placed.id), thread: placed.thread, ...ids };
});
afterEach(() => http.server.close(0));

function inAnHour(): string {
  return new Date(Date.now() + 3_600_000).toISOString();
}

function routes(access: string): string[] {
  const here = http.server.routes.filter(
    (r) => r.access === access && r.method !== 'HEAD' && !r.url.startsWith('/docs'),
  );
  return here.map(({ method, url }) => `${method} ${url}`);
}

async function ask(caller: typeof http.call, name: string, ids: Ids): Promise<Answer> {
  const found = OWN[name];
  if (found === undefined) throw new Error(`no case for ${name}`);
  const [url, call] = found.request(ids);
  return await caller(name.split(' ')[0] ?? '', url, call);
}

/** An answer without what differs between any two. */
function comparable({ status, text, headers }: Answer, ids: Ids) {
  const plain = Object.values(ids).reduce((t, id) => t.replaceAll(`"${id}"`, '"ID"'), text);
  return { status, text: plain, headers: { ...headers, date: '', 'content-length': '' } };
}

describe('every route', () => {
  test('is described here', () => {
    expect(routes('signed-in').sort()).toEqual(Object.keys(OWN).sort());
    expect(routes('public').sort()).toEqual([...PUBLIC].sort());
    expect(routes('operator')).toEqual(OPERATOR);
    expect(routes('administrator').sort()).toEqual(Object.keys(ADMINISTRATOR).sort());
  });

  test('for administrators is closed to everybody else', async () => {
    const { as } = await http.signIn({ ...http.users.bob, admin: true });
    await http.directory.updateAccount(http.users.bob.account, { admin: true });
    for (const [name, status] of Object.entries(ADMINISTRATOR)) {
      const [method = '', url = ''] = name.split(' ');
      expect((await http.call(method, url)).status, name).toBe(401);
      expect((await http.alice.as(method, url)).status, name).toBe(403);
      expect((await as(method, url)).status, name).toBe(status);
    }
  });

  test('of an account is closed to whoever is not signed in', async () => {
    const expired = await http.directory.createSession(http.users.alice, { ttlMs: 1e6, purpose: 'api' });
    await http.directory.endSession(expired);
    const credentials: Record<string, string>[] = [
      {},
      { authorization: 'Bearer wrong' },
      { authorization: `Bearer ${expired}` },
      { authorization: `Basic ${Buffer.from('alice@example.test:secret password').toString('base64')}` },
      { cookie: 'pabal_session=wrong', 'x-pabal-csrf': '1' },
      { cookie: `pabal_session=${expired}`, 'x-pabal-csrf': '1' },
    ];
    for (const name of Object.keys(OWN)) {
      for (const headers of credentials) {
        const caller: typeof http.call = (method, url, call) =>
          http.call(method, url, { ...call, headers: { ...call?.headers, ...headers } });
        const answer = await ask(caller, name, theirs);
        expect(answer.status, `${name} with ${JSON.stringify(headers)}`).toBe(401);
        expect(answer.text).not.toContain(SECRET);
      }
    }
  });

  test('answers a foreign id like a missing one, with no byte of what is there (F1)', async () => {
    for (const [name, { stranger }] of Object.entries(OWN)) {
      const bob = (await http.signIn(http.users.bob)).as;
      const foreign = await ask(bob, name, theirs);
      const again = name === 'DELETE /v1/session' ? (await http.signIn(http.users.bob)).as : bob;
      const none = await ask(again, name, missing);
      expect(foreign.status, name).toBe(stranger);
      expect(comparable(foreign, theirs), name).toEqual(comparable(none, missing));
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
          ...missing,
          folder: wire,
          message: wire,
          thread: wire,
          submission: wire,
          rule: wire,
          run: wire,
          session: wire,
          contact: wire,
          group: wire,
        });
        // A client makes another path of `..`, which may know other methods.
        expect(answer.status, `${name} with ${id}`).toBeOneOf(id === '..' ? [404, 405] : [404]);
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
