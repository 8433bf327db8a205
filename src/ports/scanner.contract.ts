/** What every scanner must do; an adapter's test calls it with a way to reach a real engine. */
import { expect, test } from 'vitest';
import { type ScannedMail, type Scanner, ScannerFailed, SPAM_SCORE } from './scanner.ts';

export interface ScannerContract {
  readonly open: () => Scanner;
  /** The same adapter for an engine that is not there. */
  readonly unreachable: () => Scanner;
  /** Raw mails that this engine must know. */
  readonly spam?: string;
  readonly malware?: string;
}

export const ORDINARY =
  'Date: Mon, 02 Mar 2026 09:00:00 +0900\r\nFrom: Kim <kim@example.test>\r\nTo: alice@example.test\r\n' +
  'Subject: the minutes\r\nMessage-ID: <1@example.test>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n' +
  'Here are the minutes of Monday.\r\n';

export function scannedMail(raw: string | Buffer, more: Partial<ScannedMail> = {}): ScannedMail {
  const bytes = Buffer.from(raw);
  return {
    sender: 'kim@example.test',
    recipients: ['alice@example.test'],
    client: { address: '192.0.2.1', hello: 'mx.example.test' },
    id: 'contract-1',
    size: bytes.length,
    async *stream() {
      for (let i = 0; i < bytes.length; i += 65_536) yield await Promise.resolve(bytes.subarray(i, i + 65_536));
    },
    ...more,
  };
}

const never = (): AbortSignal => new AbortController().signal;

export function scannerContract({ open, unreachable, spam, malware }: ScannerContract): void {
  test('an ordinary mail is below the limit, and holds nothing bad', async () => {
    await using scanner = open();
    const report = await scanner.scan(scannedMail(ORDINARY), never());
    expect(sum(report.points)).toBeLessThan(SPAM_SCORE);
    expect(report.malware).toEqual([]);
  });

  test('what it finds is explained', async () => {
    await using scanner = open();
    expect(scanner.finds).toEqual({ spam: spam !== undefined, malware: malware !== undefined });
    if (spam !== undefined) {
      const { points } = await scanner.scan(scannedMail(spam), never());
      expect(sum(points)).toBeGreaterThanOrEqual(SPAM_SCORE);
      for (const { name, why } of points) {
        expect(name).toMatch(/^[A-Z0-9_]+$/);
        expect(why).toMatch(/^[^\r\n]+$/);
      }
    }
    if (malware !== undefined) {
      const report = await scanner.scan(scannedMail(malware), never());
      expect(report.malware).toHaveLength(1);
    }
  });

  test('many at once each get their own answer', async () => {
    await using scanner = open();
    const bad = malware ?? spam ?? '';
    const reports = await Promise.all(
      Array.from({ length: 20 }, (_, i) => scanner.scan(scannedMail(i % 2 === 0 ? ORDINARY : bad), never())),
    );
    const found = reports.map(({ points, malware: names }) => names.length > 0 || sum(points) >= SPAM_SCORE);
    expect(found).toEqual(reports.map((_, i) => i % 2 === 1));
  });

  test('a large mail is read as a stream', async () => {
    await using scanner = open();
    const large = ORDINARY + 'All quiet on this line, and on the next one, too.\r\n'.repeat(20_000);
    const report = await scanner.scan(scannedMail(large), never());
    expect(report.malware).toEqual([]);
  });

  test('a mail that cannot be read is no report', async () => {
    await using scanner = open();
    const broken = scannedMail(ORDINARY, {
      async *stream() {
        yield await Promise.resolve(Buffer.from(ORDINARY.slice(0, 40)));
        throw new Error('damaged');
      },
    });
    await expect(scanner.scan(broken, never())).rejects.toThrow();
    expect((await scanner.scan(scannedMail(ORDINARY), never())).malware).toEqual([]);
  });

  test('the signal ends a scan, and the next one works', async () => {
    await using scanner = open();
    const reason = new Error('too late');
    await expect(scanner.scan(scannedMail(ORDINARY), AbortSignal.abort(reason))).rejects.toBe(reason);
    const abort = new AbortController();
    const slow = scannedMail(ORDINARY, {
      async *stream() {
        yield await Promise.resolve(Buffer.from(ORDINARY.slice(0, 40)));
        abort.abort(reason);
        await new Promise(() => undefined);
      },
    });
    await expect(scanner.scan(slow, abort.signal)).rejects.toBe(reason);
    expect((await scanner.scan(scannedMail(ORDINARY), never())).malware).toEqual([]);
  });

  test('an engine that is not there is said', async () => {
    await using scanner = unreachable();
    await expect(scanner.scan(scannedMail(ORDINARY), never())).rejects.toBeInstanceOf(ScannerFailed);
  });
}

function sum(points: readonly { readonly points: number }[]): number {
  return points.reduce((all, one) => all + one.points, 0);
}
