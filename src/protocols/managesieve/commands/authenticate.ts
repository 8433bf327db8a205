import { SaslError, saslCredentials } from '../../../net/sasl.ts';
import type { SaslFault } from '../../../net/sasl.ts';
import { type Command, NOT_SIGNED_IN, text } from '../command.ts';

const FAULTS: { readonly [fault in SaslFault]: string } = {
  aborted: 'Cancelled',
  malformed: 'That is not a SASL PLAIN message',
  'too-long': 'The response is too long',
  'unknown-mechanism': 'PLAIN is the mechanism there is',
};

/** AUTHENTICATE (RFC 5804 §2.1): SASL PLAIN, with or without an initial response. */
export const authenticate: Command = {
  name: 'AUTHENTICATE',
  states: NOT_SIGNED_IN,
  arguments: ['string', 'string'],
  required: 1,
  capabilities: (session) => [['SASL', session.maySendPassword ? 'PLAIN' : '']],
  async run([mechanism, initial], session) {
    if (text(mechanism).toUpperCase() !== 'PLAIN') return session.no(FAULTS['unknown-mechanism']);
    if (!session.maySendPassword) return session.no('Sign in over TLS: say STARTTLS first', 'ENCRYPT-NEEDED');
    try {
      const first = initial === undefined ? undefined : text(initial);
      const { address, password } = await saslCredentials('PLAIN', first, (challenge) => session.ask(challenge));
      await session.signIn(address, password);
      session.ok('Welcome');
    } catch (error) {
      if (!(error instanceof SaslError)) throw error;
      session.no(FAULTS[error.fault]);
    }
  },
};
