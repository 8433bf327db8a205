/** Where mail of other programs is brought in: which files, into which folder, how far it is, and what came of it. */
import { useRef, useState } from 'react';
import { failed } from '../mail/actions.ts';
import { folderWith, mailbox, reload } from '../mail/mailbox.ts';
import { FolderChoice } from '../settings/folder-choice.tsx';
import { Section } from '../settings/resource.tsx';
import { useSettingsWords } from '../settings/words.ts';
import { useStore } from '../store.ts';
import { useWords } from '../words/words.ts';
import { type Importing, importFiles, importing, stopImport } from './importing.ts';

export function ImportMail() {
  const words = useSettingsWords().importMail;
  const folders = useStore(mailbox, (state) => state.folders);
  const state = useStore(importing, (all) => all);
  const [folder, setFolder] = useState('');
  const field = useRef<HTMLInputElement>(null);
  const chosen = folder || folderWith('inbox')?.id || '';
  const begin = () => {
    const files = [...(field.current?.files ?? [])];
    if (files.length > 0 && chosen !== '') importFiles(files, chosen, reload).catch(failed);
    if (field.current !== null) field.current.value = '';
  };
  return (
    <Section title={words.title} intro={words.intro}>
      <div className="stack narrow">
        <FolderChoice
          label={words.folder}
          folders={folders.filter(({ role }) => role !== 'snoozed')}
          value={chosen}
          disabled={state.running}
          onChange={setFolder}
        />
        <input
          ref={field}
          type="file"
          multiple
          hidden
          accept=".mbox,.mbx,.eml,.zip,message/rfc822,application/mbox,application/zip"
          aria-label={words.choose}
          onChange={begin}
        />
        {state.running ? (
          <Going state={state} />
        ) : (
          <div className="save-row start">
            <button type="button" className="button primary" onClick={() => field.current?.click()}>
              {words.choose}
            </button>
          </div>
        )}
        <Outcome state={state} />
      </div>
    </Section>
  );
}

function Going({ state: { done, total, imported, known } }: { readonly state: Importing }) {
  const words = useSettingsWords().importMail;
  return (
    <div className="one-line">
      <progress className="grow" max={Math.max(1, total)} value={done} aria-label={words.title} />
      <span className="muted">{words.soFar(imported + known)}</span>
      <button type="button" className="button small" onClick={stopImport}>
        {words.stop}
      </button>
    </div>
  );
}

/** How it ended; nothing before. */
function Outcome({ state }: { readonly state: Importing }) {
  const words = useSettingsWords().importMail;
  const all = useWords();
  const { running, imported, known, refused, stopped, error } = state;
  const nothing = imported + known + refused.length === 0;
  if (running || (nothing && !stopped && error === '')) return null;
  return (
    <div role="status">
      {error !== '' && <p className="complaint">{error === 'unreadable' ? words.unreadable : all.error(error)}</p>}
      <p>
        <strong>{words.done(imported, known)}</strong>
      </p>
      {(stopped || error !== '') && <p className="muted">{words.again}</p>}
      {refused.length > 0 && (
        <>
          <p>{words.refused(refused.length)}</p>
          <ul>
            {refused.map(({ file, number, reason }) => (
              <li key={`${file} ${number}`}>{words.refusedOne(file, number, all.error(reason))}</li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}
