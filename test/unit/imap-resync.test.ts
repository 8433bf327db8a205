/** The model that the stress of G14 holds QRESYNC against finds what it is there to find. */
import { expect, test } from 'vitest';
import { checkResynced, type Kept, resynced } from '../goals/imap-resync.ts';
import { FolderView } from '../goals/imap-view.ts';

const BEFORE: Kept = {
  uidValidity: 1,
  modseq: 5,
  flags: new Map([
    [1, ''],
    [2, '\\Seen'],
    [4, ''],
  ]),
};
const lines = (...text: string[]) => text.map((line) => ({ text: line, literals: [] }));

test.each([
  ['nothing happened', lines('* 3 EXISTS'), []],
  ['one went, one came', lines('* 3 EXISTS', '* VANISHED (EARLIER) 2', '* 3 FETCH (UID 5 FLAGS () MODSEQ (7))'), []],
  ['one came and went while the answer was made', lines('* 4 EXISTS', '* VANISHED 5', '* 4 EXISTS'), []],
  [
    'one came while the answer was made, and NOTIFY tells it',
    lines('* 3 EXISTS', '* 4 EXISTS', '* 4 FETCH (UID 5 FLAGS ())'),
    [],
  ],
  ['... and another went', lines('* 3 EXISTS', '* VANISHED 1', '* 3 EXISTS', '* 3 FETCH (UID 5 FLAGS ())'), []],
  ['one went, and it is not told', lines('* 2 EXISTS'), ['after QRESYNC there are 3 messages, and 2 EXISTS']],
  ['one came, and it is not told', lines('* 4 EXISTS'), ['after QRESYNC there are 3 messages, and 4 EXISTS']],
  [
    'one went, and is not told, and another came',
    lines('* 2 EXISTS', '* 3 EXISTS', '* 3 FETCH (UID 5 FLAGS ())'),
    ['after QRESYNC there are 3 messages, and 2 EXISTS'],
  ],
])('%s', (_what, untagged, complaints) => {
  const found: string[] = [];
  resynced(BEFORE, untagged, (what) => found.push(what.split(':')[0] as string));
  expect(found).toEqual(complaints);
});

test('flags that changed and are not told', () => {
  const found: string[] = [];
  const all = lines('* 1 FETCH (UID 1 FLAGS (\\Seen) MODSEQ (6))', '* 2 FETCH (UID 2 FLAGS () MODSEQ (9))');
  checkResynced(BEFORE.flags, 7, all, (what) => found.push(what));
  expect(found).toEqual(["QRESYNC left UID 1 with '', and it has '\\Seen' since 6"]);
});

test('VANISHED of what is there, of what has not been named yet, and of what is not there', () => {
  const found: string[] = [];
  const view = new FolderView((what) => found.push(what));
  for (const text of ['* 4 EXISTS', '* 1 FETCH (UID 3)', '* 3 FETCH (UID 9)']) view.hear(text, 'SELECT INBOX');
  view.hear('* VANISHED 3,6,12', 'NOOP');
  expect([view.size, view.uids, found]).toEqual([1, [9], []]);
  view.hear('* VANISHED 4', 'NOOP');
  view.hear('* VANISHED 9', 'FETCH 1 FLAGS');
  expect(found).toEqual(["'* VANISHED 4' although there is no UID 4", "'* VANISHED 9' in answer to FETCH 1 FLAGS"]);
});
