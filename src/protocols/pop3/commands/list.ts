import { listing } from '../listing.ts';

/** LIST (RFC 1939 §5). */
export const list = listing('LIST', (maildrop, number) => maildrop.size(number), []);
