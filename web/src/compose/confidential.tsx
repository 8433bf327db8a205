/** Confidential mail: the fields for it, and the pass code that its sender tells its recipients. */
import { useStore } from '../store.ts';
import { Dialog } from '../ui/dialog.tsx';
import { useWords } from '../words/words.ts';
import { change, passCodes } from './composing.ts';

interface ConfidentialProps {
  readonly confidential: boolean;
  readonly until: string;
}

export function Confidential({ confidential, until }: ConfidentialProps) {
  const words = useWords();
  return (
    <>
      <label title={words.confidentialHint}>
        <input
          type="checkbox"
          checked={confidential}
          onChange={(event) => change({ confidential: event.target.checked })}
        />
        <span>{words.confidential}</span>
      </label>
      {confidential && (
        <>
          <label>
            <span>{words.readUntil}</span>
            <input type="date" value={until} onChange={(event) => change({ readUntil: event.target.value })} />
          </label>
          <p className="muted">{words.confidentialHint}</p>
        </>
      )}
    </>
  );
}

export function PassCode() {
  const words = useWords();
  const { shown } = useStore(passCodes, (s) => s);
  if (shown === undefined) return null;
  const noted = () => passCodes.set({ shown: undefined });
  return (
    <Dialog title={words.passCode} onClose={noted} className="narrow">
      <p>
        <strong>{shown}</strong>
      </p>
      <p>{words.passCodeHint}</p>
      <div className="dialog-buttons">
        <button type="button" className="button primary" onClick={noted}>
          {words.noted}
        </button>
      </div>
    </Dialog>
  );
}
