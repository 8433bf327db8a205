/**
 * The mailbox index: what an account looks like at one version, in memory. Loaded from a checkpoint or a full scan, and
 * brought forward only by `apply` with rows of the log, ours or foreign.
 */
import { createHash } from 'node:crypto';
import { Damaged, type Version } from '../ports/kv.ts';
import type { AccountId, EmailId, Folder, FolderId, FolderRole, FolderView, MessageMeta, MsgId, Uid } from './api.ts';
import { FolderMessages, Snapshot } from './folder-messages.ts';
import { KeywordSets } from './keyword-sets.ts';
import { MessageTable } from './message-table.ts';
import { sorted } from './query.ts';
import { Patience } from './raw-source.ts';
import {
  type AccountFacts,
  emptyFacts,
  type FolderRow,
  type FolderState,
  type LogRow,
  type MailboxState,
  reduce,
} from './state.ts';

/** Slots between two looks at the clock. */
const SLOTS_A_LOOK = 16_384;

interface IndexedFolder {
  state: FolderState;
  readonly messages: FolderMessages;
  /** As it is shown; undefined once something about it changed. */
  shown: Folder | undefined;
}

export class MailboxIndex implements MailboxState {
  readonly account: AccountId;
  facts: AccountFacts;
  version: Version;
  readonly sets = new KeywordSets();
  readonly table = new MessageTable(this.sets);
  readonly subscriptions = new Set<string>();
  readonly #folders = new Map<FolderId, IndexedFolder>();
  #paths: Map<string, FolderId> | undefined;
  #listed: readonly Folder[] | undefined;

  constructor(account: AccountId, facts: AccountFacts = emptyFacts('0'.repeat(16)), version: Version = 0) {
    this.account = account;
    this.facts = facts;
    this.version = version;
  }

  /** Brings the index to the version of the row, which must follow the last one it has seen. */
  apply(row: LogRow): void {
    if (row.previous !== this.facts.lastRow || row.version <= this.version)
      throw new Damaged(
        `account ${this.account}: log row ${row.version} follows ${row.previous}, but the index is at ${this.version} with row ${this.facts.lastRow}`,
      );
    for (const change of row.changes) reduce(this, change, row.version);
    this.version = row.version;
    this.facts.lastRow = row.version;
  }

  // MailboxState

  folderForChange(id: FolderId): FolderState | undefined {
    const folder = this.#folders.get(id);
    if (!folder) return undefined;
    folder.shown = undefined;
    this.#listed = undefined;
    return folder.state;
  }

  putFolder(state: FolderState): void {
    this.#folders.set(state.row.id, { state, messages: new FolderMessages(), shown: undefined });
    this.#forgetShown();
  }

  changeFolder(row: FolderRow): void {
    const folder = this.#folders.get(row.id);
    if (!folder) throw new Damaged(`account ${this.account}: a change of folder ${row.id}, which does not exist`);
    folder.state.row = row;
    this.#forgetShown();
  }

  dropFolder(id: FolderId): void {
    this.#folders.delete(id);
    this.#forgetShown();
  }

  putMessage(message: MessageMeta, before: MessageMeta | undefined): void {
    if (!before) this.table.append(message);
    else this.table.write(this.table.find(message.id), message, before);
    if (before && before.folder === message.folder && before.uid === message.uid) return;
    if (before) this.#folders.get(before.folder)?.messages.remove(before.uid);
    this.#folders.get(message.folder)!.messages.append(message.uid, message.id);
  }

  dropMessage(message: MessageMeta): void {
    this.table.remove(this.table.find(message.id));
    this.#folders.get(message.folder)!.messages.remove(message.uid);
  }

  subscribe(path: string, subscribed: boolean): void {
    if (subscribed) this.subscriptions.add(path);
    else this.subscriptions.delete(path);
    this.#forgetShown();
  }

  meta(id: MsgId): MessageMeta | undefined {
    const slot = this.table.find(id);
    return slot < 0 ? undefined : this.table.meta(slot);
  }

  /** As `meta`, without the rest. */
  emailOf(id: MsgId): EmailId | undefined {
    const slot = this.table.find(id);
    return slot < 0 ? undefined : this.table.emailAt(slot);
  }

  sizeOf(id: MsgId): number {
    const slot = this.table.find(id);
    return slot < 0 ? 0 : this.table.sizes[slot]!;
  }

  // Reading

  folderState(id: FolderId): Readonly<FolderState> | undefined {
    return this.#folders.get(id)?.state;
  }

  *folderStates(): Iterable<Readonly<FolderState>> {
    for (const { state } of this.#folders.values()) yield state;
  }

  get folderCount(): number {
    return this.#folders.size;
  }

  children(parent: FolderId | undefined): FolderId[] {
    return [...this.#folders.values()]
      .filter(({ state }) => state.row.parent === parent)
      .map(({ state }) => state.row.id);
  }

  /** In order of id. */
  folders(): readonly Folder[] {
    return (this.#listed ??= [...this.#folders.keys()].sort((a, b) => a - b).map((id) => this.folder(id)!));
  }

  folder(id: FolderId): Folder | undefined {
    const folder = this.#folders.get(id);
    if (!folder) return undefined;
    if (folder.shown) return folder.shown;
    const { row, keywords: _, ...counters } = folder.state;
    const { acl: grants, ...facts } = row;
    const path = this.path(id);
    folder.shown = Object.freeze({
      ...facts,
      path,
      subscribed: this.subscriptions.has(path),
      ...counters,
      uidNext: counters.uidNext as Uid,
      grants,
    });
    return folder.shown;
  }

  path(id: FolderId): string {
    const names: string[] = [];
    for (let at: FolderId | undefined = id; at !== undefined; ) {
      const row: FolderRow | undefined = this.#folders.get(at)?.state.row;
      // The bound is the number of folders: a loop of parents, which no operation makes, must not hang us.
      if (!row || names.length > this.#folders.size) break;
      names.push(row.name);
      at = row.parent;
    }
    return names.reverse().join('/');
  }

  folderAt(path: string): FolderId | undefined {
    if (!this.#paths) {
      this.#paths = new Map();
      for (const id of this.#folders.keys()) this.#paths.set(this.path(id), id);
    }
    return this.#paths.get(path);
  }

  folderWithRole(role: FolderRole): FolderId | undefined {
    for (const { state } of this.#folders.values()) if (state.row.role === role) return state.row.id;
    return undefined;
  }

  view(id: FolderId): FolderView | undefined {
    const folder = this.#folders.get(id);
    return folder && new Snapshot(id, this.version, folder.messages, this.table, this.sets);
  }

  /** Memory, roughly. */
  get bytes(): number {
    let bytes = 4096 + this.table.bytes;
    for (const { messages } of this.#folders.values()) bytes += 1024 + messages.bytes;
    return bytes;
  }

  // Loading

  /** The folder lists, from a table that was filled at once. Others have their turn in between: there may be very many messages. */
  async buildLists(): Promise<void> {
    const { folders, length } = this.table;
    const patience = new Patience();
    const counts = new Map<number, number>();
    for (let slot = 0; slot < length; slot++) {
      const folder = folders[slot]!;
      if (folder !== 0) counts.set(folder, (counts.get(folder) ?? 0) + 1);
    }
    const lists = new Map<number, { readonly slots: Uint32Array; length: number }>();
    for (const [folder, count] of counts) lists.set(folder, { slots: new Uint32Array(count), length: 0 });
    for (let slot = 0; slot < length; slot++) {
      if (slot % SLOTS_A_LOOK === 0) await patience.pause();
      const list = lists.get(folders[slot]!);
      if (list) list.slots[list.length++] = slot;
    }
    for (const [id, { slots }] of lists) {
      await patience.pause();
      const folder = this.#folders.get(id as FolderId);
      if (!folder) throw new Damaged(`account ${this.account}: messages in folder ${id}, which does not exist`);
      this.#fill(folder.messages, slots);
    }
  }

  #fill(messages: FolderMessages, slots: Uint32Array): void {
    const { ids, uids } = this.table;
    // What was moved here has a higher UID than messages that came later.
    const ordered = sorted(slots, uids);
    const folderUids = new Uint32Array(ordered.length);
    const folderIds = new Uint32Array(ordered.length);
    for (let i = 0; i < ordered.length; i++) {
      folderUids[i] = uids[ordered[i]!]!;
      folderIds[i] = ids[ordered[i]!]!;
    }
    messages.load(folderUids, folderIds);
  }

  /** The same for every index that shows the same account at the same version, however it came there. */
  stateHash(): string {
    const digest = createHash('sha256');
    const add = (value: unknown) => digest.update(`${JSON.stringify(value)}\n`);
    add([this.account, this.version, this.facts]);
    for (const { id } of this.folders()) {
      add([this.folder(id), this.folderState(id)!.keywords]);
      const view = this.view(id)!;
      for (let i = 0; i < view.length; i++) add(this.meta(view.ids[i]! as MsgId));
    }
    add([...this.subscriptions].sort());
    return digest.digest('hex');
  }

  #forgetShown(): void {
    for (const folder of this.#folders.values()) folder.shown = undefined;
    this.#paths = undefined;
    this.#listed = undefined;
  }
}
