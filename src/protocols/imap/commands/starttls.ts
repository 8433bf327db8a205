import { command } from '../command.ts';
import { Refusal } from '../reply.ts';

/** STARTTLS (RFC 3501 §6.2.1). What the client sent after it in plaintext is forgotten, not run. */
export const starttls = command({
  name: 'STARTTLS',
  states: ['not-authenticated'],
  capabilities: [{ word: 'STARTTLS', when: (facts) => facts.canStartTls && !facts.signedIn }],
  parse: (d) => d.end(),
  async run(_args, session) {
    if (session.connection.secure) throw new Refusal('BAD', 'TLS is on already');
    if (!session.facts.canStartTls) throw new Refusal('NO', '[CANNOT] There is no certificate');
    await session.startTls(session.tag);
    return '';
  },
});
