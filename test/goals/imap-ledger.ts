/** What sessions that run at the same time were acknowledged, and what may have become of it. */

export const FOLDERS = ['INBOX', 'Archive', 'Trash'] as const;
export type FolderName = (typeof FOLDERS)[number];

/** Every copy of a message that was acknowledged, and what may have become of it. */
export class StressLedger {
  /** Folder and UID → the token in its Subject. */
  readonly created = new Map<string, string>();
  /** May carry \Deleted, and so may every copy of them. */
  readonly mayBeDeleted = new Set<string>();
  /** May be gone: somebody marked or moved it, and nobody must have seen that yet. */
  readonly mayBeGone = new Set<string>();
  /** Must be gone: a MOVE said so. */
  readonly moved = new Set<string>();
  /** Must be gone as well: a REPLACE said so, or somebody had taken it before. */
  readonly replaced = new Set<string>();
  /** What a session had asked for when it lost its connection: it may have come to be. */
  readonly unknown = new Set<string>();
  readonly highest = new Map<string, number>();
  readonly complaints: string[] = [];
  commands = 0;

  complain(what: string): void {
    if (this.complaints.length < 100) this.complaints.push(what);
  }

  create(folder: FolderName, uid: number, token: string, above: number): void {
    const key = `${folder} ${uid}`;
    if (this.created.has(key)) this.complain(`UID ${uid} of ${folder} was given twice`);
    if (uid <= above) this.complain(`UID ${uid} of ${folder} is not above ${above}, which was acknowledged before`);
    this.created.set(key, token);
    this.highest.set(folder, Math.max(uid, this.highest.get(folder) ?? 0));
  }
}
