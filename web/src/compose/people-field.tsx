/** Whom a mail goes to: addresses as they are typed, pasted, or chosen from those one has written with. */
import { type ClipboardEvent, type KeyboardEvent, useEffect, useId, useRef, useState } from 'react';
import { call, query } from '../api.ts';
import type { Address } from '../api.ts';
import { Icon } from '../ui/icon.tsx';
import { displayName } from '../words/format.ts';
import { useWords } from '../words/words.ts';
import { addressesOf } from '../contacts/groups.ts';
import { HangulSwitch } from '../hangul/hangul-switch.tsx';
import { useHangul } from '../hangul/use-hangul.ts';
import { parseAddress } from './draft.ts';

interface PeopleFieldProps {
  readonly label: string;
  readonly people: readonly Address[];
  readonly onChange: (people: readonly Address[]) => void;
  readonly autoFocus?: boolean;
  /** What is typed and no address yet: it must not be forgotten when the mail is sent. */
  readonly onPending: (text: string) => void;
}

/** A person, or a group: then all of its members are meant. */
type Suggestion =
  | { readonly kind: 'contact' | 'history'; readonly name: string; readonly address: string }
  | { readonly kind: 'group'; readonly name: string; readonly group: string; readonly members: number };

const idOf = (one: Suggestion): string => (one.kind === 'group' ? one.group : one.address);

const ASK_MS = 120;

export function PeopleField({ label, people, onChange, onPending, autoFocus = false }: PeopleFieldProps) {
  const words = useWords();
  const [text, setText] = useState('');
  const [found, setFound] = useState<readonly Suggestion[]>([]);
  const [at, setAt] = useState(-1);
  const [invalid, setInvalid] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const lang = useHangul('people', input);
  const id = useId();

  useEffect(() => {
    onPending(text);
    const asked = text.trim();
    if (asked === '') return setFound([]);
    const stop = new AbortController();
    const timer = setTimeout(() => {
      call<{ items: Suggestion[] }>('GET', `/v1/contacts/suggest${query({ q: asked.slice(0, 100), limit: 8 })}`, {
        signal: stop.signal,
      })
        .then(({ items }) => {
          if (document.activeElement !== input.current) return;
          const there = (one: Suggestion) => 'address' in one && people.some(({ address }) => address === one.address);
          setFound(items.filter((one) => !there(one)));
          setAt(-1);
        })
        .catch(() => undefined);
    }, ASK_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
    // oxlint-disable-next-line react/exhaustive-deps -- told of each text once
  }, [text, people]);

  const add = (some: readonly Address[]) => {
    if (some.length > 0) onChange([...people, ...some]);
    setText('');
    setFound([]);
  };
  const choose = (one: Suggestion) => {
    if (one.kind !== 'group') return add([{ name: one.name, address: one.address }]);
    add([]);
    addressesOf(one.group)
      .then((members) => onChange([...people, ...members.filter((m) => !people.some((p) => p.address === m.address))]))
      .catch(() => undefined);
  };
  /** What is typed becomes an address, if it is one. */
  const settle = (): boolean => {
    const typed = parseAddress(text);
    if (typed === undefined) return false;
    add([typed]);
    return true;
  };
  const key = (event: KeyboardEvent) => {
    // A syllable that is being composed takes its keys itself.
    if (event.nativeEvent.isComposing || event.key === 'Process') return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined && found.length > 0) {
      event.preventDefault();
      setAt((at + step + found.length) % found.length);
    } else if (['Enter', ',', ';', 'Tab'].includes(event.key) && text.trim() !== '') {
      const chosen = found[at] ?? (parseAddress(text) === undefined ? found[0] : undefined);
      if (chosen !== undefined && event.key !== ',') choose(chosen);
      else if (!settle()) return;
      event.preventDefault();
    } else if (event.key === 'Enter') event.preventDefault();
    else if (event.key === 'Backspace' && text === '') onChange(people.slice(0, -1));
    else if (event.key === 'Escape' && found.length > 0) {
      event.stopPropagation();
      setFound([]);
    }
  };
  const paste = (event: ClipboardEvent) => {
    const pieces = event.clipboardData.getData('text').split(/[,;\n]+/);
    const read = pieces.map(parseAddress);
    if (read.length < 2 || read.some((one) => one === undefined)) return;
    event.preventDefault();
    add(read.filter((one) => one !== undefined));
  };

  return (
    <div className="people-field">
      <label htmlFor={id}>{label}</label>
      <div className="people" onClick={() => input.current?.focus()}>
        {people.map((one) => (
          <span key={one.address} className="person" title={one.address}>
            {displayName(one)}
            <button
              type="button"
              aria-label={`${words.removeWord}: ${displayName(one)}`}
              onClick={() => onChange(people.filter((other) => other !== one))}
            >
              <Icon name="close" />
            </button>
          </span>
        ))}
        <input
          id={id}
          ref={input}
          lang={lang}
          type="text"
          inputMode="email"
          autoComplete="off"
          spellCheck={false}
          autoFocus={autoFocus}
          value={text}
          role="combobox"
          aria-invalid={invalid}
          aria-expanded={found.length > 0}
          aria-controls={`${id}-list`}
          aria-activedescendant={at >= 0 ? `${id}-${at}` : undefined}
          onChange={(event) => {
            setText(event.target.value);
            setInvalid(false);
          }}
          onKeyDown={key}
          onPaste={paste}
          onBlur={() => {
            if (text.trim() !== '') setInvalid(!settle());
            setFound([]);
          }}
        />
      </div>
      <HangulSwitch field="people" />
      {found.length > 0 && (
        <ul className="suggestions" role="listbox" id={`${id}-list`} aria-label={label}>
          {found.map((one, i) => (
            <li
              key={idOf(one)}
              id={`${id}-${i}`}
              role="option"
              aria-selected={i === at}
              onPointerDown={(event) => {
                event.preventDefault();
                choose(one);
              }}
            >
              {one.kind === 'group' ? (
                <>
                  <strong>{one.name}</strong> <span className="muted">{words.groupOf(one.members)}</span>
                </>
              ) : (
                <>
                  <strong>{displayName(one)}</strong> {one.name !== '' && <span className="muted">{one.address}</span>}
                </>
              )}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
