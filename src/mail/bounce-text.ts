/**
 * What servers say when they refuse a mail, in words: an enhanced status (RFC 3463) is found in the text, or guessed from
 * the phrases that are in use everywhere.
 */

/** Phrases as they occur in replies, in lower case, and what they mean; the first that occurs counts. */
const PHRASES: readonly (readonly [phrase: string, subjectAndDetail: string])[] = [
  // Whose mailbox is full may have one again tomorrow.
  ['over quota', '2.2'],
  ['overquota', '2.2'],
  ['quota exceeded', '2.2'],
  ['exceeded storage', '2.2'],
  ['exceeds quota', '2.2'],
  ['mailbox full', '2.2'],
  ['mailbox is full', '2.2'],
  ['insufficient storage', '2.2'],
  ['out of storage', '2.2'],
  ['too large', '3.4'],
  ['message size exceeds', '3.4'],
  ['exceeds size limit', '3.4'],
  // Refused for what it is or where it comes from, not for whom it is for.
  ['blacklist', '7.1'],
  ['blocklist', '7.1'],
  ['blocked using', '7.1'],
  ['listed at', '7.1'],
  ['spam', '7.1'],
  ['reputation', '7.1'],
  ['dmarc', '7.1'],
  ['policy', '7.1'],
  ['relay', '7.1'],
  ['too many connections', '4.5'],
  ['rate limit', '4.5'],
  ['greylist', '4.5'],
  ['try again later', '4.5'],
  ['too many hops', '4.6'],
  ['mail loop', '4.6'],
  ['loops back to myself', '4.6'],
  ['domain not found', '1.2'],
  ['host not found', '1.2'],
  ['no such domain', '1.2'],
  ['unrouteable address', '1.2'],
  ['unrouteable mail domain', '1.2'],
  ["couldn't find any host", '1.2'],
  ['name service error', '4.4'],
  ['timed out', '4.1'],
  ['connection refused', '4.1'],
  ['no route to host', '4.1'],
  ["wasn't able to establish an smtp connection", '4.1'],
  ['disabled', '2.1'],
  ['suspended', '2.1'],
  ['inactive', '2.1'],
  ['deactivated', '2.1'],
  ['expired', '2.1'],
  ['user unknown', '1.1'],
  ['unknown user', '1.1'],
  ['no such user', '1.1'],
  ['no such recipient', '1.1'],
  ['no such address', '1.1'],
  ['unknown recipient', '1.1'],
  ['recipient unknown', '1.1'],
  ['recipient not found', '1.1'],
  ['user not found', '1.1'],
  ['unknown address', '1.1'],
  ['address unknown', '1.1'],
  ['address not found', '1.1'],
  ['invalid recipient', '1.1'],
  ['invalid mailbox', '1.1'],
  ['does not exist', '1.1'],
  ["doesn't exist", '1.1'],
  ["doesn't have a", '1.1'],
  ['no mailbox here', '1.1'],
  ['mailbox not found', '1.1'],
  ['mailbox unavailable', '1.1'],
  ['not a valid mailbox', '1.1'],
  ['not our customer', '1.1'],
  ['recipient rejected', '1.1'],
  ['수신자', '1.1'],
];

/** Text that is looked at. */
const MOST = 4_000;

/** `5.1.1`; undefined when the text does not tell whether it is for good. */
export function statusIn(text: string): string | undefined {
  const some = text.slice(0, MOST);
  const code = replyCode(some);
  const written = /(?:^|[^\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])/.exec(some)?.[1];
  // Some servers say 5.0.0 or x.x.0 and mean more.
  if (written !== undefined && !/^\d\.\d+\.0$/.test(written)) return written;
  const kind = written?.charAt(0) ?? code?.charAt(0);
  const meaning = meaningOf(some);
  if (kind !== undefined) return meaning === undefined ? (written ?? `${kind}.0.0`) : `${kind}.${meaning}`;
  return meaning === undefined ? undefined : `5.${meaning}`;
}

/** Subject and detail, such as `1.1`. */
export function meaningOf(text: string): string | undefined {
  const lower = text.slice(0, MOST).toLowerCase();
  return PHRASES.find(([phrase]) => lower.includes(phrase))?.[1];
}

/** A reply code (RFC 5321 §4.2): `550`. */
function replyCode(text: string): string | undefined {
  return /(?:^|[^\d.])([45][0-5]\d)(?=[ -]|$)/m.exec(text)?.[1];
}
