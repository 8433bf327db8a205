/**
 * Somebody else's account as far as its owner shares it: the folders whose list of rights names the one who asks (RFC 4314). A folder
 * without the right `l` does not exist here. What is read is compared with the rights as they are now, what is changed in the commit (`guard.ts`).
 */
import { MailError } from '../mail/error.ts';
import type { FieldName } from '../mail/search/document.ts';
import type { Version } from '../ports/kv.ts';
import type {
  AccountId,
  Body,
  Change,
  DeleteCondition,
  DetailsOptions,
  FlagChange,
  Folder,
  FolderId,
  FolderView,
  MailAccount,
  MessageDetails,
  MessageMeta,
  MessageQuery,
  MsgId,
  NewMessage,
  NewPlacement,
  Placed,
  Places,
  Superseded,
  VersionChanges,
} from './api.ts';
import type { Account } from './account.ts';
import { pathLevels, SEPARATOR } from './folder-names.ts';
import { notAllowed, permittedFlags } from './guard.ts';
import { may, type Right, rightsOf } from './rights.ts';
import { noFolder } from './state.ts';

export class SharedAccount implements MailAccount, Disposable {
  readonly #owner: Account;
  readonly #who: AccountId;
  /** As they are shown, by what the owner sees. */
  readonly #shown = new WeakMap<Folder, Folder>();
  /** Folders that were shown once: that they are no more is no secret. */
  readonly #known = new Set<FolderId>();

  /** `owner`: a handle whose operations are guarded for `who`; it is disposed of with this one. */
  constructor(owner: Account, who: AccountId) {
    this.#owner = owner;
    this.#who = who;
  }

  [Symbol.dispose](): void {
    this.#owner[Symbol.dispose]();
  }

  get id(): AccountId {
    return this.#owner.id;
  }
  get version(): Version {
    return this.#owner.version;
  }
  refresh(): Promise<Version> {
    return this.#owner.refresh();
  }

  folders(): readonly Folder[] {
    return this.#owner.folders().flatMap((folder) => this.#show(folder) ?? []);
  }
  folder(id: FolderId): Folder | undefined {
    return this.#show(this.#owner.folder(id));
  }
  folderAt(path: string): Folder | undefined {
    return this.#show(this.#owner.folderAt(path));
  }
  /** Roles are the owner's. */
  folderWithRole(): undefined {
    return undefined;
  }

  #show(folder: Folder | undefined): Folder | undefined {
    if (folder === undefined) return undefined;
    const rights = rightsOf(folder.grants, this.#who);
    if (rights === '') return undefined;
    let shown = this.#shown.get(folder);
    if (shown === undefined) {
      const grants = rights.includes('a') ? folder.grants : [];
      shown = Object.freeze({ ...folder, role: undefined, subscribed: false, grants, rights });
      this.#shown.set(folder, shown);
      this.#known.add(folder.id);
    }
    return shown;
  }

  #may(id: FolderId, right: Right): boolean {
    const folder = this.folder(id);
    return folder !== undefined && may(folder, right);
  }

  #need(id: FolderId, right: Right): void {
    if (this.folder(id) === undefined) throw noFolder(id);
    if (!this.#may(id, right)) throw notAllowed();
  }

  view(folder: FolderId): FolderView {
    this.#need(folder, 'r');
    return this.#owner.view(folder);
  }
  keywords(folder: FolderId): readonly string[] {
    return this.#may(folder, 'r') ? this.#owner.keywords(folder) : [];
  }
  meta(id: MsgId): MessageMeta | undefined {
    const meta = this.#owner.meta(id);
    return meta && this.#may(meta.folder, 'r') ? meta : undefined;
  }

  #present(id: MsgId): void {
    if (this.meta(id) === undefined) throw new MailError('message-missing', 'user', `no message ${id}`);
  }

  async getMessage(id: MsgId): Promise<{ meta: MessageMeta; details: MessageDetails; body: Body }> {
    this.#present(id);
    return this.#owner.getMessage(id);
  }
  async details(id: MsgId): Promise<MessageDetails> {
    this.#present(id);
    return this.#owner.details(id);
  }
  async *detailsOf(ids: readonly MsgId[], options?: DetailsOptions): AsyncGenerator<MessageDetails | undefined> {
    let i = 0;
    for await (const details of this.#owner.detailsOf(ids, options)) {
      const id = ids[i++] as MsgId;
      yield this.meta(id) && details;
    }
  }
  async body(id: MsgId, details?: MessageDetails): Promise<Body> {
    this.#present(id);
    return this.#owner.body(id, details);
  }
  getMessageIds(query: MessageQuery): readonly MsgId[] {
    if (query.folder === undefined) throw notAllowed();
    this.#need(query.folder, 'r');
    return this.#owner.getMessageIds(query);
  }
  /** Says something of messages only to who has their ids from a view. */
  mayHold(text: string, fields: readonly FieldName[]): Promise<((id: MsgId) => boolean) | undefined> {
    return this.#owner.mayHold(text, fields);
  }

  async addMessage(raw: Uint8Array | AsyncIterable<Uint8Array>, to: NewPlacement): Promise<Placed> {
    this.#need(to.folder, 'i');
    if (to.replaces !== undefined || to.records !== undefined) throw notAllowed();
    return this.#owner.addMessage(raw, to);
  }
  async addMessages(messages: AsyncIterable<NewMessage>, superseded?: Superseded): Promise<readonly Placed[]> {
    if (superseded) {
      this.#present(superseded.id);
      for (const right of ['t', 'e'] as const) this.#need(superseded.folder, right);
    }
    return this.#owner.addMessages(this.#insertable(messages), superseded);
  }
  async *#insertable(messages: AsyncIterable<NewMessage>): AsyncGenerator<NewMessage> {
    for await (const message of messages) {
      this.#need(message.to.folder, 'i');
      yield message;
    }
  }

  async updateMessage(
    ids: readonly MsgId[],
    change: FlagChange,
    options: { readonly unchangedSince?: Version; readonly as?: Places } = {},
  ): Promise<{ version: Version; applied: readonly Version[]; modified: readonly MsgId[] }> {
    for (const folder of new Set(ids.flatMap((id) => this.meta(id)?.folder ?? []))) {
      const rights = this.folder(folder)?.rights ?? '';
      const asked = change.mode === 'set' && change.flags === 0 && change.keywords.length === 0 ? ~0 : change.flags;
      // One that may be changed is enough (RFC 4314 §4): the guard leaves the others as they are.
      if ((asked & permittedFlags(rights)) === 0 && !(change.keywords.length > 0 && rights.includes('w')))
        throw notAllowed();
    }
    const { readable, as } = this.#readable(ids, options.as);
    return this.#owner.updateMessage(readable, change, { ...options, ...(as && { as }) });
  }

  async deleteMessage(
    ids: readonly MsgId[],
    only: DeleteCondition = {},
  ): Promise<{ version: Version; removed: number }> {
    const { readable, as } = this.#readable(ids, only.as);
    return this.#owner.deleteMessage(readable, { ...only, ...(as && { as }) });
  }

  async copy(ids: readonly MsgId[], to: FolderId, as?: Places) {
    this.#need(to, 'i');
    const from = this.#readable(ids, as);
    return this.#owner.copy(from.readable, to, from.as);
  }

  async move(ids: readonly MsgId[], to: FolderId, as?: Places) {
    this.#need(to, 'i');
    const from = this.#readable(ids, as);
    return this.#owner.move(from.readable, to, from.as);
  }

  #readable(ids: readonly MsgId[], as: Places | undefined): { readable: readonly MsgId[]; as: Places | undefined } {
    const kept = ids.flatMap((id, i) => (this.meta(id) === undefined ? [] : [i]));
    if (kept.length === ids.length) return { readable: ids, as };
    return { readable: kept.map((i) => ids[i]!), as: as && kept.map((i) => as[i]!) };
  }

  async createFolder(path: string, { role, description = '' }: { role?: unknown; description?: string } = {}) {
    if (role !== undefined) throw notAllowed();
    this.#place(path);
    return this.#made(await this.#owner.createFolder(path, { description }));
  }

  async renameFolder(id: FolderId, path: string): Promise<Folder> {
    this.#need(id, 'x');
    // Renaming INBOX would move the owner's mail.
    if (this.folder(id)?.path === 'INBOX') throw notAllowed();
    this.#place(path);
    return this.#made(await this.#owner.renameFolder(id, path));
  }

  async describeFolder(id: FolderId, description: string): Promise<Folder> {
    this.#need(id, 'x');
    return this.#made(await this.#owner.describeFolder(id, description));
  }

  async deleteFolder(id: FolderId): Promise<void> {
    this.#need(id, 'x');
    await this.#owner.deleteFolder(id);
  }

  /** A folder may come here: below one that says so, and not where one is that must not be told of. */
  #place(path: string): void {
    const levels = pathLevels(path);
    let above: Folder | undefined;
    for (let n = levels.length - 1; n > 0 && above === undefined; n--)
      above = this.folderAt(levels.slice(0, n).join(SEPARATOR));
    if (above === undefined || !may(above, 'k')) throw notAllowed();
    if (this.#owner.folderAt(path) !== undefined && this.folderAt(path) === undefined) throw notAllowed();
  }

  #made(folder: Folder): Folder {
    const shown = this.#show(folder);
    if (shown === undefined) throw noFolder(folder.id);
    return shown;
  }

  async vanishedSince(folder: FolderId, version: Version): Promise<Uint32Array> {
    this.#need(folder, 'r');
    return this.#owner.vanishedSince(folder, version);
  }

  watch(listener: (changes: VersionChanges) => void): Disposable {
    return this.#owner.watch(({ changes, ...facts }) => {
      const told = changes.flatMap((change) => this.#told(change) ?? []);
      if (told.length > 0) listener({ ...facts, changes: told });
    });
  }

  #told(change: Change): Change | undefined {
    switch (change.type) {
      case 'added':
      case 'flags':
        return this.#may(change.message.folder, 'r') ? change : undefined;
      case 'removed':
        return this.#may(change.folder, 'r') ? change : undefined;
      case 'moved': {
        const { from, fromUid: uid, message } = change;
        const [left, came] = [this.#may(from, 'r'), this.#may(message.folder, 'r')];
        if (left && came) return change;
        if (came) return { type: 'added', message };
        return left ? { type: 'removed', id: message.id, folder: from, uid, email: message.email } : undefined;
      }
      case 'folder':
        return this.folder(change.id) !== undefined || this.#known.has(change.id) ? change : undefined;
      default:
        return undefined;
    }
  }

  /** The owner's: what comes into a shared folder takes his room. */
  quota(): { readonly used: number; readonly limit: number | undefined } {
    return this.#owner.quota();
  }

  // What is the owner's alone.

  subscriptions(): readonly string[] {
    return [];
  }
  changesSince(): undefined {
    return undefined;
  }
  async subscribe(): Promise<never> {
    throw notAllowed();
  }
  async threadsOf(): Promise<never> {
    throw notAllowed();
  }
  async conversations(): Promise<never> {
    throw notAllowed();
  }
  async search(): Promise<never> {
    throw notAllowed();
  }
  async staged(): Promise<never> {
    throw notAllowed();
  }
  async withdraw(): Promise<never> {
    throw notAllowed();
  }
  async publish(): Promise<never> {
    throw notAllowed();
  }
  async record(): Promise<never> {
    throw notAllowed();
  }
  async records(): Promise<never> {
    throw notAllowed();
  }
  async putRecord(): Promise<never> {
    throw notAllowed();
  }
  async changeRecords(): Promise<never> {
    throw notAllowed();
  }
  get outgoing(): never {
    throw notAllowed();
  }
  get senderMailbox(): never {
    throw notAllowed();
  }
  get snoozing(): never {
    throw notAllowed();
  }
  async cameFrom(): Promise<never> {
    throw notAllowed();
  }
  async once(): Promise<never> {
    throw notAllowed();
  }
}
