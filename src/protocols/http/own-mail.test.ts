/** Reject list, people, absence and time zone over the API. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { httpBackend } from '../../../test/support/http.ts';

let http: Awaited<ReturnType<typeof httpBackend>>;
beforeEach(async () => {
  http = await httpBackend();
});
afterEach(() => http.server.close(0));

const put = (url: string, body: object) => http.alice.as('PUT', url, { body });
const get = async (url: string) => (await http.alice.as('GET', url)).json;

test('the reject list is put whole, and kept in one form', async () => {
  const items = [
    { sender: '@Bad.Example' },
    { sender: 'x@y.example', action: 'discard' },
    { sender: 'bad.example', action: 'junk' },
  ];
  const kept = [
    { sender: 'bad.example', action: 'junk' },
    { sender: 'x@y.example', action: 'discard' },
  ];
  expect((await put('/v1/reject-list', { items })).json).toEqual({ items: kept });
  expect(await get('/v1/reject-list')).toEqual({ items: kept, dropped: { total: 0, last: [] } });
  expect((await put('/v1/reject-list', { items: [{ sender: '*' }] })).status).toBe(400);
  const many = Array.from({ length: 501 }, (_, i) => ({ sender: `x${i}.example` }));
  expect((await put('/v1/reject-list', { items: many })).status).toBe(400);
});

test('people are named by their address, in any case', async () => {
  const folder = (await http.alice.as('POST', '/v1/folders', { body: { name: '가족' } })).json.id;
  const wanted = { importance: 'high', folder, notify: ['bob@example.test'], signature: '김앨리스 드림', accept: true };
  expect((await put('/v1/people/Mom@Home.example', wanted)).json).toEqual({ address: 'Mom@Home.example', ...wanted });
  expect(await get('/v1/people/mom@home.example')).toMatchObject(wanted);
  await put('/v1/people/mom@home.example', { importance: 'low' });
  expect((await get('/v1/people')).items).toEqual([{ address: 'mom@home.example', importance: 'low' }]);
  expect((await put('/v1/people/nobody', {})).status).toBe(400);
  expect((await put('/v1/people/a@b.example', { folder: '999' })).status).toBe(404);
  expect((await http.alice.as('DELETE', '/v1/people/MOM@home.example')).status).toBe(204);
  expect((await get('/v1/people')).items).toEqual([]);
});

test('absence has a beginning and an end in the time zone of the account', async () => {
  expect(await get('/v1/settings/absence')).toMatchObject({ enabled: false, text: '', days: 7 });
  const away = {
    enabled: true,
    from: '2026-03-01T09:00',
    to: '2026-03-08T09:00',
    subject: '부재',
    text: '다음 주에 봅시다.',
  };
  expect((await put('/v1/settings/absence', away)).json).toMatchObject({ ...away, knownOnly: false, days: 7 });
  expect(await get('/v1/settings/absence')).toMatchObject(away);
  for (const wrong of [
    { from: '2026-03-01T09:00Z' },
    { from: away.to, to: away.from },
    { days: 0 },
    { to: 'tomorrow' },
  ])
    expect((await put('/v1/settings/absence', { ...away, ...wrong })).status, JSON.stringify(wrong)).toBe(400);
  expect(await get('/v1/settings/time-zone')).toEqual({ timeZone: 'UTC' });
  expect((await put('/v1/settings/time-zone', { timeZone: 'Asia/Seoul' })).status).toBe(200);
  expect((await put('/v1/settings/time-zone', { timeZone: 'Mars/Olympus' })).status).toBe(400);
  expect(await get('/v1/settings/time-zone')).toEqual({ timeZone: 'Asia/Seoul' });
});
