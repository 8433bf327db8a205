/**
 * The mail store as the rest of Pabal sees it. NinjaMail's five operations (`addMessage`, `getMessage`, `getMessageIds`,
 * `updateMessage`, `deleteMessage`), folders, and changes since a version. Everything about an account is reached
 * through a `MailAccount`, which only `MailStore.open` hands out, for a principal that may see it.
 *
 * Reads of the index are synchronous: they see the account as of `version`. Call `refresh()` first where the answer must
 * include what another node, or another handle, acknowledged before the question.
 */
import type { Envelope, Part } from '../mail/message.ts';
import type { FieldName } from '../mail/search/document.ts';
import type { Version } from '../ports/kv.ts';
import type { LegalHolds } from './legal-hold.ts';
import type { Noting } from './noting.ts';
import type {
  DeleteCondition,
  FlagChange,
  NewMessage,
  NewPlacement,
  Placed,
  Places,
  Staged,
  Superseded,
  WithdrawalNote,
} from './placement.ts';
import type { FolderOf, Grant, RightsChange } from './rights.ts';
import type { SenderMailbox } from './sender-mailbox.ts';
import type { Snoozing } from './snoozing.ts';
import type { Outgoing } from './submission.ts';

import type { VersionChanges } from './changes.ts';
import type { Conversation, ConversationPage, SearchRequest, SearchAnswer, SearchIndexFacts } from './search/api.ts';

export type {
  DeleteCondition,
  FlagChange,
  NewMessage,
  NewPlacement,
  Placed,
  Places,
  Staged,
  Superseded,
  WithdrawalNote,
} from './placement.ts';
export { ACCOUNT_CHANGED, type AccountChanged } from './changes.ts';
export type { Change, VersionChanges } from './changes.ts';
export type {
  Conversation,
  ConversationPage,
  SearchRequest,
  SearchHit,
  SearchAnswer,
  SearchIndexFacts,
} from './search/api.ts';

/** Random, never the address. */
export type AccountId = string & { readonly __brand: 'AccountId' };
/** Ascends in its account; INBOX is 1. Never used again. */
export type FolderId = number & { readonly __brand: 'FolderId' };
/** A message in a folder (a placement). Ascends in its account; survives MOVE, not COPY. Never used again. */
export type MsgId = number & { readonly __brand: 'MsgId' };
/** The immutable content that placements share: 24 hex digits, time-ordered (EMAILID). */
export type EmailId = string & { readonly __brand: 'EmailId' };
/** 24 hex digits (THREADID); given at delivery, never changes. */
export type ThreadId = string & { readonly __brand: 'ThreadId' };
/** Ascends in its folder in the order in which messages become visible (RFC 9051 §2.3.1.1). */
export type Uid = number & { readonly __brand: 'Uid' };

/** System flags as bits; keywords are strings beside them. */
export const Flag = { seen: 1, answered: 2, flagged: 4, deleted: 8, draft: 16 } as const;
/** An OR of `Flag` values. */
export type Flags = number;

/** RFC 6154, and RFC 8457 for `important`. The last two are ours: mail that was put off, and mail that others are begun with. */
export type FolderRole =
  | 'inbox'
  | 'sent'
  | 'drafts'
  | 'junk'
  | 'trash'
  | 'archive'
  | 'important'
  | 'flagged'
  | 'all'
  | 'snoozed'
  | 'templates';

export interface Folder {
  readonly id: FolderId;
  /** Undefined at the top. */
  readonly parent: FolderId | undefined;
  /** One level, NFC, without '/'. */
  readonly name: string;
  /** From the top, joined by '/'; INBOX is always `INBOX`. */
  readonly path: string;
  readonly role: FolderRole | undefined;
  readonly description: string;
  readonly subscribed: boolean;
  readonly uidValidity: number;
  readonly uidNext: Uid;
  readonly highestModseq: Version;
  readonly total: number;
  readonly unread: number;
  /** Sum of the messages' sizes. */
  readonly bytes: number;
  /** Who else may do what with it; to others only with the right `a`. */
  readonly grants: readonly Grant[];
  /** Of who has this handle, where the folder is somebody else's (`MailStore.openShared`); absent: all. */
  readonly rights?: string;
}

/** What the index knows of a message; no I/O. */
export interface MessageMeta {
  readonly id: MsgId;
  readonly folder: FolderId;
  readonly uid: Uid;
  readonly flags: Flags;
  readonly keywords: readonly string[];
  readonly modseq: Version;
  /** Milliseconds since 1970, whole seconds (INTERNALDATE). */
  readonly internalDate: number;
  /** When it came into this folder, likewise (SAVEDATE). */
  readonly savedDate: number;
  /** As the Date field says, `internalDate` where it says nothing readable; likewise. */
  readonly sentDate: number;
  /** Bytes of the raw message. */
  readonly size: number;
  readonly email: EmailId;
  readonly thread: ThreadId;
}

/**
 * A folder's messages at one version, in UID order, as parallel columns: position i is IMAP sequence number i + 1.
 * The columns are shared and immutable up to `length`: a snapshot costs a few words whatever the folder's size.
 */
export interface FolderView {
  readonly folder: FolderId;
  readonly version: Version;
  readonly length: number;
  /** May be longer than `length`. */
  readonly uids: Uint32Array;
  /** May be longer than `length`. */
  readonly ids: Uint32Array;
  /** Position of a UID, or -1. Binary search. */
  indexOf(uid: Uid): number;
  /**
   * The columns that may change, by position, as they are now (not as of `version`), without an object per message: a
   * hundred thousand calls take milliseconds. Flags are -1 when the message has left the folder since the snapshot;
   * then the other columns mean nothing.
   */
  flagsAt(position: number): Flags;
  /** Messages with the same keywords answer the same array, so that what is made from it can be kept by identity. */
  keywordsAt(position: number): readonly string[];
  modseqAt(position: number): Version;
  sizeAt(position: number): number;
  internalDateAt(position: number): number;
  savedDateAt(position: number): number;
  /** Of the header, as `MessageMeta.sentDate`. */
  sentDateAt(position: number): number;
  /** '' when the message has left. */
  emailAt(position: number): EmailId | '';
  threadAt(position: number): ThreadId | '';
  /** Positions of the messages still there whose modseq is higher, ascending (RFC 7162 CHANGEDSINCE). */
  changedSince(modseq: Version): Uint32Array;
}

export interface DetailsOptions {
  readonly bodies?: boolean;
}

/** Everything immutable about a message, parsed once when it was stored. */
export interface MessageDetails {
  readonly email: EmailId;
  readonly size: number;
  readonly envelope: Envelope;
  /** MIME structure with byte offsets into the raw message. */
  readonly structure: Part;
  /** IMAP ENVELOPE, BODY and BODYSTRUCTURE as they go over the wire (RFC 9051 §7.5.2), made once. */
  readonly wire: { readonly envelope: Uint8Array; readonly body: Uint8Array; readonly bodyStructure: Uint8Array };
  /** First words of the text, at most 200 characters (RFC 8970 PREVIEW). */
  readonly preview: string;
  readonly hasAttachment: boolean;
}

/** The raw message, byte for byte as it was received. Reading verifies; a damaged one throws `MailError('damaged')`. */
export interface Body {
  readonly size: number;
  /** Bytes `start` (included) to `end` (excluded, default all). In pieces of at most 64 KiB. */
  stream(start?: number, end?: number): AsyncIterable<Uint8Array>;
  bytes(start?: number, end?: number): Promise<Uint8Array>;
}

/** Where a record is kept. */
export interface RecordKey {
  readonly kind: string;
  readonly id: string;
}

/** Given what those of the keys hold that were named, in the commit itself, and its version, says what becomes of which; undefined removes.
 * It is asked again after a conflict, and may throw a `MailError`: then nothing changes. */
export type RecordChange = (
  before: (key: RecordKey) => unknown,
  version: Version,
) => readonly (RecordKey & { readonly value: unknown })[];

/** A list from the mailbox index alone; for words see `SearchRequest`. */
export interface MessageQuery {
  readonly folder?: FolderId;
  readonly unread?: boolean;
  readonly flagged?: boolean;
  /** In one of these. */
  readonly threads?: readonly ThreadId[];
  readonly sort?: 'id' | 'internalDate' | 'sentDate' | 'size';
  readonly descending?: boolean;
  /** Skips up to and including this message in the order asked for. */
  readonly after?: MsgId;
  readonly limit?: number;
}

export interface MailAccount {
  readonly id: AccountId;
  /** What the index is at. */
  readonly version: Version;
  /** Catches up with the store (cheap when nothing happened) and answers the version. */
  refresh(): Promise<Version>;

  folders(): readonly Folder[];
  folder(id: FolderId): Folder | undefined;
  /** By path, INBOX in any case. */
  folderAt(path: string): Folder | undefined;
  folderWithRole(role: FolderRole): Folder | undefined;
  view(folder: FolderId): FolderView;
  /** Every keyword that any message of this folder ever had. */
  keywords(folder: FolderId): readonly string[];
  meta(id: MsgId): MessageMeta | undefined;

  /** NinjaMail getMessage. `message-missing` when it is gone. */
  getMessage(id: MsgId): Promise<{ readonly meta: MessageMeta; readonly details: MessageDetails; readonly body: Body }>;
  details(id: MsgId): Promise<MessageDetails>;
  /** In the order asked for; undefined for those that are gone or damaged: `details` says which. Read many at a time, held one at a time, and others have
   * their turn. `bodies`: `body` will be asked for each, so that its beginning is read along. */
  detailsOf(ids: readonly MsgId[], options?: DetailsOptions): AsyncIterable<MessageDetails | undefined>;
  /** With the `details` that this account answered, these are not read again. */
  body(id: MsgId, details?: MessageDetails): Promise<Body>;
  /** NinjaMail getMessageIDs. */
  getMessageIds(query: MessageQuery): readonly MsgId[];
  /** The threads of one conversation, the one asked for among them, the oldest first. THREADID never changes: when a missing message
   * shows that two threads are one conversation, it has both. */
  threadsOf(thread: ThreadId): Promise<readonly ThreadId[]>;
  /** Conversations with a message in this folder, the one with the newest first. */
  conversations(folder: FolderId, page: ConversationPage): Promise<readonly Conversation[]>;
  /** Sees every message acknowledged before the call, unless `behind` says that there are too many: then those of the last 16 days first. */
  search(request: SearchRequest): Promise<SearchAnswer>;
  /** Says of a message whether it may hold this text (NFC, lower case) as a substring in one of these fields, decoded: for IMAP,
   * whose rules know no words. Undefined when the search index cannot tell. */
  mayHold(text: string, fields: readonly FieldName[]): Promise<((id: MsgId) => boolean) | undefined>;
  /** NinjaMail addMessage: stages the raw message and publishes it. Durable when resolved. */
  addMessage(raw: Uint8Array | AsyncIterable<Uint8Array>, to: NewPlacement): Promise<Placed>;
  /** Several, staged as they come and published in one commit, in this order: all or none, `limit` for more than fit. The superseded one
   * goes in that commit; `message-missing`, and nothing is placed, when it is not there any more. */
  addMessages(messages: AsyncIterable<NewMessage>, superseded?: Superseded): Promise<readonly Placed[]>;
  /** What `MailStore.stage` wrote for this account, before it is in any folder. `message-missing` when it is gone. With `atOnce` it may not
   * be durable yet: whoever acts on it elsewhere waits. */
  staged(
    staged: Staged,
    options?: { readonly atOnce?: boolean },
  ): Promise<{ readonly details: MessageDetails; readonly body: Body }>;
  /** Takes back what was delivered under this id (`NewPlacement.deliveryId`), all copies in one commit, if its owner has opened, answered and
   * forwarded none; what was not filed yet never is. Answers whether nobody has it now: once more answers the same. With `note` it is
   * written down for the owner in the same commit. */
  withdraw(deliveryId: string, note?: WithdrawalNote): Promise<boolean>;
  /** Publishes what `MailStore.stage` wrote for this account. */
  publish(staged: Staged, to: NewPlacement): Promise<Placed>;
  /** NinjaMail updateMessage: metadata only. With `unchangedSince` (RFC 7162 §3.1.3) messages with a higher modseq are
   * left alone and answered in `modified`. A message whose flags do not change keeps its modseq. */
  updateMessage(
    ids: readonly MsgId[],
    change: FlagChange,
    options?: { readonly unchangedSince?: Version; readonly as?: Places },
  ): Promise<{
    readonly version: Version;
    /** Versions that this call made, ascending: none when nothing changed, several when it was done in parts. */
    readonly applied: readonly Version[];
    readonly modified: readonly MsgId[];
  }>;
  /** NinjaMail deleteMessage: for ever (moving to Trash is `move`). Those already gone are skipped, and those for which `only`
   * does not hold. */
  deleteMessage(
    ids: readonly MsgId[],
    only?: DeleteCondition,
  ): Promise<{ readonly version: Version; readonly removed: number }>;
  /** All or nothing; `limit` for more than fit into a commit (some 19,000). In the order of `ids`, without those already
   * gone. */
  copy(
    ids: readonly MsgId[],
    to: FolderId,
    as?: Places,
  ): Promise<readonly { readonly from: MsgId; readonly placed: Placed }[]>;
  /** Ids stay, UIDs are new. `fromUid` is what it had. All or nothing up to 10,000 messages; more are moved in parts. */
  move(
    ids: readonly MsgId[],
    to: FolderId,
    as?: Places,
  ): Promise<readonly { readonly fromUid: Uid; readonly placed: Placed }[]>;

  /** Missing parents are made. `folder-exists`, `folder-name`, `limit`. */
  createFolder(path: string, options?: { readonly role?: FolderRole; readonly description?: string }): Promise<Folder>;
  /** Children go along. Renaming INBOX moves its messages (RFC 9051 §6.3.6). Missing parents are made. */
  renameFolder(id: FolderId, path: string): Promise<Folder>;
  describeFolder(id: FolderId, description: string): Promise<Folder>;
  /** With its messages. `folder-protected` for INBOX, `folder-has-children`. */
  deleteFolder(id: FolderId): Promise<void>;
  /** A path may be subscribed without existing (RFC 9051 §6.3.7). */
  subscribe(path: string, subscribed: boolean): Promise<void>;
  subscriptions(): readonly string[];

  /** From the log, oldest first, after `version`. Undefined when the log does not reach back that far. */
  changesSince(version: Version): AsyncIterable<VersionChanges> | undefined;
  /** UIDs expunged from a folder after `version`, exact also after the log was trimmed (RFC 7162 VANISHED). */
  vanishedSince(folder: FolderId, version: Version): Promise<Uint32Array>;
  /** Called after each operation that this node learns of, ours or foreign, in order of version, once the index has it. */
  watch(listener: (changes: VersionChanges) => void): Disposable;

  /** Small facts of the account (settings, identities, rules ...): JSON-able, at most 64 KiB each. */
  record<T>(kind: string, id: string): Promise<T | undefined>;
  records<T>(kind: string): Promise<readonly { readonly id: string; readonly value: T }[]>;
  /** Undefined removes it. */
  putRecord(kind: string, id: string, value: unknown): Promise<Version>;
  /** Records that change together, in one commit: what reads and writes them again meets nobody. */
  changeRecords(keys: readonly RecordKey[], change: RecordChange): Promise<Version>;

  /** What its user sends. */
  readonly outgoing: Outgoing;
  /** Mail that it holds until its recipients fetch it. */
  readonly senderMailbox: SenderMailbox;
  /** Mail that its user has put off. */
  readonly snoozing: Snoozing;
  /** In which folder each of these messages was before it came into Trash, or a folder below it, as far as the log reaches back. Folders that
   * are gone are not told. */
  cameFrom(ids: readonly MsgId[]): Promise<ReadonlyMap<MsgId, FolderId>>;

  /** Bytes used, and allowed (undefined = no limit). */
  quota(): { readonly used: number; readonly limit: number | undefined };
  /** Runs `act` at most once for a key (24 h): later calls answer the first one's result. */
  once<T>(key: string, act: () => Promise<T>): Promise<T>;
}

/** Who asks. Made by the directory after a successful sign-in, or a named system role. */
export type Principal =
  | {
      readonly kind: 'user';
      readonly account: AccountId;
      readonly address: string;
      readonly admin: boolean;
      /** With what: for the directory to say later whether it still opens the account. */
      readonly credential?: string;
    }
  | { readonly kind: 'system'; readonly role: 'intake' | 'verify' | 'admin' | 'import' | 'module' };

export interface OpenOptions {
  /**
   * `known`: records are read from what this node knew when the handle was opened, or later; nobody's answer here is missing.
   * For whoever looks up many in a row, as each delivery does. Default: the store is asked each time.
   */
  readonly records?: 'known';
  /** What is done to messages through this handle is noted. */
  readonly noting?: Noting;
}

export interface MailStore extends AsyncDisposable {
  /** `account-missing`, `not-allowed`. Handles of one account share one index; dispose when done. */
  open(who: Principal, account: AccountId, options?: OpenOptions): Promise<MailAccount & Disposable>;
  /** Another's account, as far as it is shared with `who`: nothing else of it can be told to be there. `account-missing`. */
  openShared(who: Principal & { kind: 'user' }, owner: AccountId): Promise<MailAccount & Disposable>;
  /** Gives `grantee` rights in a folder, or takes them: for its owner, and who has the right `a`. Who shares something is in the
   * grantee's records of the kind `shared-from`. `folder-missing`, `not-allowed`, `limit`. */
  setRights(who: Principal & { kind: 'user' }, at: FolderOf, grantee: AccountId, change: RightsChange): Promise<void>;
  /** A new account with its standard folders, subscribed: INBOX, Sent, Drafts, Junk, Trash, Archive. */
  createAccount(id: AccountId, options?: { readonly quota?: number }): Promise<void>;
  setQuota(id: AccountId, bytes: number | undefined): Promise<void>;
  /** Everything of it: messages, records, log; its blobs are collected later. Under a legal hold it stays, for nobody to open, until the last one ends. */
  removeAccount(id: AccountId): Promise<void>;
  /** After a restore: what was given out since the backup was made may be given out again, so every folder gets a new
   * UIDVALIDITY (RFC 9051 §2.3.1.1). */
  restored(id: AccountId): Promise<void>;
  /** Is there room for `bytes` more? Cheap; for RCPT. */
  roomFor(account: AccountId, bytes: number): Promise<boolean>;
  /**
   * Writes a message's immutable data for each of these accounts, before anything names it. `prefix` is put before the
   * raw message, per account (trace lines); one that is a function is asked when all of the message was read. Not yet durable when it resolves where the store keeps the order of writes:
   * then the next commit through the same store makes it so (see `KeyValueStore.supports.orderedWrites`).
   */
  stage(
    accounts: readonly { readonly account: AccountId; readonly prefix?: Uint8Array | (() => Uint8Array) }[],
    raw: Uint8Array | AsyncIterable<Uint8Array>,
  ): Promise<readonly Staged[]>; // prettier-ignore
  /** Resolves once what `stage` wrote is durable; rejects when it could not be written. Await it beside the commit
   * that follows (`Promise.all`), and acknowledge only after both. */
  written(staged: readonly Staged[]): Promise<void>;
  /** Puts right what follows from the rows of folders and messages, of one account or of all; yields what it did. What cannot be
   * repaired stays as it is, for `verify` to tell; mail is never dropped. */
  repair(account?: AccountId): AsyncIterable<{ readonly account: AccountId; readonly repaired: string }>;
  /** Checks every invariant of one account, or of all; yields what is wrong. */
  verify(account?: AccountId): AsyncIterable<{ readonly account: AccountId | undefined; readonly problem: string }>;
  /** For whoever searches, sorts or threads: a few at a time of each account, in all no longer than its minutes have room for (`searchSeconds`).
   * Waits until they have; `limit` (temporary) when much waits already. */
  searching<T>(account: AccountId, act: () => Promise<T>): Promise<T>;
  /** Has the search index of an account follow its mail, if what waits is worth a segment: then nobody who searches waits for that. */
  followSearch(account: AccountId): Promise<void>;
  /** Makes the search index of an account anew from its mail. */
  rebuildSearch(account: AccountId): Promise<SearchIndexFacts>;
  /** Accounts of which nothing may go. */
  readonly legalHolds: LegalHolds;
  accounts(): AsyncIterable<AccountId>;
  /** Accounts with effects that are still to be carried out, among those that changed since then. */
  withOutbox(since: number): AsyncIterable<AccountId>;
  /** Accounts that may have changed since then; some may be gone. */
  changedSince(since: number): AsyncIterable<AccountId>;
  /** Collects blobs that nothing links to, and staged data never published; answers what was freed. */
  sweep(): Promise<{ readonly blobs: number; readonly bytes: number; readonly staged: number }>;
}
