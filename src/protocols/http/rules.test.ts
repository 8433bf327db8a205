/** Rules over the API: made, ordered, changed, and as Sieve. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { httpBackend } from '../../../test/support/http.ts';

let http: Awaited<ReturnType<typeof httpBackend>>;
beforeEach(async () => {
  http = await httpBackend();
});
afterEach(() => http.server.close(0));

const subject = { field: 'subject', comparison: 'contains', value: '회의' };

async function made(body: object): Promise<string> {
  const answer = await http.alice.as('POST', '/v1/rules', { body });
  expect(answer.status).toBe(201);
  return answer.json.id;
}

async function names(): Promise<string[]> {
  const { json } = await http.alice.as('GET', '/v1/rules');
  return json.items.map(({ name }: { name: string }) => name);
}

test('a rule is made, shown, changed, ordered and removed', async () => {
  const folder = await http.alice.as('POST', '/v1/folders', { body: { name: '회의록' } });
  const actions = [{ do: 'move', folder: folder.json.id }, { do: 'flag' }];
  const first = await made({ name: 'Meetings', conditions: [subject], actions });
  const second = await made({ name: 'All', match: 'any', stop: false, conditions: [], actions: [{ do: 'read' }] });
  const { json } = await http.alice.as('GET', '/v1/rules');
  expect(json.items).toEqual([
    { id: first, name: 'Meetings', enabled: true, match: 'all', conditions: [subject], actions, stop: true },
    { id: second, name: 'All', enabled: true, match: 'all', conditions: [], actions: [{ do: 'read' }], stop: false },
  ]);

  const items = json.items.toReversed().map((rule: object) => ({ ...rule, enabled: false }));
  const ordered = await http.alice.as('PUT', '/v1/rules', { body: { items } });
  expect(ordered.json.items.map(({ id, enabled }: { id: string; enabled: boolean }) => [id, enabled])).toEqual([
    [second, false],
    [first, false],
  ]);
  const changed = { name: 'Meetings 2', conditions: [{ field: 'attachment', not: true }], actions: [{ do: 'delete' }] };
  expect((await http.alice.as('PUT', `/v1/rules/${first}`, { body: changed })).json).toMatchObject({
    id: first,
    ...changed,
  });
  expect(await names()).toEqual(['All', 'Meetings 2']);
  expect((await http.alice.as('DELETE', `/v1/rules/${second}`)).status).toBe(204);
  expect((await http.alice.as('DELETE', `/v1/rules/${second}`)).status).toBe(404);
  expect(await names()).toEqual(['Meetings 2']);
});

test('a folder that is renamed stays the one meant; one that is gone is null', async () => {
  const { json } = await http.alice.as('POST', '/v1/folders', { body: { name: 'A' } });
  await made({ conditions: [], actions: [{ do: 'move', folder: json.id }] });
  const shown = async () => (await http.alice.as('GET', '/v1/rules')).json.items[0].actions[0].folder;
  await http.alice.as('PATCH', `/v1/folders/${json.id}`, { body: { name: 'B' } });
  expect(await shown()).toBe(json.id);
  await http.alice.as('DELETE', `/v1/folders/${json.id}`);
  expect(await shown()).toBeNull();
});

test('rules are a Sieve script, and a script of rules is rules', async () => {
  await made({ name: '회의', conditions: [subject], actions: [{ do: 'flag' }] });
  const { json } = await http.alice.as('GET', '/v1/settings/rules-script');
  expect(json.script).toContain('if allof (header :contains "subject" "회의") {\n  addflag "\\\\Flagged";\n  stop;\n}');
  const put = (script: string) => http.alice.as('PUT', '/v1/settings/rules-script', { body: { script } });
  const before = (await http.alice.as('GET', '/v1/rules')).json;
  expect((await put(json.script)).json).toEqual(before);
  const other = await put('require "vacation";\nvacation "away";');
  expect(other).toMatchObject({ status: 400, json: { detail: "line 2, column 1: 'vacation' stands in no rule" } });
  expect((await http.alice.as('GET', '/v1/rules')).json).toEqual(before);
});

test('what cannot be a rule is refused: a rejected mail with more to do, too much of everything, lines in lines (H6)', async () => {
  const post = async (body: object) => (await http.alice.as('POST', '/v1/rules', { body })).status;
  const many = (count: number) => Array.from({ length: count }, () => subject);
  expect(await post({ conditions: [], actions: [{ do: 'reject', reason: 'no' }, { do: 'read' }] })).toBe(400);
  expect(await post({ conditions: many(101), actions: [] })).toBe(400);
  expect(await post({ name: 'a\nif true { discard; }', conditions: [], actions: [] })).toBe(400);
  expect(await post({ conditions: [], actions: [{ do: 'move', folder: '999' }] })).toBe(404);
  const items = Array.from({ length: 400 }, () => ({ conditions: many(10), actions: [] }));
  const all = await http.alice.as('PUT', '/v1/rules', { body: { items } });
  expect(all.status).toBe(413);
  expect(await names()).toEqual([]);
});
