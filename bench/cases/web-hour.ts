/**
 * The web client open while mail comes in: what an hour of one mail every second leaves in its memory, and whether it stands still meanwhile.
 * `perSecond` makes the same number of mails in less time.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium } from 'playwright-core';
import { SmtpClient } from '../../test/client/smtp.ts';
import { quantiles, round } from '../../test/proc.ts';
import type { Ours } from '../ours.ts';
import { build, READ, type Seen, signIn, WATCH } from './web-page.ts';

/** Between two looks at the memory, in mails. */
const LOOKS = 300;

export async function webHour(ours: Ours, options: { readonly messages: number; readonly perSecond: number }) {
  const { messages, perSecond } = options;
  await build(ours);
  const account = ours.accounts[0] as string;
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  });
  try {
    const page = await browser.newPage({ locale: 'en-GB', viewport: { width: 1360, height: 820 } });
    page.setDefaultTimeout(120_000);
    await signIn(page, ours, account);
    const devtools = await page.context().newCDPSession(page);
    const memory = async () => {
      await devtools.send('HeapProfiler.collectGarbage');
      const { usedSize } = await devtools.send('Runtime.getHeapUsage');
      const { nodes, jsEventListeners } = await devtools.send('Memory.getDOMCounters');
      return { heapMiB: round(usedSize / (1 << 20)), nodes, listeners: jsEventListeners };
    };
    await page.evaluate(WATCH);
    const before = await memory();
    const looks = [];
    await using smtp = await SmtpClient.connect(ours.smtp);
    const began = performance.now();
    for (let i = 1; i <= messages; i++) {
      const mail = `From: Friend ${i % 50} <friend${i % 50}@elsewhere.test>\r\nSubject: Number ${i}\r\nMessage-ID: <${i}.hour@elsewhere.test>\r\n\r\nText ${i}\r\n`;
      await smtp.send('friend@elsewhere.test', [account], Buffer.from(mail));
      await sleep(Math.max(0, began + (i * 1_000) / perSecond - performance.now()));
      if (i % LOOKS === 0) looks.push((await memory()).heapMiB);
    }
    const seconds = (performance.now() - began) / 1_000;
    await page.locator('.row', { hasText: `Number ${messages}` }).waitFor();
    const shownAfterMs = performance.now() - began - seconds * 1_000;
    const after = await memory();
    const { tasks, frames } = (await page.evaluate(READ)) as Seen;
    return {
      messages,
      seconds: round(seconds),
      before,
      after,
      looks,
      grownMiB: round(after.heapMiB - before.heapMiB),
      lastShownAfterMs: round(shownAfterMs),
      longTasks: tasks.length,
      longestTaskMs: round(Math.max(0, ...tasks)),
      frameMs: quantiles([...frames]),
    };
  } finally {
    await browser.close();
  }
}
