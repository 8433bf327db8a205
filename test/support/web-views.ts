/**
 * Every view of the web client, and how one gets there in the demo's mailbox, whatever the language: what judges views and what
 * takes pictures of them goes by this list. `test/unit/web-views.test.ts` compares it with the client's own pages and dialogs.
 */
import type { Page } from 'playwright-core';

export interface View {
  readonly name: string;
  /** Where it begins; of the mailbox of the demo's administrator. */
  readonly hash: string;
  /** From there on. */
  readonly open?: (page: Page) => Promise<void>;
  /** There when it is to be looked at. */
  readonly shows: string;
  /** Files of web/src whose dialogs it has open. */
  readonly dialogs?: readonly string[];
}

export const SETTINGS_PAGES = [
  'general',
  'signatures',
  'absence',
  'rules',
  'people',
  'blocked',
  'notifications',
  'senderMailbox',
  'security',
  'ownData',
] as const;
export const SERVICE_PAGES = [
  'overview',
  'flow',
  'queues',
  'quarantine',
  'accounts',
  'domains',
  'deliverability',
  'reports',
  'audit',
] as const;

const DIALOG = 'dialog[open]';
const press = (key: string) => (page: Page) => page.keyboard.press(key);

async function writing(page: Page): Promise<void> {
  await page.keyboard.press('c');
  await page.locator('.composer').waitFor();
}

async function firstMessage(page: Page): Promise<void> {
  await page.locator('.row:not(.hole)').first().click();
  await page.locator('.message h1').waitFor();
}

/** The nth item of the menu that a button opens. */
async function menuItem(page: Page, button: string, nth: number): Promise<void> {
  await page.locator(button).first().click({ force: true });
  await page.locator('[role=menu] [role=menuitem]').nth(nth).click();
}

/** What a key asks about the open message. */
function asked(name: string, key: string, dialog: string): View {
  const open = async (page: Page): Promise<void> => {
    await firstMessage(page);
    await page.keyboard.press(key);
  };
  return { name, hash: '#/f/inbox', open, shows: DIALOG, dialogs: [dialog] };
}

export const VIEWS: readonly View[] = [
  { name: 'mailbox', hash: '#/f/inbox', shows: '.row:not(.hole)' },
  { name: 'empty-folder', hash: '#/f/junk', shows: '.nothing' },
  { name: 'missing-folder', hash: '#/f/99999', shows: '[role=alert]' },
  { name: 'message', hash: '#/f/inbox', open: firstMessage, shows: '.message h1' },
  { name: 'missing-message', hash: '#/f/inbox/99999999', shows: '.nothing[role=alert]' },
  {
    name: 'conversations',
    hash: '#/f/inbox',
    open: (page) => page.locator('.chip[aria-pressed]').last().click(),
    shows: '.row .count',
  },
  {
    name: 'selection',
    hash: '#/f/inbox',
    open: (page) => page.locator('.row [role=checkbox]').first().click(),
    shows: '.row [aria-checked=true]',
  },
  { name: 'search', hash: `#/q/${encodeURIComponent('회의록')}`, shows: '.row:not(.hole)' },
  { name: 'nothing-found', hash: '#/q/zzzzqqqq', shows: '.nothing' },
  { name: 'keys', hash: '#/f/inbox', open: press('?'), shows: DIALOG, dialogs: ['ui/key-help.tsx'] },
  asked('move', 'v', 'mail/move-dialog.tsx'),
  asked('snooze', 'b', 'mail/snooze-dialog.tsx'),
  asked('label', 'l', 'mail/label-dialog.tsx'),
  {
    name: 'new-folder',
    hash: '#/f/inbox',
    open: (page) => page.locator('.folders-head button').first().click(),
    shows: DIALOG,
    dialogs: ['mail/folder-dialog.tsx'],
  },
  {
    name: 'original',
    hash: '#/f/inbox',
    open: async (page) => {
      await firstMessage(page);
      await menuItem(page, '.message-tools [aria-haspopup]', 6);
    },
    shows: `${DIALOG} .original`,
    dialogs: ['mail/original-dialog.tsx'],
  },
  {
    name: 'person',
    hash: '#/f/inbox',
    open: async (page) => {
      await firstMessage(page);
      await menuItem(page, '.message-tools [aria-haspopup]', 1);
    },
    shows: DIALOG,
    dialogs: ['settings/person-dialog.tsx'],
  },
  {
    name: 'account-menu',
    hash: '#/f/inbox',
    open: (page) => page.locator('.account-button').click(),
    shows: '[role=menu]',
  },
  { name: 'write', hash: '#/f/inbox', open: writing, shows: '.composer textarea' },
  {
    name: 'write-extended',
    hash: '#/f/inbox',
    open: async (page) => {
      await writing(page);
      await page.locator('.composer .subject-field input').press('Control+Shift+E');
      await page.locator('.composer footer .chip').first().click();
    },
    shows: '.composer .ProseMirror',
  },
  { name: 'contacts', hash: '#/c/all', shows: '.page-content [role=status]' },
  ...SETTINGS_PAGES.map((page): View => ({ name: `settings-${page}`, hash: `#/s/${page}`, shows: '.page-content h1' })),
  ...SERVICE_PAGES.map((page): View => ({ name: `service-${page}`, hash: `#/o/${page}`, shows: '.page-content h1' })),
  {
    name: 'open-account',
    hash: '#/o/accounts',
    open: (page) => page.locator('.save-row button').last().click(),
    shows: DIALOG,
    dialogs: ['service/account-dialogs.tsx'],
  },
];

/** Where axe looks in another test, as it takes some doing to get there; its file under test/system. */
export const ELSEWHERE: Readonly<Record<string, string>> = {
  'compose/composer.tsx': 'web.test.ts',
  'compose/confidential.tsx': 'web.test.ts',
  'contacts/contacts-view.tsx': 'web.test.ts',
  'mail/preview-dialog.tsx': 'web-organising.test.ts',
  'mail/folder-pane.tsx': 'web.test.ts',
  'sender-mailbox/held-copy.tsx': 'sender-mailbox-page.test.ts',
  'sender-mailbox/sender-mailbox.tsx': 'sender-mailbox-page.test.ts',
  'service/quarantine.tsx': 'web-pages.test.ts',
  'settings/apply-rules.tsx': 'web.test.ts',
  'settings/confirm.tsx': 'web-writing.test.ts',
  'settings/tidy-dialog.tsx': 'web-pages.test.ts',
};

export const LANGUAGES = ['en', 'ko'] as const;
export const THEMES = ['light', 'dark'] as const;
export type Look = { readonly language: (typeof LANGUAGES)[number]; readonly theme: (typeof THEMES)[number] };

/** The view, loaded anew in that look, and at rest. */
export async function openView(page: Page, base: string, { hash, open, shows }: View, look: Look): Promise<void> {
  await page.evaluate(`localStorage.setItem('pabal.look', ${JSON.stringify(JSON.stringify(look))})`);
  await page.goto('about:blank');
  await page.goto(`${base}/${hash}`);
  if (/^#\/[fq]/.test(hash)) await page.locator('.row:not(.hole), .nothing, [role=alert]').first().waitFor();
  await open?.(page);
  await page.locator(shows).first().waitFor();
  // What is asked for when a page opens is there, or has failed.
  await page
    .locator('.page-content .muted', { hasText: /^(?:Loading|불러오는)/ })
    .first()
    .waitFor({ state: 'detached' });
  await page.evaluate('Promise.all(document.getAnimations().map((one) => one.finished.catch(() => undefined)))');
}
