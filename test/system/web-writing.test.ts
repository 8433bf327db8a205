/** The web client in a real browser: what writers and searchers do, and what strangers in a mail cannot. */
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { picture } from '../../src/demo/picture.ts';
import { PATIENCE_MS } from '../support/until.ts';
import { accessible, row, WebClient } from '../support/web-client.ts';
import { installed } from './run.ts';

const DOT = picture();
const here = installed('chromium');
if (!here) console.log('writing in the web client: skipped, there is no chromium');

describe.skipIf(!here)('writing in the web client', { timeout: 4 * PATIENCE_MS }, () => {
  let client: WebClient;
  let pictures: Server;
  let at = '';
  const asked: string[] = [];

  beforeAll(async () => {
    client = await WebClient.start({ set: { 'http.private_images': 'true' } });
    pictures = createServer((request, response) => {
      asked.push(
        `${request.url} ${request.headers['user-agent']} ${request.headers.cookie} ${request.headers.referer}`,
      );
      response.writeHead(200, { 'content-type': 'image/png' }).end(DOT);
    }).listen(0, '127.0.0.1');
    await once(pictures, 'listening');
    at = `http://127.0.0.1:${(pictures.address() as AddressInfo).port}`;
  }, 5 * PATIENCE_MS);
  afterAll(async () => {
    pictures?.close();
    await client?.[Symbol.asyncDispose]();
  });

  test('images of other servers come through the service, and for a sender whom one allowed, until that is taken back (W6)', async () => {
    // Within the service nobody else can have written it.
    const writer = await client.signedIn('shop@mail.test');
    const send = (subject: string) =>
      writer.page.evaluate(`fetch('/v1/messages', {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-pabal-csrf': '1' },
        body: JSON.stringify({ to: ['buyer@mail.test'], subject: ${JSON.stringify(subject)}, html: '<p>Offer</p><img alt="offer" src="${at}/' + ${JSON.stringify(subject)} + '">' }),
      })`);
    await send('Spring');
    const { page, faults } = await client.signedIn('buyer@mail.test');
    await row(page, 'Spring').click();
    await page.getByText('Images of other servers are not shown').waitFor();
    await page.locator('.body-frame').contentFrame().getByText('Offer').waitFor();
    await accessible(page);
    expect(asked).toEqual([]);
    await page.getByRole('button', { name: 'Always for this sender' }).click();
    expect(await drawnIn(page)).toBe(360);
    expect([...new Set(asked)]).toEqual(['/Spring Pabal image proxy undefined undefined']);
    await page.getByText('Images in mail from shop@mail.test are shown').waitFor();
    await send('Summer');
    await row(page, 'Summer').click();
    expect(await drawnIn(page)).toBe(360);
    expect(await page.getByText('Images of other servers are not shown').count()).toBe(0);

    await page.goto(`${client.base}/#/s/people`);
    await page.locator('.items', { hasText: 'Show images in their mail' }).waitFor();
    await page.getByRole('button', { name: 'Remove: shop@mail.test' }).click();
    await page.getByText('Nobody yet').waitFor();
    await page.goto(`${client.base}/#/f/inbox`);
    await page.reload();
    await row(page, 'Spring').click();
    await page.getByText('Images of other servers are not shown').waitFor();
    expect([...faults, ...writer.faults]).toEqual([]);
    await page.context().close();
    await writer.page.context().close();
  });

  test('images stand in the text: put in, kept by the draft, sent; and one under the signature', async () => {
    const { page, faults } = await client.signedIn('painter@mail.test');
    const file = (name: string) => ({ name, mimeType: 'image/png', buffer: DOT });
    await page.goto(`${client.base}/#/s/signatures`);
    await page.getByLabel('Signature').fill('The painter');
    const saved = page.waitForResponse((one) => one.url().endsWith('/image') && one.request().method() === 'PUT');
    await page.locator('.signature-image input[type=file]').setInputFiles(file('brush.png'));
    expect((await saved).ok()).toBe(true);
    const kept = page.waitForResponse((one) => one.request().method() === 'PUT');
    await page.getByRole('button', { name: 'Save' }).click();
    expect((await kept).ok()).toBe(true);
    await page.getByRole('img', { name: 'The image under the signature' }).waitFor();
    await accessible(page);

    await page.keyboard.press('c');
    const form = page.locator('.composer');
    const text = form.locator('.ProseMirror');
    await text.getByText('The painter').waitFor();
    // The recipient is asked for first, also when the text comes later.
    await form.locator('.people input').and(page.locator(':focus')).waitFor();
    await page.keyboard.type('gallery@mail.test');
    await page.keyboard.press('Enter');
    await form.locator('.subject-field input').fill('Pictures');
    await text.click();
    await page.keyboard.press('Control+Home');
    await page.keyboard.type('Look: ');
    const inText = () => text.locator('img:not(.ProseMirror-separator)').count();
    // Chosen again where nothing came of it, as people would.
    await expect
      .poll(
        async () => {
          if ((await inText()) < 2) await form.locator('.rich-tools input[type=file]').setInputFiles(file('hills.png'));
          await expect.poll(inText, { timeout: PATIENCE_MS / 6 }).toBe(2);
          return await inText();
        },
        { timeout: PATIENCE_MS },
      )
      .toBe(2);
    // Pasted, as from a program for pictures.
    await page.evaluate(
      `(${PASTE})(document.querySelector('.ProseMirror'), ${JSON.stringify(DOT.toString('base64'))})`,
    );
    await expect.poll(inText, { timeout: PATIENCE_MS }).toBe(3);
    await form.getByText('Kept as a draft').waitFor();
    await accessible(page);
    expect(await form.locator('.compose-files').count()).toBe(0);
    // The tab is gone; the draft is not, nor are its images.
    await page.reload();
    await expect
      .poll(async () => await Promise.all((await text.locator('img:not(.ProseMirror-separator)').all()).map(isDrawn)), {
        timeout: PATIENCE_MS,
      })
      .toEqual([true, true, true]);
    // The one that was pasted is taken out again: it does not go along.
    await text.locator('img[alt="pasted.png"]').click();
    await page.keyboard.press('Delete');
    await page.keyboard.press('Control+Enter');
    await form.waitFor({ state: 'detached' });
    const other = await client.signedIn('gallery@mail.test');
    await row(other.page, 'Pictures').click();
    const shown = other.page.locator('.body-frame').contentFrame();
    await expect
      .poll(async () => await Promise.all((await shown.locator('img').all()).map(isDrawn)), { timeout: PATIENCE_MS })
      .toEqual([true, true]);
    expect(await shown.locator('img').first().getAttribute('alt')).toBe('hills.png');
    expect(await other.page.locator('.attachments').count()).toBe(0);
    expect([...faults, ...other.faults]).toEqual([]);
    await page.context().close();
    await other.page.context().close();
  });

  test('a search is proposed while one types, narrowed by chips, ordered, and a list by its attachments', async () => {
    const user = 'seeker@mail.test';
    const file = 'Content-Type: text/csv\nContent-Disposition: attachment; filename=a.csv\n\na,b\n';
    await client.arrive(user, `From: 김보라 <bora@elsewhere.test>\nSubject: Budget report\n${file}`);
    await client.arrive(user, 'From: 김보라 <bora@elsewhere.test>\nSubject: Budget talk\n\nx\n');
    await client.arrive(user, 'From: Jun <jun@elsewhere.test>\nSubject: Other\n\nx\n');
    const { page, faults } = await client.signedIn(user, { locale: 'ko-KR' });
    await row(page, 'Budget talk').waitFor();
    await page.getByRole('button', { name: '첨부 있음' }).click();
    await row(page, 'Budget talk').waitFor({ state: 'detached' });
    await row(page, 'Budget report').waitFor();
    await page.keyboard.press('/');
    const box = page.getByRole('combobox', { name: '메일 검색' });
    await page.keyboard.type('budg');
    await page.getByRole('option', { name: 'Budget' }).waitFor();
    await accessible(page);
    await box.fill('bora');
    await page.getByRole('option', { name: '김보라' }).waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await expect.poll(() => box.inputValue(), { timeout: PATIENCE_MS }).toBe('보낸사람:bora@elsewhere.test ');
    await page.locator('.search-chips').getByRole('button', { name: '첨부 있음' }).click();
    await box.press('Enter');
    await row(page, 'Budget report').waitFor();
    expect(await page.locator('.row').count()).toBe(1);
    await accessible(page);
    await page.getByRole('button', { name: '첨부:있음 빼기' }).click();
    await row(page, 'Budget talk').waitFor();
    await page.locator('.list-head').getByRole('button', { name: '정렬' }).click();
    await page.getByRole('menuitemradio', { name: '오래된순' }).click();
    await page.locator('.row').first().filter({ hasText: 'Budget report' }).waitFor();
    expect(faults).toEqual([]);
    await page.context().close();
  });

  test('mail is passed on to a new address only with the password, and its owner is told (W11)', async () => {
    const { page, faults } = await client.signedIn('owner@mail.test');
    await page.goto(`${client.base}/#/s/rules`);
    await page.getByRole('button', { name: 'New rule' }).click();
    await page.getByRole('textbox', { name: 'Name' }).fill('Everything to me');
    await page.getByLabel('Text to look for').fill('x');
    await page.getByRole('button', { name: 'One more thing to do' }).click();
    await page.getByRole('combobox', { name: 'What to do' }).selectOption({ label: 'Forward to' });
    await page.locator('.rule-form input[type=email]').fill('elsewhere@mail.test');
    await page.getByRole('button', { name: 'Save' }).click();
    const dialog = page.getByRole('dialog', { name: 'Is it you?' });
    await accessible(page);
    await dialog.getByLabel('Your own password').fill('not it');
    await dialog.getByRole('button', { name: 'Continue' }).click();
    await dialog.getByRole('alert').waitFor();
    await dialog.getByLabel('Your own password').fill('pass');
    await dialog.getByRole('button', { name: 'Continue' }).click();
    await page.locator('.items', { hasText: 'elsewhere@mail.test' }).waitFor();
    await page.goto(`${client.base}/#/f/inbox`);
    await row(page, 'Mail is passed on to a new address').click();
    await page.locator('.plain-text', { hasText: 'elsewhere@mail.test' }).waitFor();
    expect(faults).toEqual([]);
    await page.context().close();
  });

  test('Hangul is typed without an input method, where that is wanted, and each field remembers it (D-38)', async () => {
    const { page, faults } = await client.signedIn('typist@mail.test');
    await page.goto(`${client.base}/#/s/general`);
    await page.getByLabel('Type Hangul without an input method').check();
    await page.locator('.compose-button').click();
    const form = page.locator('.composer');
    const subject = form.locator('.subject-field input');
    await subject.click();
    await page.keyboard.press('Shift+Space');
    await page.keyboard.type('vkqkfdk rkqt');
    expect(await subject.inputValue()).toBe('파발아 값');
    await page.keyboard.press('Backspace');
    await page.keyboard.type('l');
    expect(await subject.inputValue()).toBe('파발아 가비');
    await form.locator('textarea').click();
    await page.keyboard.type('plain ');
    expect(await form.locator('textarea').inputValue()).toBe('plain ');
    await form.locator('.subject-field').getByRole('button', { name: 'Hangul is typed here' }).waitFor();
    await accessible(page);
    await page.reload();
    await subject.click();
    await page.keyboard.press('End');
    await page.keyboard.type('dy');
    expect(await subject.inputValue()).toBe('파발아 가비요');
    expect(await subject.getAttribute('lang')).toBe('ko');
    await subject.press('Control+Shift+E');
    await form.getByRole('button', { name: 'Formatting' }).click();
    await form.locator('.ProseMirror').click();
    await page.keyboard.press('Control+End');
    await page.keyboard.press('Shift+Space');
    await page.keyboard.type('dkssud');
    await form.locator('.ProseMirror', { hasText: /plain\s?안녕/ }).waitFor();
    expect(faults).toEqual([]);
    await page.context().close();
  });
});

/** Runs in the page: the frame of the mail once more. */
const AGAIN = `document.querySelector('.body-frame').src = document.querySelector('.body-frame').src`;

/** How wide the image in a mail is once it is there: on a machine that stands still for a while the service gives up, and is asked again. */
async function drawnIn(page: Page): Promise<number> {
  const image = page.locator('.body-frame').contentFrame().locator('img');
  let width = 0;
  const look = async () => {
    const { complete, naturalWidth } = await image.evaluate((one) => {
      const { complete, naturalWidth } = one as unknown as { complete: boolean; naturalWidth: number };
      return { complete, naturalWidth };
    });
    if (complete && naturalWidth === 0) await page.evaluate(AGAIN);
    return (width = naturalWidth);
  };
  await expect.poll(look, { timeout: PATIENCE_MS, interval: 500 }).toBeGreaterThan(0);
  return width;
}

const widthOf = (image: Locator): Promise<number> =>
  image.evaluate((one) => (one as unknown as { naturalWidth: number }).naturalWidth);

const isDrawn = async (image: Locator): Promise<boolean> => (await widthOf(image)) > 0;

/** Runs in the page: a picture on the clipboard, and nothing else. */
const PASTE = `(element, base64) => {
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  const clipboardData = new DataTransfer();
  clipboardData.items.add(new File([bytes], 'pasted.png', { type: 'image/png' }));
  element.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
}`;
