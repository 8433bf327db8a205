/** The other messages of a conversation, wherever they lie: each is opened by a click. */
import { useEffect, useState } from 'react';
import { call, query } from '../api.ts';
import type { Summary } from '../api.ts';
import { useStore } from '../store.ts';
import { Icon } from '../ui/icon.tsx';
import { displayName, mediumDate, shortDate } from '../words/format.ts';
import { useWords } from '../words/words.ts';
import { mailbox } from './mailbox.ts';

/** The oldest; a longer conversation is read in its list. */
const SHOWN = 100;

interface ConversationProps {
  readonly thread: string;
  readonly open: string;
  readonly onOpen: (id: string) => void;
}

export function Conversation({ thread, open, onOpen }: ConversationProps) {
  const words = useWords();
  const [messages, setMessages] = useState<readonly Summary[]>([]);
  // Who lists conversations wants to see what the row stood for.
  const [shown, setShown] = useState(mailbox.state.list?.grouped === true);
  const folders = useStore(mailbox, (state) => state.folders);
  // What comes in while it is read belongs to it.
  const total = folders.reduce((sum, folder) => sum + folder.total, 0);

  useEffect(() => {
    let gone = false;
    call<{ items: Summary[] }>('GET', `/v1/threads/${thread}${query({ limit: SHOWN })}`)
      .then(({ items }) => {
        if (!gone) setMessages(items);
      })
      // The message itself is there all the same.
      .catch(() => undefined);
    return () => {
      gone = true;
    };
  }, [thread, total]);

  if (messages.length < 2) return null;
  return (
    <section className="conversation" aria-label={words.conversation(messages.length)}>
      <button type="button" className="link" aria-expanded={shown} onClick={() => setShown(!shown)}>
        {words.conversation(messages.length)}
        <Icon name={shown ? 'up' : 'down'} />
      </button>
      {shown && (
        <ol>
          {messages.map(({ id, from, received, preview, read, folder }) => {
            const place = folders.find((one) => one.id === folder);
            return (
              <li key={id}>
                <button
                  type="button"
                  className={read ? '' : 'unread'}
                  aria-current={id === open ? 'true' : undefined}
                  onClick={() => onOpen(id)}
                >
                  <strong>{from[0] === undefined ? words.nobody : displayName(from[0])}</strong>
                  <span className="preview">{preview}</span>
                  <span className="muted">{place !== undefined && words.folderName(place)}</span>
                  <time className="muted" dateTime={received} title={mediumDate(received)}>
                    {shortDate(received)}
                  </time>
                </button>
              </li>
            );
          })}
        </ol>
      )}
    </section>
  );
}
