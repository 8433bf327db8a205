/** The people of a group, or all; a page at a time. */
import { useEffect, useState } from 'react';
import { call } from '../api.ts';
import { write } from '../compose/composing.ts';
import { failed } from '../mail/actions.ts';
import { codeOf } from '../mail/mailbox.ts';
import { Icon } from '../ui/icon.tsx';
import { toast } from '../ui/toast.tsx';
import { initial } from '../words/format.ts';
import { useWords } from '../words/words.ts';
import { type Contact, contactsPage, fieldsOf } from './contact.ts';
import { useContactWords } from './words.ts';

interface Found {
  readonly items: readonly Contact[];
  readonly total: number;
  readonly next?: string;
}

interface ContactListProps {
  readonly group: string | undefined;
  /** Another number: asked for anew. */
  readonly revision: number;
  readonly onEdit: (contact: Contact) => void;
  readonly onChanged: () => void;
}

const ASK_MS = 150;

export function ContactList({ group, revision, onEdit, onChanged }: ContactListProps) {
  const words = useContactWords();
  const shared = useWords();
  const [q, setQ] = useState('');
  const [found, setFound] = useState<Found>();
  const [error, setError] = useState('');
  const of = { q: q.trim(), ...(group !== undefined && { group }) };

  useEffect(() => {
    let gone = false;
    const timer = setTimeout(
      () => {
        contactsPage({ q: q.trim(), ...(group !== undefined && { group }) })
          .then((page) => {
            if (gone) return;
            setFound(page);
            setError('');
          })
          .catch((problem: unknown) => !gone && setError(codeOf(problem)));
      },
      q === '' ? 0 : ASK_MS,
    );
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [q, group, revision]);

  const more = (before: Found, cursor: string) => {
    contactsPage({ ...of, cursor })
      .then((page) => setFound({ ...page, items: [...before.items, ...page.items] }))
      .catch(failed);
  };
  const remove = (contact: Contact) => {
    const undo = () => {
      call('POST', '/v1/contacts', { body: fieldsOf(contact) })
        .then(onChanged)
        .catch(failed);
    };
    call('DELETE', `/v1/contacts/${contact.id}`)
      .then(() => {
        toast(words.removed(contact.name), { label: shared.undo, act: undo });
        onChanged();
      })
      .catch(failed);
  };
  return (
    <>
      <label className="field">
        <span className="hidden">{words.search}</span>
        <input
          type="text"
          role="searchbox"
          placeholder={words.search}
          value={q}
          maxLength={200}
          onChange={(event) => setQ(event.target.value)}
        />
      </label>
      {error !== '' && (
        <p className="complaint" role="alert">
          {shared.error(error)}
        </p>
      )}
      {found !== undefined && (
        <p className="muted" role="status">
          {found.total > 0 ? words.count(found.total) : q === '' ? words.empty : words.notFound}
        </p>
      )}
      {found?.total === 0 && q === '' && <p className="muted">{words.emptyHint}</p>}
      <ul className="items people-list">
        {found?.items.map((contact) => {
          const { id, name, organization, emails, phones } = contact;
          const [email] = emails;
          const { letter, colour } = initial({ name, address: email?.address ?? name });
          return (
            <li key={id}>
              <span className={`face c${colour}`} aria-hidden="true">
                {letter}
              </span>
              <button type="button" className="grow person-button" onClick={() => onEdit(contact)}>
                <strong>{name}</strong>
                <small className="muted">
                  {[email?.address, phones[0]?.number, organization].filter(Boolean).join(' · ')}
                </small>
              </button>
              {email !== undefined && (
                <button
                  type="button"
                  className="icon-button"
                  aria-label={words.writeTo(name)}
                  title={words.writeTo(name)}
                  onClick={() => write([{ name, address: email.address }])}
                >
                  <Icon name="compose" />
                </button>
              )}
              <button
                type="button"
                className="icon-button"
                aria-label={`${words.remove}: ${name}`}
                title={words.remove}
                onClick={() => remove(contact)}
              >
                <Icon name="trash" />
              </button>
            </li>
          );
        })}
      </ul>
      {found?.next !== undefined && (
        <button type="button" className="button" onClick={() => more(found, found.next ?? '')}>
          {words.more}
        </button>
      )}
    </>
  );
}
