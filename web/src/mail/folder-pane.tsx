import { type DragEvent, lazy, Suspense, useState } from 'react';
import type { Folder } from '../api.ts';
import { hrefOf, route } from '../route.ts';
import { useStore } from '../store.ts';
import { Dialog } from '../ui/dialog.tsx';
import { Icon, type IconName } from '../ui/icon.tsx';
import { Menu, type MenuItem } from '../ui/menu.tsx';
import { useWords } from '../words/words.ts';
import * as actions from './actions.ts';
import { dropped, emptyFolder, isBelow, isDragged, removeFolder } from './folder-actions.ts';
import { FolderDialog } from './folder-dialog.tsx';
import { draggedTo, dragFolder, neighbours, placeFolder, type Spot, spotAt } from './folder-order.ts';
import { useFolderWords } from './folder-words.ts';
import { labels } from './labels.ts';
import { loadFolders } from './mailbox.ts';
import { useMailWords } from './words.ts';

/** Loaded when somebody changes them. */
const LabelDialog = lazy(async () => ({ default: (await import('./label-dialog.tsx')).LabelDialog }));
/** Loaded when somebody tidies up. */
const TidyDialog = lazy(async () => ({ default: (await import('../settings/tidy-dialog.tsx')).TidyDialog }));

const ORDER = ['inbox', 'snoozed', 'drafts', 'templates', 'sent', 'archive', 'junk', 'trash'] as const;
const ICONS: Readonly<Record<string, IconName>> = { snoozed: 'clock', templates: 'list' };
const isSpecial = (folder: Folder) => (ORDER as readonly (string | null)[]).includes(folder.role);

interface FolderPaneProps {
  readonly folders: readonly Folder[];
  readonly error: string;
  readonly current: string | undefined;
  readonly onChoose: () => void;
}

type Asking =
  | { readonly what: 'new'; readonly parent: string | null }
  | { readonly what: 'edit' | 'empty' | 'tidy'; readonly folder: Folder };

export function FolderPane({ folders, error, current, onChoose }: FolderPaneProps) {
  const words = useWords();
  const [asking, setAsking] = useState<Asking>();
  // What somebody put into Trash, say, stands there.
  const special = ORDER.flatMap((role) => {
    const top = folders.find((folder) => folder.role === role);
    const inside = folders.filter((folder) => !isSpecial(folder) && isBelow(folder, top, folders));
    return top === undefined ? [] : [top, ...inside];
  });
  const own = folders.filter((folder) => !special.includes(folder));
  const movable = folders.filter((folder) => !isSpecial(folder));
  const close = () => setAsking(undefined);
  const row = (folder: Folder) => (
    <FolderRow
      key={folder.id}
      folder={folder}
      beside={neighbours(folder, movable)}
      current={folder.id === current}
      onChoose={onChoose}
      onAsk={setAsking}
    />
  );
  return (
    <>
      <ul>{special.map(row)}</ul>
      <div className="folders-head">
        <h2>{words.folders}</h2>
        <button
          type="button"
          className="icon-button small"
          aria-label={words.newFolder}
          title={words.newFolder}
          onClick={() => setAsking({ what: 'new', parent: null })}
        >
          <Icon name="plus" />
        </button>
      </div>
      {own.length > 0 && <ul>{own.map(row)}</ul>}
      <LabelList onChoose={onChoose} />
      {error !== '' && folders.length === 0 && (
        <p className="pane-note" role="alert">
          {words.error(error)}{' '}
          <button type="button" className="link" onClick={() => void loadFolders()}>
            {words.tryAgain}
          </button>
        </p>
      )}
      {asking?.what === 'new' && <FolderDialog parent={asking.parent} onClose={close} />}
      {asking?.what === 'edit' && <FolderDialog folder={asking.folder} onClose={close} />}
      {asking?.what === 'empty' && <EmptyDialog folder={asking.folder} onClose={close} />}
      {asking?.what === 'tidy' && (
        <Suspense>
          <TidyDialog folder={asking.folder} onClose={close} />
        </Suspense>
      )}
    </>
  );
}

/** Each opens the mail that has it. */
function LabelList({ onChoose }: { readonly onChoose: () => void }) {
  const own = useMailWords();
  const known = useStore(labels, (state) => state.known);
  const at = useStore(route, (state) => state.at);
  const [editing, setEditing] = useState(false);
  if (known.length === 0) return null;
  return (
    <>
      <div className="folders-head">
        <h2>{own.labels}</h2>
        <button
          type="button"
          className="icon-button small"
          aria-label={own.editLabels}
          title={own.editLabels}
          onClick={() => setEditing(true)}
        >
          <Icon name="compose" />
        </button>
      </div>
      <ul>
        {known.map(({ id, name, colour }) => {
          const what = `label:${id}`;
          const isOpen = at.view === 'search' && at.what === what;
          return (
            <li key={id} className="folder-row">
              <a
                className="folder"
                href={hrefOf({ view: 'search', what })}
                aria-current={isOpen ? 'page' : undefined}
                onClick={onChoose}
              >
                <span className={`label-dot ${colour}`} aria-hidden="true" />
                <span className="folder-name">{name}</span>
              </a>
            </li>
          );
        })}
      </ul>
      {editing && (
        <Suspense>
          <LabelDialog ids={[]} onClose={() => setEditing(false)} />
        </Suspense>
      )}
    </>
  );
}

interface FolderRowProps {
  readonly folder: Folder;
  readonly beside: ReturnType<typeof neighbours>;
  readonly current: boolean;
  readonly onChoose: () => void;
  readonly onAsk: (asking: Asking) => void;
}

function FolderRow({ folder, beside, current, onChoose, onAsk }: FolderRowProps) {
  const words = useWords();
  const own = useFolderWords();
  const [over, setOver] = useState<'over' | Spot>();
  const special = isSpecial(folder);
  const name = words.folderName(folder);
  // What waits in drafts and junk is told by how many there are; elsewhere what counts is what is new.
  const counted = folder.role === 'drafts' || folder.role === 'snoozed';
  const shown = counted ? folder.total : folder.role === 'trash' ? 0 : folder.unread;
  const depth = special ? 0 : Math.min(5, folder.path.split('/').length - 1);
  const canEmpty = folder.role === 'trash' || folder.role === 'junk';

  const { above, below } = beside;
  const steps: MenuItem[] = [
    ...(above
      ? [{ label: own.moveUp, icon: 'up' as const, act: () => void placeFolder(folder, above, 'before') }]
      : []),
    ...(below
      ? [{ label: own.moveDown, icon: 'down' as const, act: () => void placeFolder(folder, below, 'after') }]
      : []),
  ];
  const files: MenuItem[] = [
    { label: own.exportMail, icon: 'download', act: () => location.assign(`/v1/folders/${folder.id}/mbox`) },
  ];
  const things: MenuItem[] = [
    ...(canEmpty
      ? [{ label: words.emptyIt, icon: 'trash' as const, act: () => onAsk({ what: 'empty', folder }) }]
      : [
          { label: words.newInside, icon: 'plus' as const, act: () => onAsk({ what: 'new', parent: folder.id }) },
          { label: words.tidyUp, icon: 'archive' as const, act: () => onAsk({ what: 'tidy', folder }) },
        ]),
    ...(special
      ? []
      : [
          { label: words.editFolder, icon: 'compose' as const, act: () => onAsk({ what: 'edit', folder }) },
          { label: words.removeFolder, icon: 'trash' as const, act: () => removeFolder(folder) },
        ]),
  ];
  /** What would come of letting go there; undefined: nothing. */
  const spotOf = ({ dataTransfer, currentTarget, clientY }: DragEvent): 'over' | Spot | undefined => {
    if (isDragged(dataTransfer)) return 'over';
    if (draggedTo(dataTransfer, folder) === undefined) return undefined;
    if (!special) return spotAt(currentTarget.getBoundingClientRect(), clientY);
    return folder.role === 'inbox' || folder.role === 'archive' || folder.role === 'trash' ? 'into' : undefined;
  };
  const drop = (event: DragEvent) => {
    const spot = spotOf(event);
    const moved = draggedTo(event.dataTransfer, folder);
    setOver(undefined);
    if (spot === undefined) return;
    event.preventDefault();
    if (moved !== undefined && spot !== 'over') {
      if (folder.role === 'trash') removeFolder(moved);
      else void placeFolder(moved, folder, spot);
      return;
    }
    const ids = dropped(event.dataTransfer);
    if (folder.role === 'trash') actions.remove(ids);
    else if (folder.role === 'junk') actions.reportSpam(ids);
    else actions.move(ids, folder.id);
  };
  return (
    <li className="folder-row">
      <a
        className={['folder', `depth${depth}`, over].filter(Boolean).join(' ')}
        href={hrefOf({ view: 'folder', what: folder.role ?? folder.id })}
        aria-current={current ? 'page' : undefined}
        title={folder.description || undefined}
        onClick={onChoose}
        draggable={!special}
        onDragStart={(event) => dragFolder(event.dataTransfer, folder)}
        onDragOver={(event) => {
          const spot = spotOf(event);
          if (spot !== undefined) event.preventDefault();
          if (spot !== over) setOver(spot);
        }}
        onDragLeave={() => setOver(undefined)}
        onDrop={drop}
      >
        <Icon name={special ? (ICONS[folder.role ?? ''] ?? (folder.role as IconName)) : 'folder'} />
        {folder.colour !== null && <span className={`label-dot ${folder.colour}`} aria-hidden="true" />}
        <span className="folder-name">{name}</span>
        {shown > 0 && (
          <span className="count">
            {!counted && <span className="hidden">{words.unreadCount(shown)}</span>}
            <span aria-hidden={!counted}>{shown > 9_999 ? '9999+' : shown}</span>
          </span>
        )}
      </a>
      <Menu
        label={words.moreAbout(name)}
        className="icon-button small folder-more"
        button={<Icon name="more" />}
        groups={[things, files, steps].filter((group) => group.length > 0)}
      />
    </li>
  );
}

/** There is no way back from this one. */
function EmptyDialog({ folder, onClose }: { readonly folder: Folder; readonly onClose: () => void }) {
  const words = useWords();
  return (
    <Dialog title={words.emptyTitle(words.folderName(folder))} onClose={onClose} className="narrow">
      <p>{words.emptyHint(folder.total)}</p>
      <div className="dialog-buttons">
        <button type="button" className="button" onClick={onClose}>
          {words.back}
        </button>
        <button
          type="button"
          className="button primary"
          onClick={() => {
            onClose();
            emptyFolder(folder);
          }}
        >
          {words.deleteForEver}
        </button>
      </div>
    </Dialog>
  );
}
