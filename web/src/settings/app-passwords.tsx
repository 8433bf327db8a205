/** Passwords for single mail programs. */
import { useState } from 'react';
import { call } from '../api.ts';
import { failed } from '../mail/actions.ts';
import { toast } from '../ui/toast.tsx';
import { mediumDate } from '../words/format.ts';
import { Check, Field, Loaded, SaveRow, Section, useForm, useResource } from './resource.tsx';
import { useSettingsWords } from './words.ts';

const SCOPES = ['imap', 'pop3', 'send', 'sieve'] as const;
type Scope = (typeof SCOPES)[number];

interface AppPassword {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly created: string;
  readonly lastUse?: { readonly at: string; readonly protocol: string; readonly remote: string };
}

export function AppPasswords() {
  const all = useSettingsWords();
  const words = all.appPasswords;
  const list = useResource<{ items: readonly AppPassword[] }>('/v1/app-passwords');
  const [made, setMade] = useState<{ readonly name: string; readonly password: string }>();

  const revoke = ({ id }: AppPassword, items: readonly AppPassword[]) => {
    call('DELETE', `/v1/app-passwords/${id}`)
      .then(() => {
        list.set({ items: items.filter((one) => one.id !== id) });
        toast(words.revoked);
      })
      .catch(failed);
  };
  return (
    <Section title={words.title} intro={words.intro}>
      <Loaded of={list}>
        {({ items }) => (
          <>
            {items.length === 0 && <p className="muted">{words.empty}</p>}
            <ul className="items">
              {items.map((one) => (
                <li key={one.id}>
                  <span className="grow">
                    <strong>{one.name}</strong>
                    <small className="muted">
                      {[
                        one.scopes.map((scope) => words.scopes[scope]).join(', '),
                        one.lastUse === undefined
                          ? words.unused
                          : words.lastUse(mediumDate(one.lastUse.at), one.lastUse.remote),
                      ].join(' · ')}
                    </small>
                  </span>
                  <button
                    type="button"
                    className="button small"
                    aria-label={`${all.remove}: ${one.name}`}
                    onClick={() => revoke(one, items)}
                  >
                    {all.remove}
                  </button>
                </li>
              ))}
            </ul>
            {made !== undefined && (
              <p role="status">
                {words.made(made.name)} <code>{made.password}</code>
              </p>
            )}
            <NewOne
              onMade={({ password, ...one }) => {
                list.set({ items: [one, ...items] });
                setMade({ name: one.name, password });
              }}
            />
          </>
        )}
      </Loaded>
    </Section>
  );
}

function NewOne({ onMade }: { readonly onMade: (made: AppPassword & { readonly password: string }) => void }) {
  const words = useSettingsWords().appPasswords;
  const [scopes, setScopes] = useState<readonly Scope[]>(SCOPES);
  const { busy, complaint, submit } = useForm(async ({ name, current }) => {
    if (scopes.length === 0) return words.nothing;
    onMade(await call('POST', '/v1/app-passwords', { body: { name, current, scopes } }));
    return setScopes(SCOPES);
  });
  return (
    <form className="stack narrow" onSubmit={submit}>
      <Field label={words.name} hint={words.nameHint}>
        <input name="name" required maxLength={100} />
      </Field>
      {SCOPES.map((scope) => (
        <Check
          key={scope}
          label={words.scopes[scope]}
          checked={scopes.includes(scope)}
          onChange={(on) => setScopes(SCOPES.filter((one) => (one === scope ? on : scopes.includes(one))))}
        />
      ))}
      <Field label={words.current}>
        <input name="current" type="password" autoComplete="current-password" required maxLength={1000} />
      </Field>
      <SaveRow busy={busy} complaint={complaint} label={words.make} />
    </form>
  );
}
