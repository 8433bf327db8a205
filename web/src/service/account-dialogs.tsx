/** An account is opened; one that is there gets more room, or its owner a way in. */
import { type FormEvent, useState } from 'react';
import { call } from '../api.ts';
import { codeOf } from '../mail/mailbox.ts';
import { Field } from '../settings/resource.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { useWords } from '../words/words.ts';
import { useServiceWords } from './words.ts';

export interface Account {
  readonly address: string;
  readonly name: string;
  readonly aliases: readonly string[];
  readonly admin: boolean;
  readonly suspended: boolean;
  readonly waits: boolean;
  readonly quota: number | null;
  readonly created: string;
}

interface DialogProps {
  readonly onClose: () => void;
  /** Something has changed. */
  readonly onDone: () => void;
}

const GB = 1_000_000_000;
const urlOf = (address: string): string => `/v1/admin/accounts/${encodeURIComponent(address)}`;
/** As a field has it; empty: no limit. */
const bytesOf = (typed: string): number | null => (typed.trim() === '' ? null : Math.round(Number(typed) * GB));

export function NewAccount({ onClose, onDone }: DialogProps) {
  const words = useServiceWords().accounts;
  const [link, setLink] = useState<string>();
  const form = useSending(async (given) => {
    const quota = bytesOf(given('room'));
    const name = given('name').trim();
    const body = { address: given('address').trim(), name, ...(quota !== null && { quota }) };
    setLink((await call<{ path: string }>('POST', '/v1/admin/accounts', { body })).path);
    onDone();
  });
  return (
    <Dialog title={words.open} onClose={onClose}>
      {link === undefined ? (
        <form onSubmit={form.submit}>
          <Field label={words.address}>
            <input name="address" type="email" required maxLength={400} autoFocus autoComplete="off" />
          </Field>
          <Field label={words.name}>
            <input name="name" maxLength={200} autoComplete="off" />
          </Field>
          <Room />
          <Complaint of={form.complaint} />
          <div className="dialog-buttons">
            <button className="button primary" disabled={form.busy}>
              {words.open}
            </button>
          </div>
        </form>
      ) : (
        <Link path={link} onClose={onClose} />
      )}
    </Dialog>
  );
}

export function ManageAccount({ account, onClose, onDone }: DialogProps & { readonly account: Account }) {
  const words = useServiceWords().accounts;
  const { address, quota } = account;
  const [link, setLink] = useState<string>();
  const form = useSending(async (given) => {
    await call('PUT', `${urlOf(address)}/quota`, { body: { quota: bytesOf(given('room')) } });
    onDone();
    onClose();
  });
  const way = useSending(async () => {
    setLink((await call<{ path: string }>('POST', `${urlOf(address)}/password-link`)).path);
  });
  return (
    <Dialog title={address} onClose={onClose}>
      {link === undefined ? (
        <>
          <form onSubmit={form.submit}>
            <Room bytes={quota} />
            <Complaint of={form.complaint} />
            <div className="dialog-buttons">
              <button className="button primary" disabled={form.busy}>
                {words.saveRoom}
              </button>
            </div>
          </form>
          <form onSubmit={way.submit}>
            <h3>{words.lost}</h3>
            <p className="muted">{words.lostHint}</p>
            <Complaint of={way.complaint} />
            <button className="button" disabled={way.busy}>
              {words.makeLink}
            </button>
          </form>
        </>
      ) : (
        <Link path={link} onClose={onClose} />
      )}
    </Dialog>
  );
}

function Room({ bytes = null }: { readonly bytes?: number | null }) {
  const words = useServiceWords().accounts;
  return (
    <Field label={words.room} hint={words.roomHint}>
      <input
        name="room"
        type="number"
        min="0"
        max="1000000"
        step="any"
        defaultValue={bytes === null ? '' : bytes / GB}
      />
    </Field>
  );
}

function Link({ path, onClose }: { readonly path: string; readonly onClose: () => void }) {
  const words = useServiceWords().accounts;
  const { close } = useWords();
  return (
    <>
      <p role="status">{words.linkMade}</p>
      <p>
        <code className="way-in">{location.origin + path}</code>
      </p>
      <div className="dialog-buttons">
        <button type="button" className="button primary" onClick={onClose}>
          {close}
        </button>
      </div>
    </>
  );
}

function Complaint({ of }: { readonly of: string }) {
  return of === '' ? null : (
    <p className="complaint" role="alert">
      {of}
    </p>
  );
}

/** One at a time; what is refused is said in the form. */
function useSending(act: (given: (name: string) => string) => Promise<void>) {
  const words = useWords();
  const [busy, setBusy] = useState(false);
  const [complaint, setComplaint] = useState('');
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = Object.fromEntries(new FormData(event.currentTarget)) as Readonly<Record<string, string>>;
    setBusy(true);
    setComplaint('');
    act((name) => data[name] ?? '')
      .catch((error: unknown) => setComplaint(words.error(codeOf(error))))
      .finally(() => setBusy(false));
  };
  return { busy, complaint, submit };
}
