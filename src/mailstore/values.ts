/** How the mutable rows of an account are written. Dates are whole seconds; a placement takes some 70 bytes. */
import { Damaged, type Version } from '../ports/kv.ts';
import type { AccountId, EmailId, FolderId, FolderRole, MessageMeta, MsgId, Placed, ThreadId, Uid } from './api.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import type { Grant } from './rights.ts';
import type { AccountFacts, FolderCounters, FolderRow, LogChange, LogRow } from './state.ts';

/** A newer format is refused, an older one migrated. */
export const FORMAT = 1;
export const EPOCH_BYTES = 8;
const EMAIL_BYTES = 12;
const THREAD_BYTES = 12;
const NO_LIMIT = -1;

const writer = new ByteWriter();

export function encodeFacts(facts: AccountFacts): Uint8Array {
  return writer
    .begin()
    .u8(FORMAT)
    .u8(facts.removed ? 1 : 0)
    .hex(facts.epoch)
    .u32(facts.nextMessage)
    .u32(facts.nextFolder)
    .f64(facts.used)
    .f64(facts.limit ?? NO_LIMIT)
    .u32(facts.lastUidValidity)
    .f64(facts.logFloor)
    .f64(facts.lastRow)
    .take();
}

export function decodeFacts(value: Uint8Array): AccountFacts {
  const r = new ByteReader(value);
  const format = r.u8();
  if (format !== FORMAT) throw new Damaged(`account in format ${format}; this program knows ${FORMAT}`);
  const removed = r.u8() === 1;
  const epoch = r.hex(EPOCH_BYTES);
  const nextMessage = r.u32();
  const nextFolder = r.u32();
  const used = r.f64();
  const limit = r.f64();
  return {
    epoch,
    removed,
    nextMessage,
    nextFolder,
    used,
    limit: limit === NO_LIMIT ? undefined : limit,
    lastUidValidity: r.u32(),
    logFloor: r.f64(),
    lastRow: r.f64(),
  };
}

function putFolder(row: FolderRow): void {
  writer
    .u32(row.id)
    .u32(row.parent ?? 0)
    .string(row.name)
    .string(row.role ?? '')
    .string(row.description)
    .u32(row.uidValidity);
}

function putGrants(grants: readonly Grant[]): void {
  writer.u16(grants.length);
  for (const { who, rights } of grants) writer.string(who).string(rights);
}

function readGrants(r: ByteReader): Grant[] {
  return Array.from({ length: r.u16() }, () => ({ who: r.string() as AccountId, rights: r.string() }));
}

function readFolder(r: ByteReader, acl: (r: ByteReader) => readonly Grant[]): FolderRow {
  const id = r.u32() as FolderId;
  const parent = r.u32() as FolderId;
  const name = r.string();
  const role = r.string() as FolderRole | '';
  return {
    id,
    parent: parent === 0 ? undefined : parent,
    name,
    role: role === '' ? undefined : role,
    description: r.string(),
    uidValidity: r.u32(),
    acl: acl(r),
  };
}

export function encodeFolder(row: FolderRow): Uint8Array {
  writer.begin();
  putFolder(row);
  // Without grants the row ends here, as it did before there were any.
  if (row.acl.length > 0) putGrants(row.acl);
  return writer.take();
}

export const decodeFolder = (value: Uint8Array): FolderRow =>
  readFolder(new ByteReader(value), (r) => (r.left > 0 ? readGrants(r) : []));

export function encodeCounters(c: FolderCounters): Uint8Array {
  return writer.begin().u32(c.uidNext).f64(c.highestModseq).u32(c.total).u32(c.unread).f64(c.bytes).take();
}

export function decodeCounters(value: Uint8Array): FolderCounters {
  const r = new ByteReader(value);
  return { uidNext: r.u32(), highestModseq: r.f64(), total: r.u32(), unread: r.u32(), bytes: r.f64() };
}

export function encodeStrings(strings: readonly string[]): Uint8Array {
  writer.begin();
  putStrings(strings);
  return writer.take();
}

export const decodeStrings = (value: Uint8Array): string[] => readStrings(new ByteReader(value));

function putStrings(strings: readonly string[]): void {
  writer.u16(strings.length);
  for (const s of strings) writer.string(s);
}

function readStrings(r: ByteReader): string[] {
  const count = r.u16();
  const strings: string[] = [];
  for (let i = 0; i < count; i++) strings.push(r.string());
  return strings;
}

function seconds(ms: number): number {
  return Math.min(0xffffffff, Math.max(0, Math.floor(ms / 1000)));
}

/** As it can be kept: whole seconds from 1970 to 2106. */
export function wholeSeconds(ms: number): number {
  return 1000 * seconds(ms);
}

function putPlacement(m: MessageMeta): void {
  writer
    .u32(m.id)
    .u32(m.folder)
    .u32(m.uid)
    .u8(m.flags)
    .f64(m.modseq)
    .u32(seconds(m.internalDate))
    .u32(seconds(m.savedDate))
    .u32(seconds(m.sentDate))
    .u32(m.size)
    .hex(m.email)
    .hex(m.thread);
  putStrings(m.keywords);
}

function readPlacement(r: ByteReader): MessageMeta {
  return {
    id: r.u32() as MsgId,
    folder: r.u32() as FolderId,
    uid: r.u32() as Uid,
    flags: r.u8(),
    modseq: r.f64(),
    internalDate: 1000 * r.u32(),
    savedDate: 1000 * r.u32(),
    sentDate: 1000 * r.u32(),
    size: r.u32(),
    email: r.hex(EMAIL_BYTES) as EmailId,
    thread: r.hex(THREAD_BYTES) as ThreadId,
    keywords: readStrings(r),
  };
}

export function encodePlacement(message: MessageMeta): Uint8Array {
  writer.begin();
  putPlacement(message);
  return writer.take();
}

export const decodePlacement = (value: Uint8Array): MessageMeta => readPlacement(new ByteReader(value));

/** The answer to a delivery, for those that come again. */
export function encodePlaced(p: Placed): Uint8Array {
  writer.begin().u32(p.id).u32(p.folder).u32(p.uid).u32(p.uidValidity).hex(p.email).hex(p.thread).f64(p.version);
  return writer.take();
}

export function decodePlaced(value: Uint8Array): Placed {
  const r = new ByteReader(value);
  const id = r.u32() as MsgId;
  return {
    id,
    folder: r.u32() as FolderId,
    uid: r.u32() as Uid,
    uidValidity: r.u32(),
    email: r.hex(EMAIL_BYTES) as EmailId,
    thread: r.hex(THREAD_BYTES) as ThreadId,
    version: r.f64(),
    duplicate: true,
    ...((id as number) === 0 && { withdrawn: true as const }),
  };
}

/** The thread of a Message-ID, and the day (since 1970) when it was last named. */
export function encodeThread(thread: ThreadId, day: number): Uint8Array {
  return writer.begin().hex(thread).u32(day).take();
}

export function decodeThread(value: Uint8Array): { thread: ThreadId; day: number } {
  const r = new ByteReader(value);
  return { thread: r.hex(THREAD_BYTES) as ThreadId, day: r.u32() };
}

/** The day (since 1970) when two threads were joined. */
export function encodeDay(day: number): Uint8Array {
  return writer.begin().u32(day).take();
}

// The log.

const LogType = {
  added: 1,
  removed: 2,
  moved: 3,
  flags: 4,
  folder: 5,
  'folder-removed': 6,
  subscription: 7,
  quota: 8,
  trimmed: 9,
  record: 10,
  epoch: 11,
  /** A folder, with grants. */
  shared: 12,
} as const;

/** Bytes of a value of the log; longer rows take several. */
const LOG_PART = 192 << 10;

/** `placements`: those that are encoded already. */
export function encodeLog(
  row: Omit<LogRow, 'version'>,
  placements: ReadonlyMap<MessageMeta, Uint8Array> = new Map(),
): Uint8Array[] {
  writer.begin().u32(0).string(row.operation).u32(row.time).f64(row.previous).u32(row.changes.length);
  for (const change of row.changes) putChange(change, placements);
  const whole = writer.take();
  new DataView(whole.buffer, whole.byteOffset).setUint32(0, whole.length);
  if (whole.length <= LOG_PART) return [whole];
  const parts: Uint8Array[] = [];
  for (let at = 0; at < whole.length; at += LOG_PART) parts.push(whole.subarray(at, at + LOG_PART));
  return parts;
}

/** Undefined when parts are missing: the scan that found these saw a commit half. */
export function decodeLog(version: Version, parts: readonly Uint8Array[]): LogRow | undefined {
  const whole = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  const r = new ByteReader(whole);
  if (r.u32() !== whole.length) return undefined;
  const operation = r.string();
  const time = r.u32();
  const previous = r.f64();
  const count = r.u32();
  const changes: LogChange[] = [];
  for (let i = 0; i < count; i++) changes.push(readChange(r));
  if (r.left !== 0) throw new Damaged(`log row ${version} is longer than it says`);
  return { version, operation, time, previous, changes };
}

function putChange(change: LogChange, placements: ReadonlyMap<MessageMeta, Uint8Array>): void {
  const put = (message: MessageMeta): void => {
    const known = placements.get(message);
    if (known) writer.raw(known);
    else putPlacement(message);
  };
  writer.u8(change.type === 'folder' && change.row.acl.length > 0 ? LogType.shared : LogType[change.type]);
  switch (change.type) {
    case 'added':
    case 'flags':
      put(change.message);
      break;
    case 'removed':
      writer.u32(change.id).u32(change.folder).u32(change.uid).hex(change.email);
      break;
    case 'moved':
      writer.u32(change.from).u32(change.fromUid);
      put(change.message);
      break;
    case 'folder':
      writer.u8(change.created ? 1 : 0);
      putFolder(change.row);
      if (change.row.acl.length > 0) putGrants(change.row.acl);
      break;
    case 'folder-removed':
      writer.u32(change.id);
      break;
    case 'subscription':
      writer.u8(change.subscribed ? 1 : 0).string(change.path);
      break;
    case 'quota':
      writer.f64(change.limit ?? NO_LIMIT);
      break;
    case 'trimmed':
      writer.f64(change.floor);
      break;
    case 'record':
      writer.string(change.kind).string(change.id);
      break;
    case 'epoch':
      writer.hex(change.epoch);
      break;
  }
}

function readChange(r: ByteReader): LogChange {
  const type = r.u8();
  switch (type) {
    case LogType.added:
      return { type: 'added', message: readPlacement(r) };
    case LogType.flags:
      return { type: 'flags', message: readPlacement(r) };
    case LogType.removed: {
      const id = r.u32() as MsgId;
      const folder = r.u32() as FolderId;
      const uid = r.u32() as Uid;
      return { type: 'removed', id, folder, uid, email: r.hex(EMAIL_BYTES) as EmailId };
    }
    case LogType.moved: {
      const from = r.u32() as FolderId;
      const fromUid = r.u32() as Uid;
      return { type: 'moved', from, fromUid, message: readPlacement(r) };
    }
    case LogType.folder:
    case LogType.shared: {
      const created = r.u8() === 1;
      return { type: 'folder', created, row: readFolder(r, type === LogType.shared ? readGrants : () => []) };
    }
    case LogType['folder-removed']:
      return { type: 'folder-removed', id: r.u32() as FolderId };
    case LogType.subscription: {
      const subscribed = r.u8() === 1;
      return { type: 'subscription', subscribed, path: r.string() };
    }
    case LogType.quota: {
      const limit = r.f64();
      return { type: 'quota', limit: limit === NO_LIMIT ? undefined : limit };
    }
    case LogType.trimmed:
      return { type: 'trimmed', floor: r.f64() };
    case LogType.record: {
      const kind = r.string();
      return { type: 'record', kind, id: r.string() };
    }
    case LogType.epoch:
      return { type: 'epoch', epoch: r.hex(EPOCH_BYTES) };
    default:
      throw new Damaged(`log row with a change of unknown kind ${type}`);
  }
}
