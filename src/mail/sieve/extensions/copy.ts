/** copy (RFC 3894): the implicit keep is not cancelled. The commands look for the tag themselves. */
import type { Extension } from '../language.ts';

export const copy: Extension = {
  name: 'copy',
  tags: [{ on: ['fileinto', 'redirect'], tag: { name: 'copy' } }],
};
