/** Sieve scripts over the API, beside ManageSieve and IMAP, which see the same. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { httpBackend } from '../../../test/support/http.ts';
import { EventNoting, EVENT, SCRIPT_ENTRY, type SieveEvent } from '../../intake/sieve/events.ts';
import { annotation } from '../../mailstore/annotations.ts';
import { Flag, type FolderId } from '../../mailstore/api.ts';

let http: Awaited<ReturnType<typeof httpBackend>>;
beforeEach(async () => {
  http = await httpBackend();
});
afterEach(() => http.server.close(0));

const as = (method: 'GET' | 'PUT' | 'DELETE', url: string, body?: object) =>
  http.alice.as(method, url, body === undefined ? {} : { body });
const SOURCE = 'require "fileinto";\r\n# 회의\r\nfileinto "Work";\r\n';

test('scripts are written, read, made active one at a time, and deleted', async () => {
  const { status, json } = await as('PUT', '/v1/scripts/work', { source: SOURCE });
  expect([status, json]).toMatchObject([200, { name: 'work', active: false, source: SOURCE }]);
  expect((await as('PUT', '/v1/scripts/work', { active: true })).json).toMatchObject({ active: true, source: SOURCE });
  await as('PUT', `/v1/scripts/${encodeURIComponent('다른 것')}`, { source: 'keep;', active: true });
  const { items } = (await as('GET', '/v1/scripts')).json;
  expect(items).toMatchObject([
    { name: 'work', active: false, size: Buffer.byteLength(SOURCE) },
    { name: '다른 것', active: true },
  ]);
  // As mail that arrives, and ManageSieve, have it.
  using account = await http.mailstore.open(http.users.alice, http.users.alice.account);
  expect((await http.scripts.running(account)).map(({ name }) => name)).toEqual(['다른 것']);
  expect((await as('DELETE', `/v1/scripts/${encodeURIComponent('다른 것')}`)).status).toBe(409);
  await as('PUT', `/v1/scripts/${encodeURIComponent('다른 것')}`, { active: false });
  expect((await as('DELETE', `/v1/scripts/${encodeURIComponent('다른 것')}`)).status).toBe(204);
  expect((await as('GET', '/v1/scripts/work')).json.source).toBe(SOURCE);
  expect((await as('GET', '/v1/scripts/nothing')).status).toBe(404);
});

test('one with a mistake is refused, with its place, and the one before stays', async () => {
  await as('PUT', '/v1/scripts/work', { source: SOURCE });
  const { status, json } = await as('PUT', '/v1/scripts/work', { source: 'keep;\nfly;\n' });
  expect([status, json.detail]).toEqual([400, "line 2, column 1: there is no command 'fly'"]);
  expect((await as('GET', '/v1/scripts/work')).json.source).toBe(SOURCE);
  expect((await as('PUT', '/v1/scripts/other', { active: true })).status).toBe(404);
});

test('a script is bound to a folder, and runs on what is done there with a mail program', async () => {
  const { id } = (await http.alice.as('POST', '/v1/folders', { body: { name: 'Work' } })).json;
  await as('PUT', '/v1/scripts/events', { source: 'keep;' });
  const url = `/v1/folders/${id}/script`;
  expect((await as('PUT', url, { script: 'nothing' })).status).toBe(404);
  expect((await as('GET', url)).json).toEqual({ script: null });
  expect((await as('PUT', url, { script: 'events' })).json).toEqual({ script: 'events' });
  expect((await as('GET', url)).json).toEqual({ script: 'events' });
  const { alice: principal } = http.users;
  using account = await http.mailstore.open(principal, principal.account);
  expect(Buffer.from((await annotation(account, Number(id) as FolderId, SCRIPT_ENTRY)) ?? []).toString()).toBe(
    'events',
  );
  using imap = await http.mailstore.open(principal, principal.account, { noting: new EventNoting('alice', () => 1) });
  await imap.addMessage(Buffer.from('Subject: x\r\n\r\n'), { folder: Number(id) as FolderId, flags: Flag.seen });
  expect((await account.records<SieveEvent>(EVENT)).map(({ value }) => value)).toMatchObject([
    { script: 'events', cause: 'APPEND' },
  ]);
  expect((await as('PUT', url, { script: null })).json).toEqual({ script: null });
});
