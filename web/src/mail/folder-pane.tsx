import type { Folder } from '../api.ts';
import { hrefOf } from '../route.ts';
import { Icon, type IconName } from '../ui/icon.tsx';
import { useWords } from '../words/words.ts';
import { loadFolders } from './mailbox.ts';

const ORDER = ['inbox', 'drafts', 'sent', 'archive', 'junk', 'trash'] as const;
const isSpecial = (folder: Folder) => (ORDER as readonly (string | null)[]).includes(folder.role);

interface FolderPaneProps {
  readonly folders: readonly Folder[];
  readonly error: string;
  readonly current: string | undefined;
  readonly onChoose: () => void;
}

export function FolderPane({ folders, error, current, onChoose }: FolderPaneProps) {
  const words = useWords();
  const special = ORDER.flatMap((role) => folders.filter((folder) => folder.role === role));
  const own = folders.filter((folder) => !isSpecial(folder)).sort((a, b) => a.path.localeCompare(b.path));
  const row = (folder: Folder) => {
    const name = words.folderName(folder);
    // What waits in drafts and junk is told by how many there are; elsewhere what counts is what is new.
    const shown = folder.role === 'drafts' ? folder.total : folder.role === 'trash' ? 0 : folder.unread;
    const depth = isSpecial(folder) ? 0 : Math.min(5, folder.path.split('/').length - 1);
    return (
      <li key={folder.id}>
        <a
          className={`folder depth${depth}`}
          href={hrefOf({ view: 'folder', what: folder.role ?? folder.id })}
          aria-current={folder.id === current ? 'page' : undefined}
          title={folder.description || undefined}
          onClick={onChoose}
        >
          <Icon name={isSpecial(folder) ? (folder.role as IconName) : 'folder'} />
          <span className="folder-name">{name}</span>
          {shown > 0 && (
            <span className="count" aria-label={folder.role === 'drafts' ? undefined : words.unreadCount(shown)}>
              {shown > 9_999 ? '9999+' : shown}
            </span>
          )}
        </a>
      </li>
    );
  };
  return (
    <>
      <ul>{special.map(row)}</ul>
      {own.length > 0 && (
        <>
          <h2>{words.folders}</h2>
          <ul>{own.map(row)}</ul>
        </>
      )}
      {error !== '' && folders.length === 0 && (
        <p className="pane-note" role="alert">
          {words.error(error)}{' '}
          <button type="button" className="link" onClick={() => void loadFolders()}>
            {words.tryAgain}
          </button>
        </p>
      )}
    </>
  );
}
