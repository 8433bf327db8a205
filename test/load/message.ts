/** Messages for the load clients: each one unique, the same again for the same seed and number. */
import { createHash } from 'node:crypto';
import { sha256 } from './ledger.ts';

export interface LoadMessage {
  readonly id: string;
  /** CRLF lines, ends with CRLF. */
  readonly raw: Buffer;
  readonly sha256: string;
}

const KOREAN = '파발은 조선 시대에 급한 소식을 말이나 사람으로 이어 나르던 역참 제도이다. ';

/** `size` is that of the whole message, within a line. */
export function loadMessage(seed: number, number: number, recipient: string, size = 4_700): LoadMessage {
  const id = `${seed}-${number}`;
  const body = loadBody(seed, number, size - 420);
  const raw = Buffer.concat([
    Buffer.from(
      `X-Load-Id: ${id}\r\nX-Load-Body: ${sha256(body)}\r\nMessage-ID: <${id}@load.test>\r\n` +
        `Date: Fri, 20 Nov 2026 12:00:00 +0900\r\nFrom: Load <load@client.test>\r\nTo: <${recipient}>\r\n` +
        `Subject: =?utf-8?B?${Buffer.from(`${number}번째 편지`).toString('base64')}?=\r\nMIME-Version: 1.0\r\n` +
        `Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n`,
    ),
    body,
  ]);
  return { id, raw, sha256: sha256(raw) };
}

/** Lines of hex with some Korean, with lines that begin with dots, and with an empty one. */
function loadBody(seed: number, number: number, size: number): Buffer {
  const lines = [`.leading dot ${number}`, '..', '.', '', KOREAN];
  let length = lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 2, 0);
  for (let i = 0; length < size; i++) {
    const line = createHash('sha256').update(`${seed}/${number}/${i}`).digest('hex');
    lines.push(line);
    length += line.length + 2;
  }
  return Buffer.from(`${lines.join('\r\n')}\r\n`);
}

/** `user001@domain` and so on. */
export function loadAccounts(count: number, domain: string): string[] {
  return Array.from({ length: count }, (_, i) => `user${String(i + 1).padStart(3, '0')}@${domain}`);
}
