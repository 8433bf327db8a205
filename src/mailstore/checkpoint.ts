/**
 * Checkpoints: the index as bytes, in immutable rows beside the account, so that a folder of a hundred thousand messages
 * opens without reading a hundred thousand rows. Disposable: used only when account, format, epoch and digest match and
 * the log reaches back to it; else the next older one, else a full scan.
 */
import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Damaged, type Entry, type Key, type KeyValueStore, type Version } from '../ports/kv.ts';
import type { AccountId } from './api.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import { accountPartition, CHECKPOINTS, checkpointKey, checkpointManifests, checkpointVersionOf } from './keys.ts';
import { MailboxIndex } from './mailbox-index.ts';
import { MessageTable, SLOT_BYTES } from './message-table.ts';
import type { AccountFacts } from './state.ts';
import {
  decodeCounters,
  decodeFacts,
  decodeFolder,
  decodeStrings,
  encodeCounters,
  encodeFacts,
  encodeFolder,
  encodeStrings,
} from './values.ts';

/** Of the layout below, the message table's included. Columns are written as this machine orders bytes. */
const FORMAT = 'pabal index 1 le';
const CHUNK = 240 << 10;
/** Read without a pause. */
const CHUNKS_A_TURN = 8;
/** Older ones are kept for readers that are at it. */
const KEPT = 2;

/** Never throws for what it finds: a checkpoint that cannot be used is none. */
export async function loadCheckpoint(
  kv: KeyValueStore,
  account: AccountId,
  facts: AccountFacts,
  head: Version,
): Promise<MailboxIndex | undefined> {
  // One after the other: a damaged older one must not keep the newest from being used.
  for (let count = 1; count <= KEPT; count++) {
    try {
      const [key, manifest] = (await newestManifests(kv, account, count))[count - 1] ?? [];
      if (!key || !manifest) return undefined;
      if (checkpointVersionOf(key) > head) continue;
      const index = await read(kv, account, key, manifest);
      const reaches = facts.logFloor <= index.facts.lastRow + 1 && index.facts.lastRow <= facts.lastRow;
      if (index.facts.epoch === facts.epoch && reaches) return index;
    } catch (error) {
      if (!(error instanceof Damaged) && !(error instanceof RangeError)) throw error;
    }
  }
  return undefined;
}

async function newestManifests(kv: KeyValueStore, account: AccountId, limit: number): Promise<Entry[]> {
  const found: Entry[] = [];
  const range = { ...checkpointManifests(), reverse: true, limit };
  for await (const page of kv.scanImmutable(accountPartition(account), CHECKPOINTS, range))
    for (const { key, value } of page) found.push([key, value]);
  return found;
}

/** Writes the index as it is now. Answers how many bytes that took. */
export async function writeCheckpoint(kv: KeyValueStore, index: MailboxIndex, writer: string): Promise<number> {
  const { version, account } = index;
  const p = accountPartition(account);
  const w = new ByteWriter().bytes(encodeFacts(index.facts)).u32(index.folderCount);
  for (const state of index.folderStates())
    w.bytes(encodeFolder(state.row)).bytes(encodeCounters(state)).bytes(encodeStrings(state.keywords));
  w.bytes(encodeStrings([...index.subscriptions])).u32(index.sets.size);
  for (let i = 0; i < index.sets.size; i++) w.bytes(encodeStrings(index.sets.at(i)));
  const columns = index.table.columns();
  w.u32(index.table.length);
  // Copied at once: the index goes on changing while the chunks are written.
  const whole = Buffer.concat([w.take(), ...columns]);
  const chunks = Math.ceil(whole.length / CHUNK);
  const digest = createHash('sha256');
  for (let i = 0; i < chunks; i++) {
    const chunk = whole.subarray(i * CHUNK, (i + 1) * CHUNK);
    digest.update(chunk);
    await kv.putImmutable(p, CHECKPOINTS, [[checkpointKey(version, writer, i), chunk]]);
    await nextTurn();
  }
  const manifest = new ByteWriter()
    .string(FORMAT)
    .string(account)
    .f64(version)
    .u32(whole.length)
    .u32(SLOT_BYTES)
    .raw(digest.digest())
    .take();
  // Last: who finds it finds the chunks.
  await kv.putImmutable(p, CHECKPOINTS, [[checkpointKey(version, writer), manifest]]);
  return whole.length;
}

/** Drops all but the newest, and chunks that no manifest names. */
export async function dropOldCheckpoints(kv: KeyValueStore, account: AccountId): Promise<void> {
  const p = accountPartition(account);
  const kept: Key[] = [];
  const old: Key[] = [];
  for await (const page of kv.scanImmutable(p, CHECKPOINTS, { ...checkpointManifests(), reverse: true }))
    for (const { key } of page) (kept.length < KEPT ? kept : old).push(key);
  if (!kept[0]) return;
  const newest = checkpointVersionOf(kept[0]);
  const names = kept.map((key) => Buffer.from(key.subarray(1)));
  for await (const page of kv.scanImmutable(p, CHECKPOINTS, { start: Uint8Array.of(1) }))
    for (const { key } of page) {
      // Chunks of a version beyond the newest manifest are still being written.
      const named = names.some((name) => name.equals(key.subarray(1, -2)));
      if (checkpointVersionOf(key) <= newest && !named) old.push(key);
    }
  if (old.length > 0) await kv.dropImmutable(p, CHECKPOINTS, old);
}

async function read(kv: KeyValueStore, account: AccountId, key: Key, value: Uint8Array): Promise<MailboxIndex> {
  const manifest = new ByteReader(value);
  if (manifest.string() !== FORMAT || manifest.string() !== account) throw new Damaged('a checkpoint of another kind');
  const version = manifest.f64();
  const length = manifest.u32();
  if (manifest.u32() !== SLOT_BYTES) throw new Damaged('a checkpoint of another kind');
  const digest = Buffer.from(manifest.raw(32));
  const writer = Buffer.from(key.subarray(8)).toString('latin1');
  const whole = Buffer.allocUnsafe(length);
  const found = createHash('sha256');
  let at = 0;
  for (let i = 0; at < length; i++) {
    const [chunk] = await kv.getImmutable(accountPartition(account), CHECKPOINTS, [checkpointKey(version, writer, i)]);
    if (!chunk || chunk.length !== Math.min(CHUNK, length - at)) break;
    whole.set(chunk, at);
    found.update(chunk);
    at += chunk.length;
    // A large one is no reason for others to wait.
    if (i % CHUNKS_A_TURN === CHUNKS_A_TURN - 1) await nextTurn();
  }
  if (at !== length || !found.digest().equals(digest))
    throw new Damaged(`account ${account}: the checkpoint at ${version} is damaged`);
  return decode(account, version, new ByteReader(whole));
}

async function decode(account: AccountId, version: Version, r: ByteReader): Promise<MailboxIndex> {
  const index = new MailboxIndex(account, decodeFacts(r.bytes()), version);
  for (let left = r.u32(); left > 0; left--) {
    const row = decodeFolder(r.bytes());
    const counters = decodeCounters(r.bytes());
    index.putFolder({ row, ...counters, keywords: decodeStrings(r.bytes()) });
  }
  for (const path of decodeStrings(r.bytes())) index.subscribe(path, true);
  for (let left = r.u32(), number = 0; left > 0; left--, number++)
    if (index.sets.number(decodeStrings(r.bytes())) !== number) throw new Damaged('keyword sets out of order');
  const count = r.u32();
  index.table.load(
    count,
    MessageTable.columnBytes(count).map((bytes) => r.raw(bytes)),
  );
  await nextTurn();
  await index.buildLists();
  return index;
}
