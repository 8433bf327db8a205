/** Programs and services that one has let into one's account (OAuth), and how they are shut out again. */
import { call } from '../api.ts';
import { failed } from '../mail/actions.ts';
import { toast } from '../ui/toast.tsx';
import { mediumDate } from '../words/format.ts';
import { Loaded, Section, useResource } from './resource.tsx';
import { useSettingsWords } from './words.ts';

interface Grant {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly ('imap' | 'pop3' | 'send' | 'sieve' | 'rest')[];
  readonly created: string;
  readonly expires: string;
  readonly lastUse?: { readonly at: string; readonly protocol: string; readonly remote: string };
}

export function OAuthGrants() {
  const { oauthGrants: words, appPasswords, security } = useSettingsWords();
  const grants = useResource<{ items: readonly Grant[] }>('/v1/oauth/grants');
  const end = (id: string, items: readonly Grant[]) => {
    call('DELETE', `/v1/oauth/grants/${id}`)
      .then(() => {
        grants.set({ items: items.filter((one) => one.id !== id) });
        toast(words.ended);
      })
      .catch(failed);
  };
  return (
    <Section title={words.title} intro={words.intro}>
      <Loaded of={grants}>
        {({ items }) => (
          <>
            {items.length === 0 && <p className="muted">{words.empty}</p>}
            <ul className="items">
              {items.map(({ id, name, scopes, created, expires, lastUse }) => (
                <li key={id}>
                  <span className="grow">
                    <strong>{name || words.unknown}</strong>
                    <small className="muted">
                      {[
                        scopes.map((scope) => (scope === 'rest' ? words.rest : appPasswords.scopes[scope])).join(', '),
                        security.since(mediumDate(created)),
                        lastUse === undefined
                          ? appPasswords.unused
                          : appPasswords.lastUse(mediumDate(lastUse.at), lastUse.remote),
                        words.expires(mediumDate(expires)),
                      ].join(' · ')}
                    </small>
                  </span>
                  <button
                    type="button"
                    className="button small"
                    aria-label={`${words.end}: ${name || words.unknown}, ${mediumDate(created)}`}
                    onClick={() => end(id, items)}
                  >
                    {words.end}
                  </button>
                </li>
              ))}
            </ul>
          </>
        )}
      </Loaded>
    </Section>
  );
}
