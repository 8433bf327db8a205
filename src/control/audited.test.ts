/** Which operations leave an entry in the audit trail. */
import { expect, test, vi } from 'vitest';
import { z } from 'zod';
import { MemoryKv } from '../adapters/kv-memory.ts';
import { SystemClock } from '../adapters/clock-system.ts';
import { SeededRandom } from '../adapters/random-seeded.ts';
import { AuditTrail } from '../directory/audit.ts';
import { OBSERVING } from './audited.ts';
import { localControl } from './local.ts';
import { operation } from './operation.ts';
import { OPERATIONS } from './operations.ts';
import type { Service } from './service.ts';

test('all do, but those that are said to tell only how the service fares', () => {
  const names = OPERATIONS.map(({ name }) => name);
  expect([...OBSERVING].filter((name) => !names.includes(name))).toEqual([]);
  // What shows mail, or signs in as somebody, is more than that.
  for (const name of ['export.list', 'account.link', 'downmail.open', 'queue.drop', 'quarantine.release', 'backup'])
    expect(names.includes(name) && !OBSERVING.has(name), name).toBe(true);
});

test('an entry is there before anything is done, and a second one when that fails', async () => {
  const audit = new AuditTrail(new MemoryKv(), new SystemClock(), new SeededRandom(1));
  const service = { audit } as unknown as Service & AsyncDisposable;
  const seen: number[] = [];
  const act = vi.fn(async () => {
    seen.push((await audit.list(0, 10)).length);
    throw new Error('no');
  });
  const doing = operation('account.remove', z.strictObject({ address: z.string(), password: z.string() }), act);
  const control = localControl(service);
  await expect(control.call(doing, { address: 'a@b.test', password: 'x' })).rejects.toThrow('no');
  expect(seen).toEqual([1]);
  const entries = await audit.list(0, 10);
  expect(entries.map(({ by, what, about, outcome }) => [by, what, about, outcome])).toEqual([
    ['operator', 'account.remove', '{"address":"a@b.test","password":"[secret]"}', 'asked'],
    ['operator', 'account.remove', '{"address":"a@b.test","password":"[secret]"}', 'failed'],
  ]);
  const looking = operation('account.list', z.strictObject({}), async () => ({}));
  await control.call(looking, {});
  expect(await audit.list(2, 10)).toEqual([]);
});

test('looking for damage leaves none, putting it right does', async () => {
  const audit = new AuditTrail(new MemoryKv(), new SystemClock(), new SeededRandom(1));
  const control = localControl({ audit } as unknown as Service & AsyncDisposable);
  const args = z.strictObject({ repair: z.boolean().optional() });
  const verify = operation('verify', args, async () => ({}));
  await control.call(verify, {});
  await control.call(verify, { repair: false });
  expect(await audit.list(0, 10)).toEqual([]);
  await control.call(verify, { repair: true });
  expect((await audit.list(0, 10)).map(({ what, about }) => [what, about])).toEqual([['verify', '{"repair":true}']]);
});
