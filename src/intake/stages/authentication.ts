/** Who sent it: checked while the mail comes in, and what its author's domain asks for is done. */
import type { MailStore } from '../../mailstore/api.ts';
import type { Authenticator } from '../authentication/check.ts';
import type { Stage } from '../pipeline.ts';
import { INTAKE } from './parts.ts';

export interface AuthenticationParts {
  readonly store: Pick<MailStore, 'open'>;
  readonly authenticator: Pick<Authenticator, 'begin'>;
}

/**
 * Into Junk goes what its author's domain asks to be put aside (DMARC). Before the owner's rules: nobody is to be answered, and
 * nothing passed on, in the name of somebody who did not write.
 */
export function authentication({ store, authenticator }: AuthenticationParts): Stage {
  return {
    name: 'authentication',
    does: 'checks SPF, DKIM, ARC and DMARC of mail from other servers; refuses it, or puts it into Junk, where its domain asks for that',
    needs: ['envelope', 'header', 'body'],
    gives: ['authentication'],
    onFailure: 'retry',
    check: ({ source, sender, origin, header }) =>
      source === 'outside' ? authenticator.begin(sender, origin, header) : undefined,
    async deliver({ mail, recipient }) {
      const { staged, deliveryId, own } = recipient;
      if (mail.authentication?.dmarc.disposition !== 'quarantine' || own !== undefined) return false;
      using account = await store.open(INTAKE, staged.account);
      const junk = account.folderWithRole('junk');
      if (junk === undefined) return false;
      await account.publish(staged, { folder: junk.id, flags: 0, internalDate: mail.received, deliveryId });
      return true;
    },
  };
}
