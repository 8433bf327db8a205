import { describe, expect, test } from 'vitest';
import { readDispositionReport } from './disposition-report.ts';
import { HeaderBlock } from './header.ts';
import { composeMdn, type Mdn, receiptAskers } from './mdn.ts';
import { parseMessage } from './parse.ts';

const asks = (header: string) => receiptAskers(HeaderBlock.parse(Buffer.from(header)));

const mdn: Mdn = {
  from: { name: '밥', address: 'bob@example.test' },
  to: ['alice@other.test'],
  disposition: 'displayed',
  automatic: false,
  messageId: '<r1@mx.test>',
  date: Date.UTC(2026, 2, 1, 9),
  hostname: 'mx.test',
  language: undefined,
  original: {
    header: Buffer.from('Return-Path: <alice@other.test>\r\nMessage-ID: <m1@other.test>\r\nSubject: x\r\n\r\n'),
    messageId: '<m1@other.test>',
    subject: '견적서',
    date: Date.UTC(2026, 1, 28),
    originalRecipient: 'rfc822; bobby@example.test',
  },
};

describe('who asks for a receipt', () => {
  test('is named once, by usable addresses, and in a way that is understood', () => {
    expect(asks('Disposition-Notification-To: A <a@B.test>, a@b.test\r\n')).toEqual(['a@b.test']);
    expect(asks('Disposition-Notification-To: a@b.test, c@d.test\r\n')).toEqual(['a@b.test', 'c@d.test']);
    expect(asks('Disposition-Notification-To: 김@한국.example\r\n')).toHaveLength(1);
    for (const none of [
      'Subject: x\r\n',
      'Disposition-Notification-To:\r\n',
      'Disposition-Notification-To: nobody\r\n',
      'Disposition-Notification-To: <>\r\n',
      'Disposition-Notification-To: a@b.test\r\nDisposition-Notification-To: c@d.test\r\n',
      `Disposition-Notification-To: ${Array.from({ length: 6 }, (_, i) => `a${i}@b.test`).join(',')}\r\n`,
      'Disposition-Notification-To: a@b.test\r\nDisposition-Notification-Options: x=required,1\r\n',
    ])
      expect(asks(none), none).toBeUndefined();
    expect(asks('Disposition-Notification-To: a@b.test\r\nDisposition-Notification-Options: x=optional,1\r\n')).toEqual(
      ['a@b.test'],
    );
  });
});

describe('a receipt', () => {
  test('is a report that reads back, and answers nothing by itself', () => {
    const raw = composeMdn(mdn);
    expect(readDispositionReport(raw)).toEqual({
      messageId: '<m1@other.test>',
      address: 'bobby@example.test',
      finalAddress: 'bob@example.test',
      disposition: 'displayed',
      automatic: false,
    });
    const text = raw.toString();
    expect(text).toContain('Content-Type: multipart/report; report-type=disposition-notification;');
    expect(text).toContain('Auto-Submitted: auto-replied');
    expect(text).not.toMatch(/^Disposition-Notification-To/im);
    const { envelope, structure } = parseMessage(raw);
    expect(envelope).toMatchObject({ subject: '읽음 / Read: 견적서', inReplyTo: ['<m1@other.test>'] });
    expect(structure.children.map(({ type, subtype }) => `${type}/${subtype}`)).toEqual([
      'text/plain',
      'message/disposition-notification',
      'text/rfc822-headers',
    ]);
  });

  test('speaks the language of who sends it, or both', () => {
    const korean = composeMdn({ ...mdn, language: 'ko' }).toString();
    const english = composeMdn({ ...mdn, language: 'en' }).toString();
    expect([korean.includes('열었습니다'), korean.includes('opened')]).toEqual([true, false]);
    expect([english.includes('열었습니다'), english.includes('opened')]).toEqual([false, true]);
    const both = composeMdn(mdn).toString();
    expect([both.includes('열었습니다'), both.includes('opened')]).toEqual([true, true]);
  });

  test('is international where an address is', () => {
    const raw = composeMdn({ ...mdn, automatic: true, disposition: 'deleted', to: ['김@example.test'] });
    expect(raw.toString()).toContain('report-type=global-disposition-notification');
    expect(readDispositionReport(raw)).toMatchObject({ disposition: 'deleted', automatic: true });
  });

  test('takes no line from a mail that was made to write one', () => {
    const evil = {
      ...mdn.original,
      subject: 'a\r\nBcc: x@y.test\r\n\r\nbody',
      messageId: '<a>\r\nBcc: x@y.test',
      originalRecipient: 'rfc822; a\r\nDisposition: x',
    };
    const raw = composeMdn({ ...mdn, original: evil }).toString();
    expect(raw).not.toMatch(/^Bcc:/im);
    expect(raw.match(/^Disposition:/gim)).toHaveLength(1);
  });
});

test('what other programs send is read, and what says nothing is none', () => {
  const report = (fields: string) =>
    Buffer.from(
      `From: bob@example.test\r\nContent-Type: multipart/report; report-type=disposition-notification; boundary=b\r\n\r\n` +
        `--b\r\n\r\nread\r\n--b\r\nContent-Type: message/disposition-notification\r\n\r\n${fields}\r\n--b\r\n` +
        `Content-Type: message/rfc822\r\n\r\nMessage-ID: <of-the-mail@a.test>\r\n\r\n\r\n--b--\r\n`,
    );
  expect(
    readDispositionReport(
      report(
        '\r\nFinal-Recipient: rfc822;<b@c.test>\r\nDisposition: automatic-action/MDN-sent-automatically; Displayed/error,x',
      ),
    ),
  ).toEqual({
    messageId: '<of-the-mail@a.test>',
    address: 'b@c.test',
    finalAddress: 'b@c.test',
    disposition: 'displayed',
    automatic: true,
  });
  for (const none of [
    'Disposition: manual-action/MDN-sent-manually; displayed',
    'Final-Recipient: rfc822; b@c.test',
    'Final-Recipient: rfc822; b@c.test\r\nDisposition: x; eaten',
  ])
    expect(readDispositionReport(report(none)), none).toBeUndefined(); // prettier-ignore
  expect(readDispositionReport(Buffer.from('Subject: x\r\n\r\nhello'))).toBeUndefined();
});
