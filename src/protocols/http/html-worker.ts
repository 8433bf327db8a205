/** The thread in which large HTML mails are cleaned: hostile ones can take long, and nobody else may wait for them. */
import { parentPort } from 'node:worker_threads';
import { cleanHtml } from './html-clean.ts';
import type { HtmlAnswer, HtmlQuestion } from './html-cleaner.ts';

parentPort?.on('message', ({ id, html, options }: HtmlQuestion) => {
  const answer: HtmlAnswer = { id, clean: cleanHtml(html, options) };
  parentPort?.postMessage(answer);
});
