/** The address book: groups at the side, the people of one of them. */
import { type FormEvent, useCallback, useEffect, useState } from 'react';
import { call } from '../api.ts';
import { write } from '../compose/composing.ts';
import { failed } from '../mail/actions.ts';
import { go, hrefOf } from '../route.ts';
import { Dialog } from '../ui/dialog.tsx';
import { Icon } from '../ui/icon.tsx';
import { Menu } from '../ui/menu.tsx';
import { toast } from '../ui/toast.tsx';
import { useWords } from '../words/words.ts';
import { type ContactFields, type Group, NOBODY } from './contact.ts';
import { ContactForm } from './contact-form.tsx';
import { ContactList } from './contact-list.tsx';
import { addressesOf, loadGroups } from './groups.ts';
import { type Imported, ImportResult, useImport } from './import.tsx';
import { useContactWords } from './words.ts';
import '../css/pages.css';

export function ContactsView({ at }: { readonly at: string }) {
  const words = useContactWords();
  const { brand } = useWords();
  const [groups, setGroups] = useState<readonly Group[]>([]);
  const [editing, setEditing] = useState<(ContactFields & { id?: string }) | undefined>();
  const [naming, setNaming] = useState<Group | 'new' | undefined>();
  const [imported, setImported] = useState<Imported>();
  const [revision, setRevision] = useState(0);
  const group = groups.find(({ id }) => id === at);
  const title = group?.name ?? words.all;

  const changed = useCallback(() => {
    setRevision((n) => n + 1);
    loadGroups().then(setGroups).catch(failed);
  }, []);
  useEffect(changed, [changed]);
  useEffect(() => setEditing(undefined), [at]);
  useEffect(() => {
    document.title = `${title} · ${brand}`;
  }, [title, brand]);

  const chooseFile = useImport((result) => {
    setImported(result);
    changed();
  });
  const save = (format: 'vcard' | 'csv') => {
    const only = group === undefined ? '' : `&group=${group.id}`;
    location.assign(`/v1/contacts/export?format=${format}${only}`);
  };
  const removeGroup = ({ id, name }: Group) => {
    call('DELETE', `/v1/contact-groups/${id}`)
      .then(() => {
        toast(words.groupRemoved(name));
        go({ view: 'contacts', what: 'all' });
        changed();
      })
      .catch(failed);
  };
  const tab = (id: string, name: string, count?: number) => (
    <a
      key={id}
      href={hrefOf({ view: 'contacts', what: id })}
      aria-current={(group?.id ?? 'all') === id ? 'page' : undefined}
    >
      <span className="grow">{name}</span>
      {count !== undefined && <span className="count">{count}</span>}
    </a>
  );
  return (
    <main className="page-pane">
      <nav className="page-tabs" aria-label={words.contacts}>
        {tab('all', words.all)}
        {groups.map(({ id, name, members }) => tab(id, name, members))}
        <button type="button" className="link-button" onClick={() => setNaming('new')}>
          <Icon name="plus" /> {words.newGroup}
        </button>
      </nav>
      <div className="page-content">
        <div className="page-head">
          <h1>{editing === undefined ? title : (editing.id && words.editContact(editing.name)) || words.newContact}</h1>
          {editing === undefined && (
            <>
              <button type="button" className="button primary" onClick={() => setEditing(NOBODY)}>
                <Icon name="plus" /> {words.newContact}
              </button>
              <Menu
                label={words.file}
                button={<Icon name="more" />}
                groups={[
                  [
                    { label: words.importFile, icon: 'up', act: chooseFile },
                    { label: words.exportAs('vCard'), icon: 'download', act: () => save('vcard') },
                    { label: words.exportAs('CSV'), icon: 'download', act: () => save('csv') },
                  ],
                  ...(group === undefined
                    ? []
                    : [
                        [
                          {
                            label: words.writeToGroup,
                            icon: 'sent' as const,
                            act: () => void addressesOf(group.id).then(write).catch(failed),
                          },
                          { label: words.renameGroup, icon: 'compose' as const, act: () => setNaming(group) },
                          { label: words.removeGroup, icon: 'trash' as const, act: () => removeGroup(group) },
                        ],
                      ]),
                ]}
              />
            </>
          )}
        </div>
        {imported !== undefined && <ImportResult result={imported} onClose={() => setImported(undefined)} />}
        {editing === undefined ? (
          <ContactList key={at} group={group?.id} revision={revision} onEdit={setEditing} onChanged={changed} />
        ) : (
          <ContactForm
            key={editing.id ?? ''}
            before={editing.id === undefined && group !== undefined ? { ...editing, groups: [group.id] } : editing}
            groups={groups}
            onCancel={() => setEditing(undefined)}
            onSaved={() => {
              setEditing(undefined);
              toast(words.saved);
              changed();
            }}
          />
        )}
      </div>
      {naming !== undefined && (
        <GroupDialog
          group={naming === 'new' ? undefined : naming}
          onClose={() => setNaming(undefined)}
          onSaved={(id) => {
            changed();
            go({ view: 'contacts', what: id });
          }}
        />
      )}
    </main>
  );
}

interface GroupDialogProps {
  /** Absent: a new one. */
  readonly group: Group | undefined;
  readonly onClose: () => void;
  readonly onSaved: (id: string) => void;
}

function GroupDialog({ group, onClose, onSaved }: GroupDialogProps) {
  const words = useContactWords();
  const [name, setName] = useState(group?.name ?? '');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const path = group === undefined ? '/v1/contact-groups' : `/v1/contact-groups/${group.id}`;
    call<Group>(group === undefined ? 'POST' : 'PUT', path, { body: { name: name.trim() } })
      .then(({ id }) => {
        onClose();
        onSaved(id);
      })
      .catch(failed);
  };
  return (
    <Dialog title={group === undefined ? words.newGroup : words.renameGroup} onClose={onClose} className="narrow">
      <form className="dialog-form" onSubmit={submit}>
        <label className="field">
          <span>{words.groupName}</span>
          <input required maxLength={100} value={name} onChange={(event) => setName(event.target.value)} />
        </label>
        <div className="dialog-buttons">
          <button className="button primary">{words.save}</button>
        </div>
      </form>
    </Dialog>
  );
}
