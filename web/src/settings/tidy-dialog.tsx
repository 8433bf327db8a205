/** A folder is tidied up: what is old, from somebody, or large goes out of it. First only what would go, and then a way back. */
import { type FormEvent, useState } from 'react';
import type { Folder } from '../api.ts';
import { folderWith, mailbox } from '../mail/mailbox.ts';
import { useStore } from '../store.ts';
import { Dialog } from '../ui/dialog.tsx';
import { useWords } from '../words/words.ts';
import { FolderChoice } from './folder-choice.tsx';
import { Check, Field } from './resource.tsx';
import { RunReport, useRun } from './run.tsx';
import { useSettingsWords } from './words.ts';
import '../css/pages.css';

interface TidyDialogProps {
  readonly folder: Folder;
  readonly onClose: () => void;
}

interface Wanted {
  readonly days: string;
  readonly sender: string;
  readonly megabytes: string;
  readonly flagged: boolean;
  readonly to: string;
}

export function TidyDialog({ folder, onClose }: TidyDialogProps) {
  const words = useSettingsWords().tidy;
  const shared = useWords();
  const folders = useStore(mailbox, (state) => state.folders);
  const [wanted, setWanted] = useState<Wanted>({
    days: '',
    sender: '',
    megabytes: '',
    flagged: false,
    to: folderWith('trash')?.id ?? '',
  });
  const running = useRun();
  const { days, sender, megabytes, flagged, to } = wanted;
  const says = days !== '' || sender.trim() !== '' || megabytes !== '';

  const change = (more: Partial<Wanted>) => {
    setWanted({ ...wanted, ...more });
    running.forget();
  };
  const run = (preview: boolean) =>
    running.start(`/v1/folders/${folder.id}/tidy`, {
      ...(days !== '' && { olderThanDays: Number(days) }),
      ...(sender.trim() !== '' && { sender: sender.trim() }),
      ...(megabytes !== '' && { largerThan: Math.round(Number(megabytes) * 1_000_000) }),
      flagged,
      to,
      preview,
    });
  const look = (event: FormEvent) => {
    event.preventDefault();
    run(true);
  };
  return (
    <Dialog title={words.title(shared.folderName(folder))} onClose={onClose}>
      <form className="stack" onSubmit={look}>
        <p className="muted">{words.intro}</p>
        <div className="columns">
          <Field label={words.days}>
            <input
              type="number"
              min={1}
              max={36_500}
              value={days}
              onChange={(event) => change({ days: event.target.value })}
            />
          </Field>
          <Field label={words.megabytes}>
            <input
              type="number"
              min={0.1}
              max={2_000}
              step={0.1}
              value={megabytes}
              onChange={(event) => change({ megabytes: event.target.value })}
            />
          </Field>
          <Field label={words.sender}>
            <input value={sender} maxLength={200} onChange={(event) => change({ sender: event.target.value })} />
          </Field>
          <FolderChoice
            label={words.to}
            folders={folders.filter(({ id }) => id !== folder.id)}
            value={to}
            onChange={(id) => change({ to: id })}
          />
        </div>
        <Check label={words.flagged} checked={flagged} onChange={(one) => change({ flagged: one })} />
        <div className="dialog-buttons">
          <button className="button" disabled={!says || running.busy}>
            {words.look}
          </button>
        </div>
      </form>
      {(running.run !== undefined || running.error !== '') && (
        <RunReport of={running} label={words.title(shared.folderName(folder))} waiting="" onApply={() => run(false)} />
      )}
    </Dialog>
  );
}
