/** Results that claim to be ours and are not (RFC 8601 §5), and logos that are not for the sender to choose: whoever reads them would believe them. */
import { authservIdOf } from '../../mail/authentication-results.ts';
import type { HeaderBlock } from '../../mail/header.ts';

/** BIMI: what a receiver writes. */
const LOGOS: ReadonlySet<string> = new Set(['bimi-location', 'bimi-indicator']);

/** `head` without them; itself when there are none. */
export function withoutForgedResults(head: Buffer, header: HeaderBlock, authservId: string): Buffer {
  const ours = authservId.toLowerCase();
  const forged = header.fields.filter(
    (field) =>
      LOGOS.has(field.name) ||
      (field.name === 'authentication-results' && authservIdOf(header.valueOf(field)) === ours),
  );
  if (forged.length === 0) return head;
  const pieces: Buffer[] = [];
  let from = 0;
  for (const { start, end } of forged) {
    pieces.push(head.subarray(from, start));
    from = end;
  }
  return Buffer.concat([...pieces, head.subarray(from)]);
}
