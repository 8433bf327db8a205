/** The web client in a real browser: what is done with mail that was sent, with folders, and with particular people. */
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectControl } from '../../src/control/client.ts';
import { accountAdd } from '../../src/control/operations/account.ts';
import { PATIENCE_MS } from '../support/until.ts';
import { accessible, row, WebClient } from '../support/web-client.ts';
import { installed } from './run.ts';
import { trySmime } from './web-smime.ts';

const here = installed('chromium');
if (!here) console.log('pages of the web client: skipped, there is no chromium');

describe.skipIf(!here)('pages of the web client', { timeout: 4 * PATIENCE_MS }, () => {
  let client: WebClient;

  beforeAll(async () => {
    client = await WebClient.start();
  }, 5 * PATIENCE_MS);
  afterAll(async () => {
    await client?.[Symbol.asyncDispose]();
  });

  const settings = async (page: Page, name: string) => {
    await page.goto(`${client.base}/#/s/general`);
    await page.getByRole('navigation', { name: 'Settings' }).getByText(name).click();
  };

  test('a sent mail: what became of it, and it is taken back', async () => {
    const { page, faults } = await client.signedIn('sender@mail.test');
    // Not held for a while first, as what is written in the form.
    await page.evaluate(`fetch('/v1/messages', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-pabal-csrf': '1' },
      body: JSON.stringify({ to: [{ name: '', address: 'hasty@mail.test' }], subject: 'Not meant', text: 'Oh no' }),
    })`);
    await page.locator('.folders a', { hasText: 'Sent' }).click();
    await row(page, 'Not meant').click();
    const result = page.locator('.sent-result');
    await result.getByText('Arrived at 1 of 1 recipient').waitFor();
    await result.locator('.link').click();
    await result.locator('li', { hasText: 'hasty@mail.test' }).getByText('In the mailbox').waitFor();
    await accessible(page);
    await result.getByRole('button', { name: 'Take back' }).click();
    await result.getByText('Taken back: it cannot be read there any more').waitFor();
    expect(await result.getByRole('button', { name: 'Take back' }).count()).toBe(0);

    const other = await client.signedIn('hasty@mail.test');
    await other.page.locator('.nothing', { hasText: 'All done' }).waitFor();
    expect([...faults, ...other.faults]).toEqual([]);
    await page.context().close();
    await other.page.context().close();
  });

  test('particular people: filed, and written to with a signature of their own', async () => {
    const user = 'particular@mail.test';
    await client.arrive(user, 'From: Boss <boss@elsewhere.test>\nSubject: First\n\nx\n', 'boss@elsewhere.test');
    const { page, faults } = await client.signedIn(user);
    await row(page, 'First').click();
    await page.locator('.message').getByLabel('More').click();
    await page.getByRole('menuitem', { name: 'Handle this sender' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Folder for their mail').selectOption({ label: 'Archive' });
    await dialog.getByLabel('A signature of its own').fill('Respectfully');
    await accessible(page);
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'detached' });
    await client.arrive(user, 'From: boss@elsewhere.test\nSubject: Second\n\nx\n', 'boss@elsewhere.test');
    await page.locator('.folders a', { hasText: 'Archive' }).click();
    await row(page, 'Second').waitFor();
    await page.keyboard.press('c');
    await page.locator('.composer .people input').fill('boss@elsewhere.test');
    await page.keyboard.press('Enter');
    const text = page.locator('.composer textarea');
    await expect.poll(() => text.inputValue(), { timeout: PATIENCE_MS }).toContain('Respectfully');
    await page.locator('.composer').getByLabel('Discard').click();

    await settings(page, 'Particular senders');
    await page.locator('.items', { hasText: '→ Archive' }).waitFor();
    await accessible(page);
    await page.getByRole('button', { name: 'Remove: boss@elsewhere.test' }).click();
    await page.getByText('Nobody yet').waitFor();
    await page.locator('.toast', { hasText: 'Remove: boss' }).locator('.toast-action').click();
    await page.locator('.items', { hasText: 'boss@elsewhere.test' }).waitFor();
    await settings(page, 'Notifications');
    await page.getByLabel('Number of the telephone or pager').fill('+82 10 1234 5678');
    await accessible(page);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('This service has no gateway for short messages.').waitFor();
    expect(faults).toEqual([]);
    await page.context().close();
  });

  test('a folder is tidied up: looked at first, done, and brought back', async () => {
    const user = 'tidy@mail.test';
    for (const n of [1, 2]) await client.arrive(user, `From: Shop <shop@elsewhere.test>\nSubject: Offer ${n}\n\nx\n`);
    await client.arrive(user, 'From: a@elsewhere.test\nSubject: Stays\n\nx\n');
    const { page, faults } = await client.signedIn(user);
    for (const text of ['Offer 1', 'Offer 2', 'Stays']) await row(page, text).waitFor();
    await page.locator('.folder-row', { hasText: 'Inbox' }).hover();
    await page.getByRole('button', { name: 'More: Inbox' }).click();
    await page.getByRole('menuitem', { name: 'Tidy up' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Sender contains').fill('shop');
    await dialog.getByRole('button', { name: 'Show what would go' }).click();
    await dialog.getByText('2 messages would be changed').waitFor();
    await dialog.locator('.items', { hasText: 'Offer 1' }).waitFor();
    await accessible(page);
    await dialog.getByRole('button', { name: 'Apply now' }).click();
    await dialog.getByText('2 messages changed').waitFor();
    await row(page, 'Offer 1').waitFor({ state: 'detached' });
    await dialog.getByRole('button', { name: 'Undo' }).click();
    await dialog.getByText('Undone').waitFor();
    await page.keyboard.press('Escape');
    await row(page, 'Offer 1').waitFor();
    // By hand: the field is ready for typing as soon as the keys ask where to.
    for (const n of [1, 2]) await row(page, `Offer ${n}`).locator('[role=checkbox]').click();
    await page.keyboard.press('v');
    await page.getByPlaceholder('Find a folder').and(page.locator(':focus')).waitFor();
    await page.keyboard.type('arch');
    await page.keyboard.press('Enter');
    await page.locator('.toast', { hasText: '2 messages moved to Archive' }).waitFor();
    expect(faults).toEqual([]);
    await page.context().close();
  });

  test('what was read is read without a connection, until one signs out; news come by push', async () => {
    const user = 'traveller@mail.test';
    await client.arrive(user, 'From: Bora <bora@elsewhere.test>\nSubject: Ticket\n\nSeat 17\n');
    await client.arrive(user, 'From: a@elsewhere.test\nSubject: Unread\n\nx\n');
    const { page, faults } = await client.signedIn(user);
    const context = page.context();
    await page.evaluate('navigator.serviceWorker.ready.then(() => true)');
    // In charge of what is asked for from here on.
    await page.reload();
    await row(page, 'Unread').waitFor();
    await row(page, 'Ticket').click();
    await page.locator('.plain-text', { hasText: 'Seat 17' }).waitFor();
    await row(page, 'Ticket').and(page.locator(':not(.unread)')).waitFor();
    await page.locator('.folders a', { hasText: 'Sent' }).click();
    await page.locator('.folders a', { hasText: 'Inbox' }).click();
    await row(page, 'Ticket').waitFor();
    await context.setOffline(true);
    await page.reload();
    await row(page, 'Ticket').click();
    await page.locator('.plain-text', { hasText: 'Seat 17' }).waitFor();
    await page.locator('.offline').waitFor();
    await accessible(page);
    await row(page, 'Unread').click();
    await page.getByRole('heading', { name: 'The service cannot be reached' }).waitFor();
    await context.setOffline(false);
    await page.reload();
    await row(page, 'Unread').waitFor();

    await context.grantPermissions(['notifications'], { origin: client.base });
    const devtools = await context.newCDPSession(page);
    const registered = new Promise<string>((resolve) => {
      devtools.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
        if (registrations[0] !== undefined) resolve(registrations[0].registrationId);
      });
    });
    await devtools.send('ServiceWorker.enable');
    const data = JSON.stringify({ type: 'new-mail', mails: [{ id: '7', from: 'Bora', subject: 'Where are you?' }] });
    const push = { origin: client.base, registrationId: await registered, data };
    const shown = `navigator.serviceWorker.ready
      .then((registration) => registration.getNotifications())
      .then((all) => all.map(({ title, body }) => title + ': ' + body))`;
    // A worker that is just being replaced hears nothing; said twice it is shown once.
    const pushed = async () => {
      await devtools.send('ServiceWorker.deliverPushMessage', push);
      return await page.evaluate(shown);
    };
    await expect.poll(pushed, { timeout: PATIENCE_MS, interval: 1000 }).toEqual(['Bora: Where are you?']);

    await page.getByRole('button', { name: user }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.locator('.sign-in').waitFor();
    const kept = `caches.keys().then((names) => names.filter((name) => name.startsWith('pabal-mail')))`;
    await expect.poll(() => page.evaluate(kept), { timeout: PATIENCE_MS }).toEqual([]);
    expect(faults).toEqual([]);
    await context.close();
  });

  test('administrators see queues, accounts, domains and what is held back; others have no such pages', async () => {
    const admin = 'keeper@mail.test';
    await using control = await connectControl(join(client.service.data, 'run', 'control.sock'));
    await control!.call(accountAdd, { address: admin, password: 'pass', admin: true });
    await client.arrive('someone@mail.test', 'From: a@elsewhere.test\nSubject: Take this\n\nx\n');
    const { page, faults } = await client.signedIn(admin);
    await page.getByRole('button', { name: admin }).click();
    await page.getByRole('menuitem', { name: 'The service' }).click();
    await page.getByText('What waits').waitFor();
    await accessible(page);
    const tab = (name: string) => page.getByRole('navigation', { name: 'The service' }).getByText(name).click();
    await tab('Queues');
    await page.getByLabel('Queue').selectOption({ label: 'Leaving' });
    await page.getByText('Nothing waits here.').waitFor();
    await accessible(page);
    await tab('Accounts');
    await page.getByLabel('Find an account').fill('someone');
    await page.getByRole('button', { name: 'Suspend: someone@mail.test' }).click();
    await page.getByRole('button', { name: 'Let in again: someone@mail.test' }).click();
    await page.getByText('someone@mail.test may sign in again').waitFor();
    await accessible(page);
    await tab('Domains');
    // Not looked up here: where there is no DNS that takes long.
    await page.getByRole('button', { name: 'Check the records: mail.test' }).waitFor();
    await accessible(page);
    for (const name of ['Deliverability', 'Reports', 'Quarantine']) {
      await tab(name);
      await page.getByRole('heading', { name, exact: true }).waitFor();
      await accessible(page);
    }
    expect(faults).toEqual([]);
    await page.context().close();

    const other = await client.signedIn('someone@mail.test');
    await other.page.getByRole('button', { name: 'someone@mail.test' }).click();
    expect(await other.page.getByRole('menuitem', { name: 'The service' }).count()).toBe(0);
    await other.page.goto(`${client.base}/#/o/accounts`);
    await other.page.getByRole('alert').waitFor();
    expect(await other.page.locator('.items li').count()).toBe(0);
    await other.page.context().close();
  });

  test('signed and encrypted mail is checked and opened in the browser', () => trySmime(client));
});
