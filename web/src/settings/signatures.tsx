/** A name and a signature for each of one's addresses. */
import { useRef, useState } from 'react';
import { call } from '../api.ts';
import { forgetIdentities, type Identity, imagePath } from '../compose/identities.ts';
import { fitted } from '../compose/inline-images.ts';
import { failed } from '../mail/actions.ts';
import { toast } from '../ui/toast.tsx';
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
        <SignatureImage before={before} />
        <SaveRow busy={busy} />
      </form>
    </Section>
  );
}

/** Bytes, and pixels of the longer side of what is made smaller. */
const MOST_IMAGE = 40_000;
const LONG_SIDE = 480;

/** Changed at once, whatever becomes of the text. */
function SignatureImage({ before: { address, image: kept } }: { readonly before: Identity }) {
  const all = useSettingsWords();
  const words = all.signatures;
  const [image, setImage] = useState(kept);
  const chooser = useRef<HTMLInputElement>(null);
  const put = async (content: string | null) => {
    const { image: now } = await call<Identity>('PUT', imagePath(address), { body: { content } });
    setImage(now);
    forgetIdentities();
    toast(all.saved);
  };
  const choose = async (file: File | undefined) => {
    if (file === undefined) return;
    const small = await fitted(file, MOST_IMAGE, LONG_SIDE);
    if (small === undefined) return void toast(words.noImage, undefined, 'error');
    await put(base64(await small.arrayBuffer())).catch(failed);
  };
  return (
    <div className="signature-image">
      {image !== '' && <img src={`${imagePath(address)}?${image}`} alt={words.imageOf(address)} />}
      <button type="button" className="button" onClick={() => chooser.current?.click()}>
        {image === '' ? words.addImage : words.otherImage}
      </button>
      {image !== '' && (
        <button type="button" className="button" onClick={() => void put(null).catch(failed)}>
          {words.removeImage}
        </button>
      )}
      <input
        ref={chooser}
        type="file"
        accept="image/png,image/jpeg,image/gif,image/webp"
        hidden
        aria-label={words.addImage}
        onChange={(event) => {
          void choose(event.target.files?.[0]);
          event.target.value = '';
        }}
      />
    </div>
  );
}

function base64(bytes: ArrayBuffer): string {
  return btoa(Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join(''));
}
