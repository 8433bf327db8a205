import { SaslError, type SaslFault } from '../../../net/sasl-error.ts';
import { saslMechanisms, saslSignIn } from '../../../net/sasl.ts';
import { type Command, NOT_SIGNED_IN, text } from '../command.ts';
import { string } from '../wire/string.ts';

const FAULTS: { readonly [fault in SaslFault]: string } = {
  aborted: 'Cancelled',
  malformed: 'That is not what the mechanism says',
  binding: 'The channel binding does not match',
  'too-long': 'The response is too long',
  'unknown-mechanism': 'That mechanism is not offered',
};

const OPEN_MECHANISMS = ['OAUTHBEARER', 'XOAUTH2', 'PLAIN'] as const;

/** AUTHENTICATE (RFC 5804 §2.1), with or without an initial response. What the server says last stands in its OK. */
export const authenticate: Command = {
  name: 'AUTHENTICATE',
  states: NOT_SIGNED_IN,
  arguments: ['string', 'string'],
  required: 1,
  capabilities: (session) => [
    ['SASL', session.maySendPassword ? saslMechanisms(session.channel, OPEN_MECHANISMS).join(' ') : ''],
  ],
  async run([mechanism, initial], session) {
    const { channel } = session;
    const mechanisms = saslMechanisms(channel, OPEN_MECHANISMS);
    const name = text(mechanism);
    if (!mechanisms.some((one) => one === name.toUpperCase())) return session.no(FAULTS['unknown-mechanism']);
    if (!session.maySendPassword) return session.no('Sign in over TLS: say STARTTLS first', 'ENCRYPT-NEEDED');
    try {
      const first = initial === undefined ? undefined : text(initial);
      const { who, last } = await saslSignIn(name, first, (challenge) => session.ask(challenge), {
        channel,
        mechanisms,
        ...session.door,
      });
      await session.signIn(who);
      session.ok('Welcome', last === undefined ? '' : `SASL ${string(last)}`);
    } catch (error) {
      if (!(error instanceof SaslError)) throw error;
      session.no(FAULTS[error.fault]);
    }
  },
};
