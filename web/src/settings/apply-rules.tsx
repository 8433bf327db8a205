/** Rules over mail that is there: first only what would be done, then doing it, and a way back. */
import { useEffect, useState } from 'react';
import { call } from '../api.ts';
import type { Message } from '../api.ts';
import { codeOf, mailbox, reload } from '../mail/mailbox.ts';
import { fetchMessage } from '../mail/messages.ts';
import { useStore } from '../store.ts';
import { Dialog } from '../ui/dialog.tsx';
import { displayName } from '../words/format.ts';
import { useWords } from '../words/words.ts';
import { Field } from './resource.tsx';
import { folderNames } from './rule.ts';
import { useSettingsWords } from './words.ts';

interface Run {
  readonly id: string;
  readonly state: 'running' | 'done' | 'cancelled' | 'failed' | 'undoing' | 'undone';
  readonly preview: boolean;
  readonly total: number;
  readonly looked: number;
  readonly matched: number;
  readonly targets: readonly { readonly folder: string; readonly count: number }[];
  readonly examples: readonly { readonly id: string; readonly to: string | null }[];
}

const ASK_MS = 400;

interface ApplyDialogProps {
  /** Id; absent: all that are in use. */
  readonly rule: string | undefined;
  readonly onClose: () => void;
}

export function ApplyDialog({ rule, onClose }: ApplyDialogProps) {
  const words = useSettingsWords().rules;
  const shared = useWords();
  const folders = useStore(mailbox, (state) => state.folders);
  const [where, setWhere] = useState('');
  const [run, setRun] = useState<Run>();
  const [error, setError] = useState('');
  const nameOf = folderNames(folders, shared, words.folderGone);
  const busy = run?.state === 'running' || run?.state === 'undoing';

  const ask = (act: () => Promise<Run | undefined>) => {
    setError('');
    act()
      .then(setRun)
      .catch((problem: unknown) => setError(codeOf(problem)));
  };
  const start = (preview: boolean) =>
    ask(() => {
      const body = { preview, ...(rule !== undefined && { rules: [rule] }), ...(where !== '' && { folder: where }) };
      return call<Run>('POST', '/v1/classifications', { body });
    });

  // What it would do is shown first, and again for another place.
  // oxlint-disable-next-line react/exhaustive-deps -- started by the place alone
  useEffect(() => start(true), [where]);
  useEffect(() => {
    if (run === undefined || !busy) return;
    const timer = setTimeout(() => ask(() => call<Run>('GET', `/v1/classifications/${run.id}`)), ASK_MS);
    return () => clearTimeout(timer);
  }, [run, busy]);
  useEffect(() => {
    // The list behind shows where everything is now.
    if (run !== undefined && !run.preview && !busy) reload();
  }, [run, busy]);

  const said = () => {
    if (run === undefined) return shared.loading;
    if (run.state === 'undoing') return words.undoing;
    if (run.state === 'undone') return words.undone;
    if (run.state === 'failed') return words.runFailed;
    if (run.state === 'cancelled' && !run.preview) return words.stopped;
    if (run.matched === 0 && run.state !== 'running') return words.noMatch;
    return run.preview ? words.wouldChange(run.matched) : words.changed(run.matched);
  };
  const act = (method: 'POST' | 'DELETE', path: string) =>
    ask(async () => {
      const answer = await call<Run | undefined>(method, path);
      return answer ?? (await call<Run>('GET', path));
    });
  return (
    <Dialog title={words.apply} onClose={onClose}>
      <Field label={words.where}>
        <select value={where} disabled={busy} onChange={(event) => setWhere(event.target.value)}>
          <option value="">{words.everywhere}</option>
          {folders.map(({ id }) => (
            <option key={id} value={id}>
              {nameOf(id)}
            </option>
          ))}
        </select>
      </Field>
      {error !== '' && (
        <p className="complaint" role="alert">
          {shared.error(error)}
        </p>
      )}
      <p role="status">
        <strong>{said()}</strong>
      </p>
      {run !== undefined && busy && (
        <>
          <progress className="wide" max={Math.max(1, run.total)} value={run.looked} aria-label={words.apply} />
          <p className="muted">{words.looking(run.looked.toLocaleString(), run.total.toLocaleString())}</p>
        </>
      )}
      {run !== undefined && !busy && run.targets.length > 0 && run.state !== 'undone' && (
        <ul className="items">
          {run.targets.map(({ folder, count }) => (
            <li key={folder}>
              <span className="grow">{nameOf(folder)}</span>
              <span className="muted">{count.toLocaleString()}</span>
            </li>
          ))}
        </ul>
      )}
      {run?.preview === true && run.examples.length > 0 && !busy && <Examples run={run} nameOf={nameOf} />}
      <p className="muted">{words.noForward}</p>
      <div className="dialog-buttons">
        {run !== undefined && run.state === 'running' && (
          <button type="button" className="button" onClick={() => act('DELETE', `/v1/classifications/${run.id}`)}>
            {words.stop}
          </button>
        )}
        {run !== undefined &&
          !run.preview &&
          (run.state === 'done' || run.state === 'cancelled') &&
          run.matched > 0 && (
            <button type="button" className="button" onClick={() => act('POST', `/v1/classifications/${run.id}/undo`)}>
              {shared.undo}
            </button>
          )}
        {run?.preview === true && !busy && run.matched > 0 && (
          <button type="button" className="button primary" onClick={() => start(false)}>
            {words.applyNow}
          </button>
        )}
      </div>
    </Dialog>
  );
}

const SHOWN = 5;

function Examples({ run, nameOf }: { readonly run: Run; readonly nameOf: (id: string | null) => string }) {
  const words = useSettingsWords().rules;
  const shared = useWords();
  const [messages, setMessages] = useState<readonly Message[]>([]);
  useEffect(() => {
    let gone = false;
    const asked = run.examples.slice(0, SHOWN).map(({ id }) => fetchMessage(id).catch(() => undefined));
    void Promise.all(asked).then((found) => {
      if (!gone) setMessages(found.filter((one) => one !== undefined));
    });
    return () => {
      gone = true;
    };
  }, [run]);
  if (messages.length === 0) return null;
  return (
    <>
      <h3>{words.examples}</h3>
      <ul className="items">
        {messages.map(({ id, subject, from }) => {
          const to = run.examples.find((one) => one.id === id)?.to ?? null;
          return (
            <li key={id}>
              <span className="grow">
                <strong>{subject || shared.noSubject}</strong>
                <small className="muted">{from[0] === undefined ? shared.nobody : displayName(from[0])}</small>
              </span>
              {to !== null && <span className="muted">→ {nameOf(to)}</span>}
            </li>
          );
        })}
      </ul>
    </>
  );
}
