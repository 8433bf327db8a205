/** Addresses of header fields and of the envelope, in the parts that tests compare (RFC 5228 §2.7.4). */
import { parseAddressList } from '../address.ts';
import { parseMailbox } from '../path.ts';
import { decodeEightBit } from '../words.ts';
import type { AddressPart } from './language.ts';

/** Of a field's value (one character per byte): that part of each address in it. */
export function addressParts(value: string, part: AddressPart): string[] {
  const parts: string[] = [];
  for (const entry of parseAddressList(value)) {
    if (entry.kind !== 'mailbox' || (entry.local === '' && entry.domain === '')) continue;
    const found = part.of({ local: decodeEightBit(entry.local, ''), domain: decodeEightBit(entry.domain, '') });
    if (found !== undefined) parts.push(found);
  }
  return parts;
}

/** Of an envelope address; '' for the null sender, whatever part is asked for. */
export function envelopePart(address: string, part: AddressPart): string | undefined {
  if (address === '') return part.name === 'detail' ? undefined : '';
  const mailbox = parseMailbox(address);
  return mailbox === undefined ? address : part.of(mailbox);
}
