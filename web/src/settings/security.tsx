/** The password, passkeys, the code beside it, passwords of single programs, programs that were let in, and where one is signed in. */
import { call } from '../api.ts';
import { failed } from '../mail/actions.ts';
import { toast } from '../ui/toast.tsx';
import { mediumDate } from '../words/format.ts';
import { AppPasswords } from './app-passwords.tsx';
import { OAuthGrants } from './oauth-grants.tsx';
import { Passkeys } from './passkeys.tsx';
import { Places } from './places.tsx';
import { programName } from './program-name.ts';
import { Field, Loaded, SaveRow, Section, useForm, useResource } from './resource.tsx';
import { SecondStep } from './second-step.tsx';
import { useSettingsWords } from './words.ts';

interface Session {
  readonly id: string;
  readonly created: string;
  readonly used: string;
  readonly remote?: string;
  readonly program?: string;
  readonly current: boolean;
}

const SHORTEST = 8;

export function Security() {
  const sessions = useResource<{ items: readonly Session[] }>('/v1/sessions');
  return (
    <>
      <PasswordForm onChanged={sessions.load} />
      <Passkeys />
      <SecondStep />
      <AppPasswords />
      <OAuthGrants />
      <Sessions of={sessions} />
      <Places />
    </>
  );
}

function PasswordForm({ onChanged }: { readonly onChanged: () => void }) {
  const words = useSettingsWords().security;
  const { busy, complaint, submit } = useForm(async ({ current, password = '', again }) => {
    if (password !== again) return words.different;
    if (password.length < SHORTEST) return words.tooShort;
    await call('PUT', '/v1/profile/password', { body: { current, password } });
    toast(words.changed);
    return onChanged();
  });
  const field = (name: string, label: string, autoComplete: string) => (
    <Field label={label}>
      <input name={name} type="password" autoComplete={autoComplete} required maxLength={1000} />
    </Field>
  );
  return (
    <Section title={words.password} intro={words.passwordHint}>
      <form className="stack narrow" onSubmit={submit}>
        {field('current', words.current, 'current-password')}
        {field('password', words.wanted, 'new-password')}
        {field('again', words.again, 'new-password')}
        <SaveRow busy={busy} complaint={complaint} />
      </form>
    </Section>
  );
}

function Sessions({ of: sessions }: { readonly of: ReturnType<typeof useResource<{ items: readonly Session[] }>> }) {
  const words = useSettingsWords().security;
  const end = (id: string, items: readonly Session[]) => {
    call('DELETE', `/v1/sessions/${id}`)
      .then(() => {
        sessions.set({ items: items.filter((one) => one.id !== id) });
        toast(words.ended);
      })
      .catch(failed);
  };
  return (
    <Section title={words.sessions} intro={words.sessionsHint}>
      <Loaded of={sessions}>
        {({ items }) => (
          <ul className="items">
            {items.map(({ id, created, used, remote, program = '', current }) => {
              const name = programName(program) || words.unknown;
              return (
                <li key={id}>
                  <span className="grow">
                    <strong title={program}>{name}</strong>
                    {current && <span className="badge verified">{words.here}</span>}
                    <small className="muted">
                      {[remote, words.since(mediumDate(created)), words.lastUse(mediumDate(used))]
                        .filter(Boolean)
                        .join(' · ')}
                    </small>
                  </span>
                  {!current && (
                    <button
                      type="button"
                      className="button small"
                      aria-label={`${words.end}: ${name}, ${mediumDate(created)}`}
                      onClick={() => end(id, items)}
                    >
                      {words.end}
                    </button>
                  )}
                </li>
              );
            })}
          </ul>
        )}
      </Loaded>
    </Section>
  );
}
