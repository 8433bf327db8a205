/** The web client in a real browser, against the real service, with mail that arrives over SMTP. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PATIENCE_MS } from '../support/until.ts';
import { accessible, row, WebClient } from '../support/web-client.ts';
import { installed } from './run.ts';
import { tryPasskey, trySecondStep } from './web-sign-in.ts';

const here = installed('chromium');
if (!here) console.log('web client: skipped, there is no chromium');

describe.skipIf(!here)('the web client', { timeout: 4 * PATIENCE_MS }, () => {
  let client: WebClient;
  const arrive = (...mail: Parameters<WebClient['arrive']>) => client.arrive(...mail);
  const signedIn = (...who: Parameters<WebClient['signedIn']>) => client.signedIn(...who);

  beforeAll(async () => {
    client = await WebClient.start();
  }, 5 * PATIENCE_MS);
  afterAll(async () => {
    await client?.[Symbol.asyncDispose]();
  });

  test('reads, files and takes back, by keys, while mail comes in', async () => {
    const user = 'reader@mail.test';
    for (const n of [1, 2, 3])
      await arrive(
        user,
        `From: Minji <minji@elsewhere.test>\nSubject: Letter ${n}\n\nText ${n}, see https://example.test/x.\n`,
      );
    const { page, faults } = await signedIn(user);
    await page.locator('.folders a', { hasText: 'Archive' }).waitFor();
    await row(page, 'Letter 3').waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('o');
    await page.locator('.message h1', { hasText: 'Letter 3' }).waitFor();
    expect(await page.locator('.plain-text a').getAttribute('href')).toBe('https://example.test/x');
    await accessible(page);
    await page.emulateMedia({ colorScheme: 'dark' });
    await accessible(page);
    // News come by themselves, in another script too.
    await arrive(user, 'From: a@elsewhere.test\nSubject: =?utf-8?B?7YyM67Cc7J20IOyZlOyKteuLiOuLpA==?=\n\nx\n');
    await row(page, '파발이 왔습니다').waitFor();
    // `ㅏ` is where k is: the Korean layout changes nothing.
    await page.evaluate(`dispatchEvent(new KeyboardEvent('keydown', { key: 'ㅏ', code: 'KeyK', bubbles: true }))`);
    await page.locator('.message h1', { hasText: '파발이 왔습니다' }).waitFor();
    await page.keyboard.press('e');
    await row(page, '파발이 왔습니다').waitFor({ state: 'detached' });
    await page.keyboard.press('z');
    await row(page, '파발이 왔습니다').waitFor();
    await page.keyboard.press('u');
    for (const n of [1, 2]) await row(page, `Letter ${n}`).locator('[role=checkbox]').click();
    await page.keyboard.press('#');
    await row(page, 'Letter 1').waitFor({ state: 'detached' });
    await page.locator('.folders a', { hasText: 'Trash' }).click();
    await row(page, 'Letter 1').waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('subject:파발이');
    await page.keyboard.press('Enter');
    await row(page, '파발이 왔습니다').waitFor();
    expect(await page.locator('.row').count()).toBe(1);
    await accessible(page);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  test('lists conversations: one row for all of them in what is done to it', async () => {
    const user = 'talker@mail.test';
    const say = (n: number, who: string, above = '') =>
      arrive(
        user,
        `From: ${who} <${who.toLowerCase()}@elsewhere.test>\nMessage-ID: <talk-${n}@elsewhere.test>\n${above}Subject: ${above && 'Re: '}Lunch\n\nText ${n}\n`,
      );
    await say(1, 'Minji');
    await say(2, 'Jun', 'References: <talk-1@elsewhere.test>\n');
    await arrive(user, 'From: a@elsewhere.test\nSubject: Something else\n\nx\n');
    const { page, faults } = await signedIn(user);
    await row(page, 'Something else').waitFor();
    await page.locator('.chip', { hasText: 'Conversations' }).click();
    const lunch = row(page, 'Lunch');
    await lunch.locator('.count', { hasText: '2' }).waitFor();
    expect(await page.locator('.row:not(.hole)').count()).toBe(2);
    expect(await lunch.locator('.who').textContent()).toBe('Jun, Minji');
    // News join their conversation, which goes to the top.
    await say(3, 'Sora', 'References: <talk-1@elsewhere.test> <talk-2@elsewhere.test>\n');
    await lunch.locator('.count', { hasText: '3' }).waitFor();
    await accessible(page);
    await page.keyboard.press('j');
    await page.keyboard.press('o');
    await page.locator('.message h1', { hasText: 'Lunch' }).waitFor();
    // The newest is open, with those before it above: what was not read yet is folded out.
    await page.locator('.conversation li', { hasText: 'Jun' }).locator('.plain-text', { hasText: 'Text 2' }).waitFor();
    expect(await page.locator('.conversation li').count()).toBe(2);
    await page.locator('.conversation li', { hasText: 'Minji' }).locator('button').first().click();
    await page.locator('.conversation li', { hasText: 'Minji' }).locator('.preview', { hasText: 'Text 1' }).waitFor();
    await accessible(page);
    await page.keyboard.press('u');
    await page.keyboard.press('I');
    await page.locator('.row.unread', { hasText: 'Lunch' }).waitFor({ state: 'detached' });
    await page.keyboard.press('e');
    await lunch.waitFor({ state: 'detached' });
    await page.locator('.toast', { hasText: '3' }).waitFor();
    await page.keyboard.press('z');
    await lunch.locator('.count', { hasText: '3' }).waitFor();
    // The choice is remembered, and in another order than the newest first there are messages.
    await page.reload();
    await lunch.locator('.count', { hasText: '3' }).waitFor();
    await page.locator('.chip', { hasText: 'Unread' }).click();
    await row(page, 'Something else').waitFor();
    expect(faults).toEqual([]);
    await page.context().close();
  });

  test('writes: a draft that outlives its tab, files, both forms, and a way back after sending', async () => {
    const { page, faults } = await signedIn('writer@mail.test', { locale: 'ko-KR' });
    await page.locator('.folders a', { hasText: '받은편지함' }).waitFor();
    await page.keyboard.press('c');
    const form = page.locator('.composer');
    await form.locator('.people input').fill('reader-two@mail.test');
    await page.keyboard.press('Enter');
    await form.locator('.subject-field input').fill('역참 소식');
    await form.locator('textarea').fill('첫 줄\n둘째 줄');
    await form.getByText('임시보관함에 저장함').waitFor();
    await page.reload();
    await form.locator('.person', { hasText: 'reader-two@mail.test' }).waitFor();
    expect(await form.locator('textarea').inputValue()).toBe('첫 줄\n둘째 줄');

    await page.keyboard.press('Control+Enter');
    await page.locator('.toast-action').click();
    await form.locator('input[type=file]').setInputFiles({
      name: '지도.txt',
      mimeType: 'text/plain',
      buffer: Buffer.from('a map'),
    });
    await form.locator('.compose-files', { hasText: '지도.txt' }).waitFor();
    await form.locator('.subject-field input').press('Control+Shift+E');
    await form.getByText('숨은 참조').waitFor();
    await accessible(page);
    await form.getByText('서식').click();
    await form.locator('.ProseMirror p', { hasText: '둘째 줄' }).waitFor();
    await form.locator('.ProseMirror').press('Control+a');
    await form.getByLabel('굵게').click();
    await form.locator('.ProseMirror').press('Control+Enter');
    await form.waitFor({ state: 'detached' });
    expect(faults).toEqual([]);

    const other = await signedIn('reader-two@mail.test');
    await row(other.page, '역참 소식').click();
    await other.page.locator('.attachments', { hasText: '지도.txt' }).waitFor();
    const mail = other.page.locator('.body-frame').contentFrame();
    expect(await mail.locator('strong').first().innerText()).toBe('첫 줄');
    // Nothing of what was taken back has arrived, and no draft is left.
    expect(await other.page.locator('.row').count()).toBe(1);
    await page.locator('.folders a', { hasText: '임시보관함' }).click();
    await page.locator('.nothing', { hasText: '비어 있습니다' }).waitFor();
    await page.context().close();
    await other.page.context().close();
  });

  test('folders: made, filled by dragging, put into Trash and back, emptied; conversations', async () => {
    const user = 'filer@mail.test';
    const mail = (n: number, more = '') =>
      `From: a@elsewhere.test\nMessage-ID: <t${n}@x.test>\n${more}Subject: Talk\n\nPart ${n}\n`;
    await arrive(user, mail(1));
    await arrive(user, mail(2, 'In-Reply-To: <t1@x.test>\nReferences: <t1@x.test>\n'));
    const { page, faults } = await signedIn(user);
    await page.getByRole('button', { name: 'New folder', exact: true }).click();
    await page.getByRole('textbox', { name: 'Name' }).fill('Trips');
    await page.getByRole('radio', { name: 'Teal' }).check();
    await page.keyboard.press('Enter');
    const folder = page.locator('.folders a', { hasText: 'Trips' });
    await folder.locator('.label-dot.teal').waitFor();
    await page.getByRole('button', { name: 'New folder', exact: true }).click();
    await page.getByRole('textbox', { name: 'Name' }).fill('Bills');
    await page.keyboard.press('Enter');
    const own = page.locator('.folders-head ~ ul .folder-name');
    await expect.poll(() => own.allTextContents()).toEqual(['Bills', 'Trips']);
    const menu = async (name: string, item: string) => {
      await page.locator('.folder-row', { hasText: name }).hover();
      await page.getByRole('button', { name: `More: ${name}` }).click();
      await page.getByRole('menuitem', { name: item }).click();
    };
    await menu('Trips', 'Move up');
    await expect.poll(() => own.allTextContents()).toEqual(['Trips', 'Bills']);
    await page.locator('.folders a', { hasText: 'Bills' }).dragTo(folder);
    await page.locator('.folder.depth1', { hasText: 'Bills' }).waitFor();
    await page.locator('.folders a', { hasText: 'Bills' }).dragTo(folder, { targetPosition: { x: 60, y: 3 } });
    await page.locator('.folder.depth0', { hasText: 'Bills' }).waitFor();
    await expect.poll(() => own.allTextContents()).toEqual(['Bills', 'Trips']);
    await menu('Bills', 'Remove folder');
    await row(page, 'Part 1').dragTo(folder);
    await row(page, 'Part 1').waitFor({ state: 'detached' });
    await row(page, 'Part 2').click();
    await page.getByRole('button', { name: '2 messages in this conversation' }).click();
    const earlier = page.locator('.conversation li', { hasText: 'Trips' });
    await earlier.locator('.plain-text', { hasText: 'Part 1' }).waitFor();
    await earlier.getByRole('button', { name: 'Open this message' }).click();
    await page.locator('.message > .plain-text', { hasText: 'Part 1' }).waitFor();
    await menu('Trips', 'Remove folder');
    await page.locator('.toast', { hasText: 'Trips moved to Trash' }).getByText('Undo').click();
    await page.locator('.folders-head ~ ul a', { hasText: 'Trips' }).waitFor();
    await menu('Trips', 'Remove folder');
    await page.locator('.folders-head ~ ul a', { hasText: 'Trips' }).waitFor({ state: 'detached' });
    await menu('Trash', 'Empty');
    await page.getByRole('button', { name: 'Delete for ever' }).click();
    await page.getByText('1 message deleted for ever').waitFor();
    await folder.waitFor({ state: 'detached' });
    expect(faults).toEqual([]);
    await page.context().close();
  });

  test('settings: rules over mail that is there, a way back, a signature, another password', async () => {
    const user = 'settler@mail.test';
    for (const n of [1, 2]) await arrive(user, `From: Shop <shop@elsewhere.test>\nSubject: Invoice ${n}\n\nx\n`);
    await arrive(user, 'From: a@elsewhere.test\nSubject: Hello\n\nx\n');
    const { page, faults } = await signedIn(user);
    await row(page, 'Invoice 1').waitFor();
    await page.getByRole('button', { name: user }).click();
    await page.getByRole('menuitem', { name: 'Settings' }).click();
    const tab = (name: string) => page.getByRole('navigation', { name: 'Settings' }).getByText(name).click();
    const save = () => page.getByRole('button', { name: 'Save' }).click();
    /** The note of an earlier one may still be there: the answer counts. */
    const saved = async () => {
      const answer = page.waitForResponse((one) => one.request().method() === 'PUT');
      await save();
      expect((await answer).ok()).toBe(true);
    };

    await tab('Rules');
    await page.getByRole('button', { name: 'New rule' }).click();
    await page.getByRole('textbox', { name: 'Name' }).fill('Invoices');
    await page.getByRole('combobox', { name: 'What', exact: true }).selectOption('subject');
    await page.getByLabel('Text to look for').fill('invoice');
    await page.getByRole('button', { name: 'One more thing to do' }).click();
    await page.getByRole('combobox', { name: 'Folder' }).selectOption({ label: 'Archive' });
    await accessible(page);
    await save();
    await page.getByRole('button', { name: 'Apply to existing mail: Invoices' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('2 messages would be changed').waitFor();
    await dialog.locator('.items', { hasText: 'Invoice 1' }).waitFor();
    await accessible(page);
    await dialog.getByRole('button', { name: 'Apply now' }).click();
    await dialog.getByText('2 messages changed').waitFor();
    await dialog.getByRole('button', { name: 'Undo' }).click();
    await dialog.getByText('Undone').waitFor();
    await page.keyboard.press('Escape');

    await tab('Absence');
    await page.getByLabel('Answer while I am away').check();
    await page.getByRole('textbox', { name: 'Text' }).fill('Back on Monday.');
    await saved();
    await page.reload();
    await page.getByLabel('Answer while I am away').and(page.locator(':checked')).waitFor();

    await tab('Names and signatures');
    await page.getByLabel('Signature').fill('Settler of Hwaseong');
    await saved();
    await tab('Password and sessions');
    await page.getByLabel('Password now').fill('not it');
    for (const name of ['New password', 'New password again'])
      await page.getByLabel(name, { exact: true }).fill('a longer one');
    await save();
    await page.getByText('That is not your password.').waitFor();
    await page.getByLabel('Password now').fill('pass');
    await save();
    await page.getByText('The password is changed').waitFor();
    await accessible(page);
    await tab('General');
    await page.getByLabel('Your name').waitFor();
    await accessible(page);

    await page.keyboard.press('c');
    expect(await page.locator('.composer textarea').inputValue()).toContain('Settler of Hwaseong');
    await page.locator('.composer').getByLabel('Discard').click();
    await page.locator('.folders a', { hasText: 'Inbox' }).click();
    await row(page, 'Invoice 2').click();
    await page.locator('.message').getByLabel('More').click();
    await page.getByRole('menuitem', { name: 'Block sender' }).click();
    await page.getByText('shop@elsewhere.test is blocked').waitFor();
    expect(faults).toEqual([]);
    await page.context().close();
  });

  test('a code is asked for beside the password once that is switched on, and mail programs have passwords of their own', async () => {
    const user = 'careful@mail.test';
    const { page, faults } = await signedIn(user);
    await trySecondStep(page, client.service, user);
    await accessible(page);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  test('a passkey opens without a name, a password or a code, until it is taken back', async () => {
    const user = 'modern@mail.test';
    const { page, faults } = await client.visitor();
    await tryPasskey(page, client.service, user);
    await accessible(page);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  test('contacts: taken from a message and a file, put into a group, written to', async () => {
    const user = 'sociable@mail.test';
    await arrive(user, 'From: Bora <bora@elsewhere.test>\nSubject: Greetings\n\nx\n', 'bora@elsewhere.test');
    const { page, faults } = await signedIn(user);
    await row(page, 'Greetings').click();
    await page.locator('.message').getByLabel('More').click();
    await page.getByRole('menuitem', { name: 'Add sender to contacts' }).click();
    await page.getByText('Bora is in your contacts').waitFor();
    await page.getByRole('button', { name: user }).click();
    await page.getByRole('menuitem', { name: 'Contacts' }).click();
    const people = page.locator('.people-list');
    await people.getByText('bora@elsewhere.test').waitFor();
    await page.getByRole('button', { name: 'Import and export' }).click();
    const chooser = page.waitForEvent('filechooser');
    await page.getByRole('menuitem', { name: 'Import a file (vCard or CSV)' }).click();
    const card = 'BEGIN:VCARD\r\nVERSION:3.0\r\nFN:김철수\r\nEMAIL:cs@elsewhere.test\r\nEND:VCARD\r\n';
    await (await chooser).setFiles({ name: 'x.vcf', mimeType: 'text/vcard', buffer: Buffer.from(card) });
    await page.getByText('1 added, 0 were there already').waitFor();
    await page.getByRole('button', { name: 'New group' }).click();
    await page.getByLabel('Name of the group').fill('Riders');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Riders' }).waitFor();
    await page.getByRole('link', { name: 'All contacts' }).click();
    // Its own field takes the place of the group's.
    await people.getByText('bora@elsewhere.test').waitFor();
    await page.getByRole('searchbox', { name: 'Search contacts' }).fill('ㄱㅊㅅ');
    await people.getByText('bora@elsewhere.test').waitFor({ state: 'detached' });
    await accessible(page);
    await people.getByRole('button', { name: /^김철수/ }).click();
    await page.getByLabel('Riders').check();
    await accessible(page);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.locator('.page-tabs', { hasText: 'Riders1' }).waitFor();
    await page.getByRole('button', { name: 'Write', exact: true }).click();
    await page.locator('.composer .people input').fill('rid');
    await page.getByRole('option', { name: 'Riders group of 1' }).click();
    await page.locator('.person', { hasText: '김철수' }).waitFor();
    expect(faults).toEqual([]);
    await page.context().close();
  });
});
