import { GONE, PAGE_ONLY } from '../../../downmail/gone.ts';
import { PickUp } from '../../../downmail/pick-up.ts';
import { SenderSignIn } from '../../../downmail/sender-sign-in.ts';
import { waitingAccount } from '../../../downmail/waiting-account.ts';
import { capabilityWords } from '../capability.ts';
import { command } from '../command.ts';
import { Refusal } from '../reply.ts';
import type { Session } from '../session.ts';

/** Signs in, by whatever way the password came. Answers the text of the tagged OK. */
export async function signIn(session: Session, address: string, password: string): Promise<string> {
  const { directory, pickUp, senderSignIn } = session.services;
  const from = { protocol: 'imap', remote: session.connection.remoteAddress } as const;
  if (pickUp !== undefined && PickUp.isUserId(address)) {
    const found = await pickUp.open(address, password, from);
    if (found.kind === 'gone') throw new Refusal('NO', `[NONEXISTENT] ${GONE[found.state]}`);
    if (found.kind === 'confidential') throw new Refusal('NO', `[NOPERM] ${PAGE_ONLY}`);
    await session.signInToHeld(found.mail);
  } else if (senderSignIn !== undefined && SenderSignIn.isName(address))
    await session.signIn(await senderSignIn.authenticate(address, password, from), waitingAccount);
  else await session.signIn(await directory.authenticate(address, password, from));
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
