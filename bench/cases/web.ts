/** The web client in Chromium on a large folder: how soon there are rows, and whether the page stands still while somebody scrolls. */
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium } from 'playwright-core';
import { quantiles, round } from '../../test/proc.ts';
import type { Ours } from '../ours.ts';
import { fill } from './imap.ts';
import { build, firstLoad, interactions, READ, type Seen, signIn, timeToInteractive, WATCH } from './web-page.ts';

const FOLDER = 'Large';
/** Turns of the wheel, from the top on. */
const TURNS = 150;
/** Places between top and bottom to which the bar is dragged. */
const JUMPS = 40;

/** Down the list, a message opened, the next ones, starred, back, and the search field. */
const KEYS = ['j', 'j', 'j', 'o', 'j', 'j', 'k', 's', 's', 'u', 'x', 'x', 'c', 'Escape', '/', 'Escape'];

const FILLED = `document.querySelectorAll('.row').length > 5 && !document.querySelector('.row.hole')`;

export async function web(ours: Ours, { messages }: { readonly messages: number }) {
  const account = ours.accounts[0] as string;
  await fill(ours, account, FOLDER, messages);
  await build(ours);
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  });
  try {
    const page = await browser.newPage({ locale: 'en-GB', viewport: { width: 1360, height: 820 } });
    page.setDefaultTimeout(120_000);
    const formMs = await signIn(page, ours, account);
    await page.locator('.folders a', { hasText: FOLDER }).waitFor();
    const opened = performance.now();
    await page.locator('.folders a', { hasText: FOLDER }).click();
    await page.locator('.list-title', { hasText: messages.toLocaleString('en') }).waitFor();
    await page.locator('.row:not(.hole)').first().waitFor();
    const rowsMs = performance.now() - opened;

    await page.evaluate(WATCH);
    const rows = page.locator('.rows');
    await rows.hover();
    for (let i = 0; i < TURNS; i++) {
      await page.mouse.wheel(0, 600);
      await sleep(30);
    }
    const wheel = (await page.evaluate(READ)) as Seen;
    const filled: number[] = [];
    for (let i = 1; i <= JUMPS; i++) {
      const part = (i * 0.618) % 1;
      await rows.evaluate((element, at) => element.scrollTo(0, element.scrollHeight * at), part);
      const from = performance.now();
      // Where the bar rests there are rows, not their outlines.
      while (!(await page.evaluate(FILLED))) await sleep(5);
      filled.push(performance.now() - from);
    }
    const jumps = (await page.evaluate(READ)) as Seen;
    const keys = await interactions(page, KEYS);
    const heap = (await page.evaluate('performance.memory.usedJSHeapSize')) as number;
    const interactive = await timeToInteractive(page);
    return {
      messages,
      firstLoad: firstLoad('web/dist').gzipKb,
      ...interactive,
      interactions: keys,
      signInFormMs: round(formMs),
      firstRowsMs: round(rowsMs),
      wheel: report(wheel),
      jumps: { ...report(jumps), filledMs: quantiles(filled) },
      heapMiB: round(heap / (1 << 20)),
    };
  } finally {
    await browser.close();
  }
}

function report({ tasks, frames }: Seen) {
  return { longTasks: tasks.length, longestTaskMs: round(Math.max(0, ...tasks)), frameMs: quantiles([...frames]) };
}
