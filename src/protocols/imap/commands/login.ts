import { capabilityWords } from '../capability.ts';
import { command } from '../command.ts';
import { Refusal } from '../reply.ts';
import type { Session } from '../session.ts';

/** Signs in, by whatever way the password came. Answers the text of the tagged OK. */
export async function signIn(session: Session, address: string, password: string): Promise<string> {
  const who = await session.services.directory.authenticate(address, password, {
    protocol: 'imap',
    remote: session.connection.remoteAddress,
  });
  await session.signIn(who);
  return `[CAPABILITY ${capabilityWords(session.facts)}] Signed in`;
}

export function requirePrivacy(session: Session): void {
  if (!session.facts.mayLogin) throw new Refusal('NO', '[PRIVACYREQUIRED] Use STARTTLS first');
}

/** LOGIN (RFC 3501 §6.2.3); LOGINDISABLED (RFC 2595 §3.2) where the password would go in the open. */
export const login = command<{ address: string; password: string }>({
  name: 'LOGIN',
  states: ['not-authenticated'],
  capabilities: [{ word: 'LOGINDISABLED', when: (facts) => !facts.signedIn && !facts.mayLogin }],
  parse(d) {
    const args = { address: d.sp().text(), password: d.sp().text() };
    d.end();
    return args;
  },
  run({ address, password }, session) {
    requirePrivacy(session);
    return signIn(session, address, password);
  },
});
