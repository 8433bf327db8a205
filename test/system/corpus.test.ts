/** Messages of all shapes in over SMTP and out over IMAP, POP3 and REST. CORPUS_MESSAGES=2000 sends that many. */
import { expect, test } from 'vitest';
import { roundTrip } from '../corpus/round-trip.ts';

const MESSAGES = Number(process.env['CORPUS_MESSAGES'] ?? 200);

test(`${MESSAGES} messages come out of every protocol as they went in`, { timeout: 600_000 }, async () => {
  const report = await roundTrip({ messages: MESSAGES });
  expect(report.problems).toEqual([]);
  expect(report.byData).toBeGreaterThan(0);
  expect(report.byChunks).toBeGreaterThan(0);
  expect(report.blobFiles).toBe(report.largeContents);
  expect(report.largeContents).toBeLessThan(report.largeSent);
});
