import { type RefObject, useEffect, useState } from 'react';
import { type Account, signOut } from './app.tsx';
import { go, route } from './route.ts';
import { look, setLook, type Theme } from './settings-store.ts';
import { useStore } from './store.ts';
import { Icon } from './ui/icon.tsx';
import { Menu } from './ui/menu.tsx';
import { initial } from './words/format.ts';
import { useWords } from './words/words.ts';

interface TopBarProps {
  readonly account: Account;
  readonly search: RefObject<HTMLInputElement | null>;
  readonly onMenu: () => void;
  readonly onKeys: () => void;
}

const THEMES: readonly Theme[] = ['system', 'light', 'dark'];

export function TopBar({ account, search, onMenu, onKeys }: TopBarProps) {
  const words = useWords();
  const { language, theme } = useStore(look, (state) => state);
  const at = useStore(route, (state) => state.at);
  const asked = at.view === 'search' ? at.what : '';
  const [text, setText] = useState(asked);
  useEffect(() => setText(asked), [asked]);
  const { letter, colour } = initial({ name: '', address: account.address });

  return (
    <header className="top-bar">
      <button type="button" className="icon-button only-narrow" aria-label={words.folders} onClick={onMenu}>
        <Icon name="menu" />
      </button>
      <a className="brand" href="#/f/inbox">
        <img src="/icon.svg" alt="" width="30" height="30" />
        <span>{words.brand}</span>
      </a>
      <form
        className="search"
        role="search"
        onSubmit={(event) => {
          event.preventDefault();
          if (text.trim() === '') return;
          go({ view: 'search', what: text.trim() });
          search.current?.blur();
        }}
      >
        <Icon name="search" />
        <input
          ref={search}
          type="search"
          aria-label={words.searchMail}
          placeholder={words.searchMail}
          value={text}
          maxLength={1000}
          enterKeyHint="search"
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Escape' && !event.nativeEvent.isComposing) search.current?.blur();
          }}
        />
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
      </form>
      <button
        type="button"
        className="icon-button only-wide"
        aria-label={words.keys}
        title={words.keys}
        onClick={onKeys}
      >
        <Icon name="help" />
      </button>
      <Menu
        label={account.address}
        className="account-button"
        button={
          <span className={`face c${colour}`} aria-hidden="true">
            {letter}
          </span>
        }
        groups={[
          [
            { label: '한국어', checked: language === 'ko', act: () => setLook({ language: 'ko' }) },
            { label: 'English', checked: language === 'en', act: () => setLook({ language: 'en' }) },
          ],
          THEMES.map((one) => ({
            label: words.themes[one],
            checked: theme === one,
            act: () => setLook({ theme: one }),
          })),
          [
            { label: words.contacts, icon: 'people', act: () => go({ view: 'contacts', what: 'all' }) },
            { label: words.absence, icon: 'clock', act: () => go({ view: 'settings', what: 'absence' }) },
            { label: words.settings, icon: 'settings', act: () => go({ view: 'settings', what: 'general' }) },
            ...(account.admin
              ? [
                  {
                    label: words.service,
                    icon: 'shield' as const,
                    act: () => go({ view: 'service', what: 'overview' }),
                  },
                ]
              : []),
          ],
          [{ label: words.signOut, icon: 'leave', act: () => void signOut() }],
        ]}
      />
    </header>
  );
}
