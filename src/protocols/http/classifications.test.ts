/** The rules over mail that is there, over the API. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { httpBackend } from '../../../test/support/http.ts';

let http: Awaited<ReturnType<typeof httpBackend>>;
beforeEach(async () => {
  http = await httpBackend();
});
afterEach(() => http.server.close(0));

test('a preview, the run itself, and back again', async () => {
  const { json: folder } = await http.alice.as('POST', '/v1/folders', { body: { name: '회의' } });
  const subject = { field: 'subject', comparison: 'contains', value: '회의' };
  const rule = { conditions: [subject], actions: [{ do: 'move', folder: folder.id }] };
  await http.alice.as('POST', '/v1/rules', { body: rule });
  for (const word of ['회의', 'other']) await http.deliver(http.users.alice, `Subject: ${word} one\r\n\r\n`);
  const run = async (body: object) => {
    const started = await http.alice.as('POST', '/v1/classifications', { body });
    expect(started.status).toBe(202);
    await http.classifier.idle();
    return (await http.alice.as('GET', `/v1/classifications/${started.json.id}`)).json;
  };
  const total = async () => (await http.alice.as('GET', `/v1/folders/${folder.id}`)).json.total;

  const shown = await run({ preview: true });
  expect(shown).toMatchObject({ state: 'done', matched: 1, targets: [{ folder: folder.id, count: 1 }] });
  expect(shown.examples).toMatchObject([{ to: folder.id }]);
  expect(await total()).toBe(0);
  const done = await run({ folder: 'inbox' });
  expect([done.state, await total()]).toEqual(['done', 1]);
  expect((await http.alice.as('DELETE', `/v1/classifications/${done.id}`)).status).toBe(409);
  const undone = await http.alice.as('POST', `/v1/classifications/${done.id}/undo`);
  expect([undone.status, undone.json.state]).toEqual([202, 'undoing']);
  await http.classifier.idle();
  expect(await total()).toBe(0);
  expect(
    (await http.alice.as('GET', '/v1/classifications')).json.items.map(({ state }: { state: string }) => state),
  ).toEqual(expect.arrayContaining(['undone', 'done']));
  expect((await http.alice.as('POST', `/v1/classifications/${shown.id}/undo`)).status).toBe(409);
});
