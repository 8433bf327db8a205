/** mailto URIs (RFC 6068) as `notify` uses them (RFC 5436). */
import { parseMailbox } from '../path.ts';

export interface Mailto {
  readonly recipients: readonly string[];
  /** '' when the URI gives none. */
  readonly subject: string;
  readonly body: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

const MOST_RECIPIENTS = 10;
const MOST_HEADERS = 20;
const LONGEST = 8_000;
/** RFC 2368 wrote it encoded, RFC 6068 does not. */
const SEPARATOR = /,|%2c/i;
/** Fields that a URI may not write (RFC 5436 §2.3). */
const OURS =
  /^(from|sender|date|message-id|received|return-path|auto-submitted|mime-version|bcc|content-.{0,40}|resent-.{0,40}|x-priority|importance|in-reply-to|references|reply-to|dkim-signature|authentication-results|received-spf|delivered-to|arc-.{0,40})$/i; // prettier-ignore

/** Undefined when it is not such a URI, or names nobody. */
export function parseMailto(uri: string): Mailto | undefined {
  if (uri.length > LONGEST || uri.slice(0, 7).toLowerCase() !== 'mailto:') return undefined;
  const question = uri.indexOf('?');
  const recipients: string[] = [];
  const headers: [string, string][] = [];
  let subject = '';
  let body = '';
  const to = uri.slice(7, question < 0 ? uri.length : question);
  if (to !== '' && !addRecipients(to.split(SEPARATOR), recipients)) return undefined;
  for (const pair of question < 0 ? [] : uri.slice(question + 1).split('&')) {
    const equals = pair.indexOf('=');
    const name = decoded(pair.slice(0, equals));
    const value = decoded(pair.slice(equals + 1));
    if (equals < 1 || name === undefined || value === undefined) return undefined;
    const lower = name.toLowerCase();
    if (lower === 'to' || lower === 'cc') {
      if (!addRecipients(pair.slice(equals + 1).split(SEPARATOR), recipients)) return undefined;
    } else if (lower === 'subject') subject = oneLine(value);
    else if (lower === 'body') body = value;
    else if (!/^[!-9;-~]{1,60}$/.test(name)) return undefined;
    else if (/^[a-z0-9-]+$/i.test(name) && !OURS.test(name) && headers.length < MOST_HEADERS)
      headers.push([name, oneLine(value)]);
  }
  return recipients.length === 0 ? undefined : { recipients, subject, body, headers };
}

function addRecipients(texts: readonly string[], recipients: string[]): boolean {
  for (const text of texts) {
    const mailbox = parseMailbox(decoded(text)?.trim() ?? '');
    if (mailbox === undefined || recipients.length >= MOST_RECIPIENTS) return false;
    if (!recipients.includes(mailbox.address)) recipients.push(mailbox.address);
  }
  return true;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function oneLine(text: string): string {
  return text.replaceAll(/[\0-\x1f\x7f-\x9f\u2028\u2029]+/g, ' ');
}
