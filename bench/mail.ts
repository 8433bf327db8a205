/** `node bench/mail.ts`: what it takes to parse messages of some shapes; one JSON line each. No service, no storage. */
import { parseMessage } from '../src/mail/parse.ts';
import { corpus } from '../test/corpus/corpus.ts';
import { loadMessage } from '../test/load/message.ts';

const SHAPES = [
  'alternative',
  'euc-kr',
  'html-only',
  'nested-mixed-related-alternative',
  'shared-attachment-200k',
  'ten-megabytes',
];

/** A message of two parts and a usual header, 4.7 KB. */
function twoParts(): Buffer {
  const lines = (line: string, size: number): string =>
    `${line}\r\n`.repeat(Math.ceil(size / (Buffer.byteLength(line) + 2)));
  const received =
    'Received: from a.example.test (a.example.test [192.0.2.1])\r\n\tby b.example.test with ESMTPS id 1;\r\n\tMon, 02 Nov 2026 15:04:05 +0900\r\n';
  const header = `${received}${received}DKIM-Signature: v=1; a=rsa-sha256; d=example.test; s=k;\r\n\tb=${'A'.repeat(70)}\r\n\t${'B'.repeat(70)}\r\nDate: Mon, 02 Nov 2026 15:04:05 +0900\r\nFrom: =?UTF-8?B?6rmA7LKg7IiY?= <kim@example.test>\r\nTo: "Alice Example" <alice@example.test>, bob@example.test\r\nSubject: =?UTF-8?B?7ZqM7J2YIOyekOujjA==?=\r\nMessage-ID: <1@example.test>\r\nReferences: <0@example.test>\r\nMIME-Version: 1.0\r\n`;
  const text = `--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n${lines('안녕하세요, 회의 자료를 보내 드립니다.', 1300)}\r\n`;
  const html = `--b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n${lines(`<p>${'x'.repeat(66)}</p>`, 1900)}\r\n`;
  return Buffer.from(`${header}Content-Type: multipart/alternative; boundary=b\r\n\r\n${text}${html}--b--\r\n`);
}

function measure(name: string, raw: Buffer): void {
  const times: number[] = [];
  const until = performance.now() + 2000;
  while (performance.now() < until) {
    const start = performance.now();
    const batch = raw.length > 100_000 ? 1 : 100;
    for (let i = 0; i < batch; i += 1) parseMessage(raw);
    times.push(((performance.now() - start) * 1000) / batch);
  }
  times.sort((a, b) => a - b);
  const at = (part: number): number => Math.round(times[Math.floor(times.length * part)]! * 10) / 10;
  process.stdout.write(
    `${JSON.stringify({ case: 'mail', shape: name, bytes: raw.length, medianUs: at(0.5), p99Us: at(0.99) })}\n`,
  );
}

measure('two parts', twoParts());
measure('one part', loadMessage(1, 1, 'alice@example.test').raw);
const messages = [...corpus(100)];
for (const shape of SHAPES) measure(shape, messages.find(({ name }) => name.endsWith(shape))!.raw);
