/** subaddress (RFC 5233): `user+detail@domain`. */
import type { Extension } from '../language.ts';

/** A '+' in front belongs to the name. */
function plus(local: string): number {
  return local.indexOf('+', 1);
}

export const subaddress: Extension = {
  name: 'subaddress',
  addressParts: [
    { name: 'user', of: ({ local }) => (plus(local) < 0 ? local : local.slice(0, plus(local))) },
    { name: 'detail', of: ({ local }) => (plus(local) < 0 ? undefined : local.slice(plus(local) + 1)) },
  ],
};
