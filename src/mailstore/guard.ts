/**
 * What somebody may change in the account of somebody else: each operation's changes are compared with the rights of their folders in
 * the commit itself, so that a right that is taken away is gone for every operation after that, whatever a handle still remembers.
 */
import { MailError } from '../mail/error.ts';
import { type AccountId, Flag, type FolderId, type MessageMeta } from './api.ts';
import type { Operation } from './commit.ts';
import type { Draft } from './draft.ts';
import { type Right, rightsOf } from './rights.ts';
import type { LogChange } from './state.ts';

export function guarded<T>(operation: Operation<T>, who: AccountId): Operation<T> {
  return {
    ...operation,
    plan(draft) {
      const plan = operation.plan(draft);
      const guard = new Guard(draft, who, plan.changes);
      return { ...plan, changes: plan.changes.flatMap((change) => guard.permitted(change) ?? []) };
    },
  };
}

class Guard {
  readonly #draft: Draft;
  readonly #who: AccountId;
  /** Folders that the operation makes: whoever may make one may fill it. */
  readonly #made = new Set<FolderId>();
  readonly #removed = new Set<FolderId>();
  readonly #changesFolders: boolean;

  constructor(draft: Draft, who: AccountId, changes: readonly LogChange[]) {
    this.#draft = draft;
    this.#who = who;
    for (const change of changes) if (change.type === 'folder-removed') this.#removed.add(change.id);
    this.#changesFolders = changes.some(({ type }) => type === 'folder');
  }

  /** The change as far as it may be; undefined when nothing is left of it. */
  permitted(change: LogChange): LogChange | undefined {
    switch (change.type) {
      case 'added':
        this.#need(change.message.folder, 'i');
        return { ...change, message: this.#flagged(change.message, undefined) };
      case 'removed':
        if (!this.#removed.has(change.folder)) this.#need(change.folder, 'e');
        return change;
      case 'moved':
        // What RFC 6851 §3.3 asks for: COPY, the flag \Deleted, and EXPUNGE.
        this.#need(change.from, 't', 'e');
        this.#need(change.message.folder, 'i');
        return { ...change, message: this.#flagged(change.message, undefined) };
      case 'flags': {
        const before = this.#draft.meta(change.message.id);
        const message = this.#flagged(change.message, before);
        const same = before && before.flags === message.flags && before.keywords === message.keywords;
        return same ? undefined : { ...change, message };
      }
      case 'folder':
        this.#folder(change);
        return change;
      case 'folder-removed':
        this.#need(change.id, 'x');
        return change;
      case 'subscription':
        // A folder that gets another name takes its owner's subscription along.
        if (this.#changesFolders) return change;
        throw notAllowed();
      default:
        throw notAllowed();
    }
  }

  #folder({ row, created }: Extract<LogChange, { type: 'folder' }>): void {
    if (created) {
      this.#need(row.parent, 'k');
      this.#made.add(row.id);
      return;
    }
    const before = this.#draft.folder(row.id)?.row;
    if (before?.acl !== row.acl) this.#need(row.id, 'a');
    if (before?.name !== row.name || before.parent !== row.parent || before.description !== row.description)
      this.#need(row.id, 'x');
    if (before?.parent !== row.parent) this.#need(row.parent, 'k');
  }

  /** Flags that may not be set stay as they were, or unset (RFC 4314 §4). */
  #flagged(message: MessageMeta, before: MessageMeta | undefined): MessageMeta {
    const rights = this.#rights(message.folder);
    const mask = permittedFlags(rights);
    const flags = (message.flags & mask) | ((before?.flags ?? 0) & ~mask);
    return { ...message, flags, keywords: rights.includes('w') ? message.keywords : (before?.keywords ?? []) };
  }

  #rights(id: FolderId | undefined): string {
    if (id === undefined) return '';
    return this.#made.has(id) ? 'lrswit' : rightsOf(this.#draft.folder(id)?.row.acl ?? [], this.#who);
  }

  #need(id: FolderId | undefined, ...rights: readonly Right[]): void {
    const have = this.#rights(id) + (id !== undefined && this.#made.has(id) ? 'k' : '');
    if (!rights.every((right) => have.includes(right))) throw notAllowed();
  }
}

/** As bits, those that somebody with these rights may set. */
export function permittedFlags(rights: string): number {
  return (
    (rights.includes('s') ? Flag.seen : 0) |
    (rights.includes('t') ? Flag.deleted : 0) |
    (rights.includes('w') ? Flag.answered | Flag.flagged | Flag.draft : 0)
  );
}

export function notAllowed(): MailError {
  return new MailError('not-allowed', 'user', 'the owner of the folder has not given that right');
}
