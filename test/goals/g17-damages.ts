/** Twenty ways in which what is stored of an account may be wrong, though every checksum of the store is right. */
import type { SeededRandom } from '../../src/adapters/random-seeded.ts';
import type { AccountId, FolderId } from '../../src/mailstore/api.ts';
import {
  accountPartition,
  allPlacements,
  bodyKey,
  bucketOf,
  countersKey,
  detailsKey,
  folderKey,
  logFrom,
  placementKey,
  SEARCH,
  searchManifestKey,
  searchSegmentOf,
} from '../../src/mailstore/keys.ts';
import { decodeManifest, encodeManifest, type SearchManifest } from '../../src/mailstore/search/manifest.ts';
import { RowKind } from '../../src/mailstore/search/segment.ts';
import type { MessageMeta } from '../../src/mailstore/api.ts';
import {
  decodeCounters,
  decodeFacts,
  decodePlacement,
  encodeCounters,
  encodeFacts,
  encodePlacement,
} from '../../src/mailstore/values.ts';
import type { Batch, CommitId, Entry, Key, KeyValueStore, Range } from '../../src/ports/kv.ts';

export interface Damage {
  readonly name: string;
  /** Does it; answers how to mend it. */
  harm(): Promise<() => Promise<void>>;
}

export function damages(kv: KeyValueStore, account: AccountId, random: SeededRandom): Damage[] {
  const p = accountPartition(account);
  let commits = 0;
  const edit = async (batch: Batch): Promise<void> => {
    const { version } = await kv.head(p);
    await kv.commit(p, version, version + 1, batch, `damage.${commits++}` as CommitId);
  };
  /** Another value, or none, for a row of the partition. */
  const row = (
    name: string,
    key: () => Promise<Key>,
    change: (value: Uint8Array) => Uint8Array | undefined,
  ): Damage => ({
    name,
    async harm() {
      const at = await key();
      const [before] = await kv.get(p, [at]);
      if (!before) throw new Error(`${name}: there is no such row`);
      const after = change(Buffer.from(before));
      await edit(after ? { put: [[at, after]] } : { remove: [at] });
      return () => edit({ put: [[at, before]] });
    },
  });
  const immutable = (
    name: string,
    find: () => Promise<readonly [bucket: string, key: Key]>,
    change: (value: Uint8Array) => Uint8Array | undefined,
  ): Damage => ({
    name,
    async harm() {
      const [bucket, key] = await find();
      const [before] = await kv.getImmutable(p, bucket, [key]);
      if (!before) throw new Error(`${name}: there is no such row`);
      const kept = Buffer.from(before);
      const replace = async (value: Uint8Array | undefined): Promise<void> => {
        await kv.dropImmutable(p, bucket, [key]);
        if (value) await kv.putImmutable(p, bucket, [[key, value]]);
      };
      await replace(change(Buffer.from(kept)));
      return () => replace(kept);
    },
  });
  const flip = (value: Uint8Array): Uint8Array => {
    value[random.below(value.length)]! ^= 1 << random.below(8);
    return value;
  };
  const searchRow = (kind: number) => async () => {
    // What a merge has dropped may still be there, and is nobody's any more.
    const [named] = await kv.get(p, [searchManifestKey()]);
    const segments = new Set(decodeManifest(named!).segments.map(({ id }) => id));
    const keys: Key[] = [];
    for await (const page of kv.scanImmutable(p, SEARCH, {}))
      for (const { key } of page) if (key[12] === kind && segments.has(searchSegmentOf(key))) keys.push(key);
    return [SEARCH, keys[random.below(keys.length)]!] as const;
  };
  const first = async (range: Range): Promise<Entry> => {
    for await (const page of kv.scan(p, range)) if (page[0]) return page[0];
    throw new Error('there is no such row');
  };
  const message = async (): Promise<MessageMeta> => decodePlacement((await first(allPlacements()))[1]);
  const placement = async (): Promise<Key> => placementKey((await message()).id);
  const manifest = (change: (manifest: SearchManifest) => SearchManifest) => (value: Uint8Array) =>
    encodeManifest(change(decodeManifest(value)));
  const key = (at: Key) => async () => at;
  const folder = 1 as FolderId;
  return [
    ...Object.entries(RowKind).flatMap(([name, kind]) => [
      immutable(`a changed row of a search segment (${name})`, searchRow(kind), flip),
      immutable(`a missing row of a search segment (${name})`, searchRow(kind), () => undefined),
    ]),
    row(
      'a search segment that is not named',
      key(searchManifestKey()),
      manifest((m) => ({ ...m, segments: m.segments.slice(1) })),
    ),
    row(
      'a search index that claims too much',
      key(searchManifestKey()),
      manifest((m) => ({ ...m, upTo: m.upTo + 100_000 })),
    ),
    row(
      'search segments out of order',
      key(searchManifestKey()),
      manifest((m) => ({ ...m, segments: m.segments.toReversed() })),
    ),
    immutable(
      'missing details',
      async () => {
        const { email } = await message();
        return [bucketOf(email), detailsKey(email)];
      },
      () => undefined,
    ),
    immutable(
      'a missing body',
      async () => {
        const { email } = await message();
        return [bucketOf(email), bodyKey(email, 0)];
      },
      () => undefined,
    ),
    row('a placement of another size', placement, (v) => encodePlacement({ ...decodePlacement(v), size: 1 })),
    row('a placement in no folder', placement, (v) =>
      encodePlacement({ ...decodePlacement(v), folder: 99 as FolderId }),
    ),
    row('a missing placement', placement, () => undefined),
    row('counters that lie', key(countersKey(folder)), (v) => encodeCounters({ ...decodeCounters(v), unread: 1_000 })),
    row('a missing folder', key(folderKey(folder)), () => undefined),
    row(
      'a gap in the log',
      async () => (await first(logFrom(0)))[0],
      () => undefined,
    ),
    {
      name: 'a header that lies',
      async harm() {
        const { value } = await kv.head(p);
        const before = Buffer.from(value!);
        const facts = decodeFacts(before);
        await edit({ header: encodeFacts({ ...facts, used: facts.used + 1 }) });
        return () => edit({ header: before });
      },
    },
  ];
}
