/** extlists (RFC 6134): lists that are kept elsewhere, as the address book. */
import type { Extension } from '../language.ts';

/** URIs may be written short (RFC 6134 §2.8). */
const SHORT = ':addrbook:';
const LONG = 'urn:ietf:params:sieve:addrbook:';

/** What a script calls a list, as a URI. */
export function listUri(name: string): string {
  return name.toLowerCase().startsWith(SHORT) ? LONG + name.slice(SHORT.length).toLowerCase() : name;
}

export const extlists: Extension = {
  name: 'extlists',
  matchTypes: [{ name: 'list', asks: true, match: () => undefined }],
  tags: [{ on: ['redirect'], tag: { name: 'list' } }],
  tests: [
    {
      name: 'valid_ext_list',
      positional: [{ name: 'names', kind: 'strings' }],
      evaluate: (call, machine) =>
        machine.strings(call, 'names').every((name) => machine.host.list(listUri(name)) !== undefined),
    },
  ],
};
