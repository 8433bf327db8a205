/** Attached documents are found by their text; those that are hostile harm nobody. */
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { aliceLab, problemsOf, ALICE } from '../../../test/support/mail-store.ts';
import { docx, pdf } from '../../../test/support/documents.ts';
import { parseQuery } from '../../mail/search/query.ts';
import type { FolderId, MailAccount } from '../api.ts';
import { DocumentReader } from './documents.ts';

const INBOX = 1 as FolderId;

const withFile = (subject: string, type: string, name: string, file: Uint8Array): Buffer =>
  Buffer.from(
    [
      'From: bob@example.com',
      'To: alice@example.com',
      `Subject: ${subject}`,
      'MIME-Version: 1.0',
      'Content-Type: multipart/mixed; boundary=b',
      '',
      '--b',
      'Content-Type: text/plain',
      '',
      'see attached',
      '--b',
      `Content-Type: ${type}`,
      `Content-Disposition: attachment; filename="${name}"`,
      'Content-Transfer-Encoding: base64',
      '',
      ...Buffer.from(file)
        .toString('base64')
        .match(/.{1,76}/g)!,
      '--b--',
      '',
    ].join('\r\n'),
  );

const subjects = async (account: MailAccount, text: string): Promise<string[]> => {
  const { hits } = await account.search({ query: parseQuery(text, 0), sort: 'date', descending: false, limit: 10 });
  const found: string[] = [];
  for (const { id } of hits) found.push((await account.getMessage(id)).details.envelope.subject);
  return found.sort();
};

test('PDF, office documents and text by any name are found by what they say', async () => {
  const { alice, store } = await aliceLab({ tuning: { searchThread: false } });
  const add = (raw: Buffer) => alice.addMessage(raw, { folder: INBOX });
  const word = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document';
  await add(withFile('word', word, 'a.docx', docx('분기 보고서')));
  await add(withFile('pdf', 'application/pdf', 'b.pdf', pdf('Quarterly invoice', '주간회의록')));
  await add(withFile('named', 'application/octet-stream', 'c.docx', docx('보고서를 씁니다')));
  // 회의 in the charset of old Korean programs, which nothing names.
  await add(withFile('text', 'application/octet-stream', 'd.txt', Buffer.from('c8b8c0c7', 'hex')));
  await add(withFile('broken', 'application/pdf', 'e.pdf', Buffer.from('%PDF-1.7 nothing')));
  expect(await subjects(alice, '보고서')).toEqual(['named', 'word']);
  expect(await subjects(alice, 'invoice')).toEqual(['pdf']);
  expect(await subjects(alice, '회의')).toEqual(['pdf', 'text']);
  expect(await subjects(alice, 'attached subject:broken')).toEqual(['broken']);
  expect(await problemsOf(store, ALICE)).toEqual([]);
});

test('a document that takes for ever, or all memory, ends its thread and nothing else', async () => {
  const hostile = `
    const { parentPort } = require('node:worker_threads');
    const kept = [];
    parentPort.on('message', ({ call, kind, file }) => {
      if (kind === 'pdf') for (;;) if (file[0] === 1) kept.push(new Uint8Array(8 << 20).fill(1));
      parentPort.postMessage({ call, text: 'read', complete: true });
    });`;
  let started = 0;
  const reader = new DocumentReader(() => (started++, new Worker(hostile, { eval: true })), { lookMs: 10, looks: 40 });
  const file = (first: number) => new Uint8Array([first]);
  expect(await reader.read('pdf', file(0))).toEqual({ text: '', complete: false, ended: true });
  // Where everything is slow this may take too long as well: another time it does not.
  const works = () => expect.poll(async () => (await reader.read('office', file(0))).text).toBe('read');
  await works();
  expect(await reader.read('pdf', file(1))).toEqual({ text: '', complete: false, ended: true });
  await works();
  expect(started).toBeGreaterThanOrEqual(3);
});
