import { type FormEvent, useState } from 'react';
import { ApiError } from './api.ts';
import { signIn } from './app.tsx';
import { look, setLook } from './settings-store.ts';
import { useStore } from './store.ts';
import { useWords } from './words/words.ts';

export function SignIn() {
  const words = useWords();
  const language = useStore(look, (state) => state.language);
  const [busy, setBusy] = useState(false);
  const [complaint, setComplaint] = useState('');

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => form.get(name) as string;
    setBusy(true);
    setComplaint('');
    try {
      await signIn(text('address').trim(), text('password'));
    } catch (error) {
      setBusy(false);
      const refused = error instanceof ApiError && error.status === 401;
      setComplaint(refused ? words.wrongPassword : words.error(error instanceof ApiError ? error.code : 'unknown'));
    }
  };

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
        {complaint !== '' && (
          <p className="complaint" role="alert">
            {complaint}
          </p>
        )}
        <button className="button primary wide" disabled={busy}>
          {busy ? words.signingIn : words.signIn}
        </button>
        <footer>
          <button
            type="button"
            className="link"
            lang={language === 'ko' ? 'en' : 'ko'}
            onClick={() => setLook({ language: language === 'ko' ? 'en' : 'ko' })}
          >
            {language === 'ko' ? 'English' : '한국어'}
          </button>
          <a href={`/start?lang=${language}`}>{words.startPage}</a>
        </footer>
      </form>
    </main>
  );
}
