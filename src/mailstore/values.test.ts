import { expect, test } from 'vitest';
import type { FolderId, Placed } from './api.ts';
import { decodeFolder, encodeFolder, encodePlaced } from './values.ts';

test('what cannot be encoded leaves nothing in what is encoded next', () => {
  const inbox = {
    id: 1 as FolderId,
    parent: undefined,
    name: 'INBOX',
    role: 'inbox',
    description: '',
    uidValidity: 7,
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
});
