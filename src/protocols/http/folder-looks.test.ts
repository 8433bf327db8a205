import { afterEach, beforeEach, expect, test } from 'vitest';
import { httpBackend } from '../../../test/support/http.ts';

let http: Awaited<ReturnType<typeof httpBackend>>;
beforeEach(async () => {
  http = await httpBackend();
});
afterEach(() => http.server[Symbol.asyncDispose]());

const make = async (name: string, parent?: string): Promise<string> =>
  (await http.alice.as('POST', '/v1/folders', { body: { name, parent } })).json.id;
const names = async (): Promise<string[]> =>
  (await http.alice.as('GET', '/v1/folders')).json.items
    .filter(({ role }: { role: string | null }) => role === null)
    .map(({ path }: { path: string }) => path);
const order = async (items: readonly string[]) => await http.alice.as('PUT', '/v1/folders/order', { body: { items } });

test('folders are listed by name below the one they lie in, unless another order is wished for', async () => {
  const [b, a] = [await make('b'), await make('a')];
  const [bz, bx] = [await make('z', b), await make('x', b)];
  expect(await names()).toEqual(['a', 'b', 'b/x', 'b/z']);
  expect((await order([bz, b, a])).status).toBe(204);
  expect(await names()).toEqual(['b', 'b/z', 'b/x', 'a']);
  await make('c');
  expect(await names()).toEqual(['b', 'b/z', 'b/x', 'a', 'c']);
  // What is gone is forgotten, and no id of somebody else's is taken.
  await http.alice.as('DELETE', `/v1/folders/${bx}`);
  expect((await order([bx])).status).toBe(404);
  expect((await http.bob.as('PUT', '/v1/folders/order', { body: { items: [bz] } })).status).toBe(404);
});

test('a folder has a colour from its beginning, another one, or none', async () => {
  const { json } = await http.alice.as('POST', '/v1/folders', { body: { name: '가족', colour: 'red' } });
  expect(json.colour).toBe('red');
  const paint = async (colour: string | null) =>
    (await http.alice.as('PATCH', `/v1/folders/${json.id}`, { body: { colour } })).json;
  expect((await paint('blue')).colour).toBe('blue');
  expect((await http.alice.as('GET', '/v1/folders/inbox')).json.colour).toBeNull();
  expect((await paint(null)).colour).toBeNull();
  expect((await http.alice.as('PATCH', `/v1/folders/${json.id}`, { body: { colour: 'url(x)' } })).status).toBe(400);
});
