/** Rules over mail that is there: first only what would be done, then doing it, and a way back. */
import { useCallback, useEffect, useState } from 'react';
import { mailbox } from '../mail/mailbox.ts';
import { useStore } from '../store.ts';
import { Dialog } from '../ui/dialog.tsx';
import { useWords } from '../words/words.ts';
import { FolderChoice } from './folder-choice.tsx';
import { RunReport, useRun } from './run.tsx';
import { useSettingsWords } from './words.ts';

interface ApplyDialogProps {
  /** Id; absent: all that are in use. */
  readonly rule: string | undefined;
  readonly onClose: () => void;
}

export function ApplyDialog({ rule, onClose }: ApplyDialogProps) {
  const words = useSettingsWords().rules;
  const { loading } = useWords();
  const folders = useStore(mailbox, (state) => state.folders);
  const [where, setWhere] = useState('');
  const running = useRun();
  const { start } = running;

  const run = useCallback(
    (preview: boolean) => {
      const body = { preview, ...(rule !== undefined && { rules: [rule] }), ...(where !== '' && { folder: where }) };
      start('/v1/classifications', body);
    },
    [rule, where, start],
  );
  // What it would do is shown first, and again for another place.
  useEffect(() => run(true), [run]);
  return (
    <Dialog title={words.apply} onClose={onClose}>
      <FolderChoice
        label={words.where}
        none={words.everywhere}
        folders={folders}
        value={where}
        disabled={running.busy}
        onChange={setWhere}
      />
      <RunReport of={running} label={words.apply} waiting={loading} onApply={() => run(false)} />
      <p className="muted">{words.noForward}</p>
    </Dialog>
  );
}
