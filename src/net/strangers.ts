/**
 * The first words of other protocols. Whoever sends them to a mail port has the wrong port, or makes a browser or a load
 * balancer speak to us for him: nothing more of theirs is read.
 */

/** HTTP (PRI begins HTTP/2), and the header that only trusted balancers may send. */
const NEVER_MAIL: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'OPTIONS',
  'CONNECT',
  'PATCH',
  'TRACE',
  'PRI',
  'PROXY',
]);
const SMTP: ReadonlySet<string> = new Set(['EHLO', 'HELO', 'LHLO', 'MAIL', 'RCPT']);
const LONGEST = 7;
const SPACE = 0x20;

/** Is this line, which was no command of `ours`, the beginning of something else? */
export function speaksAnother(line: Buffer, ours: 'smtp' | 'imap' | 'pop3'): boolean {
  // A TLS handshake record on a port where TLS has to be asked for.
  if (line[0] === 0x16 && line[1] === 0x03) return true;
  if (line.toString('latin1', 0, 4) === 'SSH-') return true;
  const space = line.subarray(0, LONGEST + 1).indexOf(SPACE);
  const word = line.toString('latin1', 0, space === -1 ? LONGEST + 1 : space).toUpperCase();
  return NEVER_MAIL.has(word) || (ours !== 'smtp' && SMTP.has(word));
}
