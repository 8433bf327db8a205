/** The index finds what reading everything finds: after whatever happened to the mail, and whatever went wrong on the way. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ALICE, aliceLab, mail, problemsOf, SYSTEM } from '../../../test/support/mail-store.ts';
import { crashing } from '../../../test/support/crashing-index.ts';
import { bruteForce, Corpus } from '../../../test/support/search-oracle.ts';
import type { Nasty } from '../../adapters/kv-memory.ts';
import { parseQuery } from '../../mail/search/query.ts';
import type { KeyValueStore } from '../../ports/kv.ts';
import { type FolderId, Flag, type MailAccount, type MsgId, type SearchHit } from '../api.ts';
import { accountPartition, bucketOf, detailsKey, SEARCH, searchManifestKey, searchSegmentOf } from '../keys.ts';
import { decodeManifest, readManifestRow } from './manifest.ts';
import { RowKind } from './segment.ts';

const TUNING = { searchFlush: 4, searchThread: false };
const WORDS = [
  'report',
  'reports',
  'meeting',
  '회의',
  '주간회의록',
  '번역을',
  '번역',
  '2026',
  'alpha',
  'beta-gamma',
  '会議',
];
const QUERIES = [
  'report',
  '"report"',
  'rep*',
  '회의',
  '역',
  '회의록 report',
  '"alpha beta"',
  'report OR 번역',
  '-report',
  'meeting -회의',
  'subject:회의',
  'from:bob',
  'to:nobody',
  'from:alpha',
  'is:unread 회의',
  'is:flagged',
  'in:inbox report',
  'in:Work 회의',
  '(alpha OR beta) -2026',
  'has:attachment',
  'larger:300',
  'gamma',
  '会',
  'zzz',
];

const found = async (account: MailAccount, text: string): Promise<MsgId[]> => {
  const { hits, total, behind } = await account.search({ query: parseQuery(text, 0), sort: 'date', limit: 10_000 });
  expect(behind).toBe(0);
  expect(total).toBe(hits.length);
  return hits.map(({ id }) => id).sort((a, b) => a - b);
};

async function compare(account: MailAccount, texts: readonly string[]): Promise<void> {
  const corpus = new Corpus();
  for (const text of texts) {
    await account.refresh();
    const version = account.version;
    const expected = bruteForce(await corpus.of(account), parseQuery(text, 0));
    expect(await found(account, text), text).toEqual(expected);
    // Indexing is no change of the mail, but it is a commit.
    expect(account.version).toBeGreaterThanOrEqual(version);
  }
}

const words = fc.array(fc.constantFrom(...WORDS), { minLength: 1, maxLength: 6 });
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('add' as const), subject: words, text: words, work: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('delete', 'copy', 'move', 'flag'), pick: fc.nat(50) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('search' as const), text: fc.constantFrom(...QUERIES) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('restart', 'crash'), after: fc.nat(12) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

async function history(steps: readonly Step[], seed: number, nasty: Nasty | undefined): Promise<void> {
  const lab = await aliceLab({ tuning: TUNING, ...(nasty && { nasty }) });
  await lab.alice.createFolder('Work');
  let account: MailAccount = lab.alice;
  let node = seed;
  const work = () => account.folders().find(({ name }) => name === 'Work')!.id;
  for (const s of steps) {
    const ids = () => account.getMessageIds({});
    const picked =
      'pick' in s
        ? ids()
            .slice(s.pick % Math.max(1, ids().length))
            .slice(0, 3)
        : [];
    switch (s.do) {
      case 'add':
        await account.addMessage(mail(s.subject.join(' '), `${s.text.join(' ')}\r\n`), {
          folder: s.work ? work() : (1 as FolderId),
        });
        break;
      case 'delete':
        await account.deleteMessage(picked);
        break;
      case 'copy':
        await account.copy(picked, work());
        break;
      case 'move':
        await account.move(picked, work());
        break;
      case 'flag':
        await account.updateMessage(picked, { mode: 'add', flags: Flag.flagged | Flag.seen, keywords: [] });
        break;
      case 'search':
        if ('text' in s) await compare(account, [s.text as string]);
        break;
      case 'crash':
      case 'restart': {
        const after = 'after' in s ? s.after : 0;
        if (s.do === 'crash') {
          // In the middle of indexing, flushing or merging.
          const doomed = lab.another(node++, { kv: crashing(lab.kv, after), tuning: TUNING, deaf: true });
          const open = await doomed.open(SYSTEM, ALICE).catch(() => undefined);
          await open?.search({ query: parseQuery('report', 0), sort: 'date', limit: 5 }).catch(() => undefined);
        }
        account = await lab.another(node++, { tuning: TUNING }).open(SYSTEM, ALICE);
        break;
      }
    }
  }
  await compare(account, QUERIES);
  expect(await problemsOf(lab.store, ALICE)).toEqual([]);
}

describe('the index finds what reading everything finds', () => {
  const steps = fc.array(step, { minLength: 10, maxLength: 60 });
  const seed = fc.integer({ min: 100, max: 1_000_000 });
  const runs = Number(process.env['HISTORY_RUNS'] ?? 8);

  test(
    'after any history',
    () =>
      fc.assert(
        fc.asyncProperty(steps, seed, (s, n) => history(s, n, undefined)),
        { numRuns: runs },
      ),
    120_000,
  );

  test(
    'on a nasty store',
    () =>
      fc.assert(
        fc.asyncProperty(steps, seed, (s, n) => history(s, n, { seed: n, slow: 0 })),
        { numRuns: Math.ceil(runs / 3) },
      ),
    120_000,
  );
});

describe('segments', () => {
  const INBOX = 1 as FolderId;
  const P = accountPartition(ALICE);
  const text = (i: number) => mail(`subject ${i}`, `word${i % 7} common 회의록${i}\r\n`);

  async function filled(count: number, tuning: Record<string, unknown> = TUNING) {
    const lab = await aliceLab({ tuning });
    for (let i = 0; i < count; i++) await lab.alice.addMessage(text(i), { folder: INBOX });
    expect(await found(lab.alice, 'common')).toHaveLength(count);
    const manifest = async () => decodeManifest(await readManifestRow(lab.kv, ALICE));
    const segments = async () => {
      const ids = new Set<string>();
      for await (const page of lab.kv.scanImmutable(P, SEARCH, {}))
        for (const { key } of page) ids.add(searchSegmentOf(key));
      return ids;
    };
    return { ...lab, manifest, segments };
  }

  test('are merged as they become many, and what was merged is dropped', async () => {
    const { manifest, segments, store } = await filled(4 * 8 * 3 + 2);
    await expect.poll(async () => (await manifest()).segments.length).toBeLessThan(12);
    await store[Symbol.asyncDispose]();
    const { segments: named, upTo } = await manifest();
    expect(named.reduce((sum, { docs }) => sum + docs, 0)).toBe(96);
    expect(upTo).toBe(96);
    expect(await segments()).toEqual(new Set(named.map(({ id }) => id)));
  });

  test('that are being merged keep nobody from searching, and stay until they are read', async () => {
    const lab = await aliceLab({ tuning: TUNING });
    const manifest = async () => decodeManifest(await readManifestRow(lab.kv, ALICE));
    /** The next write or read of the index waits for these; armed, the next write once there are nine segments. */
    const gate: { put?: Promise<void>; get?: Promise<void>; armed?: Promise<void> } = {};
    const gated = new Proxy(lab.kv as KeyValueStore, {
      get(target, name) {
        const value = Reflect.get(target, name, target) as unknown;
        if (typeof value !== 'function') return value;
        if (name !== 'putImmutable' && name !== 'getImmutable' && name !== 'commit')
          return value.bind(target) as unknown;
        return async (...args: unknown[]) => {
          const which = name === 'putImmutable' ? 'put' : 'get';
          const wait = name !== 'commit' && args[1] === SEARCH ? gate[which] : undefined;
          if (wait) delete gate[which];
          await wait;
          const answer = (await value.apply(target, args)) as unknown;
          if (gate.armed && (await manifest()).segments.length === 9) {
            gate.put = gate.armed;
            delete gate.armed;
          }
          return answer;
        };
      },
    });
    const closed = (): { promise: Promise<void>; open: () => void } => {
      const { promise, resolve } = Promise.withResolvers<void>();
      return { promise, open: resolve };
    };
    const store = lab.another(83, { kv: gated, tuning: { ...TUNING, searchCacheBytes: 0 } });
    using alice = await store.open(SYSTEM, ALICE);
    const add = async (count: number) => {
      for (let i = 0; i < count; i++) await alice.addMessage(text(i), { folder: INBOX });
    };
    for (let i = 0; i < 7; i++) {
      await add(4);
      await found(alice, 'common');
    }
    expect((await manifest()).segments).toHaveLength(7);
    await add(3);
    await found(alice, 'common');
    // A search is at the segments while they become one.
    const reading = closed();
    gate.get = reading.promise;
    const slow = found(alice, 'word2 common');
    await expect.poll(() => gate.get === undefined).toBe(true);
    await add(1);
    expect(await found(alice, 'common')).toHaveLength(32);
    await expect.poll(async () => (await manifest()).segments.length).toBe(1);
    reading.open();
    expect((await slow).length).toBeGreaterThan(0);
    expect((await manifest()).segments).toHaveLength(1);
    // The next merge stands still: what comes is indexed and found all the same.
    const merging = closed();
    gate.armed = merging.promise;
    for (let i = 1; i <= 11; i++) {
      await add(4);
      expect(await found(alice, 'common')).toHaveLength(32 + 4 * i);
    }
    expect(gate.armed).toBeUndefined();
    expect((await manifest()).segments.length).toBeGreaterThan(9);
    merging.open();
    await expect.poll(async () => (await manifest()).segments.length).toBeLessThan(9);
  });

  test('are made in a thread of their own as well', async () => {
    const lab = await filled(30, { searchFlush: 4 });
    expect((await lab.manifest()).upTo).toBe(28);
    expect(await found(lab.alice, 'word3')).toHaveLength(4);
    expect(lab.errors).toEqual([]);
    await lab.store[Symbol.asyncDispose]();
  });

  test('come behind delivery, without anybody searching', async () => {
    const lab = await aliceLab({ tuning: TUNING });
    for (let i = 0; i < 20; i++) await lab.alice.addMessage(text(i), { folder: INBOX });
    const upTo = async (): Promise<number> => decodeManifest(await readManifestRow(lab.kv, ALICE)).upTo;
    await expect.poll(upTo).toBeGreaterThanOrEqual(16);
  });

  test('lose what was deleted when they are merged', async () => {
    const { alice, manifest } = await filled(40);
    await alice.deleteMessage(alice.getMessageIds({}).slice(0, 30));
    for (let i = 0; i < 60; i++) await alice.addMessage(text(i), { folder: INBOX });
    expect(await found(alice, 'common')).toHaveLength(70);
    const { segments } = await manifest();
    expect(segments.reduce((sum, { docs }) => sum + docs, 0)).toBeLessThan(90);
  });

  test('a rebuild gives the same, and leaves nothing of the old', async () => {
    const { alice, store, manifest, segments } = await filled(50);
    const before = await found(alice, 'word1 회의록');
    expect(await store.rebuildSearch(ALICE)).toMatchObject({ messages: 50, skipped: 0 });
    expect((await manifest()).upTo).toBe(50);
    expect(await segments()).toEqual(new Set((await manifest()).segments.map(({ id }) => id)));
    expect(await found(alice, 'word1 회의록')).toEqual(before);
  });

  test('that are damaged or missing are found by verify, and made anew by the next search', async () => {
    for (const harm of ['flip', 'drop'] as const) {
      const lab = await filled(20);
      const rows: Uint8Array[] = [];
      for await (const page of lab.kv.scanImmutable(P, SEARCH, {})) rows.push(...page.map(({ key }) => key));
      const row = rows.find((key) => key[12] === RowKind.data)!;
      if (harm === 'flip') lab.kv.damage(P, SEARCH, row);
      else await lab.kv.dropImmutable(P, SEARCH, [row]);
      const other = lab.another(77, { tuning: TUNING });
      expect((await problemsOf(other, ALICE)).join('\n')).toContain('search');
      using again = await other.open(SYSTEM, ALICE);
      expect(await found(again, 'common')).toHaveLength(20);
      expect(await problemsOf(other, ALICE)).toEqual([]);
    }
  });

  test('a manifest that cannot be read is made anew', async () => {
    const lab = await filled(20);
    lab.kv.damage(P, undefined, searchManifestKey());
    const other = lab.another(78, { tuning: TUNING });
    expect((await problemsOf(other, ALICE)).join('\n')).toContain('search');
    using again = await other.open(SYSTEM, ALICE);
    expect(await found(again, 'common')).toHaveLength(20);
    expect(await problemsOf(other, ALICE)).toEqual([]);
  });

  test('a message that cannot be read is passed over, and counted', async () => {
    const lab = await aliceLab({ tuning: { searchThread: false } });
    const placed = [];
    for (let i = 0; i < 6; i++) placed.push(await lab.alice.addMessage(text(i), { folder: INBOX }));
    const { email } = placed[2]!;
    lab.kv.damage(P, bucketOf(email), detailsKey(email));
    const other = lab.another(79, { tuning: TUNING });
    using again = await other.open(SYSTEM, ALICE);
    expect(await found(again, 'common')).toHaveLength(5);
    expect(await other.rebuildSearch(ALICE)).toMatchObject({ messages: 6, skipped: 1 });
  });

  test('what a crash left behind is swept after a day', async () => {
    const lab = await filled(20);
    const doomed = lab.another(80, { kv: crashing(lab.kv, 3), tuning: TUNING });
    await doomed.rebuildSearch(ALICE).catch(() => undefined);
    await found(lab.alice, 'common');
    const named = async () => new Set((await lab.manifest()).segments.map(({ id }) => id));
    expect((await lab.segments()).size).toBeGreaterThan((await named()).size);
    await doomed[Symbol.asyncDispose]();
    await lab.store[Symbol.asyncDispose]();
    await lab.clock.advance(3 * 86_400_000);
    const other = lab.another(81, { tuning: TUNING });
    await other.sweep();
    expect(await lab.segments()).toEqual(await named());
    using again = await other.open(SYSTEM, ALICE);
    expect(await found(again, 'common')).toHaveLength(20);
  });
});

describe('the order of what is found', () => {
  const INBOX = 1 as FolderId;

  test('newest first, page after page, or oldest first', async () => {
    const { alice } = await aliceLab({ tuning: TUNING });
    for (let i = 0; i < 23; i++)
      await alice.addMessage(mail('x'), { folder: INBOX, internalDate: 1e12 + ((i * 7) % 10) * 1000 });
    for (const descending of [true, false]) {
      const all: SearchHit[] = [];
      for (;;) {
        const after = all.at(-1);
        const query = { op: 'all' } as const;
        const { hits, total } = await alice.search({
          query,
          sort: 'date',
          descending,
          limit: 5,
          ...(after && { after }),
        });
        expect(total).toBe(23);
        if (hits.length === 0) break;
        all.push(...hits);
      }
      expect(new Set(all.map(({ id }) => id)).size).toBe(23);
      const sorted = all.toSorted((a, b) => (a.key - b.key || a.id - b.id) * (descending ? -1 : 1));
      expect(all).toEqual(sorted);
    }
  });

  test('by relevance: the subject before the text, the word before its other forms, the short before the long', async () => {
    const { alice } = await aliceLab({ tuning: TUNING });
    const add = async (subject: string, body: string) =>
      (await alice.addMessage(mail(subject, `${body}\r\n`), { folder: INBOX })).id;
    const long = await add('other', `report ${'filler words '.repeat(100)}`);
    const forms = await add('other', 'reports');
    const text = await add('other', 'report');
    const subject = await add('report', 'other');
    for (let i = 0; i < 6; i++) await add('noise', 'nothing');
    const { hits } = await alice.search({ query: parseQuery('report', 0), sort: 'relevance', limit: 10 });
    expect(hits.map(({ id }) => id)).toEqual([subject, text, forms, long]);
    const second = await alice.search({
      query: parseQuery('report', 0),
      sort: 'relevance',
      limit: 10,
      after: hits[1]!,
    });
    expect(second.hits).toEqual(hits.slice(2));
  });

  test('what may change is asked of the mailbox', async () => {
    const { alice } = await aliceLab({ tuning: TUNING });
    const { id } = await alice.addMessage(mail('moving'), { folder: INBOX });
    expect(await found(alice, 'moving is:unread in:inbox')).toEqual([id]);
    await alice.updateMessage([id], { mode: 'add', flags: Flag.seen, keywords: ['Todo'] });
    await alice.move([id], alice.folderWithRole('archive')!.id);
    expect(await found(alice, 'moving is:unread')).toEqual([]);
    expect(await found(alice, 'moving is:read in:보관함 label:todo')).toEqual([id]);
    await alice.deleteMessage([id]);
    expect(await found(alice, 'moving')).toEqual([]);
  });
});
