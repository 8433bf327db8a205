/** The mail that carries a report about a domain (RFC 9990 §4, RFC 8460 §5.3): a line for people, and the packed report. */
import { formatAddress } from '../compose.ts';
import { formatDate } from '../date.ts';

export interface ReportMail {
  readonly organization: string;
  readonly from: string;
  readonly to: string;
  /** ASCII. */
  readonly subject: string;
  /** Milliseconds since 1970. */
  readonly date: number;
  /** With its angle brackets. */
  readonly messageId: string;
  /** More lines of the header, without line ends. */
  readonly fields: readonly string[];
  /** Of the whole: `mixed`, or `report; report-type=tlsrpt`. */
  readonly multipart: string;
  readonly text: string;
  /** ASCII without quotes. */
  readonly filename: string;
  readonly type: string;
  readonly content: Uint8Array;
}

export function reportMail(mail: ReportMail): Buffer {
  const boundary = `=_report_${mail.date.toString(36)}`;
  const encoded = Buffer.from(mail.content).toString('base64').replaceAll(/.{76}/g, '$&\r\n').trimEnd();
  return Buffer.from(
    [
      `From: ${formatAddress({ name: mail.organization, address: mail.from })}`,
      `To: ${mail.to}`,
      `Subject: ${mail.subject.replaceAll(' ', '\r\n ')}`,
      `Date: ${formatDate(mail.date)}`,
      `Message-ID: ${mail.messageId}`,
      'Auto-Submitted: auto-generated',
      ...mail.fields,
      'MIME-Version: 1.0',
      `Content-Type: multipart/${mail.multipart};\r\n boundary="${boundary}"`,
      '',
      `--${boundary}`,
      'Content-Type: text/plain; charset=us-ascii',
      '',
      mail.text,
      '',
      `--${boundary}`,
      `Content-Type: ${mail.type};\r\n name="${mail.filename}"`,
      `Content-Disposition: attachment;\r\n filename="${mail.filename}"`,
      'Content-Transfer-Encoding: base64',
      '',
      encoded,
      `--${boundary}--`,
      '',
    ].join('\r\n'),
  );
}
