/** What a sender sees and does in the sender mailbox over the API. */
import { expect, test } from 'vitest';
import { httpBackend } from '../../../test/support/http.ts';

const text = 'a line of an original\n'.repeat(100);

async function world() {
  const http = await httpBackend({ remote: true, downmail: { mode: 'downmail' } });
  const send = async (to: readonly string[], subject: string, more: object = {}) => {
    const { status, json } = await http.alice.as('POST', '/v1/messages', { body: { to, subject, text, ...more } });
    await http.dispatcher.idle();
    return { status, id: json.id as string };
  };
  const copies = async (query = '') => (await http.alice.as('GET', `/v1/sender-mailbox/copies${query}`)).json;
  return { ...http, send, copies };
}

test('what waits is listed page by page, shown, and deleted by mail, by recipients, by date, and one by one', async () => {
  const http = await world();
  const { as } = http.alice;
  expect((await as('GET', '/v1/sender-mailbox')).status).toBe(403);
  const first = await http.send(['a@x.test', 'b@x.test', 'c@y.test'], 'first');
  const second = await http.send(['a@x.test', 'd@y.test'], 'second');
  const { json: facts } = await as('GET', '/v1/sender-mailbox');
  expect(facts).toMatchObject({ id: 'alice', allocated: null, free: null, mails: 2, copies: 5 });
  const page = await http.copies('?limit=3');
  const rest = await http.copies(`?limit=3&cursor=${page.next}`);
  expect(rest.next).toBeUndefined();
  const listed = [...page.items, ...rest.items].map((one) => [one.subject, one.recipient, one.userId].join(' '));
  expect(listed).toEqual([
    'second a@x.test /alice/axtest/2/',
    'second d@y.test /alice/dytest/1/',
    'first a@x.test /alice/axtest/1/',
    'first b@x.test /alice/bxtest/1/',
    'first c@y.test /alice/cytest/1/',
  ]);
  expect((await http.copies('?recipient=%40y.test')).items).toHaveLength(2);
  expect((await http.copies(`?mail=${second.id}`)).items).toHaveLength(2);
  expect((await http.copies('?fetched=true')).items).toEqual([]);
  expect((await http.copies('?before=2000-01-01T00:00:00Z')).items).toEqual([]);
  const [{ id }] = page.items;
  expect((await as('GET', `/v1/sender-mailbox/copies/${id}`)).json).toEqual(page.items[0]);
  const raw = await as('GET', `/v1/sender-mailbox/copies/${id}/raw`);
  expect(raw.text).toContain('Subject: second');
  expect((await as('DELETE', `/v1/sender-mailbox/copies/${id}`)).status).toBe(204);
  expect((await as('DELETE', `/v1/sender-mailbox/copies/${id}`)).status).toBe(404);
  const remove = async (body: object) => (await as('POST', '/v1/sender-mailbox/delete', { body })).json;
  expect(await remove({ recipients: ['@Y.test'] })).toEqual({ deleted: 2, fetched: 0 });
  expect(await remove({ after: '2999-01-01T00:00:00Z' })).toEqual({ deleted: 0, fetched: 0 });
  expect((await as('POST', '/v1/sender-mailbox/notify', { body: { mail: first.id } })).json).toEqual({ notified: 2 });
  expect(await remove({ mail: first.id })).toEqual({ deleted: 2, fetched: 0 });
  expect((await as('POST', '/v1/sender-mailbox/delete', { body: {} })).status).toBe(400);
  expect((await as('GET', '/v1/sender-mailbox')).json).toMatchObject({ used: 0, mails: 0, copies: 0 });
  const { json: sent } = await as('GET', `/v1/submissions/${first.id}`);
  expect(sent.recipients.map((one: { state: string }) => one.state)).toEqual(['recalled', 'recalled', 'recalled']);
  await http.server.close(0);
  expect(http.handles.open).toBe(0);
});

test('a confidential mail says its pass code to its sender, when it is sent and as long as it waits', async () => {
  const http = await world();
  const body = { to: ['a@x.test'], subject: 'for you', text: 'short', confidential: {} };
  const { status, json } = await http.alice.as('POST', '/v1/messages', { body });
  expect([status, json.passCode]).toEqual([202, expect.stringMatching(/^[0-9]{8}$/)]);
  await http.dispatcher.idle();
  expect((await http.copies()).items).toMatchObject([{ subject: 'for you', passCode: json.passCode, locked: false }]);
  await http.send(['a@x.test'], 'another');
  expect((await http.copies()).items[0]).not.toHaveProperty('passCode');
});

test('one mail may be held or go whole, whatever is set; and what is set holds for the others', async () => {
  const http = await world();
  const { as } = http.alice;
  const states = async (id: string) =>
    (await as('GET', `/v1/submissions/${id}`)).json.recipients.map((one: { state: string }) => one.state);
  expect(await states((await http.send(['a@x.test'], 'whole', { downmail: false })).id)).toEqual(['queued']);
  expect(await states((await http.send(['a@x.test'], 'held', { text: 'short', downmail: true })).id)).toEqual([
    'waiting',
  ]);
  const setting = { send: 'system', receive: 'originals', whole: ['a@x.test'], days: 7 };
  expect((await as('PUT', '/v1/settings/downmail', { body: setting })).status).toBe(200);
  expect((await as('GET', '/v1/settings/downmail')).json).toEqual(setting);
  expect(await states((await http.send(['a@x.test', 'b@x.test'], 'both')).id)).toEqual(['queued', 'waiting']);
  expect((await as('PUT', '/v1/settings/downmail', { body: { send: 'never' } })).status).toBe(400);
  await http.server.close(0);
});

test('a conventional server holds nothing, and says so', async () => {
  const http = await httpBackend({ remote: true });
  const body = { to: ['a@x.test'], text, downmail: true };
  const { status, json } = await http.alice.as('POST', '/v1/messages', { body });
  expect([status, json.code]).toEqual([403, 'sender-mailbox-missing']);
  await http.server.close(0);
});
