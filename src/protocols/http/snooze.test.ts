import { beforeEach, expect, test } from 'vitest';
import { ManualClock } from '../../adapters/clock-manual.ts';
import { Flag } from '../../mailstore/api.ts';
import type { MsgId } from '../../mailstore/api.ts';
import { httpBackend } from '../../../test/support/http.ts';

const NOW = Date.parse('2026-11-02T09:00:00Z');

let http: Awaited<ReturnType<typeof httpBackend>>;
beforeEach(async () => {
  http = await httpBackend({ clock: new ManualClock(NOW) });
  return () => http.server[Symbol.asyncDispose]();
});

const post = (url: string, body: unknown) => http.alice.as('POST', url, { body });
const list = async (folder: string) => (await http.alice.as('GET', `/v1/folders/${folder}/messages`)).json.items;
const deliver = async (subject: string) =>
  String((await http.deliver(http.users.alice, `Subject: ${subject}\r\n\r\n`)).id);
const folder = async (name: string) => (await http.alice.as('POST', '/v1/folders', { body: { name } })).json.id;

test('a message is put off: a folder says until when, and somebody is to bring it back', async () => {
  const id = await deliver('Bill');
  const until = '2026-11-03T08:00:00.000Z';
  const { json } = await post('/v1/messages/snooze', { ids: [id, '999'], until });
  expect(json).toEqual({ done: 1, missing: ['999'] });
  expect(await list('inbox')).toEqual([]);
  expect(await list('snoozed')).toMatchObject([{ id, snoozedUntil: until }]);
  expect((await http.alice.as('GET', `/v1/messages/${id}`)).json.snoozedUntil).toBe(until);
  const [entry] = await http.queue.list('outbound');
  expect(entry).toMatchObject({ due: Date.parse(until), payload: { snoozed: [Number(id)] } });
  // Elsewhere it is not put off any more.
  await http.alice.as('PATCH', `/v1/messages/${id}`, { body: { folder: 'inbox' } });
  expect((await list('inbox'))[0]).not.toHaveProperty('snoozedUntil');
});

test('not into the past, and not for ever', async () => {
  const id = await deliver('x');
  for (const until of ['2026-11-02T09:00:00Z', '2027-11-04T09:00:00Z', 'tomorrow'])
    expect((await post('/v1/messages/snooze', { ids: [id], until })).status, until).toBe(400);
  expect(await http.queue.list('outbound')).toEqual([]);
});

test('what was thrown away goes back to where it was, by whichever way it came into Trash', async () => {
  const [work, gone] = [await folder('Work'), await folder('Gone')];
  const ids = [];
  for (const subject of ['deleted', 'copied', 'homeless', 'elsewhere']) ids.push(await deliver(subject));
  const [deleted = '', copied = '', homeless = '', elsewhere = ''] = ids;
  await post('/v1/messages/batch', { ids: [deleted, copied], change: { folder: work } });
  await post('/v1/messages/batch', { ids: [homeless], change: { folder: gone } });
  await post('/v1/messages/batch', { ids: [deleted, homeless], delete: true });
  await http.alice.as('DELETE', `/v1/folders/${gone}`);
  // As programs without MOVE do it.
  using account = await http.mailstore.open(http.users.alice, http.users.alice.account);
  const trash = account.folderWithRole('trash')!.id;
  const [copy] = await account.copy([Number(copied) as MsgId], trash);
  await account.updateMessage([Number(copied) as MsgId], { mode: 'add', flags: Flag.deleted, keywords: [] });
  await account.deleteMessage([Number(copied) as MsgId]);
  const inTrash = [deleted, homeless, String(copy?.placed.id)];
  const { json } = await post('/v1/messages/restore', { ids: [...inTrash, elsewhere, '999'] });
  expect(json.missing).toEqual(['999']);
  expect(json.items).toEqual([
    { id: deleted, folder: work },
    { id: homeless, folder: '1' },
    { id: inTrash[2], folder: work },
  ]);
  expect((await list('trash')).length).toBe(0);
});
