/** The thread in which attached documents are read: pdf.js and zip files at their worst harm nobody else. */
import { parentPort } from 'node:worker_threads';
import { type DocumentText, officeText } from '../../mail/search/office.ts';
import type { DocumentAnswer, DocumentQuestion } from './documents.ts';

/** Pages of a PDF, and characters of a document. */
const MOST_PAGES = 500;
const MOST_TEXT = 512 << 10;

const port = parentPort!;

async function pdfText(file: Uint8Array): Promise<DocumentText> {
  const { getDocument } = await import('unpdf/pdfjs');
  // Only text is asked for: nothing is drawn, compiled, fetched or looked up in the system.
  const options = { verbosity: 0, disableFontFace: true, useSystemFonts: false, useWasm: false, stopAtErrors: false };
  const task = getDocument({ data: file, ...options });
  try {
    const document = await task.promise;
    const pieces: string[] = [];
    let length = 0;
    const pages = Math.min(document.numPages, MOST_PAGES);
    for (let number = 1; number <= pages && length < MOST_TEXT; number++) {
      const page = await document.getPage(number);
      for (const item of (await page.getTextContent()).items) {
        if (!('str' in item)) continue;
        const piece = item.hasEOL ? `${item.str}\n` : item.str;
        pieces.push(piece);
        length += piece.length;
      }
      pieces.push('\n');
      page.cleanup();
    }
    return { text: pieces.join('').slice(0, MOST_TEXT), complete: pages === document.numPages && length < MOST_TEXT };
  } finally {
    await task.destroy();
  }
}

async function read({ call, kind, file }: DocumentQuestion): Promise<DocumentAnswer> {
  let found: DocumentText | undefined;
  try {
    const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
    found = kind === 'pdf' ? await pdfText(file) : officeText(bytes, MOST_TEXT);
  } catch {
    // Damaged, encrypted, or no such document at all.
  }
  return { call, text: found?.text ?? '', complete: found?.complete ?? false };
}

port.on('message', (question: DocumentQuestion) => void read(question).then((answer) => port.postMessage(answer)));
