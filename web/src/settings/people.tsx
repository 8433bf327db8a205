/** People whose mail is handled in a way of its own. */
import { useState } from 'react';
import { call } from '../api.ts';
import { failed } from '../mail/actions.ts';
import { mailbox } from '../mail/mailbox.ts';
import { useStore } from '../store.ts';
import { Icon } from '../ui/icon.tsx';
import { toast } from '../ui/toast.tsx';
import { useWords } from '../words/words.ts';
import { forgetPeople, pathOf, type Person } from './person.ts';
import { PersonForm } from './person-form.tsx';
import { Loaded, Section, useResource } from './resource.tsx';
import { folderNames } from './rule.ts';
import { type SettingsWords, useSettingsWords } from './words.ts';

export function PeoplePage() {
  const all = useSettingsWords();
  const words = all.people;
  const shared = useWords();
  const folders = useStore(mailbox, (state) => state.folders);
  const nameOf = folderNames(folders, shared, all.rules.folderGone);
  const people = useResource<{ items: readonly Person[] }>('/v1/people');
  /** '': a new one. */
  const [editing, setEditing] = useState<Person | ''>();

  const remove = ({ address, ...rest }: Person) => {
    const change = (act: () => Promise<unknown>) => act().then(forgetPeople).then(people.load).catch(failed);
    const undo = () => void change(() => call('PUT', pathOf(address), { body: rest }));
    void change(() => call('DELETE', pathOf(address))).then(() =>
      toast(`${all.remove}: ${address}`, { label: shared.undo, act: undo }),
    );
  };
  const close = () => setEditing(undefined);

  if (editing !== undefined)
    return (
      <PersonForm
        {...(editing !== '' && { before: editing })}
        onCancel={close}
        onSaved={() => {
          close();
          people.load();
        }}
      />
    );
  return (
    <Section intro={words.intro}>
      <Loaded of={people}>
        {({ items }) => (
          <>
            {items.length === 0 && <p className="muted">{words.empty}</p>}
            <ul className="items">
              {items.map((person) => (
                <li key={person.address}>
                  <span className="grow">
                    <strong>
                      <bdi>{person.address}</bdi>
                    </strong>
                    <small className="muted">{handling(person, words, nameOf).join(' · ')}</small>
                  </span>
                  <span className="row-tools">
                    <button
                      type="button"
                      className="icon-button"
                      aria-label={`${all.change}: ${person.address}`}
                      title={all.change}
                      onClick={() => setEditing(person)}
                    >
                      <Icon name="compose" />
                    </button>
                    <button
                      type="button"
                      className="icon-button"
                      aria-label={`${all.remove}: ${person.address}`}
                      title={all.remove}
                      onClick={() => remove(person)}
                    >
                      <Icon name="trash" />
                    </button>
                  </span>
                </li>
              ))}
            </ul>
            <div className="save-row start">
              <button type="button" className="button primary" onClick={() => setEditing('')}>
                <Icon name="plus" /> {words.add}
              </button>
            </div>
          </>
        )}
      </Loaded>
    </Section>
  );
}

function handling(person: Person, words: SettingsWords['people'], nameOf: (id: string) => string): string[] {
  const { importance, folder, notify = [], signature = '', accept = false, images = false } = person;
  const said = [
    importance && words.importances[importance],
    folder && `→ ${nameOf(folder)}`,
    notify.length > 0 && words.notified(notify.join(', ')),
    signature !== '' && words.signature,
    accept && words.accept,
    images && words.images,
  ];
  return said.filter((one) => typeof one === 'string' && one !== '') as string[];
}
