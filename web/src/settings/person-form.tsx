/** How the mail of one person is handled. */
import { type FormEvent, useState } from 'react';
import { call } from '../api.ts';
import { codeOf, mailbox } from '../mail/mailbox.ts';
import { useStore } from '../store.ts';
import { useWords } from '../words/words.ts';
import { FolderChoice } from './folder-choice.tsx';
import { forgetPeople, pathOf, type Person } from './person.ts';
import { Check, Choice, Field, SaveRow } from './resource.tsx';
import { useSettingsWords } from './words.ts';

interface PersonFormProps {
  readonly before?: Person;
  readonly onCancel: () => void;
  readonly onSaved: () => void;
}

type Importance = 'high' | 'normal' | 'low';

export function PersonForm({ before, onCancel, onSaved }: PersonFormProps) {
  const all = useSettingsWords();
  const words = all.people;
  const shared = useWords();
  const folders = useStore(mailbox, (state) => state.folders);
  const [address, setAddress] = useState(before?.address ?? '');
  const [importance, setImportance] = useState<Importance>(before?.importance ?? 'normal');
  const [folder, setFolder] = useState(before?.folder ?? '');
  const [notify, setNotify] = useState((before?.notify ?? []).join(', '));
  const [signature, setSignature] = useState(before?.signature ?? '');
  const [accept, setAccept] = useState(before?.accept ?? false);
  const [images, setImages] = useState(before?.images ?? false);
  const [busy, setBusy] = useState(false);
  const [complaint, setComplaint] = useState('');

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const told = notify.split(/[\s,;]+/).filter(Boolean);
    const body = {
      ...(importance !== 'normal' && { importance }),
      // A folder that is gone cannot be named again.
      ...(folders.some(({ id }) => id === folder) && { folder }),
      ...(told.length > 0 && { notify: told }),
      ...(signature.trim() !== '' && { signature: signature.trimEnd() }),
      ...(accept && { accept }),
      ...(images && { images }),
    };
    setBusy(true);
    setComplaint('');
    try {
      await call('PUT', pathOf(address), { body });
      forgetPeople();
      onSaved();
    } catch (error) {
      setComplaint(shared.error(codeOf(error)));
      setBusy(false);
    }
  };
  return (
    <form className="stack" onSubmit={(event) => void submit(event)}>
      <Field label={shared.address}>
        <input
          type="email"
          required
          maxLength={320}
          value={address}
          readOnly={before !== undefined}
          onChange={(event) => setAddress(event.target.value)}
        />
      </Field>
      <div className="columns">
        <Choice<Importance>
          label={shared.importance}
          value={importance}
          options={shared.importances}
          onChange={setImportance}
        />
        <FolderChoice
          label={words.folder}
          none={words.noFolder}
          folders={folders}
          value={folder}
          onChange={setFolder}
        />
      </div>
      <Field label={words.notify} hint={words.notifyHint}>
        <input value={notify} maxLength={1_700} onChange={(event) => setNotify(event.target.value)} />
      </Field>
      <Field label={words.signature} hint={words.signatureHint}>
        <textarea value={signature} rows={3} maxLength={5_000} onChange={(event) => setSignature(event.target.value)} />
      </Field>
      <Check label={words.accept} hint={words.acceptHint} checked={accept} onChange={setAccept} />
      <Check label={words.images} hint={words.imagesHint} checked={images} onChange={setImages} />
      <SaveRow busy={busy} complaint={complaint}>
        <button type="button" className="button" onClick={onCancel}>
          {all.cancel}
        </button>
      </SaveRow>
    </form>
  );
}
