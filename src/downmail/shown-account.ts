/**
 * Mail that is shown as an account, and is not kept as one: folders and messages as they are when somebody signs in. Flags last as long
 * as the session; deleting a message does what it was given for that; nothing can be added.
 */
import { MailError } from '../mail/error.ts';
import {
  type AccountId,
  type Body,
  type Change,
  type EmailId,
  Flag,
  type FlagChange,
  type Folder,
  type FolderId,
  type FolderView,
  type MailAccount,
  type MessageDetails,
  type MessageMeta,
  type MessageQuery,
  type MsgId,
  type ThreadId,
  type Uid,
  type VersionChanges,
} from '../mailstore/api.ts';
import type { Version } from '../ports/kv.ts';

export interface ShownContent {
  readonly details: MessageDetails;
  readonly body: Body;
}

export interface ShownMessage {
  readonly size: number;
  readonly email: EmailId;
  /** Milliseconds since 1970. */
  readonly received: number;
  readonly sent: number;
  content(): Promise<ShownContent>;
}

export interface ShownFolder {
  readonly name: string;
  /** Position in the list of folders. */
  readonly parent?: number;
  readonly role?: 'inbox';
  /** In the order of their UIDs, which begin at 1. */
  readonly messages: readonly ShownMessage[];
}

export interface Shown extends Disposable {
  readonly id: string;
  /** Of all folders: the same only for the same messages. */
  readonly uidValidity: number;
  /** The first one is INBOX. */
  readonly folders: readonly ShownFolder[];
  /** Answers what is not there any more afterwards, those that were asked for among them. Throws `not-allowed`. */
  delete(messages: readonly ShownMessage[]): Promise<readonly ShownMessage[]>;
}

interface Place {
  readonly message: ShownMessage;
  meta: MessageMeta;
}

export class ShownAccount implements MailAccount, Disposable {
  readonly id: AccountId;
  readonly #shown: Shown;
  readonly #places = new Map<MsgId, Place>();
  readonly #inFolder = new Map<FolderId, MsgId[]>();
  readonly #listeners = new Set<(changes: VersionChanges) => void>();
  #version = 1;
  #keywords: readonly string[] = [];

  /** It is closed with the account. */
  constructor(shown: Shown) {
    this.id = shown.id as AccountId;
    this.#shown = shown;
    let last = 0;
    for (const [i, { messages }] of shown.folders.entries()) {
      const folder = folderIdOf(i);
      const ids: MsgId[] = [];
      for (const [n, message] of messages.entries()) {
        const id = ++last as MsgId;
        ids.push(id);
        this.#places.set(id, { message, meta: metaOf(message, id, folder, (n + 1) as Uid) });
      }
      this.#inFolder.set(folder, ids);
    }
  }

  [Symbol.dispose](): void {
    this.#listeners.clear();
    this.#shown[Symbol.dispose]();
  }

  get version(): Version {
    return this.#version;
  }
  refresh(): Promise<Version> {
    return Promise.resolve(this.#version);
  }

  folders(): readonly Folder[] {
    return this.#shown.folders.map((folder, i) => this.#folderOf(folder, i));
  }
  folder(id: FolderId): Folder | undefined {
    const shown = this.#shown.folders[id - 1];
    return shown && this.#folderOf(shown, id - 1);
  }
  folderAt(path: string): Folder | undefined {
    const at = this.#shown.folders.findIndex(
      (folder) => this.#pathOf(folder) === path || (folder.role === 'inbox' && path.toUpperCase() === 'INBOX'),
    );
    return at < 0 ? undefined : this.folder(folderIdOf(at));
  }
  folderWithRole(role: string): Folder | undefined {
    return role === 'inbox' ? this.folder(folderIdOf(0)) : undefined;
  }
  view(folder: FolderId): FolderView {
    return new ShownView(
      folder,
      this.#version,
      (this.#inFolder.get(folder) ?? []).map((id) => this.#places.get(id)!.meta),
      (id) => this.meta(id),
    );
  }
  keywords(): readonly string[] {
    return this.#keywords;
  }
  meta(id: MsgId): MessageMeta | undefined {
    return this.#places.get(id)?.meta;
  }

  async getMessage(id: MsgId) {
    const place = this.#places.get(id);
    if (place === undefined) throw missing();
    return { meta: place.meta, ...(await place.message.content()) };
  }
  async details(id: MsgId): Promise<MessageDetails> {
    return (await this.getMessage(id)).details;
  }
  async *detailsOf(ids: readonly MsgId[]): AsyncIterable<MessageDetails | undefined> {
    for (const id of ids)
      yield await this.details(id).catch((error: unknown) => {
        if (error instanceof MailError && error.code === 'message-missing') return undefined;
        throw error;
      });
  }
  async body(id: MsgId): Promise<Body> {
    return (await this.getMessage(id)).body;
  }
  getMessageIds({ folder }: MessageQuery = {}): readonly MsgId[] {
    return folder === undefined ? [...this.#places.keys()] : (this.#inFolder.get(folder) ?? []);
  }
  threadsOf(thread: ThreadId): Promise<readonly ThreadId[]> {
    return Promise.resolve([thread]);
  }
  conversations(): Promise<readonly never[]> {
    return Promise.resolve([]);
  }
  async search(): Promise<never> {
    throw refused();
  }
  /** Nothing is indexed: who searches reads. */
  mayHold(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  async updateMessage(
    ids: readonly MsgId[],
    change: FlagChange,
    { unchangedSince }: { readonly unchangedSince?: Version } = {},
  ) {
    const modified: MsgId[] = [];
    const changes: Change[] = [];
    for (const id of ids) {
      const place = this.#places.get(id);
      if (place === undefined) continue;
      if (unchangedSince !== undefined && place.meta.modseq > unchangedSince) modified.push(id);
      else {
        const next = changed(place.meta, change);
        if (next === undefined) continue;
        place.meta = { ...next, modseq: this.#version + 1 };
        this.#keywords = [...new Set(this.#keywords).union(new Set(next.keywords))];
        changes.push({ type: 'flags', message: place.meta });
      }
    }
    if (changes.length > 0) this.#tell(changes);
    return { version: this.#version, applied: changes.length > 0 ? [this.#version] : [], modified };
  }

  /** `not-allowed` when what is to be deleted stays all the same. */
  async deleteMessage(ids: readonly MsgId[], only: { readonly flags?: number } = {}) {
    const wanted = only.flags ?? 0;
    const doomed = ids
      .flatMap((id) => this.#places.get(id) ?? [])
      .filter(({ meta }) => (meta.flags & wanted) === wanted);
    if (doomed.length === 0) return { version: this.#version, removed: 0 };
    const gone = new Set(await this.#shown.delete(doomed.map(({ message }) => message)));
    const changes: Change[] = [];
    for (const [id, { message, meta }] of this.#places) {
      if (!gone.has(message)) continue;
      this.#places.delete(id);
      changes.push({ type: 'removed', id, folder: meta.folder, uid: meta.uid, email: meta.email });
    }
    for (const [folder, all] of this.#inFolder)
      this.#inFolder.set(
        folder,
        all.filter((id) => this.#places.has(id)),
      ); // prettier-ignore
    this.#tell(changes);
    return { version: this.#version, removed: doomed.length };
  }

  async addMessages(): Promise<never> {
    throw refused();
  }
  async addMessage(): Promise<never> {
    throw refused();
  }
  async staged(): Promise<never> {
    throw refused();
  }
  async withdraw(): Promise<never> {
    throw refused();
  }
  async publish(): Promise<never> {
    throw refused();
  }
  async copy(): Promise<never> {
    throw refused();
  }
  async move(): Promise<never> {
    throw refused();
  }
  async createFolder(): Promise<never> {
    throw refused();
  }
  async renameFolder(): Promise<never> {
    throw refused();
  }
  async describeFolder(): Promise<never> {
    throw refused();
  }
  async deleteFolder(): Promise<never> {
    throw refused();
  }
  async subscribe(): Promise<never> {
    throw refused();
  }
  subscriptions(): readonly string[] {
    return this.folders().map(({ path }) => path);
  }

  /** It remembers nothing of earlier sessions. */
  changesSince(): undefined {
    return undefined;
  }
  vanishedSince(folder: FolderId): Promise<Uint32Array> {
    const there = new Set((this.#inFolder.get(folder) ?? []).map((id) => this.#places.get(id)!.meta.uid as number));
    const all = (this.#shown.folders[folder - 1]?.messages ?? []).map((_, n) => n + 1);
    return Promise.resolve(Uint32Array.from(all.filter((uid) => !there.has(uid))));
  }
  watch(listener: (changes: VersionChanges) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  record(): Promise<undefined> {
    return Promise.resolve(undefined);
  }
  records(): Promise<readonly never[]> {
    return Promise.resolve([]);
  }
  async changeRecords(): Promise<never> {
    throw refused();
  }
  async putRecord(): Promise<never> {
    throw refused();
  }
  get outgoing(): never {
    throw refused();
  }
  get senderMailbox(): never {
    throw refused();
  }
  get snoozing(): never {
    throw refused();
  }
  async cameFrom(): Promise<never> {
    throw refused();
  }
  quota(): { readonly used: number; readonly limit: undefined } {
    return { used: this.#places.values().reduce((sum, { meta }) => sum + meta.size, 0), limit: undefined };
  }
  once<T>(_key: string, act: () => Promise<T>): Promise<T> {
    return act();
  }

  #folderOf(shown: ShownFolder, i: number): Folder {
    const id = folderIdOf(i);
    const metas = (this.#inFolder.get(id) ?? []).map((one) => this.#places.get(one)!.meta);
    return {
      id,
      parent: shown.parent === undefined ? undefined : folderIdOf(shown.parent),
      name: shown.name,
      path: this.#pathOf(shown),
      role: shown.role,
      description: '',
      subscribed: true,
      uidValidity: this.#shown.uidValidity,
      uidNext: (shown.messages.length + 1) as Uid,
      highestModseq: this.#version,
      total: metas.length,
      unread: metas.filter(({ flags }) => (flags & Flag.seen) === 0).length,
      bytes: metas.reduce((sum, { size }) => sum + size, 0),
      grants: [],
    };
  }

  #pathOf({ name, parent }: ShownFolder): string {
    const above = parent === undefined ? undefined : this.#shown.folders[parent];
    return above === undefined ? name : `${this.#pathOf(above)}/${name}`;
  }

  #tell(changes: readonly Change[]): void {
    this.#version += 1;
    for (const listener of this.#listeners) listener({ version: this.#version, operation: '', changes: [...changes] });
  }
}

function folderIdOf(i: number): FolderId {
  return (i + 1) as FolderId;
}

function metaOf({ size, email, received, sent }: ShownMessage, id: MsgId, folder: FolderId, uid: Uid): MessageMeta {
  const at = Math.floor(received / 1000) * 1000;
  return {
    id,
    folder,
    uid,
    flags: 0,
    keywords: [],
    modseq: 1,
    internalDate: at,
    savedDate: at,
    sentDate: sent,
    size,
    email,
    thread: email as string as ThreadId,
  };
}

/** Undefined when nothing changes. */
function changed(message: MessageMeta, { mode, flags, keywords }: FlagChange): MessageMeta | undefined {
  const before = new Set(message.keywords);
  const [newFlags, newKeywords] = {
    set: () => [flags, new Set(keywords)] as const,
    add: () => [message.flags | flags, before.union(new Set(keywords))] as const,
    remove: () => [message.flags & ~flags, before.difference(new Set(keywords))] as const,
  }[mode]();
  if (newFlags === message.flags && newKeywords.symmetricDifference(before).size === 0) return undefined;
  return { ...message, flags: newFlags, keywords: [...newKeywords] };
}

class ShownView implements FolderView {
  readonly folder: FolderId;
  readonly version: Version;
  readonly length: number;
  readonly uids: Uint32Array;
  readonly ids: Uint32Array;
  readonly #now: (id: MsgId) => MessageMeta | undefined;

  constructor(
    folder: FolderId,
    version: Version,
    messages: readonly MessageMeta[],
    now: (id: MsgId) => MessageMeta | undefined,
  ) {
    this.folder = folder;
    this.version = version;
    this.length = messages.length;
    this.uids = Uint32Array.from(messages, ({ uid }) => uid);
    this.ids = Uint32Array.from(messages, ({ id }) => id);
    this.#now = now;
  }

  indexOf(uid: Uid): number {
    return this.uids.indexOf(uid);
  }
  flagsAt(index: number): number {
    return this.#at(index)?.flags ?? -1;
  }
  keywordsAt(index: number): readonly string[] {
    return this.#at(index)?.keywords ?? [];
  }
  modseqAt(index: number): Version {
    return this.#at(index)?.modseq ?? 0;
  }
  sizeAt(index: number): number {
    return this.#at(index)?.size ?? 0;
  }
  internalDateAt(index: number): number {
    return this.#at(index)?.internalDate ?? 0;
  }
  savedDateAt(index: number): number {
    return this.#at(index)?.savedDate ?? 0;
  }
  sentDateAt(index: number): number {
    return this.#at(index)?.sentDate ?? 0;
  }
  emailAt(index: number): EmailId | '' {
    return this.#at(index)?.email ?? '';
  }
  threadAt(index: number): ThreadId | '' {
    return this.#at(index)?.thread ?? '';
  }
  changedSince(modseq: Version): Uint32Array {
    const indices = [...this.ids.keys()];
    return Uint32Array.from(indices.filter((index) => (this.#at(index)?.modseq ?? 0) > modseq));
  }

  #at(index: number): MessageMeta | undefined {
    return this.#now(this.ids[index] as MsgId);
  }
}

function missing(): MailError {
  return new MailError('message-missing', 'user', 'it is not there any more');
}

function refused(): MailError {
  return new MailError('not-allowed', 'user', 'nothing can be put here');
}
