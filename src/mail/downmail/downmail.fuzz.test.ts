import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HeaderBlock } from '../header.ts';
import { excerptOf } from './excerpt.ts';
import { readNotification, readReceipt } from './fields.ts';
import { composeNotification } from './notification.ts';
import { composeReceipt } from './receipt.ts';

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 20_000);

const piece = fc.constantFrom(
  'Downmail-Notification:',
  'Downmail-Receipt:',
  ' v=1;',
  'server=a.test;',
  'user=/a/b/1;',
  'password=abcdefgh;',
  'link=https://a.test/downmail/a/b/1/x;',
  'size=1;',
  `digest=sha-256:${'0'.repeat(64)};`,
  'expires=1;',
  '\r\n',
  '\r\n\t',
  ';;',
  '=',
);
const field = fc.array(fc.oneof({ weight: 4, arbitrary: piece }, fc.string({ maxLength: 20 })), { maxLength: 24 });

test('reading never throws, and what it answers is well-formed', () => {
  fc.assert(
    fc.property(field, (pieces) => {
      const header = HeaderBlock.parse(Buffer.from(pieces.join('')));
      readReceipt(header);
      const read = readNotification(header);
      if (read === undefined) return;
      expect(new URL(read.link).protocol).toMatch(/^https?:$/);
      expect(read.digest).toMatch(/^[0-9a-f]{64}$/);
      expect(Number.isSafeInteger(read.size) && Number.isSafeInteger(read.expires)).toBe(true);
    }),
    { numRuns: RUNS },
  );
});

const anyHeader = fc
  .array(
    fc.tuple(
      fc.constantFrom('From', 'To', 'Cc', 'Subject', 'References', 'Message-ID', 'Date', 'X', 'Downmail-Notification'),
      fc.oneof(fc.string({ unit: 'binary', maxLength: 60 }), fc.constantFrom('a@b.test', '<a@b.test>', ' \r\n x')),
    ),
    { maxLength: 8 },
  )
  .map((fields) => Buffer.from(`${fields.map(([name, value]) => `${name}: ${value}`).join('\r\n')}\r\n\r\n`));

test('whatever the original is, its notification and receipt are what they shall be', () => {
  fc.assert(
    fc.property(anyHeader, fc.string({ unit: 'binary', maxLength: 200 }), fc.nat(600), (header, text, signalLimit) => {
      const access = {
        link: 'https://a.test/downmail/a/b/1/abcdefgh',
        server: 'a.test',
        userId: '/a/b/1/',
        password: 'abcdefgh',
        size: 1,
        digest: '0'.repeat(64),
        expires: 1_000,
      };
      const to = 'reader@b.test';
      const common = { header, to, messageId: '<n@a.test>', date: 0, signalLimit };
      const notification = composeNotification({
        ...common,
        ...access,
        text,
        help: '',
        excerptBytes: 80,
        pick: () => 0,
      });
      const written = HeaderBlock.parse(notification);
      expect(readNotification(written)).toEqual(access);
      for (const name of ['from', 'subject', 'message-id']) expect(written.all(name)).toHaveLength(1);
      const end = notification.indexOf('\r\n\r\n') + 4;
      expect(/(?<!\r)\n|\r(?!\n)/.test(notification.toString('latin1'))).toBe(false);
      expect(notification.length - end).toBeLessThanOrEqual(Math.max(signalLimit, access.link.length + 2));
      const receipt = composeReceipt({
        ...common,
        from: to,
        to: 'a@a.test',
        at: 5_000,
        by: 'web',
        userId: access.userId,
        size: 1,
        ended: false,
      });
      expect(readReceipt(HeaderBlock.parse(receipt))).toEqual({
        userId: '/a/b/1/',
        at: 5_000,
        by: 'web',
        ended: false,
      });
    }),
    { numRuns: Math.ceil(RUNS / 10) },
  );
});

test('an excerpt is at most as long as it may be', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 500 }), fc.nat(200), fc.nat(), (text, bytes, seed) => {
      const excerpt = excerptOf(text, bytes, (below) => seed % below);
      expect(Buffer.byteLength(excerpt)).toBeLessThanOrEqual(bytes);
      expect(excerpt).not.toMatch(/[\r\n]/);
    }),
    { numRuns: RUNS },
  );
});
