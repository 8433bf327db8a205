/** The settings: their pages at the side, one of them open. */
import type { ReactNode } from 'react';
import { Pages } from '../ui/pages.tsx';
import { AbsencePage } from './absence.tsx';
import { Blocked } from './blocked.tsx';
import { General } from './general.tsx';
import { Notifications } from './notifications.tsx';
import { OwnDataPage } from './own-data.tsx';
import { PeoplePage } from './people.tsx';
import { RulesPage } from './rules.tsx';
import { Security } from './security.tsx';
import { Signatures } from './signatures.tsx';
import { SenderMailboxPage } from '../sender-mailbox/sender-mailbox.tsx';
import { type SettingsWords, useSettingsWords } from './words.ts';

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
  ownData: OwnDataPage,
};

export function SettingsView({ page }: { readonly page: string }) {
  const { settings, pages } = useSettingsWords();
  return <Pages<Page> view="settings" title={settings} names={pages} pages={PAGES} asked={page} />;
}
