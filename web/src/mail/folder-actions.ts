/** What people do with folders. */
import { ApiError, call } from '../api.ts';
import type { Folder } from '../api.ts';
import { toast } from '../ui/toast.tsx';
import { words } from '../words/words.ts';
import { failed } from './actions.ts';
import { folderWith, loadFolders, mailbox, reload } from './mailbox.ts';

export interface FolderFields {
  readonly name: string;
  readonly parent: string | null;
  readonly description: string;
  readonly colour: Folder['colour'];
}

export async function saveFolder(folder: Folder | undefined, fields: FolderFields): Promise<Folder> {
  const kept = await (folder === undefined
    ? call<Folder>('POST', '/v1/folders', { body: fields })
    : call<Folder>('PATCH', `/v1/folders/${folder.id}`, { body: fields }));
  await loadFolders();
  return kept;
}

export function isBelow(folder: Folder, above: Folder | undefined, folders: readonly Folder[]): boolean {
  if (above === undefined) return false;
  for (let at: Folder | undefined = folder; at !== undefined; at = folders.find(({ id }) => id === at?.parent))
    if (at.id === above.id) return true;
  return false;
}

/** Into Trash with all that is in it, from where it can come back; what is there already goes for ever. */
export function removeFolder(folder: Folder): void {
  const trash = folderWith('trash');
  const name = words().folderName(folder);
  const toTrash = async (of: Folder) => {
    for (let n = 1; ; n++)
      try {
        const as = n === 1 ? folder.name : `${folder.name} ${n}`;
        await call('PATCH', `/v1/folders/${folder.id}`, { body: { name: as, parent: of.id } });
        return;
      } catch (error) {
        if (!(error instanceof ApiError && error.code === 'folder-exists') || n === 20) throw error;
      }
  };
  const back = { name: folder.name, parent: folder.parent };
  const undo = () => {
    call('PATCH', `/v1/folders/${folder.id}`, { body: back }).then(loadFolders).catch(failed);
  };
  const forEver = trash === undefined || isBelow(folder, trash, mailbox.state.folders);
  const done = forEver
    ? call('POST', `/v1/folders/${folder.id}/empty`).then(() => call('DELETE', `/v1/folders/${folder.id}`))
    : toTrash(trash);
  done
    .then(() => toast(words().folderRemoved(name, forEver), forEver ? undefined : { label: words().undo, act: undo }))
    .catch(failed)
    .finally(() => void loadFolders());
}

export function emptyFolder(folder: Folder): void {
  call<{ deleted: number }>('POST', `/v1/folders/${folder.id}/empty`)
    .then(({ deleted }) => toast(words().deleted(deleted, true)))
    .catch(failed)
    .finally(reload);
}

/** What is dragged: message ids, one a line. */
const DRAGGED = 'application/x-pabal-messages';

export function drag(data: DataTransfer, ids: readonly string[]): void {
  data.setData(DRAGGED, ids.join('\n'));
  data.effectAllowed = 'move';
}

export const isDragged = (data: DataTransfer): boolean => data.types.includes(DRAGGED);

export function dropped(data: DataTransfer): readonly string[] {
  return data.getData(DRAGGED).split('\n').filter(Boolean);
}
