/** Who one is, how it looks, and what happens with mail by itself. */
import { useId, useState } from 'react';
import { call } from '../api.ts';
import { who } from '../app.tsx';
import { canKeep, keepMailOf } from '../offline.ts';
import { type Density, type Language, look, setLook, type Theme } from '../settings-store.ts';
import { useStore } from '../store.ts';
import { size } from '../words/format.ts';
import { useWords } from '../words/words.ts';
import { RecalledSection } from './recalled.tsx';
import { Check, Choice, Field, Loaded, SaveRow, Section, usePut, useResource, useSaving } from './resource.tsx';
import { useSettingsWords } from './words.ts';

interface Profile {
  readonly address: string;
  readonly name: string;
  readonly aliases: readonly string[];
  readonly used: number;
  readonly quota: number | null;
}

export function General() {
  return (
    <>
      <AccountSection />
      <LookSection />
      <MailSection />
      <RecalledSection />
    </>
  );
}

function AccountSection() {
  const words = useSettingsWords().general;
  const profile = useResource<Profile>('/v1/profile');
  return (
    <Section title={words.account}>
      <Loaded of={profile}>
        {({ name, address, aliases, used, quota }) => (
          <>
            <NameForm before={name} />
            <dl className="facts">
              <dt>{words.addresses}</dt>
              <dd>{[address, ...aliases].join(', ')}</dd>
              <dt>{words.room}</dt>
              <dd>
                {words.roomUsed(size(used), quota === null ? undefined : size(quota))}
                {quota !== null && <meter value={used} max={quota} high={quota * 0.9} aria-label={words.room} />}
              </dd>
            </dl>
          </>
        )}
      </Loaded>
    </Section>
  );
}

function NameForm({ before }: { readonly before: string }) {
  const words = useSettingsWords().general;
  const [name, setName] = useState(before);
  const { busy, run } = useSaving();
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        run(() => call('PUT', '/v1/profile/name', { body: { name: name.trim() } }));
      }}
    >
      <Field label={words.name} hint={words.nameHint}>
        <input value={name} maxLength={200} autoComplete="name" onChange={(event) => setName(event.target.value)} />
      </Field>
      <SaveRow busy={busy} />
    </form>
  );
}

function LookSection() {
  const words = useSettingsWords().general;
  const { themes } = useWords();
  const { language, theme, density, keepsMail, hangulKeys } = useStore(look, (state) => state);
  return (
    <Section title={words.look}>
      <div className="columns">
        <Choice<Language>
          label={words.language}
          value={language}
          options={{ ko: '한국어', en: 'English' }}
          onChange={(chosen) => setLook({ language: chosen })}
        />
        <Choice<Theme>
          label={words.theme}
          value={theme}
          options={themes}
          onChange={(chosen) => setLook({ theme: chosen })}
        />
        <Choice<Density>
          label={words.density}
          value={density}
          options={words.densities}
          onChange={(chosen) => setLook({ density: chosen })}
        />
      </div>
      <Check
        label={words.hangulKeys}
        hint={words.hangulKeysHint}
        checked={hangulKeys}
        onChange={(wanted) => setLook({ hangulKeys: wanted })}
      />
      {canKeep() && (
        <Check
          label={words.keepsMail}
          hint={words.keepsMailHint}
          checked={keepsMail}
          onChange={(wanted) => {
            setLook({ keepsMail: wanted });
            void keepMailOf(who.state.account?.id);
          }}
        />
      )}
    </Section>
  );
}

function MailSection() {
  const words = useSettingsWords().general;
  return (
    <Section title={words.mail}>
      <NewMail />
      <Copies />
      <div className="columns">
        <Receipts />
        <AnswerLanguage />
        <TimeZone />
      </div>
    </Section>
  );
}

function NewMail() {
  const words = useSettingsWords().general;
  const path = '/v1/settings/new-mail';
  const setting = useResource<{ folder: string | null }>(path);
  const put = usePut(path, setting);
  return (
    <Loaded of={setting}>
      {({ folder }) => (
        <Check
          label={words.newMail}
          hint={words.newMailHint}
          checked={folder !== null}
          // Which one it became is not needed here.
          onChange={(enabled) => put({ folder: enabled ? '' : null }, { enabled })}
        />
      )}
    </Loaded>
  );
}

function Copies() {
  const words = useSettingsWords().general;
  const path = '/v1/settings/sending';
  const setting = useResource<{ copyFromPrograms: boolean }>(path);
  const put = usePut(path, setting);
  return (
    <Loaded of={setting}>
      {({ copyFromPrograms }) => (
        <Check
          label={words.copies}
          checked={copyFromPrograms}
          onChange={(wanted) => put({ copyFromPrograms: wanted })}
        />
      )}
    </Loaded>
  );
}

type ReceiptAnswer = 'ask' | 'always' | 'known' | 'never';

function Receipts() {
  const words = useSettingsWords().general;
  const path = '/v1/settings/receipts';
  const setting = useResource<{ answer: ReceiptAnswer }>(path);
  const put = usePut(path, setting);
  return (
    <Loaded of={setting}>
      {({ answer }) => (
        <Choice<ReceiptAnswer>
          label={words.receipts}
          value={answer}
          options={words.receiptAnswers}
          onChange={(chosen) => put({ answer: chosen })}
        />
      )}
    </Loaded>
  );
}

function AnswerLanguage() {
  const words = useSettingsWords().general;
  const path = '/v1/settings/language';
  const setting = useResource<{ language: Language | null }>(path);
  const put = usePut(path, setting);
  return (
    <Loaded of={setting}>
      {({ language }) => (
        <Choice<Language | 'either'>
          label={words.answers}
          value={language ?? 'either'}
          options={{ either: words.answersEither, ko: '한국어', en: 'English' }}
          onChange={(chosen) => put({ language: chosen === 'either' ? null : chosen })}
        />
      )}
    </Loaded>
  );
}

function TimeZone() {
  const words = useSettingsWords().general;
  const path = '/v1/settings/time-zone';
  const setting = useResource<{ timeZone: string }>(path);
  const put = usePut(path, setting);
  const [zones] = useState(() => Intl.supportedValuesOf('timeZone'));
  const hint = useId();
  return (
    <Loaded of={setting}>
      {({ timeZone }) => (
        <label className="field">
          <span>{words.timeZone}</span>
          <select aria-describedby={hint} value={timeZone} onChange={(event) => put({ timeZone: event.target.value })}>
            {[...new Set(['UTC', timeZone, ...zones])].map((zone) => (
              <option key={zone}>{zone}</option>
            ))}
          </select>
          <small className="muted" id={hint}>
            {words.timeZoneHint}
          </small>
        </label>
      )}
    </Loaded>
  );
}
