/** The web client in a real browser: mail put off, labelled, thrown away and put back; templates; files looked at; work without a connection. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectControl } from '../../src/control/client.ts';
import { accountAdd } from '../../src/control/operations/account.ts';
import { zipEntries } from '../../src/mail/zip.ts';
import { pabal } from '../service.ts';
import { PATIENCE_MS } from '../support/until.ts';
import { accessible, row, WebClient } from '../support/web-client.ts';
import { installed } from './run.ts';

const here = installed('chromium');
if (!here) console.log('organising in the web client: skipped, there is no chromium');

describe.skipIf(!here)('organising in the web client', { timeout: 4 * PATIENCE_MS }, () => {
  let client: WebClient;

  beforeAll(async () => {
    client = await WebClient.start();
  }, 5 * PATIENCE_MS);
  afterAll(async () => {
    await client?.[Symbol.asyncDispose]();
  });

  test('mail is put off, labelled, thrown away and put back to where it was', async () => {
    const user = 'organiser@mail.test';
    for (const subject of ['Bill', 'Invitation'])
      await client.arrive(user, `From: a@elsewhere.test\nSubject: ${subject}\n\nx\n`);
    const { page, faults } = await client.signedIn(user);
    await row(page, 'Bill').waitFor();
    await row(page, 'Invitation').click();
    await page.locator('.message h1', { hasText: 'Invitation' }).waitFor();
    await page.keyboard.press('l');
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('New label').fill('가족');
    await page.keyboard.press('Enter');
    await dialog.getByRole('checkbox', { name: '가족' }).and(page.locator(':checked')).waitFor();
    await accessible(page);
    await page.keyboard.press('Escape');
    await page.locator('.message-marks', { hasText: '가족' }).waitFor();
    await page.getByRole('navigation', { name: 'Folders' }).getByText('가족').click();
    await row(page, 'Invitation').locator('.label-chip', { hasText: '가족' }).waitFor();
    expect(await page.locator('.row').count()).toBe(1);

    await page.locator('.folders a', { hasText: 'Inbox' }).click();
    await row(page, 'Bill').click();
    await page.locator('.message h1', { hasText: 'Bill' }).waitFor();
    await page.keyboard.press('b');
    await dialog.getByText('Tomorrow morning').waitFor();
    await accessible(page);
    await dialog.getByText('Tomorrow morning').click();
    await row(page, 'Bill').waitFor({ state: 'detached' });
    await page.locator('.folders a', { hasText: 'Put off' }).click();
    await row(page, 'Bill').click();
    await page.locator('.message-marks', { hasText: 'Comes back' }).waitFor();
    await accessible(page);

    await page.locator('.folders a', { hasText: 'Inbox' }).click();
    await row(page, 'Invitation').locator('[role=checkbox]').click();
    await page.keyboard.press('e');
    await page.locator('.folders a', { hasText: 'Archive' }).click();
    await row(page, 'Invitation').locator('[role=checkbox]').click();
    await page.keyboard.press('#');
    await page.locator('.folders a', { hasText: 'Trash' }).click();
    await row(page, 'Invitation').locator('[role=checkbox]').click();
    await page.getByRole('button', { name: 'Put back' }).click();
    await page.locator('.folders a', { hasText: 'Archive' }).click();
    await row(page, 'Invitation').waitFor();
    expect(faults).toEqual([]);
    await page.context().close();
  });

  test('an account is asked for where the operator allows it', async () => {
    const { page, faults } = await client.visitor({ locale: 'ko-KR' });
    await page.getByRole('button', { name: '계정 만들기' }).click();
    await page.getByLabel('원하는 주소').fill('postmaster');
    for (const name of ['비밀번호', '비밀번호 다시'])
      await page
        .getByLabel(name, { exact: name === '비밀번호 다시' })
        .first()
        .fill('파발이 왔습니다 오늘');
    await accessible(page);
    await page.getByRole('button', { name: '계정 만들기' }).click();
    await page.getByText('고를 수 없는 주소입니다').waitFor();
    await page.getByLabel('원하는 주소').fill('newcomer');
    await page.getByRole('button', { name: '계정 만들기' }).click();
    await page.getByText('newcomer@mail.test 주소를 쓸 수 있습니다').waitFor();
    await accessible(page);
    const { stdout } = await pabal(['account', 'show', 'newcomer@mail.test', '--json', '--data', client.service.data]);
    expect(JSON.parse(stdout)).toMatchObject({ suspended: true });
    expect(faults).toEqual([]);
    await page.context().close();

    const keeper = 'gatekeeper@mail.test';
    await using control = await connectControl(join(client.service.data, 'run', 'control.sock'));
    await control!.call(accountAdd, { address: keeper, password: 'pass', admin: true });
    const { page: office, faults: others } = await client.signedIn(keeper);
    await office.goto(`${client.base}/#/o/accounts`);
    await office.getByRole('heading', { name: 'Waiting to be let in' }).waitFor();
    await accessible(office);
    await office.getByRole('button', { name: 'Let in: newcomer@mail.test' }).click();
    await office.getByText('newcomer@mail.test may sign in again').waitFor();
    await office.getByRole('heading', { name: 'Waiting to be let in' }).waitFor({ state: 'detached' });
    expect(others).toEqual([]);
    await office.context().close();
  });

  test('a mail becomes a template, and others begin with it', async () => {
    const { page, faults } = await client.signedIn('clerk@mail.test');
    const form = page.locator('.composer');
    await page.keyboard.press('c');
    await form.locator('.subject-field input').fill('Weekly report');
    await form.locator('textarea').fill('Dear all,\n');
    await form.getByRole('button', { name: 'Templates' }).click();
    await page.getByRole('menuitem', { name: 'Save as a template' }).click();
    await page.getByText('Saved as a template').waitFor();
    await form.getByLabel('Discard').click();
    await page.keyboard.press('c');
    await form.locator('textarea').fill('Yours, Bora');
    await form.getByRole('button', { name: 'Templates' }).click();
    await accessible(page);
    await page.getByRole('menuitem', { name: 'Weekly report' }).click();
    await expect.poll(() => form.locator('textarea').inputValue()).toBe('Dear all,\nYours, Bora');
    expect(await form.locator('.subject-field input').inputValue()).toBe('Weekly report');
    // Where no mail is held, nothing of that kind is offered.
    await form.locator('.subject-field input').press('Control+Shift+E');
    await form.getByLabel('Keep a copy in').waitFor();
    await form.getByLabel('Ask for a receipt').check();
    await form.getByLabel('Importance').selectOption('high');
    await form.getByText('Kept as a draft').waitFor();
    await form.getByLabel('Keep as a draft and close').click();
    expect(await page.getByLabel('Confidential').count()).toBe(0);
    // A draft knows what was chosen for it.
    await page.locator('.folders a', { hasText: 'Drafts' }).click();
    await row(page, 'Weekly report').click();
    await page.getByRole('button', { name: 'Go on writing' }).click();
    await form.getByLabel('Ask for a receipt').and(page.locator(':checked')).waitFor();
    expect(await form.getByLabel('Importance').inputValue()).toBe('high');
    await form.getByLabel('Keep as a draft and close').click();
    await page.locator('.folders a', { hasText: 'Templates' }).click();
    await row(page, 'Weekly report').click();
    await page.getByRole('button', { name: 'Edit the template' }).click();
    await form.locator('.subject-field input').fill('Monthly report');
    await form.getByRole('button', { name: 'Save' }).click();
    await row(page, 'Monthly report').waitFor();
    expect(await page.locator('.row').count()).toBe(1);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  test('mail of other programs comes in from files, once, and goes out as one', async () => {
    const mbox = ['One', 'Two', 'Two'].map(
      (subject) => `From a@x.test Sun Nov  1 12:30:59 2026\nSubject: ${subject}\nStatus: RO\n\nFrom: text\n\n`,
    );
    const { page, faults } = await client.signedIn('mover@mail.test');
    await page.goto(`${client.base}/#/s/ownData`);
    const choose = async () =>
      await page.locator('input[type=file]').setInputFiles([
        { name: 'old.mbox', mimeType: 'application/mbox', buffer: Buffer.from(mbox.join('')) },
        { name: 'single.eml', mimeType: 'message/rfc822', buffer: Buffer.from('Subject: 셋\n\nx\n') },
      ]);
    await choose();
    await page.getByText('4 messages imported').waitFor();
    await accessible(page);
    await choose();
    await page.getByText('0 messages imported, 4 were there already').waitFor();
    await page.locator('.folders a', { hasText: 'Inbox' }).click();
    await row(page, '셋').waitFor();
    expect(await row(page, 'Two').count()).toBe(2);
    await page.locator('.folder-row', { hasText: 'Inbox' }).hover();
    await page.getByRole('button', { name: 'More: Inbox' }).click();
    const coming = page.waitForEvent('download');
    await page.getByRole('menuitem', { name: 'Download as mbox' }).click();
    const file = readFileSync(await (await coming).path(), 'utf8');
    expect(file.match(/^From /gm)?.length).toBe(4);
    // What was downloaded as a zip file comes in again, too.
    await page.goto(`${client.base}/#/s/ownData`);
    await page.getByLabel('Your password').fill('pass');
    await page.getByRole('button', { name: 'Make the file' }).click();
    const zipped = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Fetch the file' }).click();
    await page.getByLabel('Into the folder').selectOption({ label: 'Archive' });
    await page.locator('input[type=file]').setInputFiles(await (await zipped).path());
    await page.getByText('4 messages imported').waitFor();
    await page.locator('.folders a', { hasText: 'Archive' }).click();
    await row(page, 'One').waitFor();
    expect(faults).toEqual([]);
    await page.context().close();
  });

  test('everything about oneself is downloaded', async () => {
    const user = 'leaver@mail.test';
    await client.arrive(user, 'From: a@elsewhere.test\nSubject: Keep me\n\nx\n');
    const { page, faults } = await client.signedIn(user);
    await row(page, 'Keep me').waitFor();
    await page.goto(`${client.base}/#/s/ownData`);
    await page.getByLabel('Your password').fill('pass');
    await page.getByRole('button', { name: 'Make the file' }).click();
    await page.getByRole('link', { name: 'Fetch the file' }).waitFor();
    await accessible(page);
    const coming = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Fetch the file' }).click();
    const file = readFileSync(await (await coming).path());
    const names = (zipEntries(file, 1_000) ?? []).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['account.json', 'mail/INBOX/0000000001.eml']));
    expect(faults).toEqual([]);
    await page.context().close();
  });

  test('files are looked at where one reads', async () => {
    const user = 'viewer@mail.test';
    const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
    const part = (type: string, name: string, encoding: string, content: string) =>
      `--b\nContent-Type: ${type}; name="${name}"\nContent-Disposition: attachment; filename="${name}"\nContent-Transfer-Encoding: ${encoding}\n\n${content}\n`;
    const mail = [
      'From: a@elsewhere.test\nSubject: Files\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nsee\n',
      part('image/png', 'dot.png', 'base64', png),
      part('text/csv; charset=utf-8', 'table.csv', '8bit', '이름,값'),
      part('application/zip', 'a.zip', 'base64', 'AAAA'),
      '--b--\n',
    ].join('');
    await client.arrive(user, mail);
    const { page, faults } = await client.signedIn(user);
    await row(page, 'Files').click();
    await page.getByRole('button', { name: 'Show: dot.png' }).click();
    const image = page.getByRole('dialog').locator('img');
    await expect.poll(() => image.evaluate((one) => (one as unknown as { naturalWidth: number }).naturalWidth)).toBe(1);
    await accessible(page);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Show: table.csv' }).click();
    await page.getByRole('dialog').locator('pre', { hasText: '이름,값' }).waitFor();
    await accessible(page);
    await page.keyboard.press('Escape');
    expect(await page.getByRole('button', { name: 'Show: a.zip' }).count()).toBe(0);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  test('what is done and sent without a connection goes when there is one again', async () => {
    const user = 'commuter@mail.test';
    for (const n of [1, 2, 3]) await client.arrive(user, `From: a@elsewhere.test\nSubject: Tunnel ${n}\n\nx\n`);
    const { page, faults } = await client.signedIn(user);
    for (const n of [1, 2, 3]) await row(page, `Tunnel ${n}`).waitFor();
    const form = page.locator('.composer');
    await page.keyboard.press('c');
    await form.locator('.people input').waitFor();
    await form.getByLabel('Discard').click();
    await page.context().setOffline(true);
    await row(page, 'Tunnel 1').getByLabel('Star').click();
    await row(page, 'Tunnel 2').locator('[role=checkbox]').click();
    await page.keyboard.press('e');
    await row(page, 'Tunnel 2').waitFor({ state: 'detached' });
    await page.locator('.offline', { hasText: '2 changes' }).waitFor();
    await page.keyboard.press('c');
    await form.locator('.people input').fill('platform@mail.test');
    await page.keyboard.press('Enter');
    await form.locator('.subject-field input').fill('From the train');
    await page.keyboard.press('Control+Enter');
    await page.locator('.offline', { hasText: '2 changes and 1 mail' }).waitFor();
    await accessible(page);
    await page.context().setOffline(false);
    await page.locator('.offline').waitFor({ state: 'detached' });
    await page.locator('.folders a', { hasText: 'Archive' }).click();
    await row(page, 'Tunnel 2').waitFor();
    const other = await client.signedIn('platform@mail.test');
    await row(other.page, 'From the train').waitFor();
    expect([...faults, ...other.faults]).toEqual([]);
    await page.context().close();
    await other.page.context().close();
  });
});
