/** The sender mailbox in the web client, in a real browser: its room, what waits, and taking it back (C-43, C-44). */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Service } from '../service.ts';
import { installed } from './run.ts';

const PATIENCE_MS = 60_000;
const USER = 'sender@mail.test';
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const here = installed('chromium');
if (!here) console.log('sender mailbox page: skipped, there is no chromium');

describe.skipIf(!here)('the sender mailbox', { timeout: 4 * PATIENCE_MS }, () => {
  let service: Service;
  let browser: Browser;

  beforeAll(async () => {
    execFileSync(process.execPath, ['web/build.ts', '--if-needed'], { stdio: 'inherit' });
    service = await Service.start({ set: { 'downmail.mode': 'hybrid-send' } });
    browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
      timeout: PATIENCE_MS,
    });
  }, 5 * PATIENCE_MS);
  afterAll(async () => {
    await browser?.close();
    await service?.[Symbol.asyncDispose]();
  });

  test('shows its room and what waits, deletes one copy and all of a recipient, and takes a mail back', async () => {
    const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1360, height: 820 } });
    context.setDefaultTimeout(PATIENCE_MS);
    const page = await context.newPage();
    const faults: string[] = [];
    page.on('pageerror', (error) => faults.push(String(error)));
    const base = `http://${service.at('http')}`;
    await page.goto(base);
    await page.locator('[name=address]').fill(USER);
    await page.locator('[name=password]').fill('pass');
    await page.locator('.sign-in .primary').click();
    await page.locator('.rows, .nothing').first().waitFor();
    const settings = `${base}/#/s/senderMailbox`;
    await page.goto(settings);
    await page.getByText('You have no sender mailbox').waitFor();

    const send = (subject: string, ...to: string[]) =>
      context.request.post(`${base}/v1/messages`, {
        headers: { 'x-pabal-csrf': '1' },
        data: { to: to.map((address) => ({ address })), subject, text: 'kept '.repeat(400), downmail: true },
      });
    expect((await send('A plan', 'one@mail.test', 'two@mail.test')).status()).toBe(202);
    expect((await send('A list', 'one@mail.test', 'three@mail.test')).status()).toBe(202);
    const copies = page.locator('.held-copies li');
    await expect
      .poll(async () => {
        await page.reload();
        await page.getByText('mails wait for').waitFor();
        await page.getByText('Nothing waits.').or(copies.first()).waitFor();
        return [await page.getByText('2 mails wait for 4 recipients').count(), await copies.count()];
      })
      .toEqual([1, 4]);
    await page.evaluate(axe);
    const found = await page.evaluate(`axe.run(document).then(({ violations }) => violations.map(({ id }) => id))`);
    expect(found).toEqual([]);

    await page.getByRole('button', { name: 'Details: A plan, two@mail.test' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('/sender/twomailtest/1/').waitFor();
    await dialog.getByRole('button', { name: 'Delete for this recipient' }).click();
    await expect.poll(() => copies.count()).toBe(3);

    await page.getByLabel('Recipients').fill('one@mail.test');
    await page.getByRole('button', { name: 'Show' }).click();
    await expect.poll(() => copies.count()).toBe(2);
    await page.getByRole('button', { name: 'Delete these' }).click();
    await dialog.getByRole('button', { name: 'Delete these' }).click();
    await page.getByText('2 deleted; 0 of them had been fetched before').waitFor();
    await page.getByLabel('Recipients').fill('');
    await page.getByRole('button', { name: 'Show' }).click();
    await expect.poll(() => copies.count()).toBe(1);

    await page.getByRole('button', { name: 'Details: A list, three@mail.test' }).click();
    await dialog.getByRole('button', { name: 'Take back from all recipients' }).click();
    await dialog.locator('li', { hasText: 'three@mail.test' }).getByText('taken back').waitFor();
    await dialog.getByRole('button', { name: 'Close' }).click();
    await page.getByText('Nothing waits.').waitFor();

    // A confidential one: its sender is told the code.
    await page.goto(`${base}/#/`);
    await page.locator('.rows, .nothing').first().waitFor();
    await page.keyboard.press('c');
    const form = page.locator('.composer');
    await form.locator('.people-field input').first().fill('one@mail.test');
    await form.getByRole('button', { name: 'All fields' }).click();
    await form.getByLabel('Subject').fill('For you alone');
    await form.getByLabel('Confidential').check();
    await form.getByLabel('Can be read until').fill(new Date(Date.now() + 3 * 86_400_000).toISOString().slice(0, 10));
    await form.locator('.primary').click();
    const told = page.getByRole('dialog', { name: 'Pass code' });
    const code = await told.locator('strong').innerText();
    expect(code).toMatch(/^[0-9]{8}$/);
    await told.getByRole('button', { name: 'I have noted it' }).click();
    expect(faults).toEqual([]);
  });
});
