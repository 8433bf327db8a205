/** What a command is. The state machine and the capabilities are derived from the commands that are registered. */
import type { SaslChannel } from '../../net/sasl.ts';
import type { Decoder } from './wire/decoder.ts';
import type { Session } from './session.ts';

/** RFC 3501 §3. */
export type State = 'not-authenticated' | 'authenticated' | 'selected';

export const ANY_STATE: readonly State[] = ['not-authenticated', 'authenticated', 'selected'];
export const SIGNED_IN: readonly State[] = ['authenticated', 'selected'];

/** What capabilities depend on. */
export interface CapabilityFacts {
  readonly signedIn: boolean;
  /** TLS is on. */
  readonly secure: boolean;
  /** STARTTLS would work. */
  readonly canStartTls: boolean;
  /** A password may be sent on this connection as it is. */
  readonly mayLogin: boolean;
  /** What SCRAM may be bound to. */
  readonly channel: SaslChannel;
  /** Bytes of the largest message. */
  readonly messageSize: number;
  /** Messages of one command; undefined: any number. */
  readonly messageLimit: number | undefined;
  /** Of the ManageSieve server; undefined when there is none. */
  readonly manageSieve: string | undefined;
}

/** A word of the CAPABILITY answer, and when it applies. */
export interface Capability {
  readonly word: string | ((facts: CapabilityFacts) => string);
  readonly when: (facts: CapabilityFacts) => boolean;
}

export const whenSignedIn = (...words: readonly string[]): readonly Capability[] =>
  words.map((word) => ({ word, when: (facts) => facts.signedIn }));

export interface Command<A> {
  /** As the client writes it, in capitals: `FETCH`, `UID FETCH`. */
  readonly name: string;
  readonly states: readonly State[];
  readonly capabilities?: readonly Capability[];
  /** While it is in progress no message may lose its number (RFC 3501 §7.4.1): FETCH, STORE, SEARCH. */
  readonly keepsNumbers?: boolean;
  /** One of them may take long: it runs within what the account is given for searching. */
  readonly searches?: boolean;
  /** Messages go from the selected mailbox, which its client hears whatever else it wants to hear (RFC 5465). */
  readonly removes?: boolean;
  /** It names messages by their numbers: not with UIDONLY (RFC 9586 §3.2). */
  readonly byNumber?: boolean;
  /** Its last literal goes to `Session.literal` instead of into memory. */
  readonly streams?: boolean;
  /** Reads what follows the name, to the end of the command. Throws `MailError`; changes nothing. */
  parse(d: Decoder, session: Session): A;
  /** Answers what follows `OK` in the tagged reply. Throws `MailError` or `Refusal`. */
  run(args: A, session: Session): Promise<string> | string;
}

/** A command whose arguments nobody else needs to know. */
export type AnyCommand = Command<unknown>;

export function command<A>(value: Command<A>): AnyCommand {
  return value as AnyCommand;
}
