/** The address book over the API: contacts, groups, completion, files. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { httpBackend } from '../../../test/support/http.ts';
import { BOOK_LIMITS, isContact } from '../../intake/contacts/records.ts';
import { ADDRESS_BOOK, listOf } from '../../intake/sieve/lists.ts';
import { noteSent } from '../../intake/spam/correspondents.ts';
import { changeView } from './view.ts';

let http: Awaited<ReturnType<typeof httpBackend>>;
beforeEach(async () => {
  http = await httpBackend();
});
afterEach(() => http.server.close(0));

const email = (address: string) => ({ emails: [{ address }] });

async function made(body: object) {
  const answer = await http.alice.as('POST', '/v1/contacts', { body });
  expect(answer.status, answer.text).toBe(201);
  return answer.json;
}

async function names(query = ''): Promise<string[]> {
  const { json } = await http.alice.as('GET', `/v1/contacts?${query}`);
  return json.items.map(({ name }: { name: string }) => name);
}

const importing = (body: string, type = 'text/vcard', query = '') =>
  http.alice.as('POST', `/v1/contacts/import${query}`, {
    body: Buffer.from(body),
    headers: { 'content-type': type },
  });

test('a contact is made, shown, changed against its revision, and removed', async () => {
  const first = await made({ familyName: '김', givenName: '철수', ...email('CS@Example.KR'), birthday: '--02-29' });
  expect(first).toMatchObject({
    name: '김철수',
    emails: [{ address: 'CS@Example.KR', type: 'other' }],
    phones: [],
    groups: [],
    note: '',
  });
  expect((await http.alice.as('GET', `/v1/contacts/${first.id}`)).json).toEqual(first);
  const put = (body: object) => http.alice.as('PUT', `/v1/contacts/${first.id}`, { body });
  const second = await put({ name: '김 부장', ...email('boss@example.kr'), revision: first.revision });
  expect(second.json).toMatchObject({ id: first.id, name: '김 부장', familyName: '' });
  expect((await put({ name: 'late', revision: first.revision })).json).toMatchObject({ code: 'conflict', status: 409 });
  expect((await put({ name: '김 이사', ...email('boss@example.kr') })).status).toBe(200);
  using account = await http.mailstore.open(http.users.alice, http.users.alice.account);
  await account.refresh();
  expect(await isContact(account, 'Boss@example.kr')).toBe(true);
  const list = listOf(account, ADDRESS_BOOK);
  expect([await list?.has('boss@example.kr'), await list?.members(5)]).toEqual([true, ['boss@example.kr']]);
  expect(await isContact(account, 'cs@example.kr')).toBe(false);
  const gone = (query = '') => http.alice.as('DELETE', `/v1/contacts/${first.id}${query}`);
  expect((await gone(`?revision=${second.json.revision}`)).status).toBe(409);
  expect((await gone()).status).toBe(204);
  expect((await gone()).status).toBe(404);
  await account.refresh();
  expect(await isContact(account, 'boss@example.kr')).toBe(false);
});

test('two with one address: it stays in the address book until both are gone', async () => {
  const [one, other] = [await made(email('home@example.kr')), await made(email('HOME@example.kr'))];
  using account = await http.mailstore.open(http.users.alice, http.users.alice.account);
  const there = async () => {
    await account.refresh();
    return await isContact(account, 'home@example.kr');
  };
  await http.alice.as('DELETE', `/v1/contacts/${one.id}`);
  expect(await there()).toBe(true);
  await http.alice.as('DELETE', `/v1/contacts/${other.id}`);
  expect(await there()).toBe(false);
});

test('pages are in the order of names, and found is by names, numbers and initial consonants', async () => {
  for (const name of ['홍길동', 'Ann', '김철수', '김영희', 'bob']) await made({ name });
  await made({ name: 'Zoë', phones: [{ number: '010-1234-5678', type: 'mobile' }], organization: '파발' });
  expect(await names()).toEqual(['Ann', 'bob', 'Zoë', '김영희', '김철수', '홍길동']);
  const page = (await http.alice.as('GET', '/v1/contacts?limit=4')).json;
  expect([page.items.length, page.total]).toEqual([4, 6]);
  expect(await names(`limit=4&cursor=${page.next}`)).toEqual(['김철수', '홍길동']);
  const found = (q: string) => names(new URLSearchParams({ q }).toString());
  expect(await found('ㄱㅊㅅ')).toEqual(['김철수']);
  expect(await found('ㄱㅇ')).toEqual(['김영희']);
  expect(await found('ANN')).toEqual(['Ann']);
  expect(await found('1234 56')).toEqual(['Zoë']);
  expect(await found('파발')).toEqual(['Zoë']);
  expect((await http.alice.as('GET', `/v1/contacts?q=x&cursor=${page.next}`)).status).toBe(400);
});

test('groups have members, a name of their own, and lose who is gone (H5)', async () => {
  const [a, b] = [await made({ name: 'A', ...email('a@example.kr') }), await made({ name: 'B' })];
  const group = await http.alice.as('POST', '/v1/contact-groups', { body: { name: '동창', members: [a.id, a.id] } });
  expect(group).toMatchObject({ status: 201, json: { members: [{ id: a.id, name: 'A', address: 'a@example.kr' }] } });
  const { id, revision } = group.json;
  const post = async (body: object) => (await http.alice.as('POST', '/v1/contact-groups', { body })).status;
  expect(await post({ name: '동창' })).toBe(409);
  expect(await post({ name: ' ' })).toBe(400);
  expect(await post({ name: 'x', members: ['nobody'] })).toBe(404);
  // Of people only: no group is in a group, or in itself.
  expect(await post({ name: 'x', members: [id] })).toBe(404);
  expect(
    (await http.alice.as('PUT', `/v1/contact-groups/${id}`, { body: { name: '동창', members: [a.id, id] } })).status,
  ).toBe(404);
  const batch = async (body: object) => (await http.alice.as('POST', '/v1/contacts/batch', { body })).json;
  expect(await batch({ ids: [a.id, b.id, 'nobody'], addTo: id })).toEqual({ changed: 1 });
  expect((await http.alice.as('GET', `/v1/contacts/${b.id}`)).json.groups).toEqual([id]);
  expect(await names(`group=${id}`)).toEqual(['A', 'B']);
  expect(await batch({ ids: [a.id], removeFrom: id })).toEqual({ changed: 1 });
  expect(await batch({ ids: [a.id, a.id], delete: true })).toEqual({ changed: 1 });
  const put = (body: object) => http.alice.as('PUT', `/v1/contact-groups/${id}`, { body });
  expect((await put({ name: 'late', revision })).status).toBe(409);
  expect((await put({ name: '동창회' })).json).toMatchObject({ name: '동창회', members: [{ id: b.id }] });
  const { items } = (await http.alice.as('GET', '/v1/contact-groups')).json;
  expect(items).toMatchObject([{ id, name: '동창회', members: 1 }]);
  expect((await http.alice.as('DELETE', `/v1/contact-groups/${id}`)).status).toBe(204);
  expect((await http.alice.as('DELETE', `/v1/contact-groups/${id}`)).status).toBe(404);
  expect(await names()).toEqual(['B']);
});

test('completion: who is written to most, people of the address book, groups, people of one’s mail; each address once', async () => {
  const kim = await made({ name: '김철수', ...email('cs@example.kr') });
  await made({ name: '김영희', emails: [{ address: 'yh@example.kr' }, { address: 'yh@home.example' }] });
  const group = await http.alice.as('POST', '/v1/contact-groups', { body: { name: '김씨', members: [kim.id] } });
  using account = await http.mailstore.open(http.users.alice, http.users.alice.account);
  for (const mail of ['1', '2']) await noteSent(account, 'yh@home.example', [{ messageId: mail, at: 1 }]);
  await noteSent(account, 'kimchi@example.kr', [{ messageId: '3', at: 2 }]);
  const asked = async (q: string) =>
    (await http.alice.as('GET', `/v1/contacts/suggest?${new URLSearchParams({ q }).toString()}`)).json.items;
  expect(await asked('김')).toEqual([
    { kind: 'contact', name: '김영희', address: 'yh@home.example', contact: expect.any(String) },
    { kind: 'contact', name: '김영희', address: 'yh@example.kr', contact: expect.any(String) },
    { kind: 'contact', name: '김철수', address: 'cs@example.kr', contact: kim.id },
    { kind: 'group', name: '김씨', group: group.json.id, members: 1 },
  ]);
  expect(await asked('ㄱㅊㅅ')).toMatchObject([{ address: 'cs@example.kr' }]);
  expect(await asked('철')).toMatchObject([{ address: 'cs@example.kr' }]);
  expect(await asked('KIMC')).toEqual([{ kind: 'history', name: '', address: 'kimchi@example.kr' }]);
  expect((await asked(''))[0]).toMatchObject({ address: 'yh@home.example' });
  // Somebody who never wrote, by the name that was written to.
  await noteSent(account, 'park@example.kr', [{ messageId: 'p', at: 1, name: '박민수' }]);
  await noteSent(account, 'park@example.kr', [{ messageId: 'p2', at: 1 }]);
  expect(await asked('박')).toEqual([{ kind: 'history', name: '박민수', address: 'park@example.kr' }]);
  // What happens afterwards is in the next answer.
  await noteSent(account, 'kimchi@example.kr', [{ messageId: '4', at: 3 }]);
  await noteSent(account, 'kimchi@example.kr', [{ messageId: '5', at: 3 }]);
  await noteSent(account, 'kimchi@example.kr', [{ messageId: '6', at: 3 }]);
  expect((await asked(''))[0]).toMatchObject({ address: 'kimchi@example.kr' });
});

test('whoever watches the account hears of each change', async () => {
  using account = await http.mailstore.open(http.users.alice, http.users.alice.account);
  const heard: unknown[] = [];
  using _watch = account.watch(({ changes }) => heard.push(...changes.map(changeView).filter((one) => one)));
  const { id } = await made({ name: 'A', ...email('a@example.kr') });
  const group = (await http.alice.as('POST', '/v1/contact-groups', { body: { name: 'G' } })).json.id;
  await http.alice.as('DELETE', `/v1/contacts/${id}`);
  await account.refresh();
  const contact = { type: 'contact', contact: id };
  expect(heard).toEqual([contact, { type: 'contact-group', group }, contact]);
});

test('a file is imported once, goes out as it came in, and says what of it could not be used', async () => {
  const file =
    'BEGIN:VCARD\nFN:김철수\nUID:k1\nEMAIL:cs@example.kr\nCATEGORIES:동창\nEND:VCARD\nBEGIN:VCARD\nNOTE:x\nEND:VCARD\n' +
    'BEGIN:VCARD\nFN:Ann\nEMAIL:ann@example.com\nEND:VCARD\nBEGIN:VCARD\nFN:ann\nEMAIL:ANN@example.com\nEND:VCARD\n';
  const refused = [{ number: 2, reason: expect.any(String) }];
  expect((await importing(file)).json).toEqual({ format: 'vcard', added: 2, skipped: 1, refused, groups: 1 });
  expect((await importing(file, 'application/octet-stream')).json).toMatchObject({ added: 0, skipped: 3, groups: 0 });
  expect((await importing(file, 'text/vcard', '?duplicates=add')).json).toMatchObject({ added: 3, skipped: 0 });
  const vcard = await http.alice.as('GET', '/v1/contacts/export?version=3.0');
  expect(vcard.headers).toMatchObject({ 'content-type': 'text/vcard; charset=utf-8' });
  expect(vcard.headers['content-disposition']).toMatch(/^attachment; filename="?contacts\.vcf"?/);
  expect(vcard.text.match(/^BEGIN:VCARD\r$/gm)).toHaveLength(5);
  expect(vcard.text).toContain('CATEGORIES:동창\r\n');
  const { id } = (await http.alice.as('GET', '/v1/contact-groups')).json.items[0];
  const csv = await http.alice.as('GET', `/v1/contacts/export?format=csv&group=${id}`);
  expect(csv.text.startsWith('\ufeffName,')).toBe(true);
  expect(csv.text.split('\r\n')).toHaveLength(4);
  expect((await importing(csv.text, 'text/csv')).json).toMatchObject({ format: 'csv', added: 0, skipped: 2 });
});

test('what is no file of contacts is refused, and so is what is too much', async () => {
  expect((await importing('Date,Amount\n1,2\n', 'text/csv')).status).toBe(400);
  expect((await importing('', 'text/vcard')).status).toBe(400);
  expect((await importing('{}', 'application/json')).status).toBe(415);
  expect((await importing('x'.repeat(BOOK_LIMITS.file + 1))).status).toBe(413);
  const post = async (body: object) => (await http.alice.as('POST', '/v1/contacts', { body })).status;
  expect(await post({ note: 'nobody' })).toBe(400);
  expect(await post({ name: 'a\nb' })).toBe(400);
  expect(await post({ name: 'a', emails: [{ address: 'not one' }] })).toBe(400);
  expect(await post({ name: 'a', websites: ['javascript:alert(1)'] })).toBe(400);
  expect(await post({ name: 'a', birthday: '1990-02-30' })).toBe(400);
  expect(await post({ name: 'a', unknown: true })).toBe(400);
});

test('an address book that is full says so, and keeps what it has', async () => {
  await http.server.close(0);
  http = await httpBackend({ limits: { contacts: 150 } });
  const rows = Array.from({ length: 151 }, (_, i) => `N,${i}@example.kr\n`).join('');
  expect((await importing(`Name,Email\n${rows}`, 'text/csv')).json).toMatchObject({ status: 409, code: 'limit' });
  expect((await http.alice.as('GET', '/v1/contacts?limit=1')).json.total).toBe(150);
  expect((await http.alice.as('POST', '/v1/contacts', { body: { name: 'one more' } })).status).toBe(409);
});
