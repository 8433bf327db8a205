/** Whom a short message tells of new mail: a telephone or a pager, by way of the operator's gateway. */
import { type FormEvent, useState } from 'react';
import { call } from '../api.ts';
import { codeOf } from '../mail/mailbox.ts';
import { toast } from '../ui/toast.tsx';
import { useWords } from '../words/words.ts';
import { Choice, Field, Loaded, SaveRow, Section, useResource } from './resource.tsx';
import { useSettingsWords } from './words.ts';

interface Pager {
  readonly to: string | null;
  readonly senders: 'everybody' | readonly string[];
}

const PATH = '/v1/settings/pager';

export function PagerSection() {
  const words = useSettingsWords().pager;
  const setting = useResource<Pager>(PATH);
  return (
    <Section title={words.title} intro={words.intro}>
      <Loaded of={setting}>{(value) => <PagerForm before={value} />}</Loaded>
    </Section>
  );
}

function PagerForm({ before }: { readonly before: Pager }) {
  const all = useSettingsWords();
  const words = all.pager;
  const shared = useWords();
  const [to, setTo] = useState(before.to ?? '');
  const [whose, setWhose] = useState<'everybody' | 'some'>(before.senders === 'everybody' ? 'everybody' : 'some');
  const [senders, setSenders] = useState(before.senders === 'everybody' ? '' : before.senders.join('\n'));
  const [busy, setBusy] = useState(false);
  const [complaint, setComplaint] = useState('');

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const named = senders.split(/[\s,;]+/).filter(Boolean);
    const everybody = whose === 'everybody' || named.length === 0;
    setBusy(true);
    setComplaint('');
    try {
      await call('PUT', PATH, { body: { to: to.trim() || null, senders: everybody ? 'everybody' : named } });
      toast(all.saved);
    } catch (error) {
      const code = codeOf(error);
      setComplaint(code === 'not-allowed' ? words.noGateway : shared.error(code));
    }
    setBusy(false);
  };
  return (
    <form className="stack" onSubmit={(event) => void submit(event)}>
      <div className="columns">
        <Field label={words.to} hint={words.toHint}>
          <input
            type="tel"
            autoComplete="tel"
            maxLength={30}
            pattern="\+?[0-9 \(\)\-]{3,30}"
            value={to}
            onChange={(event) => setTo(event.target.value)}
          />
        </Field>
        <Choice<'everybody' | 'some'> label={words.whose} value={whose} options={words.who} onChange={setWhose} />
      </div>
      {whose === 'some' && (
        <Field label={words.senders} hint={words.sendersHint}>
          <textarea
            rows={3}
            maxLength={20_000}
            required
            value={senders}
            onChange={(event) => setSenders(event.target.value)}
          />
        </Field>
      )}
      <SaveRow busy={busy} complaint={complaint} />
    </form>
  );
}
