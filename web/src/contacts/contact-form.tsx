/** One contact: what its owner writes, and the groups it is in. */
import { type FormEvent, useState } from 'react';
import { call } from '../api.ts';
import { codeOf } from '../mail/mailbox.ts';
import { Icon } from '../ui/icon.tsx';
import { useWords } from '../words/words.ts';
import { type Contact, type ContactFields, type Email, type Group, type Phone, save } from './contact.ts';
import { useContactWords } from './words.ts';

interface ContactFormProps {
  readonly before: ContactFields & {
    readonly id?: string;
    readonly revision?: string;
    readonly groups?: readonly string[];
  };
  readonly groups: readonly Group[];
  readonly onSaved: (contact: Contact) => void;
  readonly onCancel: () => void;
}

const EMAIL_KINDS = ['home', 'work', 'other'] as const;
const PHONE_KINDS = ['mobile', 'home', 'work', 'fax', 'other'] as const;

export function ContactForm({ before, groups, onSaved, onCancel }: ContactFormProps) {
  const words = useContactWords();
  const { error: wordsOf } = useWords();
  const [contact, setContact] = useState<ContactFields>(before);
  const [memberOf, setMemberOf] = useState<ReadonlySet<string>>(new Set(before.groups));
  const [busy, setBusy] = useState(false);
  const [complaint, setComplaint] = useState('');
  const change = (more: Partial<ContactFields>) => setContact({ ...contact, ...more });

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      const ids = before.id === undefined ? {} : { id: before.id, revision: before.revision ?? '' };
      const kept = await save({ ...contact, ...ids });
      for (const { id: group } of groups) {
        const was = before.groups?.includes(group) ?? false;
        if (memberOf.has(group) === was) continue;
        await call('POST', '/v1/contacts/batch', { body: { ids: [kept.id], [was ? 'removeFrom' : 'addTo']: group } });
      }
      onSaved(kept);
    } catch (error) {
      setBusy(false);
      const code = codeOf(error);
      setComplaint(code === 'conflict' ? words.conflict : code === 'invalid' ? words.needsSomething : wordsOf(code));
    }
  };
  const text = (label: string, field: 'name' | 'nickname' | 'organization' | 'department' | 'title') => (
    <label className="field">
      <span>{label}</span>
      <input
        value={contact[field]}
        maxLength={200}
        autoFocus={field === 'name'}
        onChange={(event) => change({ [field]: event.target.value })}
      />
    </label>
  );
  return (
    <form className="stack" onSubmit={(event) => void submit(event)}>
      {text(words.name, 'name')}
      <div className="columns">
        {text(words.nickname, 'nickname')}
        {text(words.organization, 'organization')}
        {text(words.department, 'department')}
        {text(words.title, 'title')}
      </div>
      <Lines<Email>
        label={words.email}
        add={words.addEmail}
        type="email"
        lines={contact.emails}
        kinds={EMAIL_KINDS}
        textOf={(one) => one.address}
        make={(address, type) => ({ address, type })}
        onChange={(emails) => change({ emails })}
      />
      <Lines<Phone>
        label={words.phone}
        add={words.addPhone}
        type="tel"
        lines={contact.phones}
        kinds={PHONE_KINDS}
        textOf={(one) => one.number}
        make={(number, type) => ({ number, type })}
        onChange={(phones) => change({ phones })}
      />
      <div className="columns">
        <label className="field">
          <span>{words.birthday}</span>
          <input
            type="date"
            value={contact.birthday.startsWith('--') ? '' : contact.birthday}
            onChange={(event) => change({ birthday: event.target.value })}
          />
        </label>
      </div>
      <label className="field">
        <span>{words.note}</span>
        <textarea
          rows={3}
          maxLength={5000}
          value={contact.note}
          onChange={(event) => change({ note: event.target.value })}
        />
      </label>
      {groups.length > 0 && (
        <fieldset className="checks">
          <legend className="muted">{words.groups}</legend>
          {groups.map(({ id, name }) => (
            <label className="check" key={id}>
              <input
                type="checkbox"
                checked={memberOf.has(id)}
                onChange={(event) => {
                  const now = new Set(memberOf);
                  if (event.target.checked) now.add(id);
                  else now.delete(id);
                  setMemberOf(now);
                }}
              />
              <span>{name}</span>
            </label>
          ))}
        </fieldset>
      )}
      {complaint !== '' && (
        <p className="complaint" role="alert">
          {complaint}
        </p>
      )}
      <div className="save-row">
        <button type="button" className="button" onClick={onCancel}>
          {words.cancel}
        </button>
        <button className="button primary" disabled={busy}>
          {busy ? words.saving : words.save}
        </button>
      </div>
    </form>
  );
}

interface LinesProps<L extends { readonly type: string }> {
  readonly label: string;
  readonly add: string;
  readonly type: 'email' | 'tel';
  readonly lines: readonly L[];
  readonly kinds: readonly L['type'][];
  readonly textOf: (line: L) => string;
  readonly make: (text: string, kind: L['type']) => L;
  readonly onChange: (lines: readonly L[]) => void;
}

/** As many as there are, each with its kind. */
function Lines<L extends Email | Phone>({ label, add, type, lines, kinds, textOf, make, onChange }: LinesProps<L>) {
  const words = useContactWords();
  const put = (at: number, line: L) => onChange(lines.map((one, i) => (i === at ? line : one)));
  return (
    <>
      {lines.map((line, i) => (
        // oxlint-disable-next-line react/no-array-index-key -- they have nothing else
        <div className="contact-line" key={i}>
          <label className="field">
            <span>{label}</span>
            <input
              type={type}
              value={textOf(line)}
              maxLength={320}
              onChange={(event) => put(i, make(event.target.value, line.type))}
            />
          </label>
          <label className="field">
            <span>{words.kind}</span>
            <select value={line.type} onChange={(event) => put(i, make(textOf(line), event.target.value as L['type']))}>
              {kinds.map((kind) => (
                <option key={kind} value={kind}>
                  {words.kinds[kind]}
                </option>
              ))}
            </select>
          </label>
          <button
            type="button"
            className="icon-button"
            aria-label={`${words.remove}: ${label} ${i + 1}`}
            onClick={() => onChange(lines.filter((one) => one !== line))}
          >
            <Icon name="close" />
          </button>
        </div>
      ))}
      <button
        type="button"
        className="button small start"
        onClick={() => onChange([...lines, make('', kinds[0] ?? 'other')])}
      >
        <Icon name="plus" /> {add}
      </button>
    </>
  );
}
