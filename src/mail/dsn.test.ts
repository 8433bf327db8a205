import { expect, test } from 'vitest';
import { composeDsn, decodeOrcpt, type Dsn, fromXtext } from './dsn.ts';
import { HeaderBlock } from './header.ts';
import { parseMessage } from './parse.ts';

const original = Buffer.from('From: a@b.test\r\nSubject: the original\r\n\r\nits text\r\n');
const dsn: Dsn = {
  action: 'failed',
  reportingMta: 'mx.test',
  domain: 'b.test',
  to: 'a@b.test',
  messageId: '<r1@mx.test>',
  date: Date.UTC(2026, 2, 1),
  arrived: Date.UTC(2026, 1, 28),
  envid: 'env+2Bid',
  recipients: [
    {
      address: 'x@c.test',
      orcpt: 'rfc822;x+2Bfolder@c.test',
      status: '5.1.1',
      host: 'mx.c.test',
      reply: '550 5.1.1 No such user\r\nSecond: line',
      reason: 'it was refused',
      lastAttempt: Date.UTC(2026, 2, 1),
    },
    { address: 'y@c.test', status: '5.4.7' },
  ],
  original: { content: original, whole: false, messageId: '<o1@b.test>' },
};

test('a report is a multipart that mail programs read: words, fields, and what it is about', () => {
  const raw = composeDsn(dsn);
  const { structure } = parseMessage(raw);
  const kind = ({ type, subtype }: { type: string; subtype: string }): string => `${type}/${subtype}`;
  expect(kind(structure)).toBe('multipart/report');
  const parts = 'children' in structure ? structure.children : [];
  expect(parts.map(kind)).toEqual(['text/plain', 'message/delivery-status', 'text/rfc822-headers']);
  const text = raw.toString();
  expect(text).toContain('\r\nAuto-Submitted: auto-replied\r\n');
  expect(text).toContain('\r\nReferences: <o1@b.test>\r\n');
  expect(text).toContain(
    [
      'Original-Envelope-Id: env+id',
      'Reporting-MTA: dns; mx.test',
      'Arrival-Date: Sat, 28 Feb 2026 00:00:00 +0000',
      '',
      'Original-Recipient: rfc822; x+folder@c.test',
      'Final-Recipient: rfc822; x@c.test',
      'Action: failed',
      'Status: 5.1.1',
      'Remote-MTA: dns; mx.c.test',
      'Diagnostic-Code: smtp; 550 5.1.1 No such user Second: line',
      'Last-Attempt-Date: Sun, 01 Mar 2026 00:00:00 +0000',
      '',
      'Final-Recipient: rfc822; y@c.test',
    ].join('\r\n'),
  );
  expect(text).toContain('Subject: the original\r\n');
  expect(text).not.toContain('its text');
});

test('it brings the whole mail back when that was asked, whatever is in it', () => {
  const content = Buffer.concat([original, Buffer.from([0xff, 0xfe])]);
  const raw = composeDsn({ ...dsn, original: { content, whole: true, messageId: '' } });
  expect(raw.includes(content)).toBe(true);
  expect(raw.toString('latin1')).toContain('Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n');
  expect(HeaderBlock.parse(raw).first('references')).toBeUndefined();
});

test('it is international where an address is (RFC 6533)', () => {
  const raw = composeDsn({ ...dsn, recipients: [{ address: '받는이@c.test', status: '5.1.1' }] }).toString();
  expect(raw).toContain('report-type=global-delivery-status');
  expect(raw).toContain('Content-Type: message/global-delivery-status');
  expect(raw).toContain('Final-Recipient: utf-8; 받는이@c.test');
  expect(raw).toContain('Content-Type: message/global-headers');
});

test('one of a delay says until when it is tried', () => {
  const raw = composeDsn({ ...dsn, action: 'delayed', retryUntil: Date.UTC(2026, 2, 6) }).toString();
  expect(raw).toContain('Action: delayed\r\n');
  expect(raw).toContain('Will-Retry-Until: Fri, 06 Mar 2026 00:00:00 +0000');
});

test.each([
  ['a+2Bb', 'a+b'],
  ['plain', 'plain'],
  ['a+00b', undefined],
  ['a+0D+0Ab', undefined],
  ['a+2', undefined],
  ['a+2b', undefined],
  ['a=b', undefined],
])('xtext %j is %j (D15)', (text, decoded) => expect(fromXtext(text)).toBe(decoded));

test.each([
  ['rfc822;a+40b', 'rfc822; a@b'],
  [';a', undefined],
  ['a', undefined],
  ['rfc822;a+0Ab', undefined],
])('ORCPT %j is %j', (text, decoded) => expect(decodeOrcpt(text)).toBe(decoded));
