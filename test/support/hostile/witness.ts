/** Sees what a hostile mail achieves in a browser: code that runs, requests that leave, windows, dialogs, and what its frame may reach. */
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { WebClient } from '../web-client.ts';
import { CANARY_DOMAIN, type HostileMail, nameOf } from './bait.ts';

/** Runs in the frame of a mail: what is left there, and whether there is a way out of it. */
const INSPECT = `(() => {
  const left = [];
  const plain = 'http://www.w3.org/1999/xhtml';
  const never = /^(?:script|iframe|frame|object|embed|applet|form|input|button|select|textarea|link|base|template|noscript|video|audio|source|track|portal|dialog|marquee|isindex)$/;
  const loading = /^(?:srcset|ping|formaction|action|background|poster|srcdoc|lowsrc|dynsrc|longdesc|usemap|data|codebase|cite|profile|manifest|autofocus|tabindex|accesskey|id|name|class)$/;
  for (const element of document.querySelectorAll('*')) {
    const { localName, namespaceURI } = element;
    if (namespaceURI !== plain || never.test(localName) || localName.includes(':')) left.push('<' + localName + '>');
    if (localName === 'style' && element !== document.head.querySelector('style')) left.push('a sheet');
    if (localName === 'meta' && element.parentElement !== document.head) left.push('<meta>');
    if (localName === 'meta' && /refresh|policy|cookie/i.test(element.httpEquiv)) left.push('<meta ' + element.httpEquiv + '>');
    for (const { name, value } of element.attributes) {
      if (/^on/i.test(name) || (loading.test(name) && localName !== 'meta')) left.push(localName + ' ' + name);
      if (name === 'src' && !/^data:image\\/(?:png|gif|jpe?g|webp|bmp|avif);base64,/.test(value)) left.push('src=' + value.slice(0, 80));
      if (name === 'style' && /url|expression|image|@|\\\\|\\/\\*|--|fixed|sticky|absolute/i.test(value)) left.push('style=' + value.slice(0, 80));
      if (name === 'href' && !/^(?:https?:\\/\\/|mailto:|tel:|\\/leave\\?)/i.test(value)) left.push('href=' + value.slice(0, 80));
    }
    if (localName === 'a' && element.hasAttribute('href')) {
      const rel = element.getAttribute('rel') || '';
      if (element.target !== '_blank' || !/noopener/.test(rel) || !/noreferrer/.test(rel)) left.push('a link that tells where from');
    }
  }
  const reaches = [];
  const reach = (what, how) => { try { how(); reaches.push(what); } catch {} };
  if (origin !== 'null') reaches.push('the origin ' + origin);
  reach('the application', () => top.document.body.innerHTML);
  reach('its address', () => top.location.href);
  reach('cookies', () => document.cookie);
  reach('storage', () => localStorage.length);
  return { left: [...new Set(left)], reaches };
})()`;

export interface Seen {
  /** Numbers of those whose code ran. */
  readonly ran: number[];
  /** What the browser asked of anybody but the service. */
  readonly asked: string[];
  /** What came to those who are not to be told. */
  readonly hits: string[];
  readonly windows: string[];
  /** What is left of a mail that has no place there. */
  readonly left: string[];
  readonly reaches: string[];
  /** What went wrong in the application. */
  readonly broken: string[];
  /** The policy had to stop it: cleaning should have. */
  readonly stopped: string[];
}

const NOTHING_YET = (): Seen => ({
  ran: [],
  asked: [],
  hits: [],
  windows: [],
  left: [],
  reaches: [],
  broken: [],
  stopped: [],
});

export class Witness implements AsyncDisposable {
  readonly client: WebClient;
  readonly canaryPort: number;
  readonly seen: Seen;
  readonly #canary: Server;
  readonly #netLog: string;

  private constructor(client: WebClient, canary: Server, netLog: string, seen: Seen) {
    this.client = client;
    this.canaryPort = (canary.address() as AddressInfo).port;
    this.seen = seen;
    this.#canary = canary;
    this.#netLog = netLog;
  }

  /** `folder`: for the browser's log of what it did on the network. */
  static async start(folder: string): Promise<Witness> {
    const seen = NOTHING_YET();
    const canary = createServer((request, response) => {
      seen.hits.push(`${request.headers.host}${request.url}`);
      response.writeHead(200, { 'access-control-allow-origin': '*' }).end();
    });
    await new Promise<void>((resolve) => canary.listen(0, '127.0.0.1', resolve));
    const netLog = join(folder, 'net.json');
    try {
      const args = [
        // Names are found, and lead to the canary: who asks is heard.
        `--host-resolver-rules=MAP *.${CANARY_DOMAIN} 127.0.0.1`,
        '--no-proxy-server',
        // Newer browsers protect what listens on loopback by themselves; what is measured is ours.
        '--disable-features=LocalNetworkAccessChecks,HttpsUpgrades,Translate',
        `--log-net-log=${netLog}`,
      ];
      return new Witness(await WebClient.start({ args }), canary, netLog, seen);
    } catch (error) {
      canary.close();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client[Symbol.asyncDispose]();
    this.#canary.closeAllConnections();
    this.#canary.close();
  }

  /** A page of `user`, watched. */
  async page(user: string): Promise<Page> {
    const { page } = await this.client.signedIn(user);
    const { seen, client } = this;
    const context = page.context();
    await context.exposeBinding('ran', (_source, number: unknown) => void seen.ran.push(Number(number)));
    context.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith(client.base) && !/^(?:data|blob|about):/.test(url)) seen.asked.push(url);
    });
    context.on('page', (opened) => seen.windows.push(opened.url()));
    page.on('dialog', (dialog) => {
      seen.windows.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('pageerror', (error) => seen.broken.push(String(error)));
    page.on('console', (message) => {
      if (/content security policy/i.test(message.text())) seen.stopped.push(message.text());
    });
    // So that the binding is there.
    await page.reload();
    await page.locator('.rows, .nothing').first().waitFor();
    return page;
  }

  /** One mail, opened and looked at until nothing of it is to come any more. */
  async look(page: Page, { number, family }: Pick<HostileMail, 'number' | 'family'>, at: string): Promise<void> {
    const told = `${family} ${number}`;
    await page.evaluate(`location.hash = ${JSON.stringify(at)}`);
    const article = page.locator(`article.message[aria-label^="${nameOf(number)} "]`);
    await article.locator('.body-frame, .plain-text').first().waitFor();
    const handle = (await article.locator('.body-frame').count()) > 0 ? article.locator('.body-frame') : undefined;
    const frame = await (await handle?.elementHandle())?.contentFrame();
    if (frame) {
      await frame.waitForURL((url) => url.pathname.endsWith('/page'));
      await frame.waitForLoadState('load');
      const { left, reaches } = (await frame.evaluate(INSPECT)) as { left: string[]; reaches: string[] };
      this.seen.left.push(...left.map((one) => `${told}: ${one}`));
      this.seen.reaches.push(...reaches.map((one) => `${told}: ${one}`));
    }
    const hrefs = (await page.evaluate(
      `[...document.querySelectorAll('.message .plain-text a')].map((link) => link.getAttribute('href'))`,
    )) as string[];
    this.seen.left.push(...hrefs.filter((href) => !/^https?:\/\//.test(href)).map((href) => `${told}: ${href}`));
    // Where a mail is shown, nothing else is covered, whatever it wanted.
    if (!(await page.locator('.top-bar').isVisible())) this.seen.broken.push(`${told}: hides the application`);
  }

  /** Ends the browser. Names it looked up, and connections that it made without a request: its own log has them. */
  async lookedUp(): Promise<string[]> {
    await this.client.closeBrowser();
    const log = await readFile(this.#netLog, 'utf8');
    return [...new Set(log.match(/h\d+\.canary\.test/g) ?? [])];
  }
}
