import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatAuthenticationResults, parseAuthenticationResults } from './authentication-results.ts';
import { classify } from './bounce.ts';
import { readFeedbackReport } from './complaint.ts';
import { readDeliveryReport } from './delivery-report.ts';
import { readDispositionReport } from './disposition-report.ts';
import { HeaderBlock } from './header.ts';
import { receiptAskers } from './mdn.ts';
import { srsForward, srsReverse } from './srs.ts';
import { readVerp } from './verp.ts';

const runs = { numRuns: Number(process.env['FUZZ_RUNS'] ?? 20_000) };
const SECRET = new Uint8Array(32).fill(7);
const NOW = Date.UTC(2026, 10, 21);

/** Pieces of reports, in any order. */
const PIECES = [
  'Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n',
  'Content-Type: message/delivery-status\r\n\r\n',
  'Content-Type: message/feedback-report\r\n\r\n',
  'Content-Type: text/rfc822-headers\r\n\r\n',
  'Content-Type: message/rfc822\r\n\r\n',
  '\r\n--b\r\n',
  '\r\n--b--\r\n',
  '\r\n',
  '\r\n\r\n',
  'Reporting-MTA: dns; a\r\n',
  'Final-Recipient: rfc822;a@b.test\r\n',
  'Original-Recipient: ;\r\n',
  'Action: failed\r\n',
  'Status: 5.1.1\r\n',
  'Diagnostic-Code: smtp; 550 5.1.1 no\r\n x\r\n',
  'Content-Type: message/disposition-notification\r\n\r\n',
  'Disposition: manual-action/MDN-sent-manually; displayed\r\n',
  'Original-Message-ID: <1@x>\r\n',
  'Disposition-Notification-To: a@b.test, ',
  'Feedback-Type: abuse\r\n',
  'Original-Rcpt-To: <a@b.test>\r\n',
  'Incidents: 99999999999\r\n',
  'X-Failed-Recipients: a@b.test, c@d.test\r\n',
  'Hi. This is the qmail-send program at x.\r\n',
  '<a@b.test>:\r\n550 user unknown\r\n',
  '--- Below this line is a copy of the message.\r\n',
  'Message-ID: <1@x>\r\n',
  '5.1.1',
  '<',
  '@',
  '\0',
  'é',
];
const report = fc
  .array(fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...PIECES) }, fc.string({ maxLength: 20 })), {
    maxLength: 25,
  })
  .map((parts) => Buffer.from(parts.join('')));

test('reports: never a fault, and what is read is well-formed', () => {
  fc.assert(
    fc.property(report, (raw) => {
      for (const recipient of readDeliveryReport(raw)?.recipients ?? []) {
        expect(recipient.status).toMatch(/^[245]\.\d{1,3}\.\d{1,3}$/);
        expect(recipient.address).not.toMatch(/[\r\n]/);
        expect(recipient.address).not.toBe('');
        expect(recipient.diagnostic).not.toMatch(/[\r\n]/);
        classify(recipient);
      }
      const complaint = readFeedbackReport(raw);
      if (complaint !== undefined) expect(complaint.incidents).toBeGreaterThan(0);
      const receipt = readDispositionReport(raw);
      expect(`${receipt?.messageId} ${receipt?.address} ${receipt?.finalAddress}`).not.toMatch(/[\r\n]/);
      for (const address of receiptAskers(HeaderBlock.parse(raw)) ?? []) expect(address).toMatch(/^[^\r\n]+@[^\r\n]+$/);
    }),
    runs,
  );
});

const word = fc.constantFrom(
  'mx.test',
  'spf',
  'dkim',
  'pass',
  '=',
  ';',
  ' ',
  '(',
  ')',
  '"',
  '\\',
  '/',
  '1',
  'header.d',
  'a@b',
);
test('Authentication-Results: never a fault; what is written is read the same', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(word, fc.string({ maxLength: 5 })), { maxLength: 30 }), (words) => {
      const parsed = parseAuthenticationResults(words.join(''));
      if (parsed === undefined || parsed.authservId.length > 400) return;
      const written = formatAuthenticationResults(parsed);
      expect(written).toMatch(/^[^\r\n]+(\r\n\t[^\r\n]*)*\r\n$/);
    }),
    runs,
  );
  const value = fc.string({ maxLength: 40 }).map((text) => text.replace(/[^\x20-\x7e]/g, ''));
  fc.assert(
    fc.property(fc.array(value, { maxLength: 4 }), (values) => {
      const results = [
        { method: 'dkim', result: 'pass', properties: values.map((one, i) => [`header.p${i}`, one] as const) },
      ];
      const written = formatAuthenticationResults({ authservId: 'mx.test', results });
      const read = parseAuthenticationResults(written.slice(written.indexOf(':') + 1));
      expect(read).toEqual({ authservId: 'mx.test', results });
    }),
    runs,
  );
});

test('return addresses: never a fault, and nobody can make one up', () => {
  const text = fc.string({ maxLength: 60 });
  fc.assert(
    fc.property(text, text, (local, domain) => {
      expect(readVerp(`bounces+${local}@${domain}`, SECRET, NOW)).toBeUndefined();
      expect(srsReverse(`SRS0=${local}@${domain}`, SECRET, NOW)).toBeUndefined();
      expect(srsReverse(`SRS1=${local}@${domain}`, SECRET, NOW)).toBeUndefined();
      const forwarded = srsForward(`${local}@${domain}`, 'ours.test', SECRET, NOW);
      if (forwarded !== undefined && forwarded.startsWith('SRS0') && !/^SRS[01][=+-]/i.test(local))
        expect(srsReverse(forwarded, SECRET, NOW)).toBe(`${local}@${domain}`);
    }),
    runs,
  );
});
