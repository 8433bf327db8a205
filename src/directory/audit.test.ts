/** The audit trail, and those who would like to change it. */
import { expect, test } from 'vitest';
import { ManualClock } from '../adapters/clock-manual.ts';
import { MemoryKv } from '../adapters/kv-memory.ts';
import { SeededRandom } from '../adapters/random-seeded.ts';
import { type Batch, type CommitId, partition } from '../ports/kv.ts';
import { aboutOf, type AuditEntry, AuditTrail, parseAnchor } from './audit.ts';

const HERE = partition('c', 'audit');

function lab() {
  const kv = new MemoryKv();
  const audit = new AuditTrail(kv, new ManualClock(), new SeededRandom(3));
  const add = (what: string) => audit.add({ by: 'operator', what, about: '{}', outcome: 'asked' });
  const rowOf = (number: number) => {
    const key = Buffer.alloc(9, 0);
    key.write('e');
    key.writeBigUInt64BE(BigInt(number), 1);
    return key;
  };
  /** As somebody does who has the store. */
  const meddle = async (batch: Batch) => {
    const { version } = await kv.head(HERE);
    expect(await kv.commit(HERE, version, version + 1, batch, `meddle-${version}` as CommitId)).toMatchObject({
      kind: 'applied',
    });
  };
  return { kv, audit, add, rowOf, meddle };
}

test('entries follow one another, also when many are added at once and over many pages', async () => {
  const { audit, add } = lab();
  expect(await audit.verify()).toEqual({ entries: 0, last: undefined, problems: [] });
  await Promise.all(Array.from({ length: 600 }, (_, i) => add(`thing ${i}`)));
  const all = [...(await audit.list(0, 500)), ...(await audit.list(500, 500))];
  expect(all.map(({ number }) => number)).toEqual(Array.from({ length: 600 }, (_, i) => i + 1));
  expect(new Set(all.map(({ what }) => what)).size).toBe(600);
  const verdict = await audit.verify();
  expect(verdict).toEqual({ entries: 600, last: await audit.last(), problems: [] });
  expect((await audit.verify(parseAnchor(`${all[99]?.number}:${all[99]?.hash}`))).problems).toEqual([]);
});

test('an entry that was changed, removed or cut off is found', async () => {
  const changed = lab();
  for (const what of ['a', 'b', 'c']) await changed.add(what);
  const [, second] = await changed.audit.list(0, 3);
  await changed.meddle({ put: [[changed.rowOf(2), Buffer.from(JSON.stringify({ ...second, what: 'nothing' }))]] });
  expect((await changed.audit.verify()).problems).toEqual(['entry 2 was changed']);

  const removed = lab();
  for (const what of ['a', 'b', 'c']) await removed.add(what);
  await removed.meddle({ remove: [removed.rowOf(2)] });
  expect((await removed.audit.verify()).problems).toEqual(['entry 2 is missing']);

  const cut = lab();
  for (const what of ['a', 'b', 'c']) await cut.add(what);
  await cut.meddle({ remove: [cut.rowOf(3)] });
  expect((await cut.audit.verify()).problems).toEqual(['the end of the trail is missing']);
});

test('a trail that was made anew as a whole is found by who has noted an entry', async () => {
  const { audit, add } = lab();
  await add('a');
  await add('b');
  const noted = (await audit.last())!;
  const other = lab();
  for (const what of ['a', 'x', 'c']) await other.add(what);
  expect((await other.audit.verify()).problems).toEqual([]);
  expect((await other.audit.verify(noted)).problems).toEqual(['entry 2 is not the one that was noted']);
  expect((await other.audit.verify({ ...noted, number: 9 })).problems).toEqual(['entry 9 is missing']);
  expect(() => parseAnchor('2:short')).toThrow('not a number and a hash');
});

test('secrets are in no entry, and no entry is endless', async () => {
  expect(aboutOf({ address: 'a@b.test', password: 'p', nested: { apiToken: 't' } })).toBe(
    '{"address":"a@b.test","password":"[secret]","nested":{"apiToken":"[secret]"}}',
  );
  const { audit } = lab();
  await audit.add({ by: 'x', what: 'y', about: 'z'.repeat(9_999), outcome: 'failed' });
  const [entry] = (await audit.list(0, 1)) as [AuditEntry];
  expect(entry.about).toHaveLength(1_000);
  expect((await audit.verify()).problems).toEqual([]);
});
