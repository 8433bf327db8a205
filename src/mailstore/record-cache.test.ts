import { expect, test } from 'vitest';
import { ALICE, aliceLab, SYSTEM } from '../../test/support/mail-store.ts';
import { MailError } from '../mail/error.ts';
import type { KeyValueStore } from '../ports/kv.ts';
import type { FolderId } from './api.ts';

/** A store whose reads of rows are counted, and may be held up. */
function counted(kv: KeyValueStore): {
  kv: KeyValueStore;
  reads: () => number;
  beforeScan: (act: () => Promise<void>) => void;
} {
  let reads = 0;
  let before: (() => Promise<void>) | undefined;
  const watched = new Proxy(kv, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      if (name === 'get') reads++;
      if (name !== 'scan') return member.bind(target) as unknown;
      return async function* (...args: Parameters<KeyValueStore['scan']>) {
        reads++;
        const pages = [];
        for await (const page of target.scan(...args)) pages.push(page);
        const act = before;
        before = undefined;
        await act?.();
        yield* pages;
      };
    },
  });
  return { kv: watched, reads: () => reads, beforeScan: (act) => void (before = act) };
}

async function lab() {
  const base = await aliceLab();
  const { kv, reads, beforeScan } = counted(base.kv);
  const store = base.another(7, { kv, deaf: true });
  const alice = await store.open(SYSTEM, ALICE);
  return { ...base, other: base.alice, alice, reads, beforeScan };
}

test('a kind is read once, what is not there is known as well', async () => {
  const { alice, reads } = await lab();
  await alice.putRecord('person', 'bob', { a: 1 });
  expect(await alice.record('person', 'bob')).toEqual({ a: 1 });
  const before = reads();
  expect(await alice.record('person', 'bob')).toEqual({ a: 1 });
  expect(await alice.record('person', 'carol')).toBeUndefined();
  expect(await alice.records('person')).toEqual([{ id: 'bob', value: { a: 1 } }]);
  expect(reads()).toBe(before);
});

test('what it answers belongs to whoever asked', async () => {
  const { alice } = await lab();
  await alice.putRecord('person', 'bob', { list: [1] });
  const first = await alice.record<{ list: number[] }>('person', 'bob');
  first?.list.push(2);
  expect(await alice.record('person', 'bob')).toEqual({ list: [1] });
});

test('changes are seen at once, also those of a node that nobody told of', async () => {
  const { alice, other } = await lab();
  for (let i = 0; i < 3; i++) {
    await alice.putRecord('person', 'bob', { i });
    expect(await alice.record('person', 'bob')).toEqual({ i });
    await other.putRecord('person', 'bob', { other: i });
    expect(await alice.record('person', 'bob')).toEqual({ other: i });
    expect(await alice.records('person')).toEqual([{ id: 'bob', value: { other: i } }]);
    // By now it has heard of it.
    await alice.createFolder(`F${i}`);
    expect(await alice.record('person', 'bob')).toEqual({ other: i });
  }
  await alice.putRecord('person', 'bob', undefined);
  expect(await alice.record('person', 'bob')).toBeUndefined();
});

test('what changed while it was read is not kept', async () => {
  for (const by of ['alice', 'other'] as const) {
    const { alice, other, beforeScan } = await lab();
    await alice.putRecord('person', 'bob', 'old');
    beforeScan(async () => void (await (by === 'alice' ? alice : other).putRecord('person', 'bob', 'new')));
    await alice.record('person', 'carol');
    expect(await alice.record('person', 'bob')).toBe('new');
    await alice.createFolder('F');
    expect(await alice.record('person', 'bob')).toBe('new');
  }
});

test('a kind of many records stays in the store', async () => {
  const { alice, reads } = await lab();
  for (let i = 0; i < 60; i++) await alice.putRecord('person', `p${i}`, i);
  await alice.putRecord('rule', 'long', 'x'.repeat(20_000));
  expect(await alice.record('person', 'p59')).toBe(59);
  expect(await alice.records('person')).toHaveLength(60);
  expect(await alice.record('rule', 'long')).toHaveLength(20_000);
  const before = reads();
  expect(await alice.record('person', 'p7')).toBe(7);
  expect(reads()).toBe(before + 1);
});

test('a kind of many records is not counted again after each change', async () => {
  const { alice, reads } = await lab();
  for (let i = 0; i < 60; i++) await alice.putRecord('person', `p${i}`, i);
  await alice.record('person', 'p7');
  await alice.putRecord('person', 'p7', 'new');
  const before = reads();
  expect(await alice.record('person', 'p7')).toBe('new');
  expect(reads()).toBe(before + 1);
});

test('mail that arrives changes no record', async () => {
  const { alice, reads } = await lab();
  await alice.record('person', 'bob');
  await alice.addMessage(Buffer.from('Subject: x\r\n\r\nx\r\n'), { folder: 1 as FolderId });
  const before = reads();
  await alice.record('person', 'bob');
  expect(reads()).toBe(before);
});

test('records change together, or not at all, whoever else changes them', async () => {
  const { alice, other } = await lab();
  const keys = ['a', 'b'].map((id) => ({ kind: 'count', id }));
  const countUp = (account: typeof alice) =>
    account.changeRecords(keys, (before) =>
      keys.map((key) => ({ ...key, value: ((before(key) as number | undefined) ?? 0) + 1 })),
    );
  await Promise.all(Array.from({ length: 20 }, (_, i) => countUp(i % 2 === 0 ? alice : other)));
  await alice.refresh();
  expect(await alice.records('count')).toEqual(['a', 'b'].map((id) => ({ id, value: 20 })));
  const refused = alice.changeRecords(keys, () => {
    throw new MailError('conflict', 'user', 'no');
  });
  await expect(refused).rejects.toMatchObject({ code: 'conflict' });
  const version = await alice.changeRecords(keys, (before, at) => {
    expect(before(keys[0]!)).toBe(20);
    return [
      { ...keys[0]!, value: undefined },
      { ...keys[1]!, value: at },
    ];
  });
  expect(await alice.records('count')).toEqual([{ id: 'b', value: version }]);
});
