/** Whoever runs a script in somebody's page, or finds a browser open, cannot have mail passed on in silence (W11). */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { httpBackend } from '../../../test/support/http.ts';
import { ManualClock } from '../../adapters/clock-manual.ts';
import { compileRules } from '../../mail/rules/compile.ts';
import { CONFIRMED_MS } from './confirmed.ts';

let http: Awaited<ReturnType<typeof httpBackend>>;
let clock: ManualClock;
beforeEach(async () => {
  clock = new ManualClock();
  http = await httpBackend({ clock });
});
afterEach(() => http.server.close(0));

const forward = (address: string, keep = true) => ({ conditions: [], actions: [{ do: 'forward', address, keep }] });
const confirm = async (current: string, as = http.alice.as) =>
  (await as('POST', '/v1/session/confirm', { body: { current } })).status;
const notices = async () => {
  const { items } = (await http.alice.as('GET', '/v1/folders/inbox/messages')).json;
  return items.filter(({ subject }: { subject: string }) => subject.startsWith('Mail is passed on'));
};

const scriptOf = (address: string): string =>
  compileRules([
    {
      id: 'a',
      name: '',
      enabled: true,
      match: 'all',
      conditions: [],
      actions: [{ do: 'forward', address, keep: true }],
      stop: true,
    },
  ]);

/** Every door, each with an address of its own. */
const DOORS: readonly (readonly [name: string, ask: (to: string) => ReturnType<typeof http.alice.as>])[] = [
  ['a new rule', (to) => http.alice.as('POST', '/v1/rules', { body: forward(to) })],
  ['other rules', (to) => http.alice.as('PUT', '/v1/rules', { body: { items: [forward(to, false)] } })],
  ['rules as a script', (to) => http.alice.as('PUT', '/v1/settings/rules-script', { body: { script: scriptOf(to) } })],
  ['a script', (to) => http.alice.as('PUT', '/v1/scripts/x', { body: { source: `if true { redirect "${to}"; }` } })],
  [
    'a script that makes up the address',
    (to) =>
      http.alice.as('PUT', '/v1/scripts/y', {
        body: { source: `require "variables"; set "a" "${to}"; redirect "\${a}";` },
      }),
  ],
];

test('no door passes mail on to a new address without the password', async () => {
  for (const [i, [name, ask]] of DOORS.entries()) {
    const { status, json } = await ask(`thief-${i}@elsewhere.test`);
    expect([status, json.code], name).toEqual([403, 'confirmation-needed']);
  }
  expect((await http.alice.as('GET', '/v1/rules')).json.items).toEqual([]);
  expect((await http.alice.as('GET', '/v1/scripts')).json.items).toEqual([]);
  expect(await confirm('wrong')).toBe(401);
  expect((await DOORS[0]![1]('thief@elsewhere.test')).status).toBe(403);
  expect(await notices()).toEqual([]);
});

test('with it they do, for a while and in that session, and the owner is told each time', async () => {
  const { as: other } = await http.signIn(http.users.alice);
  expect(await confirm('secret password')).toBe(204);
  for (const [i, [name, ask]] of DOORS.entries()) {
    expect((await ask(`friend-${i}@elsewhere.test`)).status, name).toBeLessThan(300);
    const told = await notices();
    expect(told.length, name).toBe(i + 1);
    const { text } = (await http.alice.as('GET', `/v1/messages/${told[0].id}`)).json;
    expect(text, name).toContain(name.endsWith('address') ? '${a}' : `friend-${i}@elsewhere.test`);
  }
  expect((await other('POST', '/v1/rules', { body: forward('thief@elsewhere.test') })).status).toBe(403);
  await clock.advance(CONFIRMED_MS);
  expect((await DOORS[0]![1]('thief@elsewhere.test')).status).toBe(403);
});

test('what is passed on there already, and rules that pass nothing on, need nothing', async () => {
  expect(await confirm('secret password')).toBe(204);
  const { json } = await http.alice.as('POST', '/v1/rules', { body: forward('friend@elsewhere.test') });
  const { as: other } = await http.signIn(http.users.alice);
  const again = { body: { ...forward('Friend@Elsewhere.test'), name: 'again' } };
  expect((await other('PUT', `/v1/rules/${json.id}`, again)).status).toBe(200);
  expect((await other('PUT', '/v1/scripts/x', { body: { source: 'redirect "friend@elsewhere.test";' } })).status).toBe(
    200,
  );
  expect(
    (await other('POST', '/v1/rules', { body: { conditions: [], actions: [{ do: 'flag' }] } })).status,
  ).toBeLessThan(300);
  expect(await notices()).toHaveLength(1);
});
