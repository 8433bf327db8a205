/** Who sent it: checked while the mail comes in, and what its author's domain asks for is done. */
import type { Authenticator } from '../authentication/check.ts';
import type { Stage } from '../pipeline.ts';

/**
 * Into Junk goes what its author's domain asks to be put aside (DMARC): nobody is answered, and nothing passed on, in the name of
 * somebody who did not write. Viruses are looked for all the same.
 */
export function authentication(authenticator: Pick<Authenticator, 'begin'>): Stage {
  return {
    name: 'authentication',
    does: 'checks SPF, DKIM, ARC and DMARC of mail from other servers; refuses it, or puts it into Junk, where its domain asks for that',
    needs: ['envelope', 'header', 'body'],
    gives: ['authentication', 'junk'],
    onFailure: 'retry',
    check: ({ source, sender, origin, header }) =>
      source === 'outside' ? authenticator.begin(sender, origin, header) : undefined,
    applies: ({ mail, recipient }) =>
      mail.authentication?.dmarc.disposition === 'quarantine' && recipient.own === undefined,
    async deliver({ findings }) {
      findings.junk = "its author's domain asks for that";
      findings.quarantined = true;
      return false;
    },
  };
}
