/**
 * Sequence numbers of one session (RFC 3501 §2.3.1.2, §7.4.1): what the client believes the folder holds, and what it
 * has still to be told. The client's belief is a snapshot; what to tell is its difference from the folder's present
 * one, so a session on a large folder holds a reference and a few numbers.
 */
import type { FolderId, FolderView, Uid, VersionChanges } from '../../mailstore/api.ts';
import type { Version } from '../../ports/kv.ts';

/** So many changed flags, of so many versions, are remembered; more are found by their mod-sequence when they are told. */
const REMEMBERED = 1000;

export interface News {
  /** Positions that are gone, in the numbering before; told from the last to the first none shifts another. */
  readonly expunged: readonly number[];
  /** Their UIDs, ascending. */
  readonly vanished: readonly number[];
  /** The new number of messages, if it is not what the client counts after the expunges. */
  readonly exists: number | undefined;
  /** Positions in the new numbering whose flags changed. */
  readonly flags: readonly number[];
}

export class Tracker {
  readonly folder: FolderId;
  #known: FolderView;
  /** UIDs whose flags changed, by version; undefined stands for too many to remember. */
  readonly #changed = new Map<Version, readonly number[] | undefined>();
  #remembered = 0;
  /** Versions of the last change that this session made itself, and told or was asked not to tell. */
  #own: readonly Version[] = [];
  #folderGone = false;

  constructor(view: FolderView) {
    this.folder = view.folder;
    this.#known = view;
  }

  /** What the client's sequence numbers mean now. */
  get view(): FolderView {
    return this.#known;
  }

  /** The folder was deleted: there is nothing to be told any more. */
  get folderGone(): boolean {
    return this.#folderGone;
  }

  /** Takes note of a change of the account. Is there something to tell? */
  note({ version, changes }: VersionChanges): boolean {
    let news = false;
    const uids: number[] = [];
    for (const change of changes) {
      if (change.type === 'folder') {
        if (change.id !== this.folder) continue;
        // Whether it may still be read is looked at when news are told.
        news = true;
        if (change.what === 'removed') this.#folderGone = true;
      } else if (change.type === 'flags') {
        if (change.message.folder === this.folder) uids.push(change.message.uid);
      } else if (change.type === 'added') news ||= change.message.folder === this.folder;
      else if (change.type === 'removed') news ||= change.folder === this.folder;
      else if (change.type === 'moved') news ||= change.from === this.folder || change.message.folder === this.folder;
    }
    if (uids.length > 0 && !this.#own.includes(version)) {
      this.#remember(version, uids);
      news = true;
    }
    return news;
  }

  #remember(version: Version, uids: readonly number[]): void {
    if (this.#changed.size >= REMEMBERED) {
      // From the earliest on all are looked for.
      const [earliest] = this.#changed.keys();
      if (earliest !== undefined) this.#changed.set(earliest, undefined);
      return;
    }
    const fits = this.#remembered + uids.length <= REMEMBERED;
    if (fits) this.#remembered += uids.length;
    this.#changed.set(version, fits ? uids : undefined);
  }

  /** This session made these changes itself: they are not news to its client. */
  own(versions: readonly Version[]): void {
    if (versions.length === 0) return;
    this.#own = versions;
    for (const version of versions) {
      this.#remembered -= this.#changed.get(version)?.length ?? 0;
      this.#changed.delete(version);
    }
  }

  /**
   * What to tell the client now that the folder is at `next`; from here on its numbers are those of `next`.
   * Without `expunges` (during FETCH, STORE and SEARCH no number may shift, RFC 3501 §7.4.1) a folder that lost
   * messages stays as the client knows it, and only flags are told.
   */
  take(next: FolderView, expunges: boolean): News {
    const gone = removedPositions(this.#known, next);
    let exists: number | undefined;
    const vanished = expunges ? gone.map((at) => this.#known.uids[at] as number).reverse() : [];
    if (gone.length === 0 || expunges) {
      if (next.length !== this.#known.length - gone.length) exists = next.length;
      this.#known = next;
    }
    return { expunged: expunges ? gone : [], vanished, exists, flags: this.#takeFlags() };
  }

  #takeFlags(): number[] {
    if (this.#changed.size === 0) return [];
    const view = this.#known;
    const positions = new Set<number>();
    for (const [version, uids] of this.#changed) {
      if (uids === undefined) {
        // All later ones are among these.
        for (const at of view.changedSince(version - 1)) positions.add(at);
        break;
      }
      for (const uid of uids) {
        const at = view.indexOf(uid as Uid);
        if (at >= 0 && view.flagsAt(at) >= 0) positions.add(at);
      }
    }
    this.#changed.clear();
    this.#remembered = 0;
    return [...positions].sort((a, b) => a - b);
  }
}

/**
 * Positions of `before` whose UIDs `after` does not have, descending. UIDs ascend and are never used again, so the two
 * run in step up to the next one that is gone: found by bisection, whatever the folder's size.
 */
function removedPositions(before: FolderView, after: FolderView): number[] {
  const gone: number[] = [];
  if (before === after) return gone;
  const inStep = (at: number): boolean => {
    const then = at - gone.length;
    return then < after.length && before.uids[at] === after.uids[then];
  };
  let from = 0;
  while (from < before.length) {
    let low = from;
    let high = before.length;
    while (low < high) {
      const mid = (low + high) >>> 1;
      if (inStep(mid)) low = mid + 1;
      else high = mid;
    }
    if (low === before.length) break;
    gone.push(low);
    from = low + 1;
  }
  return gone.reverse();
}
