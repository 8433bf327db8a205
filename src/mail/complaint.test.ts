import { expect, test } from 'vitest';
import { readFeedbackReport } from './complaint.ts';

const read = (text: string) => readFeedbackReport(Buffer.from(text.replaceAll('\n', '\r\n')));

/** After the example of RFC 5965 appendix B.2. */
const EXAMPLE = `From: <abusedesk@example.com>
Date: Thu, 8 Mar 2005 17:40:36 EDT
Subject: FW: Earn money
To: <abuse@example.net>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report;
     boundary="part1_13d.2e68ed54_boundary"

--part1_13d.2e68ed54_boundary
Content-Type: text/plain; charset="US-ASCII"

This is an email abuse report.
--part1_13d.2e68ed54_boundary
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: SomeGenerator/1.0
Version: 1
Original-Mail-From: <somespammer@example.net>
Original-Rcpt-To: <user@example.com>
Original-Rcpt-To: <other@example.com>
Received-Date: Thu, 8 Mar 2005 14:00:00 EDT
Source-IP: 192.0.2.1
Reported-Domain: Example.NET
Reported-Uri: http://example.net/earn_money.html
Incidents: 3
Removal-Recipient: user@example.com

--part1_13d.2e68ed54_boundary
Content-Type: message/rfc822

From: <somespammer@example.net>
Received: from mailserver.example.net
To: <Undisclosed Recipients>
Subject: Earn money
Message-ID: 8787KJKJ3K4J3K4J3K4J3.mail@example.net

Spam Spam Spam
--part1_13d.2e68ed54_boundary--
`;

test('everything that is told', () => {
  expect(read(EXAMPLE)).toEqual({
    type: 'abuse',
    author: 'somespammer@example.net',
    returnPath: '',
    userAgent: 'SomeGenerator/1.0',
    mailFrom: 'somespammer@example.net',
    recipients: ['user@example.com', 'other@example.com'],
    sourceIp: '192.0.2.1',
    reportedDomains: ['example.net'],
    arrivalDate: 'Thu, 8 Mar 2005 14:00:00 EDT',
    incidents: 3,
    messageId: '8787KJKJ3K4J3K4J3K4J3.mail@example.net',
  });
});

test('a report with nothing but its type', () => {
  const short = EXAMPLE.replace(/User-Agent[^]*Removal.*\n/, '');
  expect(read(short)).toMatchObject({ type: 'abuse', recipients: [], incidents: 1, mailFrom: '' });
});

test('what is no such report', () => {
  expect(read('From: a@b.test\n\nthis is spam\n')).toBeUndefined();
  expect(read(EXAMPLE.replace('Feedback-Type: abuse\n', ''))).toBeUndefined();
  expect(read(EXAMPLE.replace('message/feedback-report', 'text/plain'))).toBeUndefined();
});
