/** Legal holds, over the API and as an archive. */
import { expect, test } from 'vitest';
import { httpBackend } from '../../../test/support/http.ts';
import { ManualClock } from '../../adapters/clock-manual.ts';
import { zipContent, zipEntries } from '../../mail/zip.ts';

test('a hold has a reason, its owner sees nothing of it, and what was removed meanwhile is an archive until it ends', async () => {
  const http = await httpBackend({ clock: new ManualClock(Date.UTC(2026, 0)) });
  await using _server = http.server;
  const { alice, bob, users, compliance } = http;
  await http.directory.updateAccount(users.bob.account, { admin: true });
  const { id } = await http.deliver(users.alice, 'Subject: evidence\r\n\r\n');
  const add = (body: object) => bob.as('POST', '/v1/admin/holds', { body: { address: 'alice@example.test', ...body } });
  expect((await add({ reason: ' ' })).status).toBe(400);
  expect((await add({ reason: 'case 7', until: '2025-01-01T00:00:00Z' })).status).toBe(400);
  expect((await add({ reason: 'case 7', address: 'nobody@example.test' })).status).toBe(404);
  const { status, json } = await add({ reason: 'case 7', until: '2026-06-01T00:00:00Z' });
  expect(status).toBe(201);
  expect((await bob.as('GET', '/v1/admin/holds')).json.items).toEqual([json]);
  expect(json).toMatchObject({ address: 'alice@example.test', reason: 'case 7', by: 'bob@example.test' });

  await alice.as('DELETE', `/v1/messages/${id}`);
  await alice.as('DELETE', `/v1/messages/${id}`);
  expect((await alice.as('GET', '/v1/search?q=evidence')).text).not.toContain('Subject');
  const ticket = await alice.as('POST', '/v1/account-data', { body: { current: 'secret password' } });
  const own = await alice.as('GET', ticket.json.path);
  expect(String(own.bytes)).not.toContain('evidence');
  expect(String(own.bytes)).not.toContain('case 7');

  const pieces: Uint8Array[] = [];
  for await (const piece of compliance.holds.archive(json.id)) pieces.push(piece);
  const file = Buffer.concat(pieces);
  const entries = zipEntries(file, 10) ?? [];
  expect(entries.map(({ name }) => name.replace(/[0-9a-f]{24}/, 'id'))).toEqual([
    'removed/id.eml',
    'hold.json',
    'removed.json',
  ]);
  expect(zipContent(file, entries[0]!, 1_000)?.toString()).toBe('Subject: evidence\r\n\r\n');
  expect((await bob.as('DELETE', `/v1/admin/holds/${json.id}x`)).status).toBe(404);
  expect((await bob.as('DELETE', `/v1/admin/holds/${json.id}`)).status).toBe(204);
  expect((await bob.as('GET', '/v1/admin/holds')).json.items).toEqual([]);
  const done = (await http.audit.list(0, 100)).filter(({ outcome }) => outcome === 'asked').map(({ what }) => what);
  expect(done).toContain('POST /v1/admin/holds');
  expect(done).toContain('DELETE /v1/admin/holds/:id');
});
