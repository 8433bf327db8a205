/** What is said to those who write while one is away. */
import { useState } from 'react';
import type { absence } from '../../../src/protocols/http/schemas-absence.ts';
import { call, type Shape } from '../api.ts';
import { Check, Field, Loaded, SaveRow, Section, useResource, useSaving } from './resource.tsx';
import { useSettingsWords } from './words.ts';

type Absence = Shape<typeof absence>;

export function AbsencePage() {
  const kept = useResource<Absence>('/v1/settings/absence');
  const zone = useResource<{ timeZone: string }>('/v1/settings/time-zone');
  const words = useSettingsWords();
  return (
    <Section intro={words.absence.intro}>
      <Loaded of={kept}>{(before) => <AbsenceForm before={before} zone={zone.value?.timeZone} />}</Loaded>
    </Section>
  );
}

function AbsenceForm({ before, zone }: { readonly before: Absence; readonly zone: string | undefined }) {
  const words = useSettingsWords().absence;
  const [absence, setAbsence] = useState(before);
  const { busy, run } = useSaving();
  const change = (more: Partial<Absence>) => setAbsence({ ...absence, ...more });
  const { enabled, from = '', to = '', subject, text, knownOnly, days } = absence;
  const backwards = from !== '' && to !== '' && from >= to;
  const save = () => {
    const { from: _from, to: _to, html: _html, ...rest } = absence;
    // What was formatted elsewhere would still be sent beside another text.
    const html = text === before.text && absence.html !== undefined ? { html: absence.html } : {};
    const body = { ...rest, ...html, ...(from !== '' && { from }), ...(to !== '' && { to }) };
    run(() => call('PUT', '/v1/settings/absence', { body }));
  };
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (!backwards) save();
      }}
    >
      <Check label={words.enabled} checked={enabled} onChange={(on) => change({ enabled: on })} />
      <div className="columns">
        <Field label={words.from}>
          <input type="datetime-local" value={from} onChange={(event) => change({ from: event.target.value })} />
        </Field>
        <Field label={words.to}>
          <input type="datetime-local" value={to} onChange={(event) => change({ to: event.target.value })} />
        </Field>
      </div>
      <small className="muted">
        {words.unlimited} {zone !== undefined && words.zone(zone)}
      </small>
      <Field label={words.subject} hint={words.subjectHint}>
        <input value={subject} maxLength={500} onChange={(event) => change({ subject: event.target.value })} />
      </Field>
      <Field label={words.text} hint={words.textHint}>
        <textarea value={text} rows={6} maxLength={20_000} onChange={(event) => change({ text: event.target.value })} />
      </Field>
      <Check label={words.knownOnly} checked={knownOnly} onChange={(only) => change({ knownOnly: only })} />
      <Field label={words.days}>
        <input
          type="number"
          className="short"
          min={1}
          max={90}
          required
          value={days}
          onChange={(event) => change({ days: event.target.valueAsNumber || 1 })}
        />
      </Field>
      <SaveRow busy={busy} complaint={backwards ? words.ends : ''} />
    </form>
  );
}
