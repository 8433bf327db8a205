/**
 * The mutable facts of an account, the changes that alter them, and the one function that applies a change. The index in
 * memory, the draft of a commit and the check by full scan are all brought forward by `reduce`, with our own changes and
 * with those of others: whatever they know in common, they know from here.
 */
import { MailError } from '../mail/error.ts';
import { Damaged, type Version } from '../ports/kv.ts';
import type { Grant } from './rights.ts';
import {
  type AccountId,
  type Change,
  type EmailId,
  Flag,
  type FolderId,
  type FolderRole,
  type MessageMeta,
  type MsgId,
  type Uid,
  type VersionChanges,
} from './api.ts';

/** Facts of the account as a whole; the value of its header row. */
export interface AccountFacts {
  /** Random; another one after a restore. */
  epoch: string;
  removed: boolean;
  nextMessage: number;
  nextFolder: number;
  /** Bytes of all messages in all folders. */
  used: number;
  /** Undefined = no limit. */
  limit: number | undefined;
  lastUidValidity: number;
  /** The log has every row from this version on. */
  logFloor: Version;
  /** Version of the last row of the log; lower than the partition's when a fencing commit came after it. */
  lastRow: Version;
}

export function emptyFacts(epoch: string): AccountFacts {
  return {
    epoch,
    removed: false,
    nextMessage: 1,
    nextFolder: 1,
    used: 0,
    limit: undefined,
    lastUidValidity: 0,
    logFloor: 1,
    lastRow: 0,
  };
}

/** A folder as its own row says. */
export interface FolderRow {
  readonly id: FolderId;
  readonly parent: FolderId | undefined;
  readonly name: string;
  readonly role: FolderRole | undefined;
  readonly description: string;
  readonly uidValidity: number;
  /** Replaced, never changed in place. */
  readonly acl: readonly Grant[];
}

export interface FolderCounters {
  uidNext: number;
  highestModseq: Version;
  total: number;
  unread: number;
  bytes: number;
}

export interface FolderState extends FolderCounters {
  row: FolderRow;
  /** Every keyword a message of it ever had, in the order of first use. Replaced, never changed in place. */
  keywords: readonly string[];
}

export function newFolder(row: FolderRow, version: Version): FolderState {
  return { row, keywords: [], uidNext: 1, highestModseq: version, total: 0, unread: 0, bytes: 0 };
}

/** What one row of the log holds. */
export type LogChange =
  | Extract<Change, { type: 'added' | 'removed' | 'moved' | 'flags' | 'record' | 'subscription' | 'quota' }>
  | { readonly type: 'folder'; readonly row: FolderRow; readonly created: boolean }
  | { readonly type: 'folder-removed'; readonly id: FolderId }
  /** What was remembered of this account elsewhere is void: it was restored. */
  | { readonly type: 'epoch'; readonly epoch: string }
  /** The log was cut: it begins with version `floor` now. */
  | { readonly type: 'trimmed'; readonly floor: Version };

export interface LogRow {
  readonly version: Version;
  readonly operation: string;
  /** Seconds since 1970. */
  readonly time: number;
  /** Version of the row before it. */
  readonly previous: Version;
  readonly changes: readonly LogChange[];
}

/** What `reduce` works on. */
export interface MailboxState {
  readonly account: AccountId;
  readonly facts: AccountFacts;
  /** For writing: may be changed in place. */
  folderForChange(id: FolderId): FolderState | undefined;
  putFolder(folder: FolderState): void;
  changeFolder(row: FolderRow): void;
  dropFolder(id: FolderId): void;
  meta(id: MsgId): MessageMeta | undefined;
  /** Adds it, or replaces the one with this id. */
  putMessage(message: MessageMeta, before: MessageMeta | undefined): void;
  dropMessage(message: MessageMeta): void;
  subscribe(path: string, subscribed: boolean): void;
}

export function reduce(state: MailboxState, change: LogChange, version: Version): void {
  const { facts } = state;
  switch (change.type) {
    case 'added': {
      const { message } = change;
      arrive(folderOf(state, message.folder), message, version);
      facts.used += message.size;
      facts.nextMessage = Math.max(facts.nextMessage, message.id + 1);
      state.putMessage(message, undefined);
      break;
    }
    case 'removed': {
      const before = messageOf(state, change.id);
      leave(folderOf(state, before.folder), before, version);
      facts.used -= before.size;
      state.dropMessage(before);
      break;
    }
    case 'moved': {
      const before = messageOf(state, change.message.id);
      leave(folderOf(state, before.folder), before, version);
      arrive(folderOf(state, change.message.folder), change.message, version);
      state.putMessage(change.message, before);
      break;
    }
    case 'flags': {
      const before = messageOf(state, change.message.id);
      const folder = folderOf(state, before.folder);
      folder.unread += unread(change.message) - unread(before);
      folder.highestModseq = version;
      learnKeywords(folder, change.message.keywords);
      state.putMessage(change.message, before);
      break;
    }
    case 'folder': {
      const { row, created } = change;
      facts.nextFolder = Math.max(facts.nextFolder, row.id + 1);
      facts.lastUidValidity = Math.max(facts.lastUidValidity, row.uidValidity);
      if (created) state.putFolder(newFolder(row, version));
      else state.changeFolder(row);
      break;
    }
    case 'folder-removed':
      folderOf(state, change.id);
      state.dropFolder(change.id);
      break;
    case 'subscription':
      state.subscribe(change.path, change.subscribed);
      break;
    case 'quota':
      facts.limit = change.limit;
      break;
    case 'trimmed':
      facts.logFloor = change.floor;
      break;
    case 'epoch':
      facts.epoch = change.epoch;
      break;
    case 'record':
      break;
  }
}

export function unread(message: MessageMeta): 0 | 1 {
  return message.flags & Flag.seen ? 0 : 1;
}

function arrive(folder: FolderState, message: MessageMeta, version: Version): void {
  folder.total++;
  folder.unread += unread(message);
  folder.bytes += message.size;
  folder.uidNext = Math.max(folder.uidNext, message.uid + 1);
  folder.highestModseq = version;
  learnKeywords(folder, message.keywords);
}

function leave(folder: FolderState, message: MessageMeta, version: Version): void {
  folder.total--;
  folder.unread -= unread(message);
  folder.bytes -= message.size;
  folder.highestModseq = version;
}

function learnKeywords(folder: FolderState, keywords: readonly string[]): void {
  for (const keyword of keywords)
    if (!folder.keywords.includes(keyword)) folder.keywords = [...folder.keywords, keyword];
}

function folderOf(state: MailboxState, id: FolderId): FolderState {
  const folder = state.folderForChange(id);
  if (!folder) throw new Damaged(`account ${state.account}: a change names folder ${id}, which does not exist`);
  return folder;
}

function messageOf(state: MailboxState, id: MsgId): MessageMeta {
  const message = state.meta(id);
  if (!message) throw new Damaged(`account ${state.account}: a change names message ${id}, which does not exist`);
  return message;
}

/** Undefined when it is no business of others. */
function publicChange(change: LogChange): Change | undefined {
  switch (change.type) {
    case 'folder':
      return { type: 'folder', id: change.row.id, what: change.created ? 'created' : 'changed' };
    case 'folder-removed':
      return { type: 'folder', id: change.id, what: 'removed' };
    case 'trimmed':
    case 'epoch':
      return undefined;
    default:
      return change;
  }
}

/** For whoever named a folder that is not there. */
export function noFolder(id: FolderId): MailError {
  return new MailError('folder-missing', 'user', `there is no folder ${id}`);
}

/** A row of the log as others see it. */
export function publicChanges({ version, operation, changes }: LogRow): VersionChanges {
  return { version, operation, changes: changes.flatMap((change) => publicChange(change) ?? []) };
}

/** The type that others know of, if any. */
export function publicType({ type }: LogChange): Change['type'] | undefined {
  if (type === 'folder-removed') return 'folder';
  return type === 'epoch' || type === 'trimmed' ? undefined : type;
}

export function removedChange(message: MessageMeta): Extract<Change, { type: 'removed' }> {
  return { type: 'removed', id: message.id, folder: message.folder, uid: message.uid, email: message.email };
}

/** The answer of an operation that placed a message. */
export function placedAt(message: MessageMeta, uidValidity: number, version: Version) {
  const { id, folder, uid, email, thread } = message;
  return { id, folder, uid: uid as Uid, uidValidity, email: email as EmailId, thread, version, duplicate: false };
}
