import { malformed } from '../wire/decoder.ts';
import { type CapabilityFacts, command } from '../command.ts';
import { Refusal } from '../reply.ts';
import { byPassword, byScram, byToken, requirePrivacy } from './login.ts';
import { SaslError } from '../../../net/sasl-error.ts';
import { type SaslExchange, saslFinish, saslMechanisms, saslSignIn } from '../../../net/sasl.ts';
import type { Session } from '../session.ts';

const OPEN_MECHANISMS = ['OAUTHBEARER', 'XOAUTH2', 'PLAIN', 'LOGIN'] as const;

/** AUTHENTICATE (RFC 3501 §6.2.2) with an initial response (SASL-IR, RFC 4959). */
export const authenticate = command<{ mechanism: string; initial: string | undefined }>({
  name: 'AUTHENTICATE',
  states: ['not-authenticated'],
  capabilities: [
    {
      word: ({ channel }) =>
        saslMechanisms(channel, OPEN_MECHANISMS)
          .map((name) => `AUTH=${name}`)
          .join(' '),
      when: (facts: CapabilityFacts) => !facts.signedIn && facts.mayLogin,
    },
    { word: 'SASL-IR', when: (facts) => !facts.signedIn },
  ],
  parse(d) {
    const mechanism = d.sp().word();
    const initial = d.take(' ') ? d.until(' ') : undefined;
    d.end();
    return { mechanism, initial };
  },
  async run({ mechanism, initial }, session) {
    requirePrivacy(session);
    try {
      return await signIn(mechanism, initial, session);
    } catch (error) {
      if (!(error instanceof SaslError)) throw error;
      if (error.fault === 'unknown-mechanism') throw new Refusal('NO', '[CANNOT] That mechanism is not offered');
      if (error.fault === 'binding')
        throw new Refusal('NO', '[AUTHENTICATIONFAILED] The channel binding does not match');
      throw malformed(error.fault === 'aborted' ? 'authentication cancelled' : 'malformed authentication');
    }
  },
});

async function signIn(mechanism: string, initial: string | undefined, session: Session): Promise<string> {
  const channel = session.connection;
  const exchange: SaslExchange = (challenge) => session.line(challenge);
  const outcome = await saslSignIn(mechanism, initial, exchange, {
    channel,
    mechanisms: saslMechanisms(channel, OPEN_MECHANISMS),
    password: (address, password) => byPassword(session, address, password),
    scram: (address) => byScram(session, address),
    tokens: { scope: 'imap', open: (token, address) => byToken(session, token, address) },
  });
  await saslFinish(outcome, exchange);
  return outcome.who();
}
