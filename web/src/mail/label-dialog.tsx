/** Labels for messages: put on, taken off, and made. */
import { type FormEvent, useState } from 'react';
import { useStore } from '../store.ts';
import { Dialog } from '../ui/dialog.tsx';
import { Icon } from '../ui/icon.tsx';
import { useWords } from '../words/words.ts';
import * as actions from './actions.ts';
import { type Colour, COLOURS, type Label, labels, labelsOf, saveLabels } from './labels.ts';
import { codeOf, mailbox, messageOf } from './mailbox.ts';
import { useMailWords } from './words.ts';

interface LabelDialogProps {
  /** None: the labels themselves are looked after. */
  readonly ids: readonly string[];
  readonly onClose: () => void;
}

export function LabelDialog({ ids, onClose }: LabelDialogProps) {
  const own = useMailWords();
  const known = useStore(labels, (state) => state.known);
  const [editing, setEditing] = useState(ids.length === 0);
  if (editing) return <EditLabels before={known} onClose={onClose} />;
  return (
    <Dialog title={own.labelAs} onClose={onClose} className="narrow">
      {known.length === 0 && <p className="muted">{own.noLabels}</p>}
      <ul className="choices">
        {known.map((label) => (
          <LabelCheck key={label.id} label={label} ids={ids} />
        ))}
      </ul>
      <AddLabel
        onAdd={async (added) => {
          await saveLabels([...known, added]);
          const made = labels.state.known.find(({ name }) => name === added.name);
          if (made !== undefined) actions.label(ids, made.id, true);
        }}
      />
      <div className="dialog-buttons">
        <button type="button" className="button" disabled={known.length === 0} onClick={() => setEditing(true)}>
          {own.editLabels}
        </button>
      </div>
    </Dialog>
  );
}

function LabelCheck({ label, ids }: { readonly label: Label; readonly ids: readonly string[] }) {
  // The list knows which of them have it.
  const count = useStore(
    mailbox,
    () => ids.filter((id) => labelsOf(messageOf(id)?.keywords ?? [], [label]).length > 0).length,
  );
  const all = count === ids.length;
  return (
    <li>
      <label className="check label-check">
        <input
          type="checkbox"
          checked={all}
          ref={(box) => {
            if (box !== null) box.indeterminate = count > 0 && !all;
          }}
          onChange={() => actions.label(ids, label.id, !all)}
        />
        <span className={`label-dot ${label.colour}`} aria-hidden="true" />
        <span>{label.name}</span>
      </label>
    </li>
  );
}

function AddLabel({ onAdd }: { readonly onAdd: (label: Omit<Label, 'id'>) => Promise<void> }) {
  const words = useWords();
  const own = useMailWords();
  const known = useStore(labels, (state) => state.known);
  const [name, setName] = useState('');
  const [complaint, setComplaint] = useState('');
  const add = (event: FormEvent) => {
    event.preventDefault();
    const clean = name.trim().normalize('NFC');
    if (clean === '') return;
    setComplaint('');
    onAdd({ name: clean, colour: COLOURS[known.length % COLOURS.length] as Colour })
      .then(() => setName(''))
      .catch((error: unknown) =>
        setComplaint(codeOf(error) === 'conflict' ? own.sameName : words.error(codeOf(error))),
      );
  };
  return (
    <form className="one-line" onSubmit={add}>
      <label className="field">
        <span>{own.newLabel}</span>
        <input value={name} maxLength={60} onChange={(event) => setName(event.target.value)} />
      </label>
      <button className="button">{words.add}</button>
      {complaint !== '' && (
        <p className="complaint" role="alert">
          {complaint}
        </p>
      )}
    </form>
  );
}

function EditLabels({ before, onClose }: { readonly before: readonly Label[]; readonly onClose: () => void }) {
  const words = useWords();
  const own = useMailWords();
  const [items, setItems] = useState(before);
  const [complaint, setComplaint] = useState('');
  const change = (id: string, more: Partial<Label>) =>
    setItems(items.map((one) => (one.id === id ? { ...one, ...more } : one)));
  const save = (event: FormEvent) => {
    event.preventDefault();
    saveLabels(items.map((one) => ({ ...one, name: one.name.trim() })))
      .then(onClose)
      .catch((error: unknown) =>
        setComplaint(codeOf(error) === 'conflict' ? own.sameName : words.error(codeOf(error))),
      );
  };
  return (
    <Dialog title={own.editLabels} onClose={onClose} className="narrow">
      <form className="stack" onSubmit={save}>
        <p className="muted">{before.length === 0 ? own.noLabels : own.labelsHint}</p>
        <ul className="items">
          {items.map(({ id, name, colour }) => (
            <li key={id}>
              <span className={`label-dot ${colour}`} aria-hidden="true" />
              <input
                aria-label={own.labelName}
                value={name}
                required
                maxLength={60}
                onChange={(event) => change(id, { name: event.target.value })}
              />
              <select
                aria-label={own.labelColour(name)}
                value={colour}
                onChange={(event) => change(id, { colour: event.target.value as Colour })}
              >
                {COLOURS.map((one) => (
                  <option key={one} value={one}>
                    {own.colours[one]}
                  </option>
                ))}
              </select>
              <button
                type="button"
                className="icon-button small"
                aria-label={`${words.removeWord}: ${name}`}
                onClick={() => setItems(items.filter((one) => one.id !== id))}
              >
                <Icon name="close" />
              </button>
            </li>
          ))}
        </ul>
        {complaint !== '' && (
          <p className="complaint" role="alert">
            {complaint}
          </p>
        )}
        <div className="dialog-buttons">
          <button className="button primary">{words.save}</button>
        </div>
      </form>
    </Dialog>
  );
}
