/** Mails that deceive and mails that do not, as they are written down for the test of the warnings. */
import { Buffer } from 'node:buffer';

export interface Draft {
  /** As in the field: `"Name" <address>`. */
  readonly from: string;
  readonly reply?: string;
  readonly subject: string;
  readonly text?: string;
  readonly html?: string;
  /** Name of an attached file. */
  readonly file?: string;
  /** Whether the author's domain stands behind it; default true. */
  readonly proven?: boolean;
  /** What the author's domain asks for when it does not. */
  readonly policy?: 'none' | 'reject';
  readonly list?: boolean;
}

/** One mail for each row. */
export function each<Row extends readonly string[]>(rows: readonly Row[], draft: (...row: Row) => Draft): Draft[] {
  return rows.map((row) => draft(...row));
}

/** The raw mail. */
export function written({ from, reply, subject, text, html, file, list }: Draft): Buffer {
  const fields = [
    `From: ${from}`,
    'To: <mina@hanbit.example>',
    `Subject: ${subject}`,
    ...(reply === undefined ? [] : [`Reply-To: ${reply}`]),
    ...(list ? ['List-Id: <news.list.example>', 'List-Unsubscribe: <https://list.example/u>'] : []),
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary=b',
  ];
  const part = (type: string, content: string): string =>
    `--b\r\nContent-Type: ${type}; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n${content}\r\n`;
  const attached =
    file === undefined
      ? ''
      : `--b\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename="${file}"\r\n\r\nx\r\n`; // prettier-ignore
  const body = [text === undefined ? '' : part('text/plain', text), html === undefined ? '' : part('text/html', html)];
  return Buffer.from(`${fields.join('\r\n')}\r\n\r\n${body.join('')}${attached}--b--\r\n`);
}
