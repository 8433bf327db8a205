/** Where else what strangers wrote is shown: quoted in an answer, in names of folders, rules, people and files, in found words, and in complaints. */
import type { Page } from 'playwright-core';
import type { Seen } from './witness.ts';

/** Runs in the editor: what a quotation left in it. */
const IN_EDITOR = `[...document.querySelectorAll('.ProseMirror *')]
  .filter((element) => /^(?:script|iframe|object|embed|form|input|svg|math|img|style|link|base|meta)$/i.test(element.localName)
    || [...element.attributes].some(({ name, value }) => /^on/i.test(name) || /^\\s*(?:javascript|data|vbscript):/i.test(value)))
  .filter((element) => !element.classList.contains('ProseMirror-trailingBreak') && !element.classList.contains('ProseMirror-separator'))
  .map((element) => 'in the editor: ' + element.outerHTML.slice(0, 120))`;

/** Answers what is open and passes it on, plain and with formatting. */
export async function tryQuoting(page: Page, seen: Seen): Promise<void> {
  for (const key of ['r', 'f']) {
    await page.locator('.message h1').focus();
    await page.keyboard.press(key);
    const form = page.locator('.composer');
    await form.locator('textarea').waitFor();
    await form.getByRole('button', { name: 'All fields' }).and(page.locator('[aria-pressed=false]')).click();
    await form.getByRole('button', { name: 'Formatting' }).click();
    await form.locator('.ProseMirror').waitFor();
    seen.left.push(...((await page.evaluate(IN_EDITOR)) as string[]));
    await form.getByLabel('Discard').click();
    await form.waitFor({ state: 'detached' });
  }
}

/** Every attachment comes as a file, is taken for what it says only, and could do nothing if it were opened (W5). Answers how many there are. */
export async function tryAttachments(page: Page, hashes: readonly string[], seen: Seen): Promise<number> {
  const found = (await page.evaluate(`(async () => {
    let count = 0;
    const bad = [];
    for (const id of ${JSON.stringify(hashes.map((hash) => hash.split('/')[3]))}) {
      const { attachments } = await (await fetch('/v1/messages/' + id)).json();
      for (const { n } of attachments) {
        count++;
        const { headers } = await fetch('/v1/messages/' + id + '/attachments/' + n);
        const right = /^attachment;/.test(headers.get('content-disposition')) && headers.get('x-content-type-options') === 'nosniff'
          && headers.get('content-security-policy') === "default-src 'none'; sandbox" && headers.get('cache-control') === 'no-store';
        if (!right) bad.push('attachment ' + n + ' of ' + id + ': ' + headers.get('content-disposition'));
      }
    }
    return { count, bad };
  })()`)) as { count: number; bad: string[] };
  seen.left.push(...found.bad);
  return found.count;
}

/** Names of one's own things, which an import or another program may have brought; then all the pages that show them. */
export async function tryPlaces(page: Page, base: string, number: number): Promise<number> {
  const bad = `<img src=x onerror=ran(${number})>"'\u202e{{7*7}}`;
  const made = (await page.evaluate(`(async (bad) => {
    const status = [];
    const send = async (method, url, body) => {
      const answer = await fetch(url, { method, headers: { 'content-type': 'application/json', 'x-pabal-csrf': '1' }, body: JSON.stringify(body) });
      status.push(answer.status);
      return answer.ok && answer.status !== 204 ? answer.json() : {};
    };
    const folder = await send('POST', '/v1/folders', { name: bad, description: bad });
    await send('POST', '/v1/rules', { name: bad, conditions: [], actions: [{ do: 'move', folder: folder.id }] });
    const contact = await send('POST', '/v1/contacts', { name: bad, emails: [{ address: 'bad@elsewhere.test' }], notes: bad });
    await send('POST', '/v1/contact-groups', { name: bad });
    await send('PUT', '/v1/profile/name', { name: bad });
    const { items } = await (await fetch('/v1/identities')).json();
    await send('PUT', '/v1/identities/' + items[0].address, { name: bad, signature: bad });
    await send('PUT', '/v1/settings/absence', { enabled: true, subject: bad, text: bad });
    await send('PUT', '/v1/people/bad@elsewhere.test', { name: bad, signature: bad });
    await send('POST', '/v1/reject-list', { address: 'bad@elsewhere.test', pattern: 'bad@elsewhere.test' });
    return status;
  })(${JSON.stringify(bad)})`)) as number[];
  const settings = ['general', 'identities', 'rules', 'people', 'blocked', 'absence', 'security', 'notifications'];
  const hashes = [
    '#/f/inbox',
    '#/f/%3Cimg%20src%3Dx%20onerror%3Dran()%3E',
    `#/q/${encodeURIComponent('subject:Hostile')}`,
    `#/q/${encodeURIComponent(bad)}`,
    '#/c/all',
    ...settings.map((name) => `#/s/${name}`),
    '#/s/%22%3E%3Csvg%20onload%3Dran()%3E',
    '#/o/%22%3E%3Csvg%20onload%3Dran()%3E',
  ];
  for (const hash of hashes) {
    await page.goto(`${base}/${hash}`);
    await page.reload();
    await page.locator('.top-bar').waitFor();
    await page.waitForLoadState('networkidle');
  }
  await page.goto(`${base}/#/f/inbox`);
  await page.locator('.row').first().waitFor();
  return hashes.length + made.filter((status) => status < 300).length;
}
