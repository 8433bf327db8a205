/** Who else may do what with a folder (RFC 4314). The owner has all rights, always, and is in no list. */
import type { AccountId, Folder, FolderId } from './api.ts';

/**
 * lookup, read, seen flag, write other flags, insert, post (which nothing here asks for), make mailboxes below (k), delete the mailbox (x),
 * \Deleted flag, expunge, administer: RFC 4314 §2.1, in the order in which they are told.
 */
export const RIGHTS = 'lrswipkxtea';
export type Right = 'l' | 'r' | 's' | 'w' | 'i' | 'p' | 'k' | 'x' | 't' | 'e' | 'a';

/** A folder of somebody. */
export interface FolderOf {
  readonly owner: AccountId;
  readonly folder: FolderId;
}

export interface Grant {
  readonly who: AccountId;
  /** Of `RIGHTS`, in that order, not empty. */
  readonly rights: string;
}

export interface RightsChange {
  readonly mode: 'set' | 'add' | 'remove';
  readonly rights: string;
}

/** Grants of one folder. */
export const MOST_GRANTS = 100;

/** Those that are rights, each once, in their order. */
export function inOrder(rights: Iterable<string>): string {
  const named = new Set(rights);
  return RIGHTS.split('')
    .filter((right) => named.has(right))
    .join('');
}

/** What somebody else may do. Without `l` the folder does not exist for him, so that no other right is one. */
export function rightsOf(grants: readonly Grant[], who: AccountId): string {
  const rights = grants.find((grant) => grant.who === who)?.rights ?? '';
  return rights.includes('l') ? rights : '';
}

/** Has whoever holds the handle that showed this folder the right? */
export function may(folder: Pick<Folder, 'rights'>, right: Right): boolean {
  return folder.rights === undefined || folder.rights.includes(right);
}

export function changedGrants(grants: readonly Grant[], who: AccountId, change: RightsChange): readonly Grant[] {
  const before = grants.find((grant) => grant.who === who)?.rights ?? '';
  const rights = {
    set: () => inOrder(change.rights),
    add: () => inOrder(before + change.rights),
    remove: () =>
      before
        .split('')
        .filter((right) => !change.rights.includes(right))
        .join(''),
  }[change.mode]();
  if (rights === before) return grants;
  const others = grants.filter((grant) => grant.who !== who);
  return rights === '' ? others : [...others, { who, rights }];
}
