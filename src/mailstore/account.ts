/** A handle on one account, for one principal. */
import { MailError } from '../mail/error.ts';
import type { FieldName } from '../mail/search/document.ts';
import type { KeyValueStore, Value, Version } from '../ports/kv.ts';
import type {
  AccountId,
  Body,
  Conversation,
  ConversationPage,
  DeleteCondition,
  DetailsOptions,
  FlagChange,
  Folder,
  FolderId,
  FolderRole,
  FolderView,
  MailAccount,
  MessageDetails,
  MessageMeta,
  MessageQuery,
  MsgId,
  NewMessage,
  NewPlacement,
  OpenOptions,
  Placed,
  Places,
  RecordChange,
  RecordKey,
  SearchAnswer,
  SearchRequest,
  Staged,
  Superseded,
  ThreadId,
  Uid,
  VersionChanges,
  WithdrawalNote,
} from './api.ts';
import { Adding } from './adding.ts';
import { StoredBody } from './bodies.ts';
import { Joined, listConversations } from './conversations.ts';
import { type Operation, storeError } from './commit.ts';
import type { StoredDetails } from './details.ts';
import { pathLevels, SEPARATOR } from './folder-names.ts';
import { guarded } from './guard.ts';
import { cameFrom } from './came-from.ts';
import { changesBetween } from './log.ts';
import type { Mailbox, Node } from './mailbox.ts';
import { createFolder, deleteFolder, describeFolder, renameFolder, subscribe } from './operations/folders.ts';
import { copyMessages, deleteMessages, moveMessages, updateMessages } from './operations/messages.ts';
import { inParts, MOST_MESSAGES } from './operations/parts.ts';
import { changeRecords, putRecord } from './operations/records.ts';
import { withdrawAll } from './operations/withdraw.ts';
import { AccountSenderMailbox } from './holding.ts';
import { once } from './once.ts';
import { AccountOutgoing } from './outgoing.ts';
import { messageIds } from './query.ts';
import { eachDetails, readDetails, readMessage } from './read-details.ts';
import { type Cause, noted, type Noting } from './noting.ts';
import { noFolder } from './state.ts';
import { runSearch } from './search/search.ts';
import { mayHold } from './search/substring.ts';
import type { SenderMailbox } from './sender-mailbox.ts';
import { AccountSnoozing, type Snoozing } from './snoozing.ts';
import type { Outgoing } from './submission.ts';
import { told } from './told.ts';
import { vanishedSince } from './trim.ts';

const INBOX = 1 as FolderId;

export class Account implements MailAccount, Disposable {
  readonly #mailbox: Mailbox;
  readonly #node: Node;
  readonly #onDispose: () => void;
  readonly #noting: Noting | undefined;
  readonly #onces: Map<string, Promise<unknown>>;
  readonly #recordsKnown: boolean;
  /** Made for those who ask: a handle for each delivery asks for none of them. */
  #watches: Set<Disposable> | undefined;
  #outgoing: Outgoing | undefined;
  #senderMailbox: SenderMailbox | undefined;
  /** Somebody else, who may do only what the owner allows. */
  readonly #guardedFor: AccountId | undefined;
  #disposed = false;

  constructor(
    mailbox: Mailbox,
    node: Node,
    onces: Map<string, Promise<unknown>>,
    onDispose: () => void,
    { records, noting }: OpenOptions,
    guardedFor?: AccountId,
  ) {
    this.#guardedFor = guardedFor;
    this.#mailbox = mailbox;
    this.#node = node;
    this.#onces = onces;
    this.#onDispose = onDispose;
    this.#recordsKnown = records === 'known';
    this.#noting = noting;
  }

  get outgoing(): Outgoing {
    return (this.#outgoing ??= new AccountOutgoing(this.#mailbox, this.#node));
  }

  get senderMailbox(): SenderMailbox {
    return (this.#senderMailbox ??= new AccountSenderMailbox(this.#mailbox, this.#node, this.outgoing));
  }

  get snoozing(): Snoozing {
    return new AccountSnoozing(this.#node.clock, (operation) => this.#run(operation));
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const watch of this.#watches ?? []) watch[Symbol.dispose]();
    this.#onDispose();
  }

  get id(): AccountId {
    return this.#mailbox.account;
  }

  get version(): Version {
    return this.#mailbox.index.version;
  }

  get #adding(): Adding {
    return new Adding(this.id, this.#node, (operation, cause) => this.#run(operation, cause));
  }

  get #kv(): KeyValueStore {
    return this.#node.kv;
  }

  /** As far as whoever has this handle may; noted, where it has a cause that the handle notes. */
  #run<T>(operation: Operation<T>, cause?: Cause): Promise<T> {
    const allowed = this.#guardedFor === undefined ? operation : guarded(operation, this.#guardedFor);
    return noted(allowed, cause && this.#noting?.begin(this, cause), (one) => this.#mailbox.run(one));
  }

  refresh(): Promise<Version> {
    return told(() => this.#mailbox.loop.refresh());
  }

  folders(): readonly Folder[] {
    return this.#mailbox.index.folders();
  }

  folder(id: FolderId): Folder | undefined {
    return this.#mailbox.index.folder(id);
  }

  folderAt(path: string): Folder | undefined {
    try {
      const id = this.#mailbox.index.folderAt(pathLevels(path).join(SEPARATOR));
      return id === undefined ? undefined : this.folder(id);
    } catch (error) {
      // What cannot be a name is no folder's name.
      if (error instanceof MailError && error.code === 'folder-name') return undefined;
      throw error;
    }
  }

  folderWithRole(role: FolderRole): Folder | undefined {
    const id = this.#mailbox.index.folderWithRole(role);
    return id === undefined ? undefined : this.folder(id);
  }

  view(folder: FolderId): FolderView {
    const view = this.#mailbox.index.view(folder);
    if (!view) throw noFolder(folder);
    return view;
  }

  keywords(folder: FolderId): readonly string[] {
    return this.#mailbox.index.folderState(folder)?.keywords ?? [];
  }

  meta(id: MsgId): MessageMeta | undefined {
    return this.#mailbox.index.meta(id);
  }

  async getMessage(id: MsgId): Promise<{ meta: MessageMeta; details: MessageDetails; body: Body }> {
    const meta = this.#present(id);
    const found = await told(() => readMessage(this.#kv, this.id, meta.email));
    if (!found) return await this.#withoutDetails(meta);
    const { details, bodyRow } = found;
    return { meta, details, body: this.#bodyOf(meta, details, bodyRow) };
  }

  async details(id: MsgId): Promise<MessageDetails> {
    const meta = this.#present(id);
    return (await told(() => readDetails(this.#kv, this.id, meta.email))) ?? (await this.#withoutDetails(meta));
  }

  async *detailsOf(ids: readonly MsgId[], options?: DetailsOptions): AsyncGenerator<MessageDetails | undefined> {
    const { index } = this.#mailbox;
    const emails = ids.map((id) => index.emailOf(id));
    const sizes = options?.bodies === true ? ids.map((id) => index.sizeOf(id)) : undefined;
    try {
      yield* eachDetails(this.#kv, this.id, emails, sizes);
    } catch (error) {
      throw storeError(error);
    }
  }

  async body(id: MsgId, details?: MessageDetails): Promise<Body> {
    if (!details) return (await this.getMessage(id)).body;
    const meta = this.#present(id);
    if (details.email !== meta.email) throw new MailError('bug', 'bug', `details of another email than ${meta.email}`);
    const stored = details as StoredDetails;
    return this.#bodyOf(meta, stored, stored.bodyRow);
  }

  getMessageIds(query: MessageQuery): readonly MsgId[] {
    return messageIds(this.#mailbox.index, query);
  }

  async threadsOf(thread: ThreadId): Promise<readonly ThreadId[]> {
    return told(async () => (await Joined.load(this.#kv, this.id)).threadsOf(thread));
  }

  async conversations(folder: FolderId, page: ConversationPage): Promise<readonly Conversation[]> {
    return told(async () => {
      const joined = await Joined.load(this.#kv, this.id);
      return listConversations(this.#mailbox.index, joined, folder, page);
    });
  }

  async search(request: SearchRequest): Promise<SearchAnswer> {
    return told(() => runSearch(this.#mailbox.search, () => this.#mailbox.index, request));
  }

  mayHold(text: string, fields: readonly FieldName[]): Promise<((id: MsgId) => boolean) | undefined> {
    return told(() => mayHold(this.#mailbox.search, () => this.#mailbox.index, text, fields));
  }

  async addMessage(raw: Uint8Array | AsyncIterable<Uint8Array>, to: NewPlacement): Promise<Placed> {
    if (!this.folder(to.folder)) throw noFolder(to.folder);
    return this.#adding.publish(await this.#adding.stage(raw), to);
  }

  addMessages(messages: AsyncIterable<NewMessage>, superseded?: Superseded): Promise<readonly Placed[]> {
    return this.#adding.all(messages, superseded);
  }

  async staged(
    staged: Staged,
    options: { readonly atOnce?: boolean } = {},
  ): Promise<{ details: MessageDetails; body: Body }> {
    if (staged.account !== this.id) throw new MailError('not-allowed', 'bug', 'staged for another account');
    const { details, bodyRow } = await told(() => this.#node.staging.content(staged, options.atOnce));
    const body = new StoredBody(this.#kv, this.#node.blobs, this.id, details, bodyRow && { firstRow: bodyRow });
    return { details, body };
  }

  withdraw(deliveryId: string, note?: WithdrawalNote): Promise<boolean> {
    return withdrawAll(this.#kv, this.id, deliveryId, note, (operation) => this.#run(operation));
  }

  publish(staged: Staged, to: NewPlacement): Promise<Placed> {
    return this.#adding.publish(staged, to);
  }

  async updateMessage(
    ids: readonly MsgId[],
    change: FlagChange,
    options: { readonly unchangedSince?: Version; readonly as?: Places } = {},
  ): Promise<{ version: Version; applied: readonly Version[]; modified: readonly MsgId[] }> {
    const modified: MsgId[] = [];
    const applied: Version[] = [];
    let version = this.version;
    const as = options.as && inParts(options.as);
    for (const [i, some] of inParts(ids).entries()) {
      const part = await this.#run(updateMessages(some, change, as ? { ...options, as: as[i]! } : options), 'FLAG');
      version = part.version;
      if (part.changed) applied.push(part.version);
      modified.push(...part.modified);
    }
    return { version, applied, modified };
  }

  async deleteMessage(
    ids: readonly MsgId[],
    only: DeleteCondition = {},
  ): Promise<{ version: Version; removed: number }> {
    let removed = 0;
    let version = this.version;
    const as = only.as && inParts(only.as);
    for (const [i, some] of inParts(ids).entries()) {
      const part = await this.#run(deleteMessages(some, as ? { ...only, as: as[i]! } : only));
      version = part.version;
      removed += part.removed;
    }
    return { version, removed };
  }

  copy(ids: readonly MsgId[], to: FolderId, as?: Places): Promise<readonly { from: MsgId; placed: Placed }[]> {
    return this.#run(copyMessages(ids, to, this.#node.clock.now(), as), 'COPY');
  }

  async move(ids: readonly MsgId[], to: FolderId, as?: Places): Promise<readonly { fromUid: Uid; placed: Placed }[]> {
    const moved: { fromUid: Uid; placed: Placed }[] = [];
    const places = as && inParts(as);
    for (const [i, some] of inParts(ids).entries())
      moved.push(...(await this.#run(moveMessages(some, to, this.#node.clock.now(), places?.[i]), 'COPY')));
    return moved;
  }

  async createFolder(
    path: string,
    options: { readonly role?: FolderRole; readonly description?: string } = {},
  ): Promise<Folder> {
    const { role, description = '' } = options;
    return this.#folderOf(await this.#run(createFolder(path, role, description, this.#node.clock.now())));
  }

  async renameFolder(id: FolderId, path: string): Promise<Folder> {
    const renamed = await this.#run(renameFolder(id, path, this.#node.clock.now()));
    if (id === INBOX && renamed !== INBOX) {
      const view = this.view(INBOX);
      if (view.length > 0) await this.move(Array.from(view.ids.subarray(0, view.length)) as MsgId[], renamed);
    }
    return this.#folderOf(renamed);
  }

  async describeFolder(id: FolderId, description: string): Promise<Folder> {
    return this.#folderOf(await this.#run(describeFolder(id, description)));
  }

  async deleteFolder(id: FolderId): Promise<void> {
    const children = this.#mailbox.index.children(id).length;
    for (let view = this.#mailbox.index.view(id); id !== INBOX && children === 0 && view; view = this.view(id)) {
      if (view.length <= MOST_MESSAGES) break;
      const some = Array.from(view.ids.subarray(0, view.length - MOST_MESSAGES)) as MsgId[];
      await this.deleteMessage(some, { as: some.map((_, i) => ({ folder: id, uid: view!.uids[i] as Uid })) });
    }
    await this.#run(deleteFolder(id));
  }

  subscribe(path: string, subscribed: boolean): Promise<void> {
    return told(() => this.#run(subscribe(path, subscribed)));
  }

  subscriptions(): readonly string[] {
    return [...this.#mailbox.index.subscriptions].sort();
  }

  changesSince(version: Version): AsyncIterable<VersionChanges> | undefined {
    const { facts } = this.#mailbox.index;
    return version + 1 < facts.logFloor ? undefined : changesBetween(this.#node, this.id, version, facts.lastRow);
  }

  cameFrom(ids: readonly MsgId[]): Promise<ReadonlyMap<MsgId, FolderId>> {
    return told(() => cameFrom(this.#kv, this.#mailbox.index, ids));
  }

  vanishedSince(folder: FolderId, version: Version): Promise<Uint32Array> {
    return told(() => vanishedSince(this.#kv, this.id, folder, version, this.version));
  }

  watch(listener: (changes: VersionChanges) => void): Disposable {
    const watch = this.#mailbox.watch(listener);
    const mine: Disposable = {
      [Symbol.dispose]: () => {
        watch[Symbol.dispose]();
        this.#watches?.delete(mine);
      },
    };
    (this.#watches ??= new Set()).add(mine);
    return mine;
  }

  async record<T>(kind: string, id: string): Promise<T | undefined> {
    const known = this.#known(kind);
    return parsedRecord(known ? known.get(id) : await told(() => this.#mailbox.records.one(kind, id)));
  }

  async records<T>(kind: string): Promise<readonly { id: string; value: T }[]> {
    const found = this.#known(kind) ?? (await told(() => this.#mailbox.records.entries(kind)));
    return Array.from(found, ([id, value]) => ({ id, value: parsedRecord(value) as T }));
  }

  async putRecord(kind: string, id: string, value: unknown): Promise<Version> {
    return this.#run(putRecord(kind, id, value));
  }

  async changeRecords(keys: readonly RecordKey[], change: RecordChange): Promise<Version> {
    return this.#run(changeRecords(keys, change));
  }

  quota(): { used: number; limit: number | undefined } {
    const { used, limit } = this.#mailbox.index.facts;
    return { used, limit };
  }

  once<T>(key: string, act: () => Promise<T>): Promise<T> {
    const run = <R>(operation: Operation<R>) => this.#run(operation);
    const parts = { kv: this.#kv, account: this.id, running: this.#onces, run };
    return once(parts, key, this.#node.clock.now(), act);
  }

  #present(id: MsgId): MessageMeta {
    const meta = this.meta(id);
    if (!meta) throw new MailError('message-missing', 'user', `no message ${id}`);
    return meta;
  }

  #known(kind: string): ReadonlyMap<string, Value> | undefined {
    return this.#recordsKnown ? this.#mailbox.records.known(kind) : undefined;
  }

  #bodyOf(meta: MessageMeta, details: StoredDetails, firstRow?: Value): Body {
    return new StoredBody(this.#kv, this.#node.blobs, this.id, details, {
      ...(firstRow && { firstRow }),
      beforeDamaged: () => this.#stillThere(meta),
    });
  }

  async #withoutDetails(meta: MessageMeta): Promise<never> {
    await this.#stillThere(meta);
    throw new MailError('damaged', 'bug', `email ${meta.email} of ${this.id} has no details`);
  }

  /** What is missing may have been removed since the index was asked: then `message-missing`; else the store has lost it. */
  async #stillThere({ id }: MessageMeta): Promise<void> {
    await this.refresh();
    this.#present(id);
  }

  #folderOf(id: FolderId): Folder {
    const folder = this.folder(id);
    if (!folder) throw noFolder(id);
    return folder;
  }
}

function parsedRecord<T>(value: Value | undefined): T | undefined {
  return value && (JSON.parse(Buffer.from(value).toString()) as T);
}
