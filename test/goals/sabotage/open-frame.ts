/** A web client that shows mails as they are: nothing is cleaned, there is no policy, and the frame is none that keeps them in. */
import type { Page } from 'playwright-core';

export async function openFrames(page: Page): Promise<void> {
  await page.addInitScript(`{
    const set = Element.prototype.setAttribute;
    Element.prototype.setAttribute = function (name, value) {
      if (name !== 'sandbox') set.call(this, name, value);
    };
  }`);
  await page.route(/\/v1\/messages\/\d+\/page/, async (route) => {
    const raw = await page.request.get(
      route
        .request()
        .url()
        .replace(/\/page.*/, '/raw'),
    );
    const body = Buffer.from((await raw.text()).split('\r\n\r\n')[1] ?? '', 'base64');
    await route.fulfill({ status: 200, contentType: 'text/html; charset=utf-8', body });
  });
  await page.reload();
}
