/** The other messages of a conversation, wherever they lie: the earlier above the open one, the later below, each folded up or out. */
import { useEffect, useState } from 'react';
import { call, query } from '../api.ts';
import type { Message, Summary } from '../api.ts';
import { useStore } from '../store.ts';
import { Icon } from '../ui/icon.tsx';
import { displayName, longDate, shortDate } from '../words/format.ts';
import { useWords } from '../words/words.ts';
import * as actions from './actions.ts';
import { Attachments } from './attachments.tsx';
import { codeOf, mailbox } from './mailbox.ts';
import { fetchMessage } from './messages.ts';
import { PlainText } from './plain-text.tsx';
import { leavingQuestion, Warnings } from './warnings.tsx';

/** The oldest; a longer conversation is read in its list. */
const LOADED = 100;

export interface Conversation {
  readonly total: number;
  readonly before: readonly Summary[];
  readonly after: readonly Summary[];
  readonly shown: boolean;
  readonly show: (shown: boolean) => void;
}

export function useConversation(thread: string, open: string): Conversation {
  const [messages, setMessages] = useState<readonly Summary[]>([]);
  // Who lists conversations wants to see what the row stood for.
  const [shown, show] = useState(mailbox.state.list?.grouped === true);
  // What comes in while it is read belongs to it.
  const total = useStore(mailbox, ({ folders }) => folders.reduce((sum, folder) => sum + folder.total, 0));

  useEffect(() => {
    let gone = false;
    call<{ items: Summary[] }>('GET', `/v1/threads/${thread}${query({ limit: LOADED })}`)
      .then(({ items }) => {
        if (!gone) setMessages(items);
      })
      // The message itself is there all the same.
      .catch(() => undefined);
    return () => {
      gone = true;
    };
  }, [thread, total]);

  const at = messages.findIndex(({ id }) => id === open);
  const before = at < 0 ? messages : messages.slice(0, at);
  return { total: messages.length, before, after: at < 0 ? [] : messages.slice(at + 1), shown, show };
}

export function ConversationToggle({ of: { total, shown, show } }: { readonly of: Conversation }) {
  const words = useWords();
  if (total < 2) return null;
  return (
    <button type="button" className="link conversation-toggle" aria-expanded={shown} onClick={() => show(!shown)}>
      {words.conversation(total)}
      <Icon name={shown ? 'up' : 'down'} />
    </button>
  );
}

interface StackProps {
  readonly messages: readonly Summary[];
  readonly label: string;
  readonly onOpen: (id: string) => void;
}

export function Stack({ messages, label, onOpen }: StackProps) {
  if (messages.length === 0) return null;
  return (
    <ol className="conversation" aria-label={label}>
      {messages.map((message) => (
        <Folded key={message.id} message={message} onOpen={onOpen} />
      ))}
    </ol>
  );
}

/** What was not read yet is folded out. */
function Folded({ message, onOpen }: { readonly message: Summary; readonly onOpen: (id: string) => void }) {
  const words = useWords();
  const { id, from, received, preview, read, folder } = message;
  const [out, setOut] = useState(!read);
  const place = useStore(mailbox, ({ folders }) => folders.find((one) => one.id === folder));

  useEffect(() => {
    if (out && !read) actions.mark([id], { read: true });
  }, [out, read, id]);
  return (
    <li>
      <button type="button" aria-expanded={out} onClick={() => setOut(!out)}>
        <strong>{from[0] === undefined ? words.nobody : displayName(from[0])}</strong>
        <span className="preview">{out ? '' : preview}</span>
        <span className="muted">{place !== undefined && words.folderName(place)}</span>
        <time className="muted" dateTime={received} title={longDate(received)}>
          {shortDate(received)}
        </time>
      </button>
      {out && <FoldedOut id={id} onOpen={onOpen} />}
    </li>
  );
}

/** Its text alone: how it looks, and what can be done with it, is shown when it is opened. */
function FoldedOut({ id, onOpen }: { readonly id: string; readonly onOpen: (id: string) => void }) {
  const words = useWords();
  const [message, setMessage] = useState<Message>();
  const [error, setError] = useState('');
  useEffect(() => {
    let gone = false;
    fetchMessage(id)
      .then((found) => {
        if (!gone) setMessage(found);
      })
      .catch((problem: unknown) => {
        if (!gone) setError(codeOf(problem));
      });
    return () => {
      gone = true;
    };
  }, [id]);
  if (error !== '') return <p className="pane-note">{words.error(error)}</p>;
  if (message === undefined) return <p className="pane-note">{words.loading}</p>;
  return (
    <>
      <Warnings message={message} />
      <PlainText text={message.text ?? ''} folded {...leavingQuestion(message, words)} />
      <Attachments message={message} />
      <div className="folded-tools">
        <button type="button" className="button small" onClick={() => onOpen(id)}>
          {words.openMessage}
        </button>
      </div>
    </>
  );
}
