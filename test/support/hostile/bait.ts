/** What a hostile mail tries with: code that tells that it ran, and addresses that must never be asked for. */

export interface Bait {
  /** Without quotes, blanks and angle brackets, so that it fits everywhere. The page defines `ran`. */
  readonly js: string;
  /** Each mail has a host of its own: also who only looks up its name is found. */
  readonly url: (path: string) => string;
  readonly host: string;
}

export type Markup = (bait: Bait) => string;

export interface HostileMail {
  readonly number: number;
  readonly family: string;
  readonly raw: Buffer;
}

export const CANARY_DOMAIN = 'canary.test';

export function baitOf(number: number, port: number): Bait {
  const host = `h${number}.${CANARY_DOMAIN}:${port}`;
  return { js: `ran(${number})`, host, url: (path) => `http://${host}/${path}` };
}

/** Subjects begin with it, and so a mail is found in lists. */
export function nameOf(number: number): string {
  return `Hostile ${number}`;
}

export function subjectOf(number: number): string {
  return `${nameOf(number)} <img src=x onerror="ran(${number})">`;
}

export function encoded(text: string, charset = 'utf-8'): string {
  return `=?${charset}?B?${Buffer.from(text).toString('base64')}?=`;
}

export function base64Lines(content: string | Buffer): string[] {
  return (
    Buffer.from(content)
      .toString('base64')
      .match(/.{1,76}/g) ?? []
  );
}

/** A header of its own kind, with what every mail has. */
export function head(number: number, fields: Readonly<Record<string, string>> = {}): string[] {
  const all = {
    From: 'Hostile <hostile@elsewhere.test>',
    Subject: subjectOf(number),
    'Message-ID': `<hostile-${number}@elsewhere.test>`,
    'MIME-Version': '1.0',
    ...fields,
  };
  return Object.entries(all).map(([name, value]) => `${name}: ${value}`);
}

export function mail(lines: readonly string[]): Buffer {
  return Buffer.from(lines.join('\r\n'));
}

export function htmlMail(number: number, html: string): Buffer {
  return mail([
    ...head(number, { 'Content-Type': 'text/html; charset=utf-8', 'Content-Transfer-Encoding': 'base64' }),
    '',
    ...base64Lines(html),
    '',
  ]);
}
