/** A signed or encrypted mail: who has signed it, whether it is as it was, and what it says, all found out in this browser. */
import { type FormEvent, useEffect, useState } from 'react';
import type { Message } from '../api.ts';
import { identities } from '../compose/identities.ts';
import { PlainText } from '../mail/plain-text.tsx';
import { leavingQuestion } from '../mail/warnings.tsx';
import { Icon } from '../ui/icon.tsx';
import { mediumDate, size } from '../words/format.ts';
import { useWords } from '../words/words.ts';
import { type Readable, readableOf } from './entity.ts';
import { securedKind } from './kind.ts';
import { forget, keptFile, openKeys, unlock } from './own-key.ts';
import { open, type Opened, type Signature, SmimeError } from './smime.ts';
import { useCryptoWords } from './words.ts';
import '../css/crypto.css';

const LARGEST = 40 << 20;

type Why = SmimeError['why'] | 'offline';

interface State {
  readonly account: string;
  readonly raw?: Uint8Array;
  readonly opened?: Opened | undefined;
  readonly why?: Why;
}

export function Secured({ message }: { readonly message: Message }) {
  const words = useCryptoWords();
  const [state, setState] = useState<State>({ account: '' });
  const kind = securedKind(message);
  const possible = globalThis.crypto.subtle !== undefined;
  const fits = message.size <= LARGEST;

  useEffect(() => {
    if (kind === 'partly' || !possible || !fits) return;
    let gone = false;
    const look = async (): Promise<State> => {
      const account = (await identities())[0]?.address ?? '';
      const response = await fetch(`/v1/messages/${message.id}/raw`).catch(() => undefined);
      if (response?.ok !== true) return { account, why: 'offline' };
      return await openWith(account, new Uint8Array(await response.arrayBuffer()));
    };
    void look().then((found) => {
      if (!gone) setState(found);
    });
    return () => {
      gone = true;
    };
  }, [message.id, kind, possible, fits]);

  if (kind === 'partly') return <Note text={words.partly} bad />;
  if (!possible) return <Note text={words.insecure} bad />;
  if (!fits) return <Note text={words.tooLarge} bad />;
  const { account, raw, opened, why } = state;
  if (opened !== undefined)
    return (
      <>
        {opened.encrypted && <Note text={words.encrypted} />}
        {opened.signature === undefined ? (
          <Note text={words.encryptedUnsigned} />
        ) : (
          <Signed signature={opened.signature} message={message} />
        )}
        {kind === 'sealed' && <Content of={readableOf(opened.content)} message={message} />}
      </>
    );
  if (why === 'no-key' && raw !== undefined)
    return <Unlock account={account} onOpen={async () => setState(await openWith(account, raw))} />;
  if (why !== undefined) return <Note text={words.why[why]} bad />;
  return raw === undefined ? <Note text={words.looking} /> : <Note text={words.unreadable} bad />;
}

async function openWith(account: string, raw: Uint8Array): Promise<State> {
  try {
    return { account, raw, opened: await open(raw, openKeys(account)) };
  } catch (error) {
    return { account, raw, why: error instanceof SmimeError ? error.why : 'unreadable' };
  }
}

function Note({ text, bad = false }: { readonly text: string; readonly bad?: boolean }) {
  return (
    <p className={bad ? 'notice danger' : 'notice'} role={bad ? 'alert' : 'status'}>
      <Icon name={bad ? 'warning' : 'shield'} />
      <span>{text}</span>
    </p>
  );
}

function Signed({ signature, message }: { readonly signature: Signature; readonly message: Message }) {
  const words = useCryptoWords();
  const { state, signer } = signature;
  if (state === 'changed') return <Note text={words.changed} bad />;
  if (state === 'unreadable' || signer === undefined) return <Note text={words.unreadable} bad />;
  const from = message.from.map(({ address }) => address);
  const address = signer.addresses[0] ?? '';
  // Of several authors all would have to be the signer.
  const other = from.find((one) => !signer.addresses.includes(one.toLowerCase()));
  if (other !== undefined || from.length === 0) return <Note text={words.otherSigner(address, other ?? '')} bad />;
  const late = signer.validTo.getTime() < Date.parse(message.date ?? message.received);
  return (
    <>
      <Note
        text={
          signer.issuer === signer.name
            ? words.signedBySelf(signer.name, address)
            : words.signedBy(signer.name, address, signer.issuer)
        }
      />
      {late && <Note text={words.ended(mediumDate(signer.validTo.toISOString()))} bad />}
    </>
  );
}

function Content({ of: { text, files }, message }: { readonly of: Readable; readonly message: Message }) {
  const words = useWords();
  const own = useCryptoWords();
  const save = (name: string, type: string, body: Uint8Array) => {
    const link = document.createElement('a');
    // As a file, whatever it says it is: nothing of it may run as a page of ours.
    link.href = URL.createObjectURL(new Blob([new Uint8Array(body)], { type: 'application/octet-stream' }));
    link.download = name || type;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  };
  return (
    <>
      {files.length > 0 && (
        <ul className="attachments" aria-label={own.files}>
          {files.map(({ name, type, body }, i) => (
            <li key={i}>
              <button type="button" className="button small" onClick={() => save(name, type, body)}>
                <Icon name="attach" /> <bdi className="file-name">{name || type}</bdi>
                <span className="muted">{size(body.length)}</span>
                <span className="hidden">{words.download}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
      <PlainText text={text} {...leavingQuestion(message, words)} />
    </>
  );
}

function Unlock({ account, onOpen }: { readonly account: string; readonly onOpen: () => Promise<void> }) {
  const words = useCryptoWords();
  const [kept, setKept] = useState(keptFile(account));
  const [complaint, setComplaint] = useState(openKeys(account).length > 0 ? words.why['no-key'] : '');
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const file = form.get('file');
    const password = form.get('password');
    setBusy(true);
    setComplaint('');
    try {
      await unlock(
        account,
        file instanceof File && file.size > 0 ? file : undefined,
        typeof password === 'string' ? password : '',
      );
      await onOpen();
      setComplaint(words.why['no-key']);
    } catch (error) {
      setComplaint(words.why[error instanceof SmimeError ? error.why : 'unreadable']);
    }
    setBusy(false);
  };
  return (
    <form className="notice secured-key" onSubmit={(event) => void submit(event)}>
      <strong>{words.locked}</strong>
      <p className="muted">{words.lockedHint}</p>
      {kept === undefined ? (
        <label>
          <span>{words.file}</span>
          <input name="file" type="file" accept=".p12,.pfx,application/x-pkcs12" required />
        </label>
      ) : (
        <p>
          {words.kept(kept)}{' '}
          <button
            type="button"
            className="link"
            onClick={() => {
              forget(account);
              setKept(undefined);
            }}
          >
            {words.forget}
          </button>
        </p>
      )}
      <label>
        <span>{words.password}</span>
        <input name="password" type="password" autoComplete="off" maxLength={1000} />
      </label>
      {complaint !== '' && (
        <p className="complaint" role="alert">
          {complaint}
        </p>
      )}
      <button type="submit" className="button primary small" disabled={busy}>
        {words.open}
      </button>
    </form>
  );
}
