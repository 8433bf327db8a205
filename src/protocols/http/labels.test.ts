import { beforeEach, expect, test } from 'vitest';
import { httpBackend } from '../../../test/support/http.ts';

let http: Awaited<ReturnType<typeof httpBackend>>;
beforeEach(async () => {
  http = await httpBackend();
  return () => http.server[Symbol.asyncDispose]();
});

const put = (items: unknown) => http.alice.as('PUT', '/v1/labels', { body: { items } });

test('a label is a keyword with a name and a colour; what goes is taken off its messages', async () => {
  const { json } = await put([
    { name: 'Work', colour: 'red' },
    { name: '가족', colour: 'blue' },
  ]);
  const [work, family] = json.items;
  expect(work).toEqual({ id: 'Work', name: 'Work', colour: 'red' });
  expect(family).toMatchObject({ id: expect.stringMatching(/^label-[0-9a-f]{12}$/), name: '가족' });
  const id = String((await http.deliver(http.users.alice, 'Subject: x\r\n\r\n')).id);
  const both = { keywords: { add: [work.id, family.id, 'other'] } };
  await http.alice.as('PATCH', `/v1/messages/${id}`, { body: both });
  expect((await http.alice.as('GET', `/v1/search?q=label:${family.id}`)).json.items).toMatchObject([{ id }]);
  // Another name is the same label.
  expect((await put([{ ...family, name: '친척' }])).json.items).toEqual([{ ...family, name: '친척' }]);
  expect((await http.alice.as('GET', '/v1/labels')).json.items).toEqual([{ ...family, name: '친척' }]);
  const keywords = (await http.alice.as('GET', `/v1/messages/${id}`)).json.keywords;
  expect(new Set(keywords)).toEqual(new Set([family.id, 'other']));
});

test('names are there once, and one that is a keyword already gets another one', async () => {
  expect((await put(['Work', ' work '].map((name) => ({ name, colour: 'red' })))).status).toBe(409);
  expect((await put([{ name: ' ', colour: 'red' }])).status).toBe(400);
  const { json } = await put([
    { id: 'work', name: 'Play', colour: 'grey' },
    { name: 'Work', colour: 'red' },
  ]);
  expect(json.items.map((one: { id: string }) => one.id)).toEqual(['work', expect.stringMatching(/^label-/)]);
});
