/** A run over mail that is there: what it would do, how far it is, what it did, and the way back. */
import { useCallback, useEffect, useState } from 'react';
import { call } from '../api.ts';
import type { Message } from '../api.ts';
import { codeOf, mailbox, reload } from '../mail/mailbox.ts';
import { fetchMessage } from '../mail/messages.ts';
import { useStore } from '../store.ts';
import { displayName } from '../words/format.ts';
import { useWords } from '../words/words.ts';
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

export interface Running {
  readonly run: Run | undefined;
  readonly error: string;
  readonly busy: boolean;
  /** `path`: takes what shall be done, and answers with the run. */
  readonly start: (path: string, body: object) => void;
  /** Of a run: to stop it (DELETE), or to bring all back (POST …/undo). */
  readonly ask: (method: 'POST' | 'DELETE', path: string) => void;
  /** What was found does not hold any more. */
  readonly forget: () => void;
}

export function useRun(): Running {
  const [run, setRun] = useState<Run>();
  const [error, setError] = useState('');
  const busy = run?.state === 'running' || run?.state === 'undoing';

  const follow = useCallback((act: () => Promise<Run>) => {
    setError('');
    act()
      .then(setRun)
      .catch((problem: unknown) => setError(codeOf(problem)));
  }, []);
  const start = useCallback((path: string, body: object) => follow(() => call<Run>('POST', path, { body })), [follow]);
  const ask = (method: 'POST' | 'DELETE', path: string) =>
    follow(async () => (await call<Run | undefined>(method, path)) ?? (await call<Run>('GET', path)));

  useEffect(() => {
    if (run === undefined || !busy) return;
    const timer = setTimeout(() => follow(() => call<Run>('GET', `/v1/classifications/${run.id}`)), ASK_MS);
    return () => clearTimeout(timer);
  }, [run, busy, follow]);
  useEffect(() => {
    // The list behind shows where everything is now.
    if (run !== undefined && !run.preview && !busy) reload();
  }, [run, busy]);
  return { run, error, busy, start, ask, forget: () => setRun(undefined) };
}

interface RunReportProps {
  readonly of: Running;
  readonly label: string;
  /** Said in place of the result while there is none. */
  readonly waiting: string;
  readonly onApply: () => void;
}

export function RunReport({ of: { run, error, busy, ask }, label, waiting, onApply }: RunReportProps) {
  const words = useSettingsWords().rules;
  const shared = useWords();
  const folders = useStore(mailbox, (state) => state.folders);
  const nameOf = folderNames(folders, shared, words.folderGone);
  const said = () => {
    if (run === undefined) return waiting;
    if (run.state === 'undoing') return words.undoing;
    if (run.state === 'undone') return words.undone;
    if (run.state === 'failed') return words.runFailed;
    if (run.state === 'cancelled' && !run.preview) return words.stopped;
    if (run.matched === 0 && run.state !== 'running') return words.noMatch;
    return run.preview ? words.wouldChange(run.matched) : words.changed(run.matched);
  };
  const canUndo = run !== undefined && !run.preview && ['done', 'cancelled'].includes(run.state) && run.matched > 0;
  const path = `/v1/classifications/${run?.id}`;
  return (
    <>
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
          <progress className="wide" max={Math.max(1, run.total)} value={run.looked} aria-label={label} />
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
      <div className="dialog-buttons">
        {run?.state === 'running' && (
          <button type="button" className="button" onClick={() => ask('DELETE', path)}>
            {words.stop}
          </button>
        )}
        {canUndo && (
          <button type="button" className="button" onClick={() => ask('POST', `${path}/undo`)}>
            {shared.undo}
          </button>
        )}
        {run?.preview === true && !busy && run.matched > 0 && (
          <button type="button" className="button primary" onClick={onApply}>
            {words.applyNow}
          </button>
        )}
      </div>
    </>
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
