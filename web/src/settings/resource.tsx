/** What the service keeps: asked for when a page opens, and put back when it is saved. */
import { type FormEvent, type ReactNode, useCallback, useEffect, useState } from 'react';
import { call } from '../api.ts';
import { failed } from '../mail/actions.ts';
import { codeOf } from '../mail/mailbox.ts';
import { toast } from '../ui/toast.tsx';
import { useWords } from '../words/words.ts';
import { useSettingsWords } from './words.ts';

export interface Resource<T> {
  readonly value: T | undefined;
  readonly error: string;
  readonly set: (value: T) => void;
  readonly load: () => void;
}

export function useResource<T>(path: string): Resource<T> {
  const [value, set] = useState<T>();
  const [error, setError] = useState('');
  const load = useCallback(() => {
    setError('');
    call<T>('GET', path)
      .then(set)
      .catch((problem: unknown) => setError(codeOf(problem)));
  }, [path]);
  useEffect(load, [load]);
  return { value, error, set, load };
}

interface LoadedProps<T> {
  readonly of: Resource<T>;
  readonly children: (value: T) => ReactNode;
}

export function Loaded<T>({ of: { value, error, load }, children }: LoadedProps<T>) {
  const words = useWords();
  if (value !== undefined) return children(value);
  if (error === '') return <p className="muted">{words.loading}</p>;
  return (
    <p className="complaint" role="alert">
      {words.error(error)}{' '}
      <button type="button" className="link" onClick={load}>
        {words.tryAgain}
      </button>
    </p>
  );
}

/** For what is saved as soon as it is chosen: shown at once, and taken back when the service refuses. */
export function usePut<T>(path: string, { value, set }: Resource<T>): (wanted: T, body?: unknown) => void {
  const words = useSettingsWords();
  return (wanted, body = wanted) => {
    set(wanted);
    call('PUT', path, { body })
      .then(() => toast(words.saved))
      .catch((error: unknown) => {
        if (value !== undefined) set(value);
        failed(error);
      });
  };
}

interface SectionProps {
  /** None where the page's own heading says it. */
  readonly title?: string;
  readonly intro?: string;
  readonly children: ReactNode;
}

export function Section({ title, intro, children }: SectionProps) {
  return (
    <section className="settings-section">
      {title !== undefined && <h2>{title}</h2>}
      {intro !== undefined && <p className="muted">{intro}</p>}
      {children}
    </section>
  );
}

interface FieldProps {
  readonly label: string;
  readonly hint?: string | undefined;
  readonly children: ReactNode;
}

export function Field({ label, hint, children }: FieldProps) {
  return (
    <label className="field">
      <span>{label}</span>
      {children}
      {hint !== undefined && <small className="muted">{hint}</small>}
    </label>
  );
}

interface CheckProps {
  readonly label: string;
  readonly hint?: string;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
}

export function Check({ label, hint, checked, onChange }: CheckProps) {
  return (
    <label className="check">
      <input type="checkbox" checked={checked} onChange={(event) => onChange(event.target.checked)} />
      <span>
        {label}
        {hint !== undefined && <small className="muted">{hint}</small>}
      </span>
    </label>
  );
}

interface ChoiceProps<K extends string> {
  readonly label: string;
  readonly hint?: string;
  readonly value: K;
  readonly options: Readonly<Record<K, string>>;
  readonly onChange: (value: K) => void;
}

export function Choice<K extends string>({ label, hint, value, options, onChange }: ChoiceProps<K>) {
  return (
    <Field label={label} hint={hint}>
      <select value={value} onChange={(event) => onChange(event.target.value as K)}>
        {(Object.entries(options) as [K, string][]).map(([key, text]) => (
          <option key={key} value={key}>
            {text}
          </option>
        ))}
      </select>
    </Field>
  );
}

/** A form: what `act` answers, or what went wrong, is complained of below it; else it is emptied. */
export function useForm(act: (given: Readonly<Record<string, string>>) => Promise<string | void>): {
  readonly busy: boolean;
  readonly complaint: string;
  readonly submit: (event: FormEvent<HTMLFormElement>) => void;
} {
  const { wrong } = useSettingsWords().security;
  const words = useWords();
  const [busy, setBusy] = useState(false);
  const [complaint, setComplaint] = useState('');
  const run = async (form: HTMLFormElement) => {
    setBusy(true);
    setComplaint('');
    try {
      const refused = await act(Object.fromEntries(new FormData(form)) as Record<string, string>);
      if (refused === undefined) form.reset();
      else setComplaint(refused);
    } catch (error) {
      // Whoever is signed in was asked for the password only.
      setComplaint(codeOf(error) === 'auth-failed' ? wrong : words.error(codeOf(error)));
    }
    setBusy(false);
  };
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    void run(event.currentTarget);
  };
  return { busy, complaint, submit };
}

interface SaveProps {
  readonly busy: boolean;
  readonly complaint?: string;
  /** Of the button, where it does not save. */
  readonly label?: string;
  readonly children?: ReactNode;
}

export function SaveRow({ busy, complaint = '', label, children }: SaveProps) {
  const words = useSettingsWords();
  return (
    <>
      {complaint !== '' && (
        <p className="complaint" role="alert">
          {complaint}
        </p>
      )}
      <div className="save-row">
        {children}
        <button className="button primary" disabled={busy}>
          {busy ? words.saving : (label ?? words.save)}
        </button>
      </div>
    </>
  );
}

/** Runs what saves, one at a time, and says what came of it. */
export function useSaving(): {
  readonly busy: boolean;
  readonly run: (act: () => Promise<unknown>, said?: string) => void;
} {
  const words = useSettingsWords();
  const [busy, setBusy] = useState(false);
  const run = (act: () => Promise<unknown>, said = words.saved) => {
    setBusy(true);
    act()
      .then(() => toast(said))
      .catch(failed)
      .finally(() => setBusy(false));
  };
  return { busy, run };
}
