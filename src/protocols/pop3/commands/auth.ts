import { SaslError, saslCredentials } from '../../../net/sasl.ts';
import type { SaslFault } from '../../../net/sasl.ts';
import { command } from '../command.ts';
import { words } from '../wire/command-line.ts';

const FAULTS: { readonly [fault in SaslFault]: string } = {
  aborted: 'Cancelled',
  malformed: 'That is not a SASL PLAIN message',
  'too-long': 'The response is too long',
  'unknown-mechanism': 'PLAIN is the mechanism there is',
};

/** AUTH (RFC 5034): SASL PLAIN, with or without an initial response. */
export const auth = command({
  name: 'AUTH',
  states: ['authorization'],
  capabilities: (session) => (session.maySendPassword ? ['SASL PLAIN'] : []),
  parse(rest) {
    const [mechanism, initial, ...more] = words(rest);
    return mechanism === undefined || more.length > 0 ? undefined : { mechanism, initial };
  },
  async run({ mechanism, initial }, session) {
    if (!session.requirePrivacy()) return;
    if (mechanism.toUpperCase() !== 'PLAIN') return session.error(FAULTS['unknown-mechanism']);
    try {
      const { address, password } = await saslCredentials(mechanism, initial, (challenge) => session.ask(challenge));
      await session.signIn(address, password);
    } catch (error) {
      if (!(error instanceof SaslError)) throw error;
      session.error(FAULTS[error.fault]);
    }
  },
});
