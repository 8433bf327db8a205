/** Senders whose mail is not wanted. */
import { type FormEvent, useState } from 'react';
import { call } from '../api.ts';
import { failed } from '../mail/actions.ts';
import { toast } from '../ui/toast.tsx';
import { Icon } from '../ui/icon.tsx';
import { mediumDate } from '../words/format.ts';
import { useWords } from '../words/words.ts';
import { Choice, Field, Loaded, Section, useResource } from './resource.tsx';
import { useSettingsWords } from './words.ts';

type Action = 'refuse' | 'junk' | 'discard';

interface Entry {
  readonly sender: string;
  readonly action: Action;
}

interface RejectList {
  readonly items: readonly Entry[];
  readonly dropped: {
    readonly total: number;
    readonly last: readonly { readonly at: string; readonly sender: string; readonly entry: string }[];
  };
}

export function Blocked() {
  const words = useSettingsWords();
  const { undo } = useWords();
  const list = useResource<RejectList>('/v1/reject-list');
  const [sender, setSender] = useState('');
  const [action, setAction] = useState<Action>('refuse');

  const put = async (items: readonly Entry[], dropped: RejectList['dropped']) => {
    const kept = await call<{ items: Entry[] }>('PUT', '/v1/reject-list', { body: { items } });
    list.set({ ...kept, dropped });
  };
  const add = (event: FormEvent, { items, dropped }: RejectList) => {
    event.preventDefault();
    put([{ sender: sender.trim(), action }, ...items], dropped)
      .then(() => setSender(''))
      .catch(failed);
  };
  const remove = (entry: Entry, { items, dropped }: RejectList) => {
    put(
      items.filter((one) => one !== entry),
      dropped,
    )
      .then(() =>
        toast(`${words.remove}: ${entry.sender}`, { label: undo, act: () => void put(items, dropped).catch(failed) }),
      )
      .catch(failed);
  };
  return (
    <Loaded of={list}>
      {(value) => (
        <>
          <Section intro={words.blocked.intro}>
            <form className="inline-form" onSubmit={(event) => add(event, value)}>
              <Field label={words.blocked.sender}>
                <input
                  required
                  value={sender}
                  maxLength={320}
                  placeholder="spam@example.com"
                  onChange={(event) => setSender(event.target.value)}
                />
              </Field>
              <Choice<Action>
                label={words.blocked.action}
                value={action}
                options={words.blocked.actions}
                onChange={setAction}
              />
              <button className="button">{words.add}</button>
            </form>
            {value.items.length === 0 ? (
              <p className="muted">{words.blocked.empty}</p>
            ) : (
              <ul className="items">
                {value.items.map((entry) => (
                  <li key={entry.sender}>
                    <bdi className="grow">{entry.sender}</bdi>
                    <span className="muted">{words.blocked.actions[entry.action]}</span>
                    <button
                      type="button"
                      className="icon-button"
                      aria-label={`${words.remove}: ${entry.sender}`}
                      onClick={() => remove(entry, value)}
                    >
                      <Icon name="close" />
                    </button>
                  </li>
                ))}
              </ul>
            )}
          </Section>
          {value.dropped.total > 0 && (
            <Section title={words.blocked.dropped(value.dropped.total)}>
              <ul className="items">
                {value.dropped.last.map(({ at, sender: from, entry }) => (
                  <li key={`${at} ${from}`}>
                    <bdi className="grow">{words.blocked.droppedRow(from, entry)}</bdi>
                    <time className="muted" dateTime={at}>
                      {mediumDate(at)}
                    </time>
                  </li>
                ))}
              </ul>
            </Section>
          )}
        </>
      )}
    </Loaded>
  );
}
