/** A mail that passed too many servers goes round (RFC 5321 §6.3). */
import { MailError } from '../../mail/error.ts';
import type { Stage } from '../pipeline.ts';
import { hops, MAX_HOPS } from '../trace.ts';

export function loop(): Stage {
  return {
    name: 'loop',
    does: `refuses mail that has passed ${MAX_HOPS} servers`,
    needs: ['header'],
    onFailure: 'retry',
    header({ header }) {
      const count = hops(header);
      if (count >= MAX_HOPS) throw new MailError('mail-loop', 'user', `it has passed ${count} servers: this is a loop`);
    },
  };
}
