import { type FormEvent, lazy, Suspense, useEffect, useState } from 'react';
import { ApiError, call } from './api.ts';
import { signIn, signInByPasskey } from './app.tsx';
import { hasPasskeys } from './passkey.ts';
import { look, setLook } from './settings-store.ts';
import { useStore } from './store.ts';
import { useWords } from './words/words.ts';

/** Loaded when somebody wants an account. */
const SignUpForm = lazy(async () => ({ default: (await import('./sign-up.tsx')).SignUpForm }));

export function SignIn() {
  const words = useWords();
  const language = useStore(look, (state) => state.language);
  const [busy, setBusy] = useState(false);
  const [complaint, setComplaint] = useState('');
  const [asksForCode, setAsksForCode] = useState(false);
  const [mayJoin, setMayJoin] = useState(false);
  const [joining, setJoining] = useState(false);
  useEffect(() => {
    call<{ mode: string }>('GET', '/v1/sign-up')
      .then(({ mode }) => setMayJoin(mode !== 'off'))
      // Then nobody is offered what may not be there.
      .catch(() => undefined);
  }, []);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => (form.get(name) ?? '') as string;
    setBusy(true);
    setComplaint('');
    try {
      await signIn(text('address').trim(), text('password'), text('code').trim());
    } catch (error) {
      setBusy(false);
      const code = error instanceof ApiError ? error.code : 'unknown';
      setAsksForCode(code === 'code-required');
      if (code !== 'code-required' || asksForCode) setComplaint(words.error(code));
    }
  };

  const byPasskey = async () => {
    setBusy(true);
    setComplaint('');
    try {
      if (await signInByPasskey()) return;
      setComplaint(words.noPasskey);
    } catch (error) {
      const code = error instanceof ApiError ? error.code : 'unknown';
      setComplaint(code === 'auth-failed' ? words.noPasskey : words.error(code));
    }
    setBusy(false);
  };

  if (joining)
    return (
      <Suspense fallback={<main className="sign-in" />}>
        <SignUpForm onBack={() => setJoining(false)} />
      </Suspense>
    );
  return (
    <main className="sign-in">
      <form onSubmit={(event) => void submit(event)}>
        <img src="/icon.svg" alt="" width="56" height="56" />
        <h1>
          {words.brand}
          <small lang={language === 'ko' ? 'en' : 'ko'}>{language === 'ko' ? 'Pabal' : '파발'}</small>
        </h1>
        <p className="tagline">{words.signInTagline}</p>
        <label className="field">
          <span>{words.address}</span>
          <input name="address" type="email" autoComplete="username" required autoFocus maxLength={320} />
        </label>
        <label className="field">
          <span>{words.password}</span>
          <input name="password" type="password" autoComplete="current-password" required maxLength={1000} />
        </label>
        {asksForCode && (
          <label className="field">
            <span>{words.code}</span>
            <input name="code" inputMode="numeric" autoComplete="one-time-code" required autoFocus maxLength={40} />
            <small className="muted">{words.codeHint}</small>
          </label>
        )}
        {complaint !== '' && (
          <p className="complaint" role="alert">
            {complaint}
          </p>
        )}
        <button className="button primary wide" disabled={busy}>
          {busy ? words.signingIn : words.signIn}
        </button>
        {hasPasskeys() && (
          <button type="button" className="button wide" disabled={busy} onClick={() => void byPasskey()}>
            {words.signInPasskey}
          </button>
        )}
        <footer>
          <button
            type="button"
            className="link"
            lang={language === 'ko' ? 'en' : 'ko'}
            onClick={() => setLook({ language: language === 'ko' ? 'en' : 'ko' })}
          >
            {language === 'ko' ? 'English' : '한국어'}
          </button>
          {mayJoin && (
            <button type="button" className="link" onClick={() => setJoining(true)}>
              {words.signUp}
            </button>
          )}
          <a href={`/start?lang=${language}`}>{words.startPage}</a>
        </footer>
      </form>
    </main>
  );
}
