import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import type { FolderId, FolderView, MessageMeta, VersionChanges } from '../../mailstore/api.ts';
import { Tracker } from './tracker.ts';
import { cpuMs } from '../../../test/support/cpu.ts';

const INBOX = 1 as FolderId;

/** A folder at some version: its UIDs, and the mod-sequences of its messages. */
function view(version: number, uids: readonly number[], modseqs: ReadonlyMap<number, number> = new Map()): FolderView {
  const column = Uint32Array.from([...uids, 4_000_000_000]);
  const modseqAt = (at: number): number => modseqs.get(uids[at] as number) ?? 1;
  return {
    folder: INBOX,
    version,
    length: uids.length,
    uids: column,
    ids: column,
    indexOf: (uid) => uids.indexOf(uid),
    flagsAt: () => 0,
    keywordsAt: () => [],
    modseqAt,
    sizeAt: () => 1,
    internalDateAt: () => 0,
    savedDateAt: () => 0,
    sentDateAt: () => 0,
    emailAt: () => '',
    threadAt: () => '',
    changedSince: (modseq) => Uint32Array.from([...uids.keys()].filter((at) => modseqAt(at) > modseq)),
  };
}

const message = (uid: number, folder = INBOX): MessageMeta =>
  ({ id: uid, folder, uid, flags: 0, keywords: [], modseq: 1 }) as unknown as MessageMeta;
const flags = (version: number, ...uids: number[]): VersionChanges => ({
  version,
  operation: 'x',
  changes: uids.map((uid) => ({ type: 'flags', message: message(uid) })),
});

describe('what the client is told', () => {
  test('new messages are counted, removed ones told by the number they had', () => {
    const tracker = new Tracker(view(1, [1, 2, 3, 4]));
    expect(tracker.take(view(2, [2, 4, 5]), true)).toEqual({
      expunged: [2, 0],
      vanished: [1, 3],
      exists: 3,
      flags: [],
    });
    expect(tracker.take(view(2, [2, 4, 5]), true)).toEqual({
      expunged: [],
      vanished: [],
      exists: undefined,
      flags: [],
    });
  });

  test('during FETCH, STORE and SEARCH numbers stay, and what came is held back with what went', () => {
    const tracker = new Tracker(view(1, [1, 2, 3]));
    expect(tracker.take(view(2, [1, 3, 4]), false)).toEqual({
      expunged: [],
      vanished: [],
      exists: undefined,
      flags: [],
    });
    expect(tracker.view.length).toBe(3);
    expect(tracker.take(view(2, [1, 3, 4]), true)).toEqual({ expunged: [1], vanished: [2], exists: 3, flags: [] });
  });

  test('during FETCH, STORE and SEARCH new messages are told while none is gone', () => {
    const tracker = new Tracker(view(1, [1, 2]));
    expect(tracker.take(view(2, [1, 2, 3]), false).exists).toBe(3);
  });

  test('as many new messages as removed ones: the number is told again only after the expunges', () => {
    const tracker = new Tracker(view(1, [1, 2]));
    expect(tracker.take(view(2, [2, 3]), true)).toEqual({ expunged: [0], vanished: [1], exists: 2, flags: [] });
  });

  test('flags that others changed are told by the new number', () => {
    const tracker = new Tracker(view(1, [1, 2, 3]));
    expect(tracker.note(flags(2, 3))).toBe(true);
    expect(tracker.take(view(3, [2, 3]), true)).toEqual({
      expunged: [0],
      vanished: [1],
      exists: undefined,
      flags: [1],
    });
    expect(tracker.take(view(3, [2, 3]), true).flags).toEqual([]);
  });

  test('flags that the session changed itself are not told, whichever is heard first', () => {
    const tracker = new Tracker(view(1, [1, 2]));
    tracker.note(flags(2, 1));
    tracker.own([2]);
    tracker.own([3]);
    tracker.note(flags(3, 2));
    expect(tracker.take(view(3, [1, 2]), true).flags).toEqual([]);
    tracker.note(flags(4, 2));
    expect(tracker.take(view(4, [1, 2]), true).flags).toEqual([1]);
  });

  test('more changed flags than are remembered are found by their mod-sequence', () => {
    const uids = Array.from({ length: 3000 }, (_, i) => i + 1);
    const tracker = new Tracker(view(10, uids));
    tracker.note(flags(11, ...uids.slice(0, 2000)));
    const after = view(11, uids, new Map(uids.slice(0, 2000).map((uid) => [uid, 11])));
    expect(tracker.take(after, true).flags).toEqual(uids.slice(0, 2000).map((_, i) => i));
  });

  test('a large change that the session made itself is not told, one of another session is', () => {
    const uids = Array.from({ length: 3000 }, (_, i) => i + 1);
    const tracker = new Tracker(view(10, uids));
    tracker.note(flags(11, ...uids));
    tracker.own([11]);
    const all = new Map(uids.map((uid) => [uid, 11]));
    expect(tracker.take(view(11, uids, all), true).flags).toEqual([]);
    tracker.note(flags(12, 7));
    expect(tracker.take(view(12, uids, all.set(7, 12)), true).flags).toEqual([6]);
  });

  test('thousands of small changes cost a bounded memory and none is lost', () => {
    const uids = Array.from({ length: 3000 }, (_, i) => i + 1);
    const tracker = new Tracker(view(10, uids));
    for (const uid of uids) tracker.note(flags(10 + uid, uid));
    const after = view(3010, uids, new Map(uids.map((uid) => [uid, 10 + uid])));
    expect(tracker.take(after, true).flags).toEqual([...uids.keys()]);
  });

  test('what happens in other folders is no news', () => {
    const tracker = new Tracker(view(1, [1]));
    expect(
      tracker.note({ version: 2, operation: 'x', changes: [{ type: 'added', message: message(9, 7 as FolderId) }] }),
    ).toBe(false);
    expect(
      tracker.note({ version: 3, operation: 'x', changes: [{ type: 'folder', id: INBOX, what: 'removed' }] }),
    ).toBe(true);
    expect(tracker.folderGone).toBe(true);
  });
});

test('a client that follows what it is told always holds the folder', () => {
  const steps = fc.array(
    fc.record({ add: fc.nat(3), remove: fc.array(fc.nat(20), { maxLength: 4 }), expunges: fc.boolean() }),
  );
  fc.assert(
    fc.property(steps, (script) => {
      let uids = [1, 2, 3, 4, 5];
      let next = 6;
      const client: (number | undefined)[] = [...uids];
      const tracker = new Tracker(view(1, uids));
      script.forEach(({ add, remove, expunges }, i) => {
        uids = uids.filter((_, at) => !remove.includes(at));
        for (let n = 0; n < add; n++) uids.push(next++);
        const before = client.length;
        const news = tracker.take(view(i + 2, uids), expunges);
        for (const at of news.expunged) client.splice(at, 1);
        if (news.exists !== undefined) while (client.length < news.exists) client.push(undefined);
        if (!expunges) expect(client.length).toBeGreaterThanOrEqual(before);
        expect(client.length).toBe(tracker.view.length);
        client.forEach((uid, at) => {
          if (uid === undefined) client[at] = tracker.view.uids[at];
          else expect(tracker.view.uids[at]).toBe(uid);
        });
      });
      tracker.take(view(1000, uids), true);
      expect([...tracker.view.uids.subarray(0, tracker.view.length)]).toEqual(uids);
    }),
  );
});

test('a removal in a folder of 100,000 messages is found without walking it', () => {
  const uids = Array.from({ length: 100_000 }, (_, i) => i * 2 + 1);
  const before = view(1, uids);
  const after = view(
    2,
    uids.filter((uid) => uid !== 100_001),
  );
  const took = cpuMs(() => {
    for (let i = 0; i < 1000; i++) expect(new Tracker(before).take(after, true).expunged).toHaveLength(1);
  });
  expect(took).toBeLessThan(2000);
});
