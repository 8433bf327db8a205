/** Who receives: all domains whose mail the same operator takes are one, whatever they are called. */
import { isIP } from 'node:net';
import { getDomain } from 'tldts';
import type { Hop } from '../route.ts';

/** The organisational domain of a mail server, or its network where it has no name. */
export function providerOf({ host }: Pick<Hop, 'host'>): string {
  const name = host.toLowerCase();
  switch (isIP(name)) {
    case 4:
      return `${name.slice(0, name.lastIndexOf('.'))}.0/24`;
    case 6:
      return name;
    default:
      return getDomain(name, { validateHostname: false }) ?? name;
  }
}
