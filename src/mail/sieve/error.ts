/** What is wrong with a script, and where. */
import { MailError } from '../error.ts';

/** Both count from 1; the column in characters. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export interface Problem extends Position {
  readonly message: string;
}

/** A script that is none, or that could not go on. The message is for the script's owner. */
export class SieveError extends MailError {
  readonly problems: readonly Problem[];
  constructor(problems: readonly Problem[]) {
    super('syntax', 'user', problems.map(describe).join('\n'));
    this.problems = problems;
  }
}

export function problemAt({ line, column }: Position, message: string): SieveError {
  return new SieveError([{ line, column, message }]);
}

function describe({ line, column, message }: Problem): string {
  return `line ${line}, column ${column}: ${message}`;
}

/** Something from a script as it may stand in a message: one line, not long. */
export function shown(text: string, most = 60): string {
  const line = text.replaceAll(/[\0-\x1f\x7f]/g, ' ');
  return line.length > most ? `${line.slice(0, most)}...` : line;
}
