/**
 * Where mailbox names lead: into one's own account, or, `~address/path`, to what somebody else shares (the namespace of other users, RFC
 * 2342). Whose folder is not shared, and whose address nobody has, is the same: it does not exist.
 */
import type { Directory } from '../../directory/api.ts';
import { MailError } from '../../mail/error.ts';
import type { AccountId, Folder, MailAccount, MailStore, Principal } from '../../mailstore/api.ts';

/** Names of other users' mailboxes begin with it. */
export const OTHERS = '~';
/** Owners whose folders one session has open; those after them are not shown. */
const MOST_OWNERS = 100;

export interface Place {
  readonly account: MailAccount;
  readonly folder: Folder;
  /** As the client knows it. */
  readonly path: string;
}

/** Somebody's account as far as it is shared. */
export interface SharedBy {
  readonly address: string;
  readonly account: MailAccount & Disposable;
}

interface Services {
  readonly store: MailStore;
  readonly directory: Directory;
}

export class Places implements Disposable {
  readonly #own: MailAccount;
  readonly #services: Services;
  readonly #who: (Principal & { kind: 'user' }) | undefined;
  readonly #open = new Map<AccountId, SharedBy>();
  #disposed = false;

  /** Without `who` there is nothing but this account. */
  constructor(own: MailAccount, services: Services, who: (Principal & { kind: 'user' }) | undefined) {
    this.#own = own;
    this.#services = services;
    this.#who = who;
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    for (const { account } of this.#open.values()) account[Symbol.dispose]();
    this.#open.clear();
  }

  /** The mailbox of this name, as of now. */
  async at(path: string): Promise<Place | undefined> {
    await this.#own.refresh();
    const folder = this.#own.folderAt(path);
    if (folder !== undefined) return { account: this.#own, folder, path: folder.path };
    const { account, path: rest } = (await this.#shared(path)) ?? {};
    const shared = rest === undefined ? undefined : account?.folderAt(rest);
    return account && shared && { account, folder: shared, path };
  }

  async existing(path: string): Promise<Place> {
    const place = await this.at(path);
    if (place === undefined) throw new MailError('folder-missing', 'user', 'There is no folder with that path');
    return place;
  }

  /** The account in which a mailbox of this name would be made, and its name there. */
  async accountFor(path: string): Promise<{ readonly account: MailAccount; readonly path: string }> {
    if (partsOf(path) === undefined) return { account: this.#own, path };
    const shared = await this.#shared(path);
    if (shared === undefined) throw new MailError('not-allowed', 'user', 'Nothing of that user is shared');
    return shared;
  }

  /** Everybody who shares something. */
  async owners(): Promise<readonly SharedBy[]> {
    if (this.#who === undefined) return [];
    const found: SharedBy[] = [];
    for (const { id } of (await this.#own.records('shared-from')).slice(0, MOST_OWNERS)) {
      const address = (await this.#services.directory.account(id))?.address;
      const owner = address === undefined ? undefined : await this.#owner(id as AccountId, address);
      if (owner !== undefined) found.push(owner);
    }
    return found;
  }

  /** The account that a name leads to, and the name there. */
  async #shared(path: string): Promise<{ account: MailAccount; path: string } | undefined> {
    const parts = partsOf(path);
    if (parts === undefined || this.#who === undefined) return undefined;
    const info = await this.#services.directory.account(parts.address);
    if (info === undefined || (await this.#own.record('shared-from', info.id)) === undefined) return undefined;
    const owner = await this.#owner(info.id, info.address);
    return owner && { account: owner.account, path: parts.path };
  }

  async #owner(id: AccountId, address: string): Promise<SharedBy | undefined> {
    if (this.#who === undefined) return undefined;
    let owner = this.#open.get(id);
    if (owner === undefined) {
      try {
        const account = await this.#services.store.openShared(this.#who, id);
        const meanwhile = this.#open.get(id);
        if (this.#disposed || meanwhile !== undefined) account[Symbol.dispose]();
        owner = meanwhile ?? { address, account };
        if (!this.#disposed) this.#open.set(id, owner);
      } catch (error) {
        if (error instanceof MailError && error.code === 'account-missing') return undefined;
        throw error;
      }
    }
    await owner.account.refresh();
    return owner;
  }
}

/** `~address/path`; undefined for names of one's own. */
function partsOf(name: string): { readonly address: string; readonly path: string } | undefined {
  const slash = name.indexOf('/');
  if (!name.startsWith(OTHERS) || slash < 0) return undefined;
  const address = name.slice(OTHERS.length, slash);
  return address.includes('@') ? { address, path: name.slice(slash + 1) } : undefined;
}
