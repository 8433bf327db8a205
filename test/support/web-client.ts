/** The web client in a real browser, against the real service: whoever signs in has a page. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from 'playwright-core';
import { expect } from 'vitest';
import { DEMO_PASSWORD } from '../../src/demo/people.ts';
import { SmtpClient } from '../client/smtp.ts';
import { Service } from '../service.ts';
import { PATIENCE_MS } from './until.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export interface Visitor {
  readonly page: Page;
  /** What went wrong in it. */
  readonly faults: string[];
}

export interface WebClientOptions {
  readonly args?: readonly string[];
  /** The demo's mailboxes; else every address of mail.test. */
  readonly demo?: boolean;
  /** Of the service's configuration. */
  readonly set?: Readonly<Record<string, string>>;
}

export class WebClient implements AsyncDisposable {
  readonly service: Service;
  readonly base: string;
  readonly #browser: Browser;
  readonly #password: string;

  private constructor(service: Service, browser: Browser, password: string) {
    this.#password = password;
    this.service = service;
    this.base = `http://${service.at('http')}`;
    this.#browser = browser;
  }

  /** `args`: more of them for the browser. */
  static async start({ args = [], set = {}, demo = false }: WebClientOptions = {}): Promise<WebClient> {
    execFileSync(process.execPath, ['web/build.ts', '--if-needed'], { stdio: ['ignore', 'ignore', 'inherit'] });
    // Else hostile mails would not even arrive.
    const service = await Service.start({
      demo,
      set: { 'viruses.check': 'false', 'sign_up.mode': 'approval', ...set },
    });
    try {
      // The sandbox of the browser needs rights that containers do not have; what it opens here is ours.
      const browser = await chromium.launch({
        executablePath: '/usr/bin/chromium',
        args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', ...args],
        timeout: PATIENCE_MS,
      });
      return new WebClient(service, browser, demo ? DEMO_PASSWORD : 'pass');
    } catch (error) {
      await service[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** What it wrote is on the disk then. */
  async closeBrowser(): Promise<void> {
    await this.#browser.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
    await this.service[Symbol.asyncDispose]();
  }

  async arrive(to: string, mail: string, from = 'friend@elsewhere.test'): Promise<void> {
    await using smtp = await SmtpClient.connect(this.service.at('smtp'));
    await smtp.send(from, [to], Buffer.from(mail.replace(/\r?\n/g, '\r\n')));
  }

  /** A page of somebody who has signed in, in English unless told otherwise. */
  async signedIn(user: string, options: BrowserContextOptions = {}): Promise<Visitor> {
    const { page, faults } = await this.visitor(options);
    await page.locator('[name=address]').fill(user);
    await page.locator('[name=password]').fill(this.#password);
    await page.locator('.sign-in .primary').click();
    await page.locator('.rows, .nothing').first().waitFor();
    return { page, faults };
  }

  /** A page of somebody who has not signed in yet. */
  async visitor(options: BrowserContextOptions = {}): Promise<Visitor> {
    const context = await this.#browser.newContext({
      locale: 'en-GB',
      viewport: { width: 1360, height: 820 },
      ...options,
    });
    context.setDefaultTimeout(PATIENCE_MS);
    const page = await context.newPage();
    const faults: string[] = [];
    page.on('pageerror', (error) => faults.push(String(error)));
    page.on('console', (message) => {
      if (/content security policy/i.test(message.text())) faults.push(message.text());
    });
    await page.goto(this.base);
    return { page, faults };
  }
}

/** No view may be closed to those who do not see or cannot point (WCAG 2.2 AA). Frames of mails are not ours to judge. */
export async function accessible(page: Page): Promise<void> {
  expect(await faultsOf(page), page.url()).toEqual([]);
}

/** What axe finds: each rule with where it is broken. */
export async function faultsOf(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  return await page.evaluate(`axe.run(document, { iframes: false }).then(({ violations }) =>
    violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ target }) => target.join(' ')).join(', ')))`);
}

export const row = (page: Page, text: string): Locator => page.locator('.row', { hasText: text });
