/** Addresses of header fields and of the envelope, in the parts that tests compare (RFC 5228 §2.7.4). */
import { parseMailbox } from '../path.ts';
import type { SieveField } from './header.ts';
import type { AddressPart } from './language.ts';

export function addressParts(field: SieveField, part: AddressPart): string[] {
  return field.addresses.map((address) => part.of(address)).filter((found) => found !== undefined);
}

/** Of an envelope address; '' for the null sender, whatever part is asked for. */
export function envelopePart(address: string, part: AddressPart): string | undefined {
  if (address === '') return part.name === 'detail' ? undefined : '';
  const mailbox = parseMailbox(address);
  return mailbox === undefined ? address : part.of(mailbox);
}
