/** What the cases of the web client have in common: its build, signing in, and what is watched in the page. */
import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { quantiles, round } from '../../test/proc.ts';
import type { Ours } from '../ours.ts';

/** Runs in the page: long tasks (over 50 ms, W3C Long Tasks) and the time between two frames. */
export const WATCH = `
  globalThis.seen = { tasks: [], frames: [] };
  new PerformanceObserver((list) => seen.tasks.push(...list.getEntries().map((entry) => entry.duration))).observe({ type: 'longtask' });
  let last = performance.now();
  const frame = (now) => { seen.frames.push(now - last); last = now; requestAnimationFrame(frame); };
  requestAnimationFrame(frame);
`;
export const READ = `(() => { const was = seen; seen = { tasks: [], frames: [] }; return was; })()`;

export interface Seen {
  readonly tasks: readonly number[];
  readonly frames: readonly number[];
}

/** The client's files are read at the service's start. */
export async function build(ours: Ours): Promise<void> {
  execFileSync(process.execPath, ['web/build.ts', '--if-needed'], { stdio: ['ignore', 'ignore', 'inherit'] });
  await ours.restart();
}

/** Until the mailbox is there; answers how long the form to sign in took. */
export async function signIn(page: Page, ours: Ours, account: string): Promise<number> {
  const began = performance.now();
  await page.goto(`http://${ours.http}/`);
  await page.locator('[name=address]').fill(account);
  const formMs = performance.now() - began;
  await page.locator('[name=password]').fill(ours.password);
  await page.locator('.sign-in .primary').click();
  await page.locator('.folders a').first().waitFor();
  return formMs;
}

/** kB of gzip (level 9) that a browser loads before the mailbox stands: the page, its sheet and script, and what these name at once. */
export function firstLoad(folder: string): { readonly gzipKb: number; readonly files: readonly string[] } {
  const html = readFileSync(`${folder}/index.html`, 'utf8');
  const files = globSync('assets/*', { cwd: folder }).filter((file) => html.includes(file));
  const bytes = [html, ...files.map((file) => readFileSync(`${folder}/${file}`))].map(
    (one) => gzipSync(one, { level: 9 }).length,
  );
  return { gzipKb: round(bytes.reduce((sum, one) => sum + one, 0) / 1_000), files };
}

/**
 * With a mailbox that is there: from the beginning of the navigation until rows are there and no task over 50 ms runs any more, in ms; what was
 * transferred until then, in kB.
 */
export async function timeToInteractive(page: Page) {
  await page.addInitScript(`
    globalThis.longest = 0;
    new PerformanceObserver((list) => { for (const e of list.getEntries()) longest = Math.max(longest, e.startTime + e.duration); })
      .observe({ type: 'longtask', buffered: true });
  `);
  await page.reload();
  await page.locator('.row:not(.hole)').first().waitFor();
  const rowsMs = (await page.evaluate('performance.now()')) as number;
  await page.waitForLoadState('load');
  const [lastTask, transferred] = (await page.evaluate(`new Promise((resolve) => setTimeout(() => resolve([longest,
    performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation')).reduce((sum, e) => sum + e.transferSize, 0)]), 1000))`)) as [
    number,
    number,
  ];
  return { interactiveMs: round(Math.max(rowsMs, lastTask)), transferredKb: round(transferred / 1_000) };
}

/** From a key to the frame that shows what it did, in ms (W3C Event Timing). */
export async function interactions(page: Page, keys: readonly string[]) {
  await page.evaluate(`
    globalThis.events = [];
    new PerformanceObserver((list) => events.push(...list.getEntries().filter((e) => e.interactionId > 0).map((e) => e.duration)))
      .observe({ type: 'event', durationThreshold: 16 });
  `);
  for (const key of keys) {
    await page.keyboard.press(key);
    await page.evaluate('new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))');
  }
  await page.evaluate('new Promise((resolve) => setTimeout(resolve, 300))');
  const durations = (await page.evaluate('events')) as number[];
  return {
    keys: keys.length,
    over16: durations.length,
    longestMs: Math.max(0, ...durations),
    ms: quantiles(durations.length > 0 ? durations : [0]),
  };
}
