/**
 * One held mail as an account with exactly that mail in INBOX: what IMAP shows to who signs in with the user id and the password of a
 * notification. Flags last as long as the session. Deleting the mail deletes it at its sender; nothing can be added, and there are no other folders.
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
  type MsgId,
  type ThreadId,
  type Uid,
  type VersionChanges,
} from '../mailstore/api.ts';
import type { Version } from '../ports/kv.ts';
import { handedOut } from './handed-out.ts';
import type { HeldMail } from './pick-up.ts';

const INBOX = 1 as FolderId;
const ONLY = 1 as MsgId;
const UID = 1 as Uid;

export class HeldAccount implements MailAccount, Disposable {
  readonly id: AccountId;
  readonly #mail: HeldMail;
  readonly #details: MessageDetails;
  readonly #body: Body;
  readonly #listeners = new Set<(changes: VersionChanges) => void>();
  #version = 1;
  #message: MessageMeta | undefined;
  #keywords: readonly string[] = [];

  private constructor(mail: HeldMail, { details, body }: { readonly details: MessageDetails; readonly body: Body }) {
    this.id = mail.userId as AccountId;
    this.#mail = mail;
    this.#details = details;
    this.#body = handedOut(mail, { details, body }, 'imap');
    const at = Math.floor(mail.created / 1000) * 1000;
    this.#message = {
      id: ONLY,
      folder: INBOX,
      uid: UID,
      flags: 0,
      keywords: [],
      modseq: 1,
      internalDate: at,
      savedDate: at,
      sentDate: details.envelope.date ?? at,
      size: mail.size,
      email: details.email,
      thread: details.email as string as ThreadId,
    };
  }

  /** The account owns the mail: it is closed with it, and when it cannot be read. */
  static async of(mail: HeldMail): Promise<HeldAccount> {
    try {
      return new HeldAccount(mail, await mail.content());
    } catch (error) {
      mail[Symbol.dispose]();
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#listeners.clear();
    this.#mail[Symbol.dispose]();
  }

  get version(): Version {
    return this.#version;
  }
  refresh(): Promise<Version> {
    return Promise.resolve(this.#version);
  }

  folders(): readonly Folder[] {
    const message = this.#message;
    return [
      {
        id: INBOX,
        parent: undefined,
        name: 'INBOX',
        path: 'INBOX',
        role: 'inbox',
        description: '',
        subscribed: true,
        // Each held mail is an INBOX of its own.
        uidValidity: Math.max(1, Math.floor(this.#mail.created / 1000) % 2 ** 32),
        uidNext: (UID + 1) as Uid,
        highestModseq: this.#version,
        total: message === undefined ? 0 : 1,
        unread: message === undefined || (message.flags & Flag.seen) !== 0 ? 0 : 1,
        bytes: message?.size ?? 0,
        grants: [],
      },
    ];
  }
  folder(id: FolderId): Folder | undefined {
    return id === INBOX ? this.folders()[0] : undefined;
  }
  folderAt(path: string): Folder | undefined {
    return path.toUpperCase() === 'INBOX' ? this.folders()[0] : undefined;
  }
  folderWithRole(role: string): Folder | undefined {
    return role === 'inbox' ? this.folders()[0] : undefined;
  }
  view(): FolderView {
    return new HeldView(this.#version, this.#message, () => this.#message);
  }
  keywords(): readonly string[] {
    return this.#keywords;
  }
  meta(id: MsgId): MessageMeta | undefined {
    return id === ONLY ? this.#message : undefined;
  }

  async getMessage(id: MsgId) {
    const meta = this.meta(id);
    if (meta === undefined) throw missing();
    return { meta, details: this.#details, body: this.#body };
  }
  async details(id: MsgId): Promise<MessageDetails> {
    return (await this.getMessage(id)).details;
  }
  async *detailsOf(ids: readonly MsgId[]): AsyncIterable<MessageDetails | undefined> {
    for (const id of ids) yield this.meta(id) && this.#details;
  }
  async body(id: MsgId): Promise<Body> {
    return (await this.getMessage(id)).body;
  }
  getMessageIds(): readonly MsgId[] {
    return this.#message === undefined ? [] : [ONLY];
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
  /** Who searches reads, and so fetches. */
  mayHold(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  async updateMessage(
    ids: readonly MsgId[],
    { mode, flags, keywords }: FlagChange,
    { unchangedSince }: { readonly unchangedSince?: Version } = {},
  ) {
    const message = this.#message;
    if (message === undefined || !ids.includes(ONLY)) return { version: this.#version, applied: [], modified: [] };
    if (unchangedSince !== undefined && message.modseq > unchangedSince)
      return { version: this.#version, applied: [], modified: [ONLY] };
    const before = new Set(message.keywords);
    const next = {
      set: () => [flags, new Set(keywords)] as const,
      add: () => [message.flags | flags, before.union(new Set(keywords))] as const,
      remove: () => [message.flags & ~flags, before.difference(new Set(keywords))] as const,
    }[mode]();
    const [newFlags, newKeywords] = next;
    if (newFlags === message.flags && newKeywords.symmetricDifference(before).size === 0)
      return { version: this.#version, applied: [], modified: [] };
    this.#message = { ...message, flags: newFlags, keywords: [...newKeywords], modseq: this.#version + 1 };
    this.#keywords = [...new Set(this.#keywords).union(newKeywords)];
    this.#changed({ type: 'flags', message: this.#message });
    return { version: this.#version, applied: [this.#version], modified: [] };
  }

  /** At its sender. `not-allowed` when that keeps it all the same. */
  async deleteMessage(ids: readonly MsgId[], only: { readonly flags?: number } = {}) {
    const message = this.#message;
    const wanted = only.flags ?? 0;
    if (message === undefined || !ids.includes(ONLY) || (message.flags & wanted) !== wanted)
      return { version: this.#version, removed: 0 };
    if ((await this.#mail.delete()) === 'kept') throw refused();
    this.#message = undefined;
    this.#changed({ type: 'removed', id: ONLY, folder: INBOX, uid: UID, email: message.email });
    return { version: this.#version, removed: 1 };
  }

  async addMessage(): Promise<never> {
    throw refused();
  }
  async addMessages(): Promise<never> {
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
    return ['INBOX'];
  }

  /** It remembers nothing of earlier sessions. */
  changesSince(): undefined {
    return undefined;
  }
  vanishedSince(): Promise<Uint32Array> {
    return Promise.resolve(this.#message === undefined ? Uint32Array.of(UID) : new Uint32Array(0));
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
  quota(): { readonly used: number; readonly limit: undefined } {
    return { used: this.#message?.size ?? 0, limit: undefined };
  }
  once<T>(_key: string, act: () => Promise<T>): Promise<T> {
    return act();
  }

  #changed(change: Change): void {
    this.#version += 1;
    for (const listener of this.#listeners) listener({ version: this.#version, operation: '', changes: [change] });
  }
}

class HeldView implements FolderView {
  readonly folder = INBOX;
  readonly version: Version;
  readonly length: number;
  readonly uids = Uint32Array.of(UID);
  readonly ids = Uint32Array.of(ONLY);
  readonly #now: () => MessageMeta | undefined;

  constructor(version: Version, message: MessageMeta | undefined, now: () => MessageMeta | undefined) {
    this.version = version;
    this.length = message === undefined ? 0 : 1;
    this.#now = now;
  }

  indexOf(uid: Uid): number {
    return this.length > 0 && uid === UID ? 0 : -1;
  }
  flagsAt(): number {
    return this.#now()?.flags ?? -1;
  }
  keywordsAt(): readonly string[] {
    return this.#now()?.keywords ?? [];
  }
  modseqAt(): Version {
    return this.#now()?.modseq ?? 0;
  }
  sizeAt(): number {
    return this.#now()?.size ?? 0;
  }
  internalDateAt(): number {
    return this.#now()?.internalDate ?? 0;
  }
  savedDateAt(): number {
    return this.#now()?.savedDate ?? 0;
  }
  emailAt(): EmailId | '' {
    return this.#now()?.email ?? '';
  }
  threadAt(): ThreadId | '' {
    return this.#now()?.thread ?? '';
  }
  changedSince(modseq: Version): Uint32Array {
    const message = this.#now();
    return message !== undefined && message.modseq > modseq && this.length > 0 ? Uint32Array.of(0) : new Uint32Array(0);
  }
}

function missing(): MailError {
  return new MailError('message-missing', 'user', 'the held mail was deleted');
}

function refused(): MailError {
  return new MailError('not-allowed', 'user', 'this is only where one mail is picked up');
}
