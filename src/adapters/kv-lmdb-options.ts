/** How LMDB is opened, alike on both threads. */
import type { Database, DatabaseOptions, RootDatabaseOptions } from 'lmdb';

export const PAGE = 4096;

export const LMDB_OPTIONS = {
  noSubdir: false,
  maxDbs: 8,
  maxReaders: 126,
  pageSize: PAGE,
  keyEncoding: 'binary',
  encoding: 'binary',
  // A commit is on disk when it returns: data first, then the root page. lmdb's default syncs after the root page is
  // written, and relies on going back to an older root after a power cut.
  overlappingSync: false,
  noSync: false,
  noMetaSync: false,
} as const satisfies RootDatabaseOptions;

export const TABLE_OPTIONS = { keyEncoding: 'binary', encoding: 'binary' } as const satisfies DatabaseOptions;

/** Address space, not memory or disk: large enough that the map never has to move under a reader. */
export const MAP_SIZE = 2 ** 40;

interface Tree {
  readonly treeBranchPageCount: number;
  readonly treeLeafPageCount: number;
  readonly overflowPages: number;
}

/** Pages of the file that hold nothing any more, and that coming transactions may use. */
export function unusedPages(tables: readonly Database<Buffer, Buffer>[]): number {
  let used = 2; // the two root pages
  let last = 0;
  for (const [i, table] of tables.entries()) {
    const stats = table.getStats() as Tree & { lastPageNumber: number; root: Tree; free: Tree };
    last = stats.lastPageNumber;
    for (const tree of i === 0 ? [stats, stats.root, stats.free] : [stats])
      used += tree.treeBranchPageCount + tree.treeLeafPageCount + tree.overflowPages;
  }
  return Math.max(0, last + 1 - used);
}
