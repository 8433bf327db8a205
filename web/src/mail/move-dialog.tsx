import { type KeyboardEvent, useState } from 'react';
import type { Folder } from '../api.ts';
import { Dialog } from '../ui/dialog.tsx';
import { Icon } from '../ui/icon.tsx';
import { useWords } from '../words/words.ts';

interface MoveDialogProps {
  readonly folders: readonly Folder[];
  readonly onChoose: (folder: string) => void;
  readonly onClose: () => void;
}

/** Some letters of a folder's name, and Enter. */
export function MoveDialog({ folders, onChoose, onClose }: MoveDialogProps) {
  const words = useWords();
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const wanted = text.trim().normalize('NFC').toLocaleLowerCase();
  const shown = folders.filter((folder) =>
    `${words.folderName(folder)}\n${folder.path}`.normalize('NFC').toLocaleLowerCase().includes(wanted),
  );
  const chosen = shown[Math.min(at, shown.length - 1)];
  const choose = (folder: Folder | undefined) => {
    if (folder === undefined) return;
    onClose();
    onChoose(folder.id);
  };
  const key = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      setAt(Math.max(0, Math.min(shown.length - 1, at + step)));
    } else if (event.key === 'Enter') {
      event.preventDefault();
      choose(chosen);
    }
  };
  return (
    <Dialog title={words.moveTo} onClose={onClose} className="narrow">
      <label className="field">
        <span className="hidden">{words.findFolder}</span>
        <input
          placeholder={words.findFolder}
          value={text}
          onKeyDown={key}
          onChange={(event) => {
            setText(event.target.value);
            setAt(0);
          }}
        />
      </label>
      <ul className="choices">
        {shown.map((folder) => (
          <li key={folder.id}>
            <button type="button" aria-current={folder === chosen ? 'true' : undefined} onClick={() => choose(folder)}>
              <Icon name="folder" />
              {folder.role === null ? folder.path : words.folderName(folder)}
            </button>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
