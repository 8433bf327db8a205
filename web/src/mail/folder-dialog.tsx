/** A folder's name, place, description and colour: of a new one, or one that is there. */
import { type FormEvent, useState } from 'react';
import type { Folder } from '../api.ts';
import { useStore } from '../store.ts';
import { Dialog } from '../ui/dialog.tsx';
import { useWords } from '../words/words.ts';
import { isBelow, saveFolder } from './folder-actions.ts';
import { useFolderWords } from './folder-words.ts';
import { COLOURS } from './labels.ts';
import { codeOf, mailbox } from './mailbox.ts';
import { useMailWords } from './words.ts';

interface FolderDialogProps {
  /** Absent: a new one. */
  readonly folder?: Folder | undefined;
  /** Where a new one begins. */
  readonly parent?: string | null;
  readonly onClose: () => void;
}

export function FolderDialog({ folder, parent: start = null, onClose }: FolderDialogProps) {
  const words = useWords();
  const own = useFolderWords();
  const { colours } = useMailWords();
  const folders = useStore(mailbox, (state) => state.folders);
  const [name, setName] = useState(folder?.name ?? '');
  const [parent, setParent] = useState(folder === undefined ? start : folder.parent);
  const [description, setDescription] = useState(folder?.description ?? '');
  const [colour, setColour] = useState(folder?.colour ?? null);
  const [complaint, setComplaint] = useState('');
  // It cannot lie in itself, and what is in Trash or Junk is thrown away.
  const trash = folders.filter(({ role }) => role === 'trash' || role === 'junk');
  const places = folders.filter(
    (one) =>
      one.id === parent || !(isBelow(one, folder, folders) || trash.some((above) => isBelow(one, above, folders))),
  );
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    try {
      await saveFolder(folder, { name: name.trim(), parent, description: description.trim(), colour });
      onClose();
    } catch (error) {
      setComplaint(words.error(codeOf(error)));
    }
  };
  return (
    <Dialog title={folder === undefined ? words.newFolder : words.editFolder} onClose={onClose} className="narrow">
      <form className="dialog-form" onSubmit={(event) => void submit(event)}>
        <label className="field">
          <span>{words.name}</span>
          <input
            required
            maxLength={255}
            pattern="[^\/]*"
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        </label>
        <label className="field">
          <span>{words.insideOf}</span>
          <select value={parent ?? ''} onChange={(event) => setParent(event.target.value || null)}>
            <option value="">{words.atTheTop}</option>
            {places.map((one) => (
              <option key={one.id} value={one.id}>
                {one.role === null ? one.path : words.folderName(one)}
              </option>
            ))}
          </select>
        </label>
        <label className="field">
          <span>{words.description}</span>
          <input maxLength={1000} value={description} onChange={(event) => setDescription(event.target.value)} />
        </label>
        <fieldset className="swatches">
          <legend>{own.colour}</legend>
          {[null, ...COLOURS].map((one) => (
            <label key={one} title={one === null ? own.noColour : colours[one]}>
              <input type="radio" name="colour" checked={colour === one} onChange={() => setColour(one)} />
              <span className={`label-dot ${one ?? 'none'}`} aria-hidden="true" />
              <span className="hidden">{one === null ? own.noColour : colours[one]}</span>
            </label>
          ))}
        </fieldset>
        {complaint !== '' && (
          <p className="complaint" role="alert">
            {complaint}
          </p>
        )}
        <div className="dialog-buttons">
          <button className="button primary">{words.save}</button>
        </div>
      </form>
    </Dialog>
  );
}
