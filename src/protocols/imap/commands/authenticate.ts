import { malformed } from '../wire/decoder.ts';
import { command } from '../command.ts';
import { Refusal } from '../reply.ts';
import { requirePrivacy, signIn } from './login.ts';
import { saslCredentials, SASL_MECHANISMS, SaslError } from '../../../net/sasl.ts';

/** AUTHENTICATE (RFC 3501 §6.2.2) with an initial response (SASL-IR, RFC 4959). */
export const authenticate = command<{ mechanism: string; initial: string | undefined }>({
  name: 'AUTHENTICATE',
  states: ['not-authenticated'],
  capabilities: [
    ...SASL_MECHANISMS.map((name) => ({
      word: `AUTH=${name}`,
      when: (facts: { signedIn: boolean; mayLogin: boolean }) => !facts.signedIn && facts.mayLogin,
    })),
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
      const { address, password } = await saslCredentials(mechanism, initial, (challenge) => session.line(challenge));
      return await signIn(session, address, password);
    } catch (error) {
      if (!(error instanceof SaslError)) throw error;
      if (error.fault === 'unknown-mechanism') throw new Refusal('NO', '[CANNOT] That mechanism is not offered');
      throw malformed(error.fault === 'aborted' ? 'authentication cancelled' : 'malformed authentication');
    }
  },
});
