/**
 * Every key of an account's partition, and of the partitions beside it that the mail store keeps. Nothing else spells
 * a key. A key is a tuple of fixed-width big-endian numbers, so that the order of bytes is the order of the tuples;
 * the header row is the store's own (`Head.value`). `docs/data-model.md` lists what the rows hold.
 */
import { hash } from 'node:crypto';
import { type Key, type Partition, partition, type Range, type Version } from '../ports/kv.ts';
import type { AccountId, EmailId, FolderId, MsgId, ThreadId } from './api.ts';

const Kind = {
  folder: 0x10,
  counters: 0x11,
  keywords: 0x12,
  subscription: 0x13,
  vanished: 0x18,
  placement: 0x20,
  log: 0x40,
  delivered: 0x50,
  once: 0x51,
  thread: 0x52,
  joined: 0x53,
  record: 0x60,
  submission: 0x64,
  outbox: 0x65,
  delivery: 0x66,
  sent: 0x67,
  senderMailbox: 0x68,
  held: 0x69,
  legalHold: 0x6a,
  preserved: 0x6b,
  search: 0x70,
} as const;

export function accountPartition(account: AccountId): Partition {
  return partition('u', account);
}

export function accountOf(p: Partition): AccountId {
  return p.slice(2) as AccountId;
}

function number32(kind: number, value: number): Key {
  const key = Buffer.allocUnsafe(5);
  key[0] = kind;
  key.writeUInt32BE(value, 1);
  return key;
}

function number32of(key: Key): number {
  return ((key[1]! << 24) | (key[2]! << 16) | (key[3]! << 8) | key[4]!) >>> 0;
}

/** Versions take 7 bytes. */
function putVersion(key: Buffer, at: number, version: Version): void {
  key.writeUIntBE(Math.floor(version / 2 ** 32), at, 3);
  key.writeUInt32BE(version % 2 ** 32, at + 3);
}

function versionAt(key: Key, at: number): Version {
  const bytes = Buffer.from(key.buffer, key.byteOffset, key.length);
  return bytes.readUIntBE(at, 3) * 2 ** 32 + bytes.readUInt32BE(at + 3);
}

function all(kind: number): Range {
  return { start: Uint8Array.of(kind), end: Uint8Array.of(kind + 1) };
}

export const folderKey = (id: FolderId): Key => number32(Kind.folder, id);
export const countersKey = (id: FolderId): Key => number32(Kind.counters, id);
export const keywordsKey = (id: FolderId): Key => number32(Kind.keywords, id);
export const folderIdOf = (key: Key): FolderId => number32of(key) as FolderId;
export const allFolders = (): Range => all(Kind.folder);
export const allCounters = (): Range => all(Kind.counters);
export const allKeywords = (): Range => all(Kind.keywords);

/** Paths may be longer than a key: the value holds the path. */
export function subscriptionKey(path: string): Key {
  return Buffer.concat([Uint8Array.of(Kind.subscription), digest(path, 16)]);
}
export const allSubscriptions = (): Range => all(Kind.subscription);

export const placementKey = (id: MsgId): Key => number32(Kind.placement, id);
export const placementIdOf = (key: Key): MsgId => number32of(key) as MsgId;
export const allPlacements = (): Range => all(Kind.placement);

/** UIDs expunged from a folder in a trimmed stretch of the log that ends at `version`. */
export function vanishedKey(folder: FolderId, version: Version, part: number): Key {
  const key = Buffer.allocUnsafe(14);
  key[0] = Kind.vanished;
  key.writeUInt32BE(folder, 1);
  putVersion(key, 5, version);
  key.writeUInt16BE(part, 12);
  return key;
}

/** Rows of a folder that end after `version`. */
export function vanishedAfter(folder: FolderId, version: Version): Range {
  return { start: vanishedKey(folder, version + 1, 0), end: number32(Kind.vanished, folder + 1) };
}
export const allVanished = (): Range => all(Kind.vanished);

export function logKey(version: Version, part: number): Key {
  const key = Buffer.allocUnsafe(10);
  key[0] = Kind.log;
  putVersion(key, 1, version);
  key.writeUInt16BE(part, 8);
  return key;
}
export const logVersionOf = (key: Key): Version => versionAt(key, 1);
export const logPartOf = (key: Key): number => (key[8]! << 8) | key[9]!;
/** From `version` (included) to `end` (excluded). */
export function logFrom(version: Version, end?: Version): Range {
  return { start: logKey(version, 0), end: end === undefined ? Uint8Array.of(Kind.log + 1) : logKey(end, 0) };
}

/** Names that are short already stand as they are. */
const LONGEST_NAME = 32;

function dated(kind: number, day: number, name: string): Key {
  const short = name.length <= LONGEST_NAME && Buffer.byteLength(name) === name.length;
  const key = Buffer.allocUnsafe(short ? 6 + name.length : 22);
  key[0] = kind;
  key.writeUInt32BE(day, 1);
  key[5] = short ? 0 : 1;
  if (short) key.write(name, 6, 'latin1');
  else key.set(digest(name, 16), 6);
  return key;
}

/** Days since 1970. */
export const deliveredKey = (day: number, name: string): Key => dated(Kind.delivered, day, name);
export const allDelivered = (): Range => all(Kind.delivered);
export const deliveredBefore = (day: number): Range => ({ ...all(Kind.delivered), end: number32(Kind.delivered, day) });
export const onceKey = (day: number, name: string): Key => dated(Kind.once, day, name);
export const allOnce = (): Range => all(Kind.once);
export const onceBefore = (day: number): Range => ({ ...all(Kind.once), end: number32(Kind.once, day) });

/**
 * Of a Message-ID together with the base subject (RFC 8621 §3). Not a cryptographic hash: who finds two ids that give the
 * same key has put his own mail into a conversation, which quoting the id in References does as well.
 */
export function threadKey(messageId: string, baseSubject: string): Key {
  const [high, low] = mix(baseSubject, ...mix(messageId, 0x2545f491, 0x9e3779b9));
  const key = Buffer.allocUnsafe(9);
  key[0] = Kind.thread;
  key.writeUInt32BE(high, 1);
  key.writeUInt32BE(low, 5);
  return key;
}

function mix(text: string, high: number, low: number): [number, number] {
  let a = high ^ text.length;
  let b = low;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    a = Math.imul(a ^ unit, 0x85ebca6b);
    a ^= a >>> 15;
    b = Math.imul(b ^ unit, 0xc2b2ae35);
    b ^= b >>> 13;
  }
  a = Math.imul(a ^ (b >>> 16), 0x27d4eb2f);
  b = Math.imul(b ^ (a >>> 15), 0x165667b1);
  return [(a ^ (a >>> 13)) >>> 0, (b ^ (b >>> 16)) >>> 0];
}
export const allThreads = (): Range => all(Kind.thread);

/** That two threads turned out to be one conversation. */
export function joinedKey(one: ThreadId, other: ThreadId): Key {
  const [first, second] = one < other ? [one, other] : [other, one];
  return Buffer.from(`${Kind.joined.toString(16)}${first}${second}`, 'hex');
}
export const allJoined = (): Range => all(Kind.joined);

export function joinedOf(key: Key): readonly [ThreadId, ThreadId] {
  const hex = Buffer.from(key.buffer, key.byteOffset, key.length).toString('hex');
  return [hex.slice(2, 26) as ThreadId, hex.slice(26) as ThreadId];
}

export function recordKey(kind: string, id: string): Key {
  return Buffer.from(`${String.fromCharCode(Kind.record)}${kind}\0${id}`);
}
export function recordsOf(kind: string): Range {
  return { start: recordKey(kind, ''), end: Buffer.from(`${String.fromCharCode(Kind.record)}${kind}\u0001`) };
}
/** `[kind, id]` */
export function recordOf(key: Key): readonly [string, string] {
  const text = Buffer.from(key.subarray(1)).toString();
  const end = text.indexOf('\0');
  return [text.slice(0, end), text.slice(end + 1)];
}
export const allRecords = (): Range => all(Kind.record);

/** By time, as their ids are. */
export const submissionKey = (id: EmailId): Key => Buffer.from(`${Kind.submission.toString(16)}${id}`, 'hex');
export const allSubmissions = (): Range => all(Kind.submission);
export const submissionsBefore = (id: EmailId): Range => ({ ...all(Kind.submission), end: submissionKey(id) });
export const submissionIdOf = (key: Key): EmailId => hexOf(key, 1, 13) as EmailId;

/** Part of a submission: its recipients at one destination. */
export const deliveryKey = (id: EmailId, part: number): Key => numbered(Kind.delivery, id, part);
export const deliveriesOf = (id: EmailId): Range => ({
  start: deliveryKey(id, 0),
  end: deliveryKey(id, 0xffffffff),
});
export const deliveryPartOf = (key: Key): number => Buffer.from(key).readUInt32BE(13);

/** An effect of a submission that is still to be carried out. */
export const outboxKey = (id: EmailId, effect: number): Key => numbered(Kind.outbox, id, effect);
export const allOutbox = (): Range => all(Kind.outbox);
export const outboxAfter = (id: EmailId, effect: number): Range => ({
  ...allOutbox(),
  start: outboxKey(id, effect + 1),
});
/** `[submission, effect]` */
export function outboxOf(key: Key): readonly [EmailId, number] {
  return [hexOf(key, 1, 13) as EmailId, Buffer.from(key).readUInt32BE(13)];
}

/** Which submission has this Message-ID. */
export function sentKey(messageId: string): Key {
  return Buffer.concat([Uint8Array.of(Kind.sent), digest(messageId, 16)]);
}

/** The facts of the account's sender mailbox. */
export const senderMailboxKey = (): Key => Uint8Array.of(Kind.senderMailbox);

/** Which recipient of which delivery a visible id names. */
export function heldKey(recipientId: string, mailNo: number): Key {
  const key = Buffer.allocUnsafe(21);
  key[0] = Kind.held;
  key.set(digest(recipientId, 16), 1);
  key.writeUInt32BE(mailNo, 17);
  return key;
}
/** All numbers of one recipient, in order. */
export const heldFor = (recipientId: string): Range => ({
  start: heldKey(recipientId, 0),
  end: heldKey(recipientId, 0xffffffff),
});
export const allHeld = (): Range => all(Kind.held);
export const heldNumberOf = (key: Key): number => Buffer.from(key).readUInt32BE(17);

/** Why nothing of the account may go. */
export const legalHoldKey = (): Key => Uint8Array.of(Kind.legalHold);

/** What was removed by the operation of that version while it was so. */
export function preservedKey(version: Version, part: number): Key {
  const key = Buffer.allocUnsafe(10);
  key[0] = Kind.preserved;
  putVersion(key, 1, version);
  key.writeUInt16BE(part, 8);
  return key;
}
export const allPreserved = (): Range => all(Kind.preserved);

function numbered(kind: number, id: EmailId, number: number): Key {
  const key = Buffer.allocUnsafe(17);
  key[0] = kind;
  key.write(id, 1, 12, 'hex');
  key.writeUInt32BE(number, 13);
  return key;
}

function hexOf(key: Key, start: number, end: number): string {
  return Buffer.from(key.buffer, key.byteOffset + start, end - start).toString('hex');
}

/** Which segments the search index has. */
export const searchManifestKey = (): Key => Uint8Array.of(Kind.search);

/** Everything but the header. */
export const everything = (): Range => ({});

// Immutable rows of an account: details and body of an email, in the bucket of the week of its id.

const WEEK = 7 * 86_400_000;

/** The moment in an email id, in milliseconds since 1970. */
export function emailTime(email: EmailId): number {
  return Number.parseInt(email.slice(0, 12), 16);
}

export function bucketOf(email: EmailId): string {
  return `w${Math.floor(emailTime(email) / WEEK)}`;
}

export const isEmailBucket = (bucket: string): boolean => /^w[0-9]+$/.test(bucket);

export const detailsKey = (email: EmailId, chunk = 0): Key => emailRow(email, 0, chunk);
export const bodyKey = (email: EmailId, chunk: number): Key => emailRow(email, 1, chunk);

function emailRow(email: EmailId, kind: number, chunk: number): Key {
  const key = Buffer.allocUnsafe(15);
  key.write(email, 0, 12, 'hex');
  key[12] = kind;
  key.writeUInt16BE(chunk, 13);
  return key;
}

export function emailOf(key: Key): EmailId {
  return Buffer.from(key.buffer, key.byteOffset, 12).toString('hex') as EmailId;
}

/** Everything of one email in its bucket. */
export function emailRows(email: EmailId): Range {
  return { start: Buffer.from(`${email}00`, 'hex'), end: Buffer.from(`${email}ff`, 'hex') };
}

// Blob links: immutable rows in the partition of a shard of blobs, so that nobody waits for anybody.

export const LINKS = 'link';
export const CONDEMNED = 'condemned';

/** 256 shards by the first byte of the digest. */
export function blobShard(sha256: string): Partition {
  return partition('b', sha256.slice(0, 2));
}

const EMAIL_BYTES = 12;

export function condemnedKey(sha256: string, generation: number): Key {
  const key = Buffer.allocUnsafe(36);
  key.write(sha256, 0, 32, 'hex');
  key.writeUInt32BE(generation, 32);
  return key;
}

export function linkKey(sha256: string, generation: number, account: AccountId, email: EmailId): Key {
  return Buffer.concat([condemnedKey(sha256, generation), Buffer.from(email, 'hex'), Buffer.from(account)]);
}

/** All links of a blob. */
export function linksOf(sha256: string, generation: number): Range {
  return { start: condemnedKey(sha256, generation), end: condemnedKey(sha256, generation + 1) };
}

export function linkParts(key: Key): { sha256: string; generation: number; account: AccountId; email: EmailId } {
  const bytes = Buffer.from(key.buffer, key.byteOffset, key.length);
  return {
    sha256: bytes.toString('hex', 0, 32),
    generation: bytes.readUInt32BE(32),
    email: bytes.toString('hex', 36, 36 + EMAIL_BYTES) as EmailId,
    account: bytes.toString('utf8', 36 + EMAIL_BYTES) as AccountId,
  };
}

// Checkpoints: immutable rows of the account in a bucket of their own.

export const CHECKPOINTS = 'checkpoint';

/** Newest last. A checkpoint's chunks have their manifest's key and a number behind it. */
export function checkpointKey(version: Version, writer: string, chunk?: number): Key {
  const key = Buffer.allocUnsafe(8 + writer.length + (chunk === undefined ? 0 : 2));
  key[0] = chunk === undefined ? 0 : 1;
  putVersion(key, 1, version);
  key.write(writer, 8, 'latin1');
  if (chunk !== undefined) key.writeUInt16BE(chunk, 8 + writer.length);
  return key;
}
export const checkpointManifests = (): Range => ({ start: Uint8Array.of(0), end: Uint8Array.of(1) });
export const checkpointChunks = (): Range => ({ start: Uint8Array.of(1), end: Uint8Array.of(2) });
/** The name that the rows of one checkpoint share, and the number of a chunk. */
export function checkpointOf(key: Key): readonly [name: string, chunk: number | undefined] {
  if (key[0] === 0) return [Buffer.from(key.subarray(1)).toString('latin1'), undefined];
  const end = key.length - 2;
  return [Buffer.from(key.subarray(1, end)).toString('latin1'), (key[end]! << 8) | key[end + 1]!];
}
/** Of the manifest and of the chunks up to this one. */
export function checkpointKeys(name: string, last: number): Key[] {
  const number = (chunk: number): Key => Uint8Array.of(chunk >> 8, chunk & 255);
  const keys: Key[] = [Buffer.from(`\0${name}`, 'latin1')];
  for (let chunk = 0; chunk <= last; chunk++)
    keys.push(Buffer.concat([Buffer.from(`\x01${name}`, 'latin1'), number(chunk)]));
  return keys;
}
export const checkpointVersionOf = (key: Key): Version => versionAt(key, 1);

// Segments of the search index: immutable rows of the account in a bucket of their own.

export const SEARCH = 'search';

/** `segment`: 24 hex digits. */
export function searchRowKey(segment: string, kind: number, number: number): Key {
  const key = Buffer.allocUnsafe(17);
  key.write(segment, 0, 12, 'hex');
  key[12] = kind;
  key.writeUInt32BE(number, 13);
  return key;
}
export const searchSegmentOf = (key: Key): string => Buffer.from(key.subarray(0, 12)).toString('hex');

function digest(text: string, bytes: number): Uint8Array {
  return hash('sha256', text, 'buffer').subarray(0, bytes);
}
