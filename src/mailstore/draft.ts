/**
 * A commit in the making: the index as it will be after the operations planned so far, and the rows that say so. The
 * index itself stays as it is until the store has said `applied`.
 */
import type { Batch, Entry, Key, Range, Value, Version } from '../ports/kv.ts';
import type { AccountId, FolderId, FolderRole, MessageMeta, MsgId } from './api.ts';
import { countersKey, folderKey, keywordsKey, logKey, placementKey, subscriptionKey, vanishedAfter } from './keys.ts';
import type { MailboxIndex } from './mailbox-index.ts';
import {
  type AccountFacts,
  type FolderRow,
  type FolderState,
  type LogChange,
  type LogRow,
  type MailboxState,
  reduce,
} from './state.ts';
import { encodeCounters, encodeFacts, encodeFolder, encodeLog, encodePlacement, encodeStrings } from './values.ts';

/** What one operation wants to happen. Without changes and rows nothing does, and no version is used. */
export interface Plan<T> {
  readonly changes: readonly LogChange[];
  readonly put?: readonly Entry[];
  readonly remove?: readonly Key[];
  readonly clear?: readonly Range[];
  readonly result: T;
}

interface DraftFolder {
  state: FolderState;
  rowChanged: boolean;
  readonly keywordsBefore: readonly string[];
}

/** Rough size of a row's key, and of the header with the log row's frame. */
const KEY_BYTES = 16;
const FRAME_BYTES = 160;

export class Draft implements MailboxState {
  readonly account: AccountId;
  readonly facts: AccountFacts;
  readonly index: MailboxIndex;
  /** Of each operation planned so far. */
  readonly log: LogRow[] = [];
  /** Rows and bytes so far, roughly from above. */
  ops = 2;
  bytes = FRAME_BYTES;
  #version: Version;
  /** Undefined = removed. */
  readonly #folders = new Map<FolderId, DraftFolder | undefined>();
  readonly #messages = new Map<MsgId, MessageMeta | undefined>();
  /** As the index has them. */
  readonly #indexed = new Map<MsgId, MessageMeta>();
  readonly #subscriptions = new Map<string, boolean>();
  readonly #rows = new Map<string, { key: Key; value: Value | undefined }>();
  readonly #clear: Range[] = [];
  /** Rows read for the operations, by key. */
  readonly #read: ReadonlyMap<string, Value | undefined>;

  constructor(index: MailboxIndex, read: ReadonlyMap<string, Value | undefined>) {
    this.index = index;
    this.account = index.account;
    this.facts = { ...index.facts };
    this.#version = index.version;
    this.#read = read;
  }

  /** The version of the operation being planned. */
  get version(): Version {
    return this.#version + 1;
  }

  /** A row that the operation asked to be read; as the operations before it leave it. */
  row(key: Key): Value | undefined {
    const name = rowName(key);
    const ours = this.#rows.get(name);
    if (ours) return ours.value;
    if (!this.#read.has(name)) throw new RangeError('a row that the operation did not ask for');
    return this.#read.get(name);
  }

  /** For reading. */
  folder(id: FolderId): Readonly<FolderState> | undefined {
    return this.#folders.has(id) ? this.#folders.get(id)?.state : this.index.folderState(id);
  }

  *folders(): Iterable<Readonly<FolderState>> {
    for (const state of this.index.folderStates()) if (!this.#folders.has(state.row.id)) yield state;
    for (const folder of this.#folders.values()) if (folder) yield folder.state;
  }

  folderWithRole(role: FolderRole): FolderId | undefined {
    for (const { row } of this.folders()) if (row.role === role) return row.id;
    return undefined;
  }

  isSubscribed(path: string): boolean {
    return this.#subscriptions.get(path) ?? this.index.subscriptions.has(path);
  }

  get subscriptionCount(): number {
    return this.index.subscriptions.size + this.#subscriptions.size;
  }

  /** Takes the plan over. */
  add(operation: string, time: number, plan: Plan<unknown>): void {
    const version = this.version;
    const row: LogRow = { version, operation, time, previous: this.facts.lastRow, changes: plan.changes };
    for (const change of plan.changes) reduce(this, change, version);
    for (const [key, value] of plan.put ?? []) this.#put(key, value);
    for (const key of plan.remove ?? []) this.#remove(key);
    this.#clear.push(...(plan.clear ?? []));
    this.log.push(row);
    this.#version = version;
    this.facts.lastRow = version;
    this.ops++;
    this.bytes += FRAME_BYTES;
  }

  /** What a plan would add to `ops` and `bytes`, roughly and from above. */
  static cost(plan: Plan<unknown>): { ops: number; bytes: number } {
    let ops = 2 + (plan.clear?.length ?? 0);
    let bytes = 2 * FRAME_BYTES;
    for (const [, value] of plan.put ?? []) bytes += KEY_BYTES + value.length;
    ops += (plan.put?.length ?? 0) + (plan.remove?.length ?? 0);
    for (const change of plan.changes) {
      ops++;
      bytes += 64;
      if (change.type === 'added' || change.type === 'flags' || change.type === 'moved') {
        bytes += 128;
        for (const keyword of change.message.keywords) bytes += 2 * (keyword.length + 4);
      }
    }
    return { ops, bytes };
  }

  batch(): Batch {
    for (const [id, folder] of this.#folders) {
      if (!folder) {
        this.#remove(folderKey(id));
        this.#remove(countersKey(id));
        this.#remove(keywordsKey(id));
        this.#clear.push(vanishedAfter(id, 0));
        continue;
      }
      const { state } = folder;
      if (folder.rowChanged) this.#put(folderKey(id), encodeFolder(state.row));
      if (state.keywords !== folder.keywordsBefore) this.#put(keywordsKey(id), encodeStrings(state.keywords));
      this.#put(countersKey(id), encodeCounters(state));
    }
    // The log says the same of most of them: it takes the bytes over.
    const placements = new Map<MessageMeta, Uint8Array>();
    for (const [id, message] of this.#messages) {
      if (!message) {
        this.#remove(placementKey(id));
        continue;
      }
      const bytes = encodePlacement(message);
      placements.set(message, bytes);
      this.#put(placementKey(id), bytes);
    }
    for (const [path, subscribed] of this.#subscriptions) {
      if (subscribed) this.#put(subscriptionKey(path), Buffer.from(path));
      else this.#remove(subscriptionKey(path));
    }
    for (const row of this.log)
      encodeLog(row, placements).forEach((part, i) => this.#put(logKey(row.version, i), part));
    const put: Entry[] = [];
    const remove: Key[] = [];
    for (const { key, value } of this.#rows.values()) {
      if (value) put.push([key, value]);
      else remove.push(key);
    }
    return { header: encodeFacts(this.facts), put, remove, clear: this.#clear };
  }

  // MailboxState

  folderForChange(id: FolderId): FolderState | undefined {
    return this.#forChange(id)?.state;
  }

  putFolder(state: FolderState): void {
    this.#folders.set(state.row.id, { state, rowChanged: true, keywordsBefore: state.keywords });
  }

  changeFolder(row: FolderRow): void {
    const folder = this.#forChange(row.id);
    if (!folder) throw new RangeError(`no folder ${row.id}`);
    folder.state.row = row;
    folder.rowChanged = true;
  }

  dropFolder(id: FolderId): void {
    this.#folders.set(id, undefined);
  }

  meta(id: MsgId): MessageMeta | undefined {
    if (this.#messages.has(id)) return this.#messages.get(id);
    // Most are asked for twice: when they are planned, and when the plan is taken over.
    let known = this.#indexed.get(id);
    if (known === undefined) {
      known = this.index.meta(id);
      if (known) this.#indexed.set(id, known);
    }
    return known;
  }

  putMessage(message: MessageMeta): void {
    this.#messages.set(message.id, message);
  }

  dropMessage(message: MessageMeta): void {
    this.#messages.set(message.id, undefined);
  }

  subscribe(path: string, subscribed: boolean): void {
    this.#subscriptions.set(path, subscribed);
  }

  #forChange(id: FolderId): DraftFolder | undefined {
    if (this.#folders.has(id)) return this.#folders.get(id);
    const state = this.index.folderState(id);
    if (!state) return undefined;
    const folder = { state: { ...state }, rowChanged: false, keywordsBefore: state.keywords };
    this.#folders.set(id, folder);
    return folder;
  }

  #put(key: Key, value: Value): void {
    this.#rows.set(rowName(key), { key, value });
  }

  #remove(key: Key): void {
    this.#rows.set(rowName(key), { key, value: undefined });
  }
}

/** The key as a string, for a Map. */
export function rowName(key: Key): string {
  return asBuffer(key).toString('latin1');
}

function asBuffer(key: Key): Buffer {
  return key instanceof Buffer ? key : Buffer.from(key.buffer, key.byteOffset, key.length);
}
