import { listing } from '../listing.ts';

/** UIDL (RFC 1939 §7). */
export const uidl = listing('UIDL', (maildrop, number) => maildrop.uniqueId(number), ['UIDL']);
