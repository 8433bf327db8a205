/**
 * A maildrop (RFC 1939 §4): INBOX as it was at sign-in. Numbers, sizes and unique ids stay as they were then, whatever
 * other programs do to the folder meanwhile; deletions wait for `update`.
 */
import { Flag } from '../../mailstore/api.ts';
import type { Body, FolderId, FolderView, MailAccount, MsgId, Uid } from '../../mailstore/api.ts';
import { MailError } from '../../mail/error.ts';

/** Messages deleted by one operation of the store. */
const DELETE_AT_ONCE = 1_000;

/** What a session works with. */
export interface Drop extends Disposable {
  /** Numbers go from 1 to this, deleted ones included. */
  readonly last: number;
  /** Messages not marked as deleted, and their bytes. */
  readonly count: number;
  readonly bytes: number;
  /** Days for which a message that is left there stays at least (EXPIRE, RFC 2449 §6.7); 0: what was fetched goes. */
  readonly keeps: number | 'NEVER';
  has(number: number): boolean;
  size(number: number): number;
  /** Unique for ever (RFC 1939 §7). */
  uniqueId(number: number): string;
  /** `message-missing` when another program removed it. */
  body(number: number): Promise<Body>;
  markFetched(number: number): void;
  markDeleted(number: number): void;
  /** RSET. */
  unmarkAll(): void;
  /** The UPDATE state: what was fetched is read, what was marked is gone. Durable when resolved. */
  update(): Promise<void>;
}

export class Maildrop implements Drop {
  readonly keeps = 'NEVER';
  readonly #account: MailAccount & Disposable;
  readonly #folder: FolderId;
  readonly #uidValidity: number;
  readonly #view: FolderView;
  readonly #sizes: Float64Array;
  readonly #deleted: Uint8Array;
  readonly #fetched = new Set<MsgId>();
  #count: number;
  #bytes = 0;

  /** The account must be caught up with the store; it is closed with the maildrop. */
  constructor(account: MailAccount & Disposable) {
    this.#account = account;
    const inbox = account.folderWithRole('inbox');
    if (inbox === undefined) throw new MailError('bug', 'bug', `account ${account.id} has no INBOX`);
    this.#folder = inbox.id;
    this.#uidValidity = inbox.uidValidity;
    this.#view = account.view(inbox.id);
    this.#count = this.#view.length;
    this.#deleted = new Uint8Array(this.#count);
    this.#sizes = new Float64Array(this.#count);
    for (let i = 0; i < this.#count; i++) this.#bytes += this.#sizes[i] = this.#view.sizeAt(i);
  }

  get last(): number {
    return this.#view.length;
  }
  get count(): number {
    return this.#count;
  }
  get bytes(): number {
    return this.#bytes;
  }

  has(number: number): boolean {
    return number >= 1 && number <= this.last && this.#deleted[number - 1] === 0;
  }

  size(number: number): number {
    return this.#sizes[number - 1] ?? 0;
  }

  /** INBOX's UIDVALIDITY never comes again, nor does a UID under it. */
  uniqueId(number: number): string {
    return `${this.#uidValidity}.${this.#view.uids[number - 1]}`;
  }

  body(number: number): Promise<Body> {
    return this.#account.body(this.#id(number));
  }

  markFetched(number: number): void {
    this.#fetched.add(this.#id(number));
  }

  markDeleted(number: number): void {
    this.#deleted[number - 1] = 1;
    this.#count--;
    this.#bytes -= this.size(number);
  }

  unmarkAll(): void {
    for (let i = 0; i < this.last; i++) {
      if (this.#deleted[i] === 0) continue;
      this.#deleted[i] = 0;
      this.#count++;
      this.#bytes += this.#sizes[i] ?? 0;
    }
  }

  /** What another program moved meanwhile keeps its id, and is not ours to delete. */
  async update(): Promise<void> {
    await this.#account.refresh();
    const doomed: number[] = [];
    for (let i = 0; i < this.last; i++) if (this.#deleted[i] === 1) doomed.push(i);
    for (let i = 0; i < doomed.length; i += DELETE_AT_ONCE) {
      const some = doomed.slice(i, i + DELETE_AT_ONCE);
      await this.#account.deleteMessage(
        some.map((at) => this.#id(at + 1)),
        { as: some.map((at) => ({ folder: this.#folder, uid: this.#view.uids[at] as Uid })) },
      );
    }
    const read = [...this.#fetched].filter((id) => ((this.#account.meta(id)?.flags ?? Flag.seen) & Flag.seen) === 0);
    if (read.length > 0) await this.#account.updateMessage(read, { mode: 'add', flags: Flag.seen, keywords: [] });
  }

  [Symbol.dispose](): void {
    this.#account[Symbol.dispose]();
  }

  #id(number: number): MsgId {
    return this.#view.ids[number - 1] as MsgId;
  }
}

/** One session per maildrop (RFC 1939 §4). */
export class MaildropLocks {
  readonly #held = new Set<string>();

  /** Undefined when somebody else has it. */
  acquire(name: string): Disposable | undefined {
    if (this.#held.has(name)) return undefined;
    this.#held.add(name);
    return { [Symbol.dispose]: () => void this.#held.delete(name) };
  }
}
