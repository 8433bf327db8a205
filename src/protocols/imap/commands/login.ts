import { bearerOutcome } from '../../../directory/oauth/bearer.ts';
import { GONE, PAGE_ONLY } from '../../../downmail/gone.ts';
import { type Opened, PickUp } from '../../../downmail/pick-up.ts';
import { SenderSignIn } from '../../../downmail/sender-sign-in.ts';
import { waitingAccount } from '../../../downmail/waiting-account.ts';
import type { Principal } from '../../../mailstore/api.ts';
import type { BearerOutcome } from '../../../net/sasl-bearer.ts';
import { mappedOffer, type ScramOffer } from '../../../net/scram.ts';
import { capabilityWords } from '../capability.ts';
import { command } from '../command.ts';
import { Refusal } from '../reply.ts';
import type { Session } from '../session.ts';

/** Opens what the password was right for. Answers the text of the tagged OK. */
export type Open = () => Promise<string>;

/** By whatever way the password came. */
export async function byPassword(session: Session, address: string, password: string): Promise<Open> {
  const { directory, pickUp, senderSignIn } = session.services;
  const from = originOf(session);
  if (pickUp !== undefined && PickUp.isUserId(address)) {
    const found = await pickUp.open(address, password, from);
    return () => openHeld(session, found);
  }
  if (senderSignIn !== undefined && SenderSignIn.isName(address))
    return openWaiting(session, await senderSignIn.authenticate(address, password, from));
  return openAccount(session, await directory.authenticate(address, password, from));
}

export async function byScram(session: Session, address: string): Promise<ScramOffer<Open>> {
  const { directory, pickUp, senderSignIn } = session.services;
  const from = originOf(session);
  if (pickUp !== undefined && PickUp.isUserId(address))
    return mappedOffer(pickUp.scram(address, from), (open) => async () => openHeld(session, await open()));
  if (senderSignIn !== undefined && SenderSignIn.isName(address))
    return mappedOffer(await senderSignIn.scram(address, from), (who) => openWaiting(session, who));
  return mappedOffer(await directory.scram(address, from), (who) => openAccount(session, who));
}

export function byToken(session: Session, token: string, address: string | undefined): Promise<BearerOutcome<Open>> {
  const { directory } = session.services;
  const opened = directory.bearer(token, originOf(session), address).then((who) => openAccount(session, who));
  return bearerOutcome(opened);
}

function originOf(session: Session) {
  return { protocol: 'imap', remote: session.connection.remoteAddress } as const;
}

async function openHeld(session: Session, found: Opened): Promise<string> {
  if (found.kind === 'gone') throw new Refusal('NO', `[NONEXISTENT] ${GONE[found.state]}`);
  if (found.kind === 'confidential') throw new Refusal('NO', `[NOPERM] ${PAGE_ONLY}`);
  await session.signInToHeld(found.mail);
  return welcome(session);
}

function openWaiting(session: Session, who: Principal & { kind: 'user' }): Open {
  return async () => {
    await session.signIn(who, waitingAccount);
    return welcome(session);
  };
}

function openAccount(session: Session, who: Principal & { kind: 'user' }): Open {
  return async () => {
    await session.signIn(who);
    return welcome(session);
  };
}

function welcome(session: Session): string {
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
  async run({ address, password }, session) {
    requirePrivacy(session);
    return (await byPassword(session, address, password))();
  },
});
