import { expect, test } from 'vitest';
import { aliceLab, ALICE, mail, SYSTEM } from '../../test/support/mail-store.ts';
import { type AccountId, Flag, type MsgId } from './api.ts';
import { RecentLog } from './recent-log.ts';
import type { LogChange, LogRow } from './state.ts';

const A = 'a' as AccountId;
const B = 'b' as AccountId;
const change = { type: 'record', kind: 'k', id: 'i' } satisfies LogChange;
const row = (version: number, previous = version - 1, changes = 1): LogRow => ({
  version,
  previous,
  operation: `o${version}`,
  time: 0,
  changes: Array.from({ length: changes }, () => change),
});
const versions = (rows: readonly LogRow[] | undefined) => rows?.map(({ version }) => version);

test('rows that follow each other are told between any two versions; others are not known', () => {
  const recent = new RecentLog();
  for (const one of [row(5), row(6), row(8, 6)]) recent.add(A, one);
  expect(versions(recent.between(A, 4, 8))).toEqual([5, 6, 8]);
  // A version without a row was a commit that only kept others out.
  expect(versions(recent.between(A, 7, 8))).toEqual([8]);
  expect(versions(recent.between(A, 5, 6))).toEqual([6]);
  expect(versions(recent.between(A, 8, 8))).toEqual([]);
  expect(recent.between(A, 3, 8)).toBeUndefined();
  expect(recent.between(A, 5, 9)).toBeUndefined();
  expect(recent.between(A, 5, 7)).toBeUndefined();
  expect(recent.between(B, 4, 8)).toBeUndefined();
});

test('what does not follow begins anew', () => {
  const recent = new RecentLog();
  for (const one of [row(5), row(9, 8), row(10)]) recent.add(A, one);
  expect(recent.between(A, 4, 10)).toBeUndefined();
  expect(versions(recent.between(A, 8, 10))).toEqual([9, 10]);
});

test('only so many changes are kept: first those of accounts that have been quiet', () => {
  const recent = new RecentLog();
  recent.add(A, row(1, 0, 8000));
  for (let version = 1; version <= 4; version++) recent.add(B, row(version, version - 1, 4000));
  expect(recent.between(A, 0, 1)).toBeUndefined();
  expect(versions(recent.between(B, 0, 4))).toEqual([1, 2, 3, 4]);
  recent.add(B, row(5, 4, 4000));
  expect(recent.between(B, 0, 5)).toBeUndefined();
  expect(versions(recent.between(B, 4, 5))).toEqual([5]);
  recent.add(B, row(6, 5, 100_000));
  expect(recent.between(B, 5, 6)).toBeUndefined();
  recent.add(A, row(2));
  expect(versions(recent.between(A, 1, 2))).toEqual([2]);
});

test('changes are the same from memory and from the store', async () => {
  const { another, alice: account } = await aliceLab();
  const inbox = account.folderWithRole('inbox')!.id;
  const ids: MsgId[] = [];
  for (let n = 0; n < 3; n++) ids.push((await account.addMessage(mail(`m${n}`), { folder: inbox })).id);
  await account.updateMessage(ids, { mode: 'add', flags: Flag.flagged, keywords: ['$One'] });
  await account.move([ids[0]!], account.folderWithRole('trash')!.id);
  await account.deleteMessage([ids[1]!]);
  const here = await Array.fromAsync(account.changesSince(1)!);
  using read = await another(2).open(SYSTEM, ALICE);
  expect(await Array.fromAsync(read.changesSince(1)!)).toEqual(here);
  expect(here.at(-1)?.changes[0]?.type).toBe('removed');
});
