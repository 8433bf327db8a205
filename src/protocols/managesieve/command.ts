/** A command is a value; the state machine and the capabilities are derived from the registry. */
import type { Session } from './session.ts';
import type { Argument } from './wire/command-reader.ts';

export type State = 'unauthenticated' | 'authenticated';

export interface Command {
  readonly name: string;
  readonly states: readonly State[];
  /** Kinds of its arguments; those after `required` may be left out. */
  readonly arguments: readonly ('string' | 'number')[];
  readonly required: number;
  /** Lines of CAPABILITY (RFC 5804 §1.7) that it stands for now: a name, and its value where it has one. */
  readonly capabilities?: (session: Session) => readonly (readonly [name: string, value?: string])[];
  /** Writes the whole reply. */
  run(args: readonly Argument[], session: Session): void | Promise<void>;
}

export const ANY_STATE: readonly State[] = ['unauthenticated', 'authenticated'];
export const SIGNED_IN: readonly State[] = ['authenticated'];
export const NOT_SIGNED_IN: readonly State[] = ['unauthenticated'];

export function text(argument: Argument | undefined): string {
  return typeof argument === 'string' ? argument : '';
}

/** Do the arguments have the kinds that the command takes? */
export function fits({ arguments: kinds, required }: Command, given: readonly Argument[]): boolean {
  if (given.length < required || given.length > kinds.length) return false;
  return given.every((argument, i) => typeof argument === kinds[i]);
}
