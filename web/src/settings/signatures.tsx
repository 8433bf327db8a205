/** A name and a signature for each of one's addresses. */
import { useState } from 'react';
import { call } from '../api.ts';
import { forgetIdentities, type Identity } from '../compose/identities.ts';
import { Field, Loaded, SaveRow, Section, useResource, useSaving } from './resource.tsx';
import { useSettingsWords } from './words.ts';

export function Signatures() {
  const words = useSettingsWords();
  const identities = useResource<{ items: readonly Identity[] }>('/v1/identities');
  return (
    <>
      <p className="muted">{words.signatures.intro}</p>
      <Loaded of={identities}>
        {({ items }) => items.map((identity) => <IdentityForm key={identity.address} before={identity} />)}
      </Loaded>
    </>
  );
}

function IdentityForm({ before }: { readonly before: Identity }) {
  const words = useSettingsWords().signatures;
  const [name, setName] = useState(before.name);
  const [signature, setSignature] = useState(before.signature);
  const { busy, run } = useSaving();
  const save = async () => {
    const path = `/v1/identities/${encodeURIComponent(before.address)}`;
    await call('PUT', path, { body: { name: name.trim(), signature: signature.trimEnd() } });
    forgetIdentities();
  };
  return (
    <Section title={before.address}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          run(save);
        }}
      >
        <Field label={words.name}>
          <input value={name} maxLength={200} onChange={(event) => setName(event.target.value)} />
        </Field>
        <Field label={words.signature}>
          <textarea
            value={signature}
            rows={4}
            maxLength={5000}
            onChange={(event) => setSignature(event.target.value)}
          />
        </Field>
        <SaveRow busy={busy} />
      </form>
    </Section>
  );
}
