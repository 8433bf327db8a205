/** How somebody wants the folders shown: colours, and an order of one's own. Mail programs have no place for it, so it is a record beside the folders. */
import { MailError } from '../../mail/error.ts';
import type { Folder, FolderId, MailAccount, RecordKey } from '../../mailstore/api.ts';
import type { Colour } from './schemas.ts';

const KEY: RecordKey = { kind: 'folder-looks', id: 'all' };
/** What one record has room for. */
export const MOST_ORDERED = 2_000;
const MOST_COLOURED = 1_000;

interface Kept {
  readonly colours: readonly (readonly [FolderId, Colour])[];
  /** Those not named come behind: INBOX, then by name. */
  readonly order: readonly FolderId[];
}
const NOTHING: Kept = { colours: [], order: [] };

export class FolderLooks {
  readonly #colours: ReadonlyMap<FolderId, Colour>;
  readonly #places: ReadonlyMap<FolderId, number>;

  private constructor({ colours, order }: Kept) {
    this.#colours = new Map(colours);
    this.#places = new Map(order.map((id, place) => [id, place]));
  }

  static async of(account: MailAccount): Promise<FolderLooks> {
    return new FolderLooks((await account.record<Kept>(KEY.kind, KEY.id)) ?? NOTHING);
  }

  colour(id: FolderId): Colour | null {
    return this.#colours.get(id) ?? null;
  }

  /** Each behind the folder it lies in, and among its siblings where it shall be. */
  sorted(folders: readonly Folder[]): readonly Folder[] {
    const known = new Set<FolderId | undefined>(folders.map(({ id }) => id));
    const inside = Map.groupBy(folders, ({ parent }) => (known.has(parent) ? parent : undefined));
    for (const siblings of inside.values()) siblings.sort((a, b) => this.#compare(a, b));
    const sorted: Folder[] = [];
    // A stack, as folders lie in folders as deep as their owner likes.
    const open = [...(inside.get(undefined) ?? [])].toReversed();
    for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
      sorted.push(folder);
      open.push(...(inside.get(folder.id) ?? []).toReversed());
    }
    return sorted;
  }

  #compare(a: Folder, b: Folder): number {
    const [left, right] = [a, b].map(({ id }) => this.#places.get(id) ?? Number.MAX_SAFE_INTEGER) as [number, number];
    const inbox = Number(b.role === 'inbox') - Number(a.role === 'inbox');
    return left - right || inbox || (a.name < b.name ? -1 : 1);
  }
}

export async function colourFolder(account: MailAccount, id: FolderId, colour: Colour | null): Promise<void> {
  await change(account, ({ colours, order }) => {
    const others = colours.filter(([one]) => one !== id);
    if (colour !== null && others.length >= MOST_COLOURED)
      throw new MailError('limit', 'user', `more than ${MOST_COLOURED} folders with a colour`);
    return { colours: colour === null ? others : [...others, [id, colour]], order };
  });
}

export async function orderFolders(account: MailAccount, order: readonly FolderId[]): Promise<void> {
  await change(account, ({ colours }) => ({ colours, order }));
}

/** What is gone by now is forgotten with the next change. */
async function change(account: MailAccount, how: (kept: Kept) => Kept): Promise<void> {
  const here = (id: FolderId): boolean => account.folder(id) !== undefined;
  await account.changeRecords([KEY], (before) => {
    const { colours, order } = how((before(KEY) as Kept | undefined) ?? NOTHING);
    return [{ ...KEY, value: { colours: colours.filter(([id]) => here(id)), order: order.filter(here) } }];
  });
}
