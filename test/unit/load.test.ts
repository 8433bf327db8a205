import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SMTPServer } from 'smtp-server';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { dotStuffed } from '../client/smtp.ts';
import { Ledger, readLedger, sha256 } from '../load/ledger.ts';
import { loadAccounts, loadMessage } from '../load/message.ts';
import { smtpLoad } from '../load/smtp-load.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'load-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('the ledger', () => {
  test('a half line at the end is not an entry', () => {
    const path = join(folder, 'ledger');
    writeFileSync(path, '{"id":"1-1","recipient":"a@b","sha256":"00","size":1,"at":1}\n{"id":"1-2","reci');
    expect(readLedger(path).map((entry) => entry.id)).toEqual(['1-1']);
  });

  test('a mark cuts it', () => {
    const path = join(folder, 'ledger');
    using ledger = new Ledger(path);
    const entry = (id: string) => ({ id, recipient: 'a@b', sha256: '', size: 0, at: 0 });
    ledger.append([entry('before')]);
    ledger.mark('backup');
    ledger.append([entry('after')]);
    expect(readLedger(path, 'backup').map((row) => row.id)).toEqual(['before']);
    expect(readLedger(path)).toHaveLength(2);
    expect(() => readLedger(path, 'nothing')).toThrow('no mark');
  });
});

describe('load messages', () => {
  test('are the same for the same seed and number, and near the size asked for', () => {
    const first = loadMessage(7, 3, 'user001@load.test');
    expect(loadMessage(7, 3, 'user001@load.test').sha256).toBe(first.sha256);
    expect(loadMessage(8, 3, 'user001@load.test').sha256).not.toBe(first.sha256);
    expect(Math.abs(first.raw.length - 4_700)).toBeLessThan(150);
  });

  test('dots at the start of lines are doubled', () => {
    expect(dotStuffed(Buffer.from('.a\r\n..\r\nb.\r\n')).toString()).toBe('..a\r\n...\r\nb.\r\n.\r\n');
  });
});

test('what the server acknowledged stands in the ledger, as it arrived; what it refused does not', async () => {
  const arrived = new Map<string, string>();
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onRcptTo: ({ address }, _, done) => done(address.startsWith('user002') ? new Error('nobody here') : undefined),
    onData(stream, _, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const raw = Buffer.concat(chunks);
        arrived.set(/^X-Load-Id: (.*)\r$/m.exec(raw.toString())?.[1] ?? '', sha256(raw));
        done();
      });
    },
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.server.address() as AddressInfo;
  using ledger = new Ledger(join(folder, 'ledger'));
  const report = await smtpLoad({
    address: () => `127.0.0.1:${port}`,
    recipients: loadAccounts(4, 'load.test'),
    ledger,
    connections: 3,
    messages: 40,
  });
  await new Promise<void>((resolve) => server.close(() => resolve()));
  expect(report).toMatchObject({ sent: 40, acked: 30, unknown: 0, refused: { 550: 10 } });
  const rows = readLedger(ledger.path);
  expect(new Map(rows.map((row) => [row.id, row.sha256]))).toEqual(arrived);
});
