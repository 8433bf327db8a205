/** Creating, renaming, describing and deleting folders; subscriptions. */
import { MailError } from '../../mail/error.ts';
import type { FolderId, FolderRole, MsgId } from '../api.ts';
import type { Operation } from '../commit.ts';
import type { Draft, Plan } from '../draft.ts';
import { canonicalPath, FOLDER_LIMITS, ownLevels, SEPARATOR } from '../folder-names.ts';
import { type FolderRow, type LogChange, newFolder, noFolder, removedChange } from '../state.ts';
import { planMove } from './messages.ts';
import { preserving } from './legal-hold.ts';
import { MOST_MESSAGES } from './parts.ts';

const INBOX = 1 as FolderId;

export const STANDARD_FOLDERS: readonly (readonly [path: string, role: FolderRole])[] = [
  ['INBOX', 'inbox'],
  ['Sent', 'sent'],
  ['Drafts', 'drafts'],
  ['Junk', 'junk'],
  ['Trash', 'trash'],
  ['Archive', 'archive'],
];

/** The folder tree as an operation makes it grow. */
class Tree {
  readonly changes: LogChange[] = [];
  readonly #rows = new Map<FolderId, FolderRow>();
  readonly #children = new Map<FolderId | undefined, Map<string, FolderId>>();
  #next: number;
  #uidValidity: number;

  constructor(draft: Draft, now: number) {
    for (const { row } of draft.folders()) this.#put(row);
    this.#next = draft.facts.nextFolder;
    // Strictly higher each time, also for folders made anew within a second (RFC 9051 §2.3.1.1).
    this.#uidValidity = Math.max(draft.facts.lastUidValidity + 1, Math.floor(now / 1000));
  }

  #put(row: FolderRow): void {
    this.#rows.set(row.id, row);
    const siblings = this.#children.get(row.parent) ?? new Map<string, FolderId>();
    siblings.set(row.name, row.id);
    this.#children.set(row.parent, siblings);
  }

  find(levels: readonly string[]): FolderId | undefined {
    let at: FolderId | undefined;
    for (const name of levels) {
      at = this.#children.get(at)?.get(name);
      if (at === undefined) return undefined;
    }
    return at;
  }

  row(id: FolderId): FolderRow | undefined {
    return this.#rows.get(id);
  }

  children(id: FolderId): readonly FolderId[] {
    return [...(this.#children.get(id)?.values() ?? [])];
  }

  path(id: FolderId | undefined): string[] {
    const names: string[] = [];
    for (let row = id && this.#rows.get(id); row; row = row.parent && this.#rows.get(row.parent)) names.push(row.name);
    return names.reverse();
  }

  isWithin(id: FolderId | undefined, ancestor: FolderId): boolean {
    for (let at = id; at !== undefined; at = this.#rows.get(at)?.parent) if (at === ancestor) return true;
    return false;
  }

  /** Levels below a folder, itself included. */
  height(id: FolderId): number {
    let level: readonly FolderId[] = [id];
    let height = 0;
    for (; level.length > 0; height++) level = level.flatMap((at) => this.children(at));
    return height;
  }

  /** Makes what is missing of the path; answers the last. */
  make(levels: readonly string[], role?: FolderRole, description = ''): FolderId | undefined {
    let parent: FolderId | undefined;
    levels.forEach((name, i) => {
      const known = this.#children.get(parent)?.get(name);
      parent = known ?? this.#create(parent, name, i === levels.length - 1 ? { role, description } : undefined);
    });
    return parent;
  }

  #create(
    parent: FolderId | undefined,
    name: string,
    leaf?: { role: FolderRole | undefined; description: string },
  ): FolderId {
    if (this.#rows.size >= FOLDER_LIMITS.folders)
      throw new MailError('limit', 'user', `more than ${FOLDER_LIMITS.folders} folders`);
    const row: FolderRow = {
      id: this.#next++ as FolderId,
      parent,
      name,
      role: leaf?.role,
      description: leaf?.description ?? '',
      uidValidity: this.#uidValidity++,
      // Who may do something in a folder may do it in those that are made in it (RFC 4314 §3).
      acl: (parent !== undefined && this.#rows.get(parent)?.acl) || [],
    };
    this.#put(row);
    this.changes.push({ type: 'folder', row, created: true });
    return row.id;
  }

  change(row: FolderRow): void {
    this.changes.push({ type: 'folder', row, created: false });
  }
}

export function createFolder(
  path: string,
  role: FolderRole | undefined,
  description: string,
  now: number,
): Operation<FolderId> {
  const levels = ownLevels(path);
  checkDescription(description);
  return {
    plan(draft) {
      const tree = new Tree(draft, now);
      if (tree.find(levels) !== undefined) throw exists(levels);
      if (role !== undefined && draft.folderWithRole(role) !== undefined)
        throw new MailError('conflict', 'user', `another folder has the role ${role}`);
      const id = tree.make(levels, role, description)!;
      return { changes: tree.changes, result: id };
    },
  };
}

/** The folders of a new account. */
export function standardFolders(now: number): Operation<void> {
  return {
    plan(draft) {
      const tree = new Tree(draft, now);
      const changes: LogChange[] = [];
      for (const [path, role] of STANDARD_FOLDERS) {
        tree.make([path], role);
        changes.push({ type: 'subscription', path, subscribed: true });
      }
      return { changes: [...tree.changes, ...changes], result: undefined };
    },
  };
}

/** The first of its messages are moved when INBOX has more than fit; call `moveMessages` for the rest. */
export function renameFolder(id: FolderId, path: string, now: number): Operation<FolderId> {
  const levels = ownLevels(path);
  return {
    alone: true,
    plan(draft): Plan<FolderId> {
      const tree = new Tree(draft, now);
      const row = tree.row(id);
      if (!row) throw noFolder(id);
      const there = tree.find(levels);
      if (there === id) return { changes: [], result: id };
      if (there !== undefined) throw exists(levels);
      if (id === INBOX) return renameInbox(draft, tree, levels, now);
      const parentLevels = levels.slice(0, -1);
      if (isBelow(levels, tree.path(id)))
        throw new MailError('folder-name', 'user', 'a folder cannot be put into itself');
      if (parentLevels.length + tree.height(id) > FOLDER_LIMITS.levels)
        throw new MailError('folder-name', 'user', `more than ${FOLDER_LIMITS.levels} levels`);
      const parent = tree.make(parentLevels);
      const changes = followSubscriptions(draft, tree, id, levels);
      tree.change({ ...row, parent, name: levels.at(-1)! });
      return { changes: [...tree.changes, ...changes], result: id };
    },
  };
}

function isBelow(levels: readonly string[], ancestor: readonly string[]): boolean {
  return levels.length > ancestor.length && ancestor.every((name, i) => name === levels[i]);
}

/** New paths of subscribed folders are subscribed. The old ones stay, as RFC 9051 §6.3.9 wants it. */
function followSubscriptions(draft: Draft, tree: Tree, id: FolderId, to: readonly string[]): LogChange[] {
  const changes: LogChange[] = [];
  const below: [FolderId, readonly string[]][] = [[id, to]];
  for (const [folder, levels] of below) {
    if (draft.isSubscribed(tree.path(folder).join(SEPARATOR)))
      changes.push({ type: 'subscription', path: levels.join(SEPARATOR), subscribed: true });
    for (const child of tree.children(folder)) below.push([child, [...levels, tree.row(child)!.name]]);
  }
  return changes;
}

/** INBOX stays; its messages go (RFC 9051 §6.3.6). */
function renameInbox(draft: Draft, tree: Tree, levels: readonly string[], now: number): Plan<FolderId> {
  const id = tree.make(levels)!;
  const view = draft.index.view(INBOX)!;
  const messages = Array.from(
    view.ids.subarray(0, Math.min(view.length, MOST_MESSAGES)),
    (at) => draft.meta(at as MsgId)!,
  );
  const move = planMove(draft, messages, newFolder(tree.row(id)!, draft.version), now);
  return { changes: [...tree.changes, ...move.changes], result: id };
}

export function describeFolder(id: FolderId, description: string): Operation<FolderId> {
  checkDescription(description);
  return {
    plan(draft) {
      const row = draft.folder(id)?.row;
      if (!row) throw noFolder(id);
      if (row.description === description) return { changes: [], result: id };
      return { changes: [{ type: 'folder', row: { ...row, description }, created: false }], result: id };
    },
  };
}

/** A new UIDVALIDITY for every folder: what clients remember of UIDs is void (after a restore, UIDs are given out again). */
export function renumberFolders(now: number, epoch: string): Operation<void> {
  return {
    plan(draft) {
      let uidValidity = Math.max(draft.facts.lastUidValidity + 1, Math.floor(now / 1000));
      const changes: LogChange[] = [{ type: 'epoch', epoch }];
      for (const { row } of draft.folders())
        changes.push({ type: 'folder', row: { ...row, uidValidity: uidValidity++ }, created: false });
      return { changes, result: undefined };
    },
  };
}

function checkDescription(description: string): void {
  if (description.length > FOLDER_LIMITS.description)
    throw new MailError('limit', 'user', `a description of more than ${FOLDER_LIMITS.description} characters`);
}

/** With at most `MOST_MESSAGES` of its messages: `limit` when there are more. */
export function deleteFolder(id: FolderId): Operation<void> {
  return preserving({
    alone: true,
    plan(draft) {
      const folder = draft.folder(id);
      if (!folder) throw noFolder(id);
      if (id === INBOX) throw new MailError('folder-protected', 'user', 'INBOX cannot be deleted');
      if (draft.index.children(id).length > 0)
        throw new MailError('folder-has-children', 'user', `folder ${id} has folders in it`);
      const view = draft.index.view(id)!;
      if (view.length > MOST_MESSAGES) throw new MailError('limit', 'user', `more than ${MOST_MESSAGES} messages`);
      const changes: LogChange[] = [];
      for (let i = 0; i < view.length; i++) changes.push(removedChange(draft.meta(view.ids[i]! as MsgId)!));
      changes.push({ type: 'folder-removed', id });
      return { changes, result: undefined };
    },
  });
}

export function subscribe(path: string, subscribed: boolean): Operation<void> {
  const canonical = canonicalPath(path);
  return {
    plan(draft) {
      if (draft.isSubscribed(canonical) === subscribed) return { changes: [], result: undefined };
      if (subscribed && draft.subscriptionCount >= FOLDER_LIMITS.subscriptions)
        throw new MailError('limit', 'user', `more than ${FOLDER_LIMITS.subscriptions} subscriptions`);
      return { changes: [{ type: 'subscription', path: canonical, subscribed }], result: undefined };
    },
  };
}

function exists(levels: readonly string[]): MailError {
  return new MailError(
    'folder-exists',
    'user',
    `folder ${JSON.stringify(levels.join(SEPARATOR).slice(0, 200))} exists`,
  );
}
