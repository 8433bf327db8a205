import { expect, test } from 'vitest';
import type { AccountId, FolderId, Placed } from './api.ts';
import { decodeFolder, decodeLog, encodeFolder, encodeLog, encodePlaced } from './values.ts';

test('what cannot be encoded leaves nothing in what is encoded next', () => {
  const inbox = {
    id: 1 as FolderId,
    parent: undefined,
    name: 'INBOX',
    role: 'inbox',
    description: '',
    uidValidity: 7,
    acl: [],
  } as const;
  const wrong = {
    id: 1,
    folder: 2,
    uid: 3,
    uidValidity: 4,
    email: 'not hex',
    thread: '',
    version: 5,
  } as unknown as Placed;
  expect(() => encodePlaced(wrong)).toThrow(RangeError);
  expect(decodeFolder(encodeFolder(inbox))).toEqual(inbox);
  const shared = { ...inbox, acl: [{ who: 'bob' as AccountId, rights: 'lr' }] };
  expect(decodeFolder(encodeFolder(shared))).toEqual(shared);
  const changes = [shared, inbox].map((row) => ({ type: 'folder', row, created: true }) as const);
  const row = { operation: 'o', time: 1, previous: 0, changes };
  expect(decodeLog(1, encodeLog(row))).toEqual({ version: 1, ...row });
});
