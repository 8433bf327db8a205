/** Who is here decides what is shown: a form to sign in, or the mailbox. */
import { useEffect } from 'react';
import { ApiError, call, session } from './api.ts';
import { forget } from './mail/mailbox.ts';
import { forgetMessages } from './mail/messages.ts';
import { forgetWaiting } from './mail/waiting.ts';
import { keepMailOf } from './offline.ts';
import { MailboxView } from './mailbox-view.tsx';
import { showPasskey } from './passkey.ts';
import { SignIn } from './sign-in.tsx';
import { Store, useStore } from './store.ts';
import { Toasts } from './ui/toast.tsx';
import { useWords } from './words/words.ts';

export interface Account {
  readonly id: string;
  readonly address: string;
  readonly admin: boolean;
}

interface Who {
  readonly state: 'asking' | 'nobody' | 'signed-in' | 'unreachable';
  readonly account?: Account;
}

/** The session's cookie cannot be seen from here: that there may be one is remembered beside it, and nobody is asked for nothing. */
const MAY_HAVE_SESSION = 'pabal.session';

function mayHaveSession(): boolean {
  try {
    return localStorage.getItem(MAY_HAVE_SESSION) !== null;
  } catch {
    // Storage may be forbidden, cookies not.
    return true;
  }
}

function remember(signedIn: boolean): void {
  try {
    if (signedIn) localStorage.setItem(MAY_HAVE_SESSION, '1');
    else localStorage.removeItem(MAY_HAVE_SESSION);
  } catch {
    // As above.
  }
}

export const who = new Store<Who>({ state: mayHaveSession() ? 'asking' : 'nobody' });

session.ended = () => {
  if (who.state.state === 'signed-in') signedOut();
};

function signedOut(): void {
  forget();
  forgetMessages();
  forgetWaiting();
  remember(false);
  void keepMailOf(undefined);
  who.set({ state: 'nobody' });
}

export async function askWho(): Promise<void> {
  try {
    const { account } = await call<{ account: Account }>('GET', '/v1/session');
    await keepMailOf(account.id);
    who.set({ state: 'signed-in', account });
  } catch (error) {
    const nobody = error instanceof ApiError && error.status === 401;
    if (nobody) {
      remember(false);
      void keepMailOf(undefined);
    }
    who.set({ state: nobody ? 'nobody' : 'unreachable' });
  }
}

export async function signIn(address: string, password: string, code?: string): Promise<void> {
  await opened('/v1/session', { address, password, ...(code && { code }) });
}

/** Answers false when no passkey was shown. */
export async function signInByPasskey(): Promise<boolean> {
  const shown = await showPasskey('/v1/session/passkey/options');
  if (shown !== undefined) await opened('/v1/session/passkey', shown);
  return shown !== undefined;
}

async function opened(path: string, body: object): Promise<void> {
  const { account } = await call<{ account: Account }>('POST', path, { body: { ...body, cookie: true } });
  remember(true);
  await keepMailOf(account.id);
  who.set({ state: 'signed-in', account });
}

export async function signOut(): Promise<void> {
  await call('DELETE', '/v1/session').catch(() => undefined);
  signedOut();
}

export function App() {
  const { state, account } = useStore(who, (s) => s);
  const words = useWords();
  useEffect(() => {
    if (who.state.state === 'asking') void askWho();
  }, []);
  return (
    <>
      {state === 'signed-in' && account !== undefined && <MailboxView account={account} />}
      {state === 'nobody' && <SignIn />}
      {state === 'unreachable' && (
        <main className="whole-page">
          <p role="alert">{words.error('offline')}</p>
          <button type="button" className="button primary" onClick={() => void askWho()}>
            {words.tryAgain}
          </button>
        </main>
      )}
      <Toasts />
    </>
  );
}
