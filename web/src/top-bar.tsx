import type { RefObject } from 'react';
import { type Account, signOut } from './app.tsx';
import { go } from './route.ts';
import { SearchBox } from './search/search-box.tsx';
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
      <SearchBox field={search} />
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
