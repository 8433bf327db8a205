/** A command is a value; the state machine and CAPA are derived from the registry. */
import type { Session } from './session.ts';

/** RFC 1939 §3. UPDATE is not among them: nobody can give a command in it. */
export type State = 'authorization' | 'transaction';

export interface Command<A> {
  readonly name: string;
  readonly states: readonly State[];
  /** Lines of CAPA (RFC 2449 §5) that this command stands for, in the session's present condition. */
  readonly capabilities?: (session: Session) => readonly string[];
  /** What follows the keyword; undefined when it is malformed. */
  parse(rest: string | undefined): A | undefined;
  /** Writes the whole reply. */
  run(args: A, session: Session): void | Promise<void>;
}

/** For the registry, which does not care what a command's arguments are. */
export interface AnyCommand {
  readonly name: string;
  readonly states: readonly State[];
  readonly capabilities: (session: Session) => readonly string[];
  /** Undefined when the arguments are malformed, else what carries the command out. */
  prepare(rest: string | undefined): ((session: Session) => void | Promise<void>) | undefined;
}

export function command<A>(definition: Command<A>): AnyCommand {
  const { name, states } = definition;
  return {
    name,
    states,
    capabilities: definition.capabilities ?? (() => []),
    prepare(rest) {
      const args = definition.parse(rest);
      return args === undefined ? undefined : (session) => definition.run(args, session);
    },
  };
}

/** For commands that take no argument. */
export function nothing(rest: string | undefined): true | undefined {
  return (rest ?? '').trim() === '' ? true : undefined;
}

/** A message number as it stands in a command; whether there is such a message is another question. */
export function messageNumber(word: string | undefined): number | undefined {
  return word !== undefined && /^[0-9]{1,10}$/.test(word) ? Number(word) : undefined;
}
