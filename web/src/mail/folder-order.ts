/** Folders beside each other, as somebody wants them: one is dragged, or stepped up and down. */
import { call, type Folder } from '../api.ts';
import { failed } from './actions.ts';
import { isBelow } from './folder-actions.ts';
import { loadFolders, mailbox } from './mailbox.ts';

/** Where a folder comes to lie, as seen from another one. */
export type Spot = 'before' | 'into' | 'after';

const DRAGGED = 'application/x-pabal-folder';

/** While it is dragged nobody but its beginning knows what it is: browsers tell it only when it is dropped. */
let dragged: Folder | undefined;

export function dragFolder(data: DataTransfer, folder: Folder): void {
  dragged = folder;
  data.setData(DRAGGED, folder.id);
  data.effectAllowed = 'move';
}

/** Undefined: it cannot come to lie there, or something else is dragged. */
export function draggedTo(data: DataTransfer, target: Folder): Folder | undefined {
  if (!data.types.includes(DRAGGED) || dragged === undefined) return undefined;
  return isBelow(target, dragged, mailbox.state.folders) ? undefined : dragged;
}

/** By where in the row of a folder the pointer is: its middle is the folder itself. */
export function spotAt({ top, height }: DOMRect, y: number): Spot {
  const at = (y - top) / height;
  return at < 0.3 ? 'before' : at > 0.7 ? 'after' : 'into';
}

export async function placeFolder(folder: Folder, target: Folder, spot: Spot): Promise<void> {
  const parent = spot === 'into' ? target.id : target.parent;
  try {
    if (parent !== folder.parent) await call('PATCH', `/v1/folders/${folder.id}`, { body: { parent } });
    if (spot !== 'into') await putBeside(folder, target, spot);
  } catch (error) {
    failed(error);
  }
  await loadFolders();
}

async function putBeside(folder: Folder, target: Folder, spot: 'before' | 'after'): Promise<void> {
  const { folders } = mailbox.state;
  const others = folders.filter(({ id }) => id !== folder.id);
  const at = others.findIndex(({ id }) => id === target.id) + (spot === 'after' ? 1 : 0);
  const items = others.toSpliced(at, 0, folder).map(({ id }) => id);
  await call('PUT', '/v1/folders/order', { body: { items } });
}

/** Those with which it can change places, of `movable` ones; of what stands at its end there is none. */
export function neighbours(folder: Folder, movable: readonly Folder[]): Partial<Record<'above' | 'below', Folder>> {
  const siblings = movable.filter(({ parent }) => parent === folder.parent);
  const at = siblings.findIndex(({ id }) => id === folder.id);
  if (at < 0) return {};
  const [above, below] = [siblings[at - 1], siblings[at + 1]];
  return { ...(above && { above }), ...(below && { below }) };
}
