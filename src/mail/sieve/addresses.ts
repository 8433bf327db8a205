/** Addresses of header fields and of the envelope, in the parts that tests compare (RFC 5228 §2.7.4). */
import { parseAddressList } from '../address.ts';
import { type Mailbox, parseMailbox } from '../path.ts';
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

/** The address in `Name <address>` or alone (RFC 5228 §2.4.2.3); undefined when it is none. */
export function soleMailbox(text: string): Mailbox | undefined {
  const [only, ...more] = parseAddressList(Buffer.from(text).toString('latin1'));
  if (only?.kind !== 'mailbox' || more.length > 0) return undefined;
  const { local, domain } = only;
  // What the list's parser took for a name is none where the whole is an address, as a quoted local part.
  return parseMailbox(text.trim()) ?? parseMailbox(Buffer.from(`${local}@${domain}`, 'latin1').toString());
}
