/** Passkeys: what there is, a new one, one less. */
import { call } from '../api.ts';
import { failed } from '../mail/actions.ts';
import { hasPasskeys, makePasskey } from '../passkey.ts';
import { toast } from '../ui/toast.tsx';
import { mediumDate } from '../words/format.ts';
import { Field, Loaded, SaveRow, Section, useForm, useResource } from './resource.tsx';
import { useSettingsWords } from './words.ts';

interface Passkey {
  readonly id: string;
  readonly name: string;
  readonly created: string;
  readonly synced: boolean;
  readonly lastUse?: string;
}

export function Passkeys() {
  const all = useSettingsWords();
  const words = all.passkeys;
  const list = useResource<{ items: readonly Passkey[] }>('/v1/passkeys');
  const remove = ({ id }: Passkey, items: readonly Passkey[]) => {
    call('DELETE', `/v1/passkeys/${id}`)
      .then(() => {
        list.set({ items: items.filter((one) => one.id !== id) });
        toast(words.removed);
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
                        words.since(mediumDate(one.created)),
                        one.synced ? words.synced : words.bound,
                        one.lastUse === undefined ? words.unused : words.lastUse(mediumDate(one.lastUse)),
                      ].join(' · ')}
                    </small>
                  </span>
                  <button
                    type="button"
                    className="button small"
                    aria-label={`${all.remove}: ${one.name}`}
                    onClick={() => remove(one, items)}
                  >
                    {all.remove}
                  </button>
                </li>
              ))}
            </ul>
            {hasPasskeys() ? (
              <NewOne onMade={(one) => list.set({ items: [one, ...items] })} />
            ) : (
              <p className="muted">{words.notHere}</p>
            )}
          </>
        )}
      </Loaded>
    </Section>
  );
}

function NewOne({ onMade }: { readonly onMade: (made: Passkey) => void }) {
  const words = useSettingsWords().passkeys;
  const { busy, complaint, submit } = useForm(async ({ name, current }) => {
    const made = await makePasskey('/v1/passkeys/options', { current });
    if (made === undefined) return words.notMade;
    onMade(await call('POST', '/v1/passkeys', { body: { name, ...made } }));
    toast(words.made);
    return undefined;
  });
  return (
    <form className="stack narrow" aria-label={words.make} onSubmit={submit}>
      <Field label={words.name} hint={words.nameHint}>
        <input name="name" required maxLength={100} />
      </Field>
      <Field label={words.current}>
        <input name="current" type="password" autoComplete="current-password" required maxLength={1000} />
      </Field>
      <SaveRow busy={busy} complaint={complaint} label={words.make} />
    </form>
  );
}
