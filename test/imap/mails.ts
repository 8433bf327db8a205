/** Small mails that differ in their number. */

/** `more`: further header fields, each with its CRLF. */
export const mail = (n: number, more = ''): string =>
  `From: Sender <s${n}@example.test>\r\nSubject: mail ${n}\r\nDate: Mon, ${n} Feb 1994 21:52:25 -0800\r\n${more}\r\nbody ${n}\r\n`;

export const many = (count: number): string[] => Array.from({ length: count }, (_, i) => mail(i + 1));
