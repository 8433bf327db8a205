/** The settings: their pages at the side, one of them open. */
import { type ReactNode, useEffect, useRef } from 'react';
import { hrefOf } from '../route.ts';
import { useWords } from '../words/words.ts';
import { AbsencePage } from './absence.tsx';
import { Blocked } from './blocked.tsx';
import { General } from './general.tsx';
import { Notifications } from './notifications.tsx';
import { PeoplePage } from './people.tsx';
import { RulesPage } from './rules.tsx';
import { Security } from './security.tsx';
import { Signatures } from './signatures.tsx';
import { SenderMailboxPage } from '../sender-mailbox/sender-mailbox.tsx';
import { type SettingsWords, useSettingsWords } from './words.ts';
import '../css/pages.css';

type Page = keyof SettingsWords['pages'];

const PAGES: Readonly<Record<Page, () => ReactNode>> = {
  general: General,
  signatures: Signatures,
  absence: AbsencePage,
  rules: RulesPage,
  people: PeoplePage,
  blocked: Blocked,
  notifications: Notifications,
  senderMailbox: SenderMailboxPage,
  security: Security,
};

export function SettingsView({ page }: { readonly page: string }) {
  const words = useSettingsWords();
  const { brand } = useWords();
  const heading = useRef<HTMLHeadingElement>(null);
  const open = (Object.keys(PAGES) as Page[]).find((one) => one === page) ?? 'general';
  const Open = PAGES[open];
  useEffect(() => {
    document.title = `${words.pages[open]} · ${words.settings} · ${brand}`;
  }, [open, words, brand]);
  useEffect(() => heading.current?.focus({ preventScroll: true }), [open]);
  return (
    <main className="page-pane">
      <nav className="page-tabs" aria-label={words.settings}>
        {(Object.keys(PAGES) as Page[]).map((one) => (
          <a key={one} href={hrefOf({ view: 'settings', what: one })} aria-current={one === open ? 'page' : undefined}>
            {words.pages[one]}
          </a>
        ))}
      </nav>
      <div className="page-content">
        <h1 ref={heading} tabIndex={-1}>
          {words.pages[open]}
        </h1>
        <Open key={open} />
      </div>
    </main>
  );
}
