/** The search box: people and words are proposed while somebody types, and what is often asked for is a chip. */
import { type FocusEvent, type KeyboardEvent, type RefObject, useEffect, useId, useState } from 'react';
import { call, query } from '../api.ts';
import type { Address } from '../api.ts';
import { HangulSwitch } from '../hangul/hangul-switch.tsx';
import { useHangul } from '../hangul/use-hangul.ts';
import { mailbox } from '../mail/mailbox.ts';
import { go, route } from '../route.ts';
import { useStore } from '../store.ts';
import { Icon } from '../ui/icon.tsx';
import { displayName } from '../words/format.ts';
import { useWords } from '../words/words.ts';
import { completed, formOf, hasPiece, toggled, typedWord } from './terms.ts';
import { useSearchWords } from './words.ts';
import '../css/search.css';

interface Found {
  readonly people: readonly Address[];
  readonly words: readonly string[];
}

const NOTHING: Found = { people: [], words: [] };
const ASK_MS = 150;
const SHOWN = 5;

export function SearchBox({ field }: { readonly field: RefObject<HTMLInputElement | null> }) {
  const words = useWords();
  const own = useSearchWords();
  const at = useStore(route, (state) => state.at);
  const folders = useStore(mailbox, (state) => state.folders);
  const asked = at.view === 'search' ? at.what : '';
  const [text, setText] = useState(asked);
  const [open, setOpen] = useState(false);
  const [found, setFound] = useState(NOTHING);
  const [chosen, setChosen] = useState(-1);
  const lang = useHangul('search', field);
  const id = useId();
  useEffect(() => setText(asked), [asked]);

  const word = typedWord(text);
  useEffect(() => {
    setChosen(-1);
    if (!open || word === '') return setFound(NOTHING);
    const stop = new AbortController();
    const timer = setTimeout(() => {
      const path = `/v1/search/suggestions${query({ q: word.slice(0, 100), limit: SHOWN })}`;
      call<Found>('GET', path, { signal: stop.signal })
        .then(setFound)
        // Nothing is proposed, then.
        .catch(() => undefined);
    }, ASK_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [open, word]);

  const options = [
    ...found.people.map((one) => ({ piece: formOf(own.from, one.address), person: one })),
    ...found.words.map((piece) => ({ piece, person: undefined })),
  ];
  const folder = at.view === 'folder' ? folders.find((one) => one.id === at.what || one.role === at.what) : undefined;
  const chips = [
    own.attachment,
    own.unread,
    own.flagged,
    own.week,
    ...(folder === undefined ? [] : [{ label: own.here(words.folderName(folder)), form: formOf(own.in, folder.path) }]),
  ];

  const search = (what: string) => {
    if (what.trim() === '') return;
    setOpen(false);
    go({ view: 'search', what: what.trim() });
    field.current?.blur();
  };
  const take = (piece: string) => {
    setText(completed(text, piece));
    setFound(NOTHING);
    field.current?.focus();
  };
  const key = (event: KeyboardEvent) => {
    // A syllable that is being composed takes its keys itself.
    if (event.nativeEvent.isComposing || event.key === 'Process') return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined && options.length > 0) {
      event.preventDefault();
      // One place more than there are: that of what was typed.
      setChosen(((chosen + 1 + step + options.length + 1) % (options.length + 1)) - 1);
    } else if (event.key === 'Enter' && options[chosen] !== undefined) {
      event.preventDefault();
      take(options[chosen].piece);
    } else if (event.key === 'Escape') {
      setOpen(false);
      field.current?.blur();
    }
  };
  const left = (event: FocusEvent<HTMLFormElement>) => {
    if (!event.currentTarget.contains(event.relatedTarget)) setOpen(false);
  };

  return (
    <form
      className="search"
      role="search"
      onBlur={left}
      onSubmit={(event) => {
        event.preventDefault();
        search(text);
      }}
    >
      <Icon name="search" />
      <input
        ref={field}
        lang={lang}
        type="search"
        aria-label={words.searchMail}
        placeholder={words.searchMail}
        value={text}
        maxLength={1000}
        enterKeyHint="search"
        autoComplete="off"
        role="combobox"
        aria-expanded={open && options.length > 0}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={chosen >= 0 ? `${id}-${chosen}` : undefined}
        onFocus={() => setOpen(true)}
        onChange={(event) => {
          setText(event.target.value);
          setOpen(true);
        }}
        onKeyDown={key}
      />
      <HangulSwitch field="search" />
      {text !== '' && (
        <button
          type="button"
          className="icon-button small"
          aria-label={words.clearSearch}
          onClick={() => {
            setText('');
            if (at.view === 'search') go({ view: 'folder', what: 'inbox' });
          }}
        >
          <Icon name="close" />
        </button>
      )}
      {open && (
        <div className="search-more">
          {options.length > 0 && (
            <ul className="search-found" role="listbox" id={`${id}-list`} aria-label={own.suggestions}>
              {options.map(({ piece, person }, i) => (
                <li
                  key={piece}
                  id={`${id}-${i}`}
                  role="option"
                  aria-selected={i === chosen}
                  // The field keeps the focus.
                  onPointerDown={(event) => {
                    event.preventDefault();
                    take(piece);
                  }}
                >
                  <Icon name={person === undefined ? 'search' : 'people'} />
                  <strong>{person === undefined ? piece : displayName(person)}</strong>
                  {person !== undefined && person.name !== '' && <span className="muted">{person.address}</span>}
                </li>
              ))}
            </ul>
          )}
          <div className="search-chips" role="group" aria-label={own.narrow}>
            {chips.map(({ label, form }) => (
              <button
                key={form}
                type="button"
                className="chip"
                aria-pressed={hasPiece(text, form)}
                onClick={() => {
                  setText(toggled(text, form));
                  field.current?.focus();
                }}
              >
                {label}
              </button>
            ))}
          </div>
        </div>
      )}
    </form>
  );
}
