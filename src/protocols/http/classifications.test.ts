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

test('a folder is tidied up by sender, age and size: looked at first, done, and undone', async () => {
  const add = async (from: string, size: number, flag = false) => {
    const raw = `From: ${from}\r\nSubject: x\r\n\r\n${'x'.repeat(size)}\r\n`;
    const { id } = await http.deliver(http.users.alice, raw);
    if (flag) await http.alice.as('PATCH', `/v1/messages/${id}`, { body: { flagged: true } });
  };
  await add('=?utf-8?B?7IaM7Iud7KeA?= <news@list.test>', 10);
  await add('News <NEWS@list.test>', 5_000);
  await add('news@list.test', 10, true);
  await add('kim@remote.test', 10);
  const total = async (folder: string) => (await http.alice.as('GET', `/v1/folders/${folder}`)).json.total;
  const tidy = async (body: object) => {
    const started = await http.alice.as('POST', '/v1/folders/inbox/tidy', { body });
    if (started.status !== 202) return started.status;
    await http.classifier.idle();
    return (await http.alice.as('GET', `/v1/classifications/${started.json.id}`)).json;
  };
  expect(await tidy({ sender: 'news@LIST', preview: true })).toMatchObject({ tidy: true, matched: 2, looked: 4 });
  expect(await total('inbox')).toBe(4);
  const done = await tidy({ sender: 'news@LIST', largerThan: 1_000 });
  expect([done.state, done.matched, await total('inbox'), await total('trash')]).toEqual(['done', 1, 3, 1]);
  expect(await tidy({ sender: '소식지', to: 'archive' })).toMatchObject({ matched: 1 });
  await http.alice.as('POST', `/v1/classifications/${done.id}/undo`);
  await http.classifier.idle();
  expect([await total('inbox'), await total('trash')]).toEqual([3, 0]);
  expect(await tidy({ olderThanDays: 1 })).toMatchObject({ matched: 0, looked: 3 });
  using account = await http.mailstore.open(http.users.alice, http.users.alice.account);
  const inbox = account.folderWithRole('inbox')!.id;
  const internalDate = Date.now() - 2 * 86_400_000;
  await account.addMessage(Buffer.from('Subject: old\r\n\r\n'), { folder: inbox, internalDate });
  expect(await tidy({ olderThanDays: 3 })).toMatchObject({ matched: 0, looked: 4 });
  expect(await tidy({ olderThanDays: 1, flagged: true })).toMatchObject({ matched: 1 });
  expect(await tidy({})).toBe(400);
  expect(await tidy({ olderThanDays: 1, to: 'inbox' })).toBe(400);
});
