/**
 * `node test/screens.ts [FOLDER]`: pictures of the main views of the demo's mailbox, each in both languages, light and dark, on a wide screen and a
 * phone; and of what one sees when there is nothing, something is wrong, or there is no connection. Default: docs/screens.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { WebClient } from './support/web-client.ts';
import { type Look, openView, type View, VIEWS } from './support/web-views.ts';

const MAIN = [
  'mailbox',
  'message',
  'conversations',
  'write-extended',
  'contacts',
  'settings-rules',
  'settings-ownData',
  'service-overview',
];
const WIDE = { width: 1360, height: 820 };
const PHONE = { width: 390, height: 844 };
const KO = { language: 'ko' } as const;
const EN = { language: 'en' } as const;
/** Of each main view. */
const LOOKS: readonly (readonly [size: 'wide' | 'phone', look: Look])[] = [
  ['wide', { ...KO, theme: 'light' }],
  ['wide', { ...EN, theme: 'dark' }],
  ['phone', { ...KO, theme: 'dark' }],
  ['phone', { ...EN, theme: 'light' }],
];
/** One look each is enough: what is to be seen is that they say something. */
const STATES: readonly (readonly [name: string, look: Look])[] = [
  ['empty-folder', { ...EN, theme: 'light' }],
  ['nothing-found', { ...KO, theme: 'light' }],
  ['missing-folder', { ...KO, theme: 'dark' }],
  ['missing-message', { ...EN, theme: 'dark' }],
  ['keys', { ...EN, theme: 'light' }],
  ['new-folder', { ...KO, theme: 'light' }],
  ['service-flow', { ...EN, theme: 'light' }],
  ['service-accounts', { ...KO, theme: 'dark' }],
];

const folder = process.argv[2] ?? new URL('../docs/screens', import.meta.url).pathname;
await mkdir(folder, { recursive: true });
await using client = await WebClient.start({ demo: true });

const viewOf = (name: string): View => VIEWS.find((view) => view.name === name) as View;

async function picture(page: Page, name: string, look: Look, size: string): Promise<void> {
  await openView(page, client.base, viewOf(name), look);
  const file = [name, look.language, look.theme, ...(size === 'phone' ? [size] : [])].join('-');
  await page.screenshot({ path: join(folder, `${file}.png`) });
  process.stdout.write(`${file}\n`);
}

const PEOPLE = [
  ['박민지', 'minji@example.test'],
  ['Clara Weiss', 'clara@seals.example'],
  ['이지훈', 'jihun@example.test'],
];

const wide = (await client.signedIn('alice@example.test', { viewport: WIDE })).page;
const phone = (await client.signedIn('alice@example.test', { viewport: PHONE })).page;
await wide.evaluate(`Promise.all(${JSON.stringify(PEOPLE)}.map(([name, address]) => fetch('/v1/contacts', {
  method: 'POST',
  headers: { 'content-type': 'application/json', 'x-pabal-csrf': '1' },
  body: JSON.stringify({ name, emails: [{ address }] }),
})))`);
for (const name of MAIN)
  for (const [size, look] of LOOKS) await picture(size === 'wide' ? wide : phone, name, look, size);
for (const [name, look] of STATES) await picture(wide, name, look, 'wide');

// What was read before, without a connection.
const { page } = await client.signedIn('alice@example.test', { viewport: WIDE });
await page.evaluate('navigator.serviceWorker.ready.then(() => true)');
await page.reload();
await openView(page, client.base, viewOf('message'), { ...KO, theme: 'light' });
await page.context().setOffline(true);
await page.reload();
await page.locator('.offline').waitFor();
await page.locator('.message h1').waitFor();
await page.screenshot({ path: join(folder, 'offline-ko-light.png') });
