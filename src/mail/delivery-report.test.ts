import { describe, expect, it } from 'vitest';
import { classify } from './bounce.ts';
import { readDeliveryReport } from './delivery-report.ts';

const read = (text: string) => readDeliveryReport(Buffer.from(text.replaceAll('\n', '\r\n')));

/** A report as RFC 3464 has it. */
const report = (status: string, returned = 'Message-ID: <1@ours.test>\nSubject: hi\n'): string =>
  `From: MAILER-DAEMON@remote.test
To: bounces@ours.test
Content-Type: multipart/report; report-type=delivery-status; boundary="b"
MIME-Version: 1.0

--b
Content-Type: text/plain

It could not be delivered.
--b
Content-Type: message/delivery-status

${status}
--b
Content-Type: text/rfc822-headers

${returned}
--b--
`;

/** Who, what became of it, and what that means. */
const told = (text: string): string[] | undefined =>
  read(text)?.recipients.map((one) => `${one.address} ${one.action} ${one.status} ${classify(one)}`);

describe('delivery status notifications (RFC 3464)', () => {
  it('everything that is told', () => {
    const text = report(`Reporting-MTA: dns; mx.remote.test
Original-Envelope-Id: QQ314159
Arrival-Date: Sat, 21 Nov 2026 10:00:00 +0000

Original-Recipient: rfc822; Kim@Remote.test
Final-Recipient: rfc822; kim@inner.remote.test
Action: failed
Status: 5.1.1 (no such user)
Remote-MTA: dns; inner.remote.test
Diagnostic-Code: smtp; 550 5.1.1 <kim@inner.remote.test>:
  Recipient address rejected: User unknown`);
    expect(read(text)).toEqual({
      form: 'rfc3464',
      reportingMta: 'mx.remote.test',
      envelopeId: 'QQ314159',
      messageId: '<1@ours.test>',
      recipients: [
        {
          address: 'Kim@Remote.test',
          finalAddress: 'kim@inner.remote.test',
          action: 'failed',
          status: '5.1.1',
          diagnostic: '550 5.1.1 <kim@inner.remote.test>: Recipient address rejected: User unknown',
          remoteMta: 'inner.remote.test',
        },
      ],
    });
  });

  it.each([
    ['5.1.1', '550 no', 'failed', 'hard'],
    ['5.1.2', 'Host not found', 'failed', 'hard'],
    ['5.1.10', 'null MX', 'failed', 'hard'],
    ['5.2.1', 'disabled', 'failed', 'hard'],
    ['5.2.2', 'mailbox full', 'failed', 'soft'],
    ['5.7.1', 'blocked', 'failed', 'soft'],
    ['5.7.26', 'unauthenticated', 'failed', 'soft'],
    ['5.3.4', 'too big', 'failed', 'soft'],
    ['5.4.6', 'loop', 'failed', 'soft'],
    ['4.4.1', 'connection timed out', 'failed', 'soft'],
    ['4.4.7', 'still trying', 'delayed', 'soft'],
    ['2.0.0', 'ok', 'delivered', 'none'],
    ['2.0.0', 'ok', 'relayed', 'none'],
  ])('%s (%s), %s: %s', (status, diagnostic, action, meaning) => {
    const text = report(
      `Reporting-MTA: dns; a\n\nFinal-Recipient: rfc822;k@r.test\nAction: ${action}\nStatus: ${status}\nDiagnostic-Code: smtp; ${diagnostic}`,
    );
    expect(told(text)).toEqual([`k@r.test ${action} ${status} ${meaning}`]);
  });

  it('a status that says nothing is read from the diagnostic text', () => {
    const text = (code: string) =>
      report(
        `Reporting-MTA: dns; a\n\nFinal-Recipient: rfc822;k@r.test\nAction: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; ${code}`,
      );
    expect(told(text('550 No such user here'))).toEqual(['k@r.test failed 5.1.1 hard']);
    expect(told(text('552 mailbox full'))).toEqual(['k@r.test failed 5.2.2 soft']);
    expect(told(text('554 5.7.1 policy'))).toEqual(['k@r.test failed 5.7.1 soft']);
    expect(told(text('x-unix; 0x45'))).toEqual(['k@r.test failed 5.0.0 soft']);
  });

  it('several recipients, an empty line too many, and fields in any case', () => {
    const text = report(
      `\nREPORTING-MTA:dns;a\n\n\nfinal-recipient:RFC822;a@r.test\nACTION:Failed\nSTATUS:5.1.1\n\nFinal-Recipient: rfc822;<b@r.test>\nAction: delayed\nStatus: 4.2.2\n`,
    );
    expect(told(text)).toEqual(['a@r.test failed 5.1.1 hard', 'b@r.test delayed 4.2.2 soft']);
  });

  it('international ones (RFC 6533)', () => {
    const text = report(
      'Reporting-MTA: dns; a\n\nFinal-Recipient: utf-8;k@r.test\nAction: failed\nStatus: 5.1.1',
    ).replace('message/delivery-status', 'message/global-delivery-status');
    expect(told(text)).toEqual(['k@r.test failed 5.1.1 hard']);
  });
});

describe('free text', () => {
  it('qmail', () => {
    const text = `From: MAILER-DAEMON@remote.test
Subject: failure notice

Hi. This is the qmail-send program at remote.test.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<nobody@remote.test>:
Sorry, no mailbox here by that name. (#5.1.1)

<lee@other.test>:
192.0.2.1 failed after I sent the message.
Remote host said: 552 mailbox full

--- Below this line is a copy of the message.

Return-Path: <kim@ours.test>
Message-ID: <2@ours.test>
To: x@never.test
`;
    expect(told(text)).toEqual(['nobody@remote.test failed 5.1.1 hard', 'lee@other.test failed 5.2.2 soft']);
    expect(read(text)?.messageId).toBe('<2@ours.test>');
  });

  it('Exim', () => {
    const text = `X-Failed-Recipients: nobody@remote.test
From: Mail Delivery System <Mailer-Daemon@mx.test>
Subject: Mail delivery failed: returning message to sender

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  nobody@remote.test
    host mx.remote.test [192.0.2.1]
    SMTP error from remote mail server after RCPT TO:<nobody@remote.test>:
    550 Unrouteable address

------ This is a copy of the message, including all the headers. ------

Message-ID: <3@ours.test>
`;
    expect(told(text)).toEqual(['nobody@remote.test failed 5.1.2 hard']);
    expect(read(text)?.messageId).toBe('<3@ours.test>');
  });

  it('Sendmail', () => {
    const text = `Subject: Returned mail: see transcript for details

   ----- The following addresses had permanent fatal errors -----
<nobody@remote.test>
    (reason: 550 5.1.1 <nobody@remote.test>... User unknown)

   ----- Transcript of session follows -----
... while talking to mx.remote.test.:
`;
    expect(told(text)).toEqual(['nobody@remote.test failed 5.1.1 hard']);
  });

  it('Postfix, without its machine-readable part', () => {
    const text = `Subject: Undelivered Mail Returned to Sender

This is the mail system at host mx.test.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients.

<nobody@remote.test>: host mx.remote.test[192.0.2.1] said: 550 5.1.1
    <nobody@remote.test>: Recipient address rejected: User unknown in local
    recipient table (in reply to RCPT TO command)
`;
    expect(told(text)).toEqual(['nobody@remote.test failed 5.1.1 hard']);
  });

  it('a provider that writes sentences', () => {
    const text = `X-Failed-Recipients: nobody@remote.test
Subject: Delivery Status Notification (Failure)

Your message wasn't delivered to nobody@remote.test because the address couldn't be found,
or is unable to receive mail.

The response from the remote server was:
550 5.1.1 The email account that you tried to reach does not exist.
`;
    expect(told(text)).toEqual(['nobody@remote.test failed 5.1.1 hard']);
  });
});

describe('what is no report', () => {
  it.each([
    ['an ordinary mail', 'From: a@b.test\nSubject: x\n\nDid you reach <kim@remote.test>? He said 550 5.1.1 to me.\n'],
    ['a read receipt', report('').replaceAll('delivery-status', 'disposition-notification')],
    ['a report without recipients', report('Reporting-MTA: dns; a')],
    ['nothing', ''],
  ])('%s', (_what, text) => expect(read(text)).toBeUndefined());
});
