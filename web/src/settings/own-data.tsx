/** One's mail out of files, and everything that is kept about oneself as one file. */
import { useState } from 'react';
import { call } from '../api.ts';
import { ImportMail } from '../import/import-mail.tsx';
import { toast } from '../ui/toast.tsx';
import { Field, SaveRow, Section, useForm, useResource } from './resource.tsx';
import { useSettingsWords } from './words.ts';

export function OwnDataPage() {
  return (
    <>
      <ImportMail />
      <OwnData />
    </>
  );
}

function OwnData() {
  const words = useSettingsWords();
  const own = words.ownData;
  const step = useResource<{ readonly enabled: boolean }>('/v1/second-step');
  const [path, setPath] = useState('');
  const { busy, complaint, submit } = useForm(async ({ current, code = '' }) => {
    const body = { current, ...(code !== '' && { code }) };
    const made = await call<{ path: string }>('POST', '/v1/account-data', { body });
    // As a link: the browser shows how far it is, whatever its size, and the page stays.
    setPath(made.path);
    toast(own.ready);
  });
  return (
    <Section title={own.download} intro={own.intro}>
      <form className="stack narrow" onSubmit={submit}>
        <Field label={own.password}>
          <input name="current" type="password" autoComplete="current-password" required maxLength={1000} />
        </Field>
        {step.value?.enabled === true && (
          <Field label={own.code}>
            <input name="code" inputMode="numeric" autoComplete="one-time-code" required maxLength={40} />
          </Field>
        )}
        <SaveRow busy={busy} complaint={complaint} label={own.ask} />
      </form>
      {path !== '' && (
        <p role="status">
          <a className="button primary" href={path} download>
            {own.fetch}
          </a>{' '}
          <span className="muted">{own.fetchHint}</span>
        </p>
      )}
    </Section>
  );
}
