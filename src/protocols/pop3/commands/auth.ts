import { SaslError, type SaslFault } from '../../../net/sasl-error.ts';
import { type SaslExchange, saslFinish, saslMechanisms, saslSignIn } from '../../../net/sasl.ts';
import { command } from '../command.ts';
import { words } from '../wire/command-line.ts';

const FAULTS: { readonly [fault in SaslFault]: string } = {
  aborted: 'Cancelled',
  malformed: 'That is not what the mechanism says',
  binding: 'The channel binding does not match',
  'too-long': 'The response is too long',
  'unknown-mechanism': 'That mechanism is not offered',
};

const OPEN_MECHANISMS = ['OAUTHBEARER', 'XOAUTH2', 'PLAIN'] as const;

/** AUTH (RFC 5034), with or without an initial response. */
export const auth = command({
  name: 'AUTH',
  states: ['authorization'],
  capabilities: (session) =>
    session.maySendPassword ? [`SASL ${saslMechanisms(session.channel, OPEN_MECHANISMS).join(' ')}`] : [],
  parse(rest) {
    const [mechanism, initial, ...more] = words(rest);
    return mechanism === undefined || more.length > 0 ? undefined : { mechanism, initial };
  },
  async run({ mechanism, initial }, session) {
    if (!session.requirePrivacy()) return;
    const { channel } = session;
    const exchange: SaslExchange = (challenge) => session.ask(challenge);
    try {
      const outcome = await saslSignIn(mechanism, initial, exchange, {
        channel,
        mechanisms: saslMechanisms(channel, OPEN_MECHANISMS),
        password: (address, password) => session.byPassword(address, password),
        scram: (address) => session.byScram(address),
        tokens: { scope: 'pop3', open: (token, address) => session.byToken(token, address) },
      });
      await saslFinish(outcome, exchange);
      await outcome.who();
    } catch (error) {
      if (!(error instanceof SaslError)) throw error;
      session.error(FAULTS[error.fault]);
    }
  },
});
