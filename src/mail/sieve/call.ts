/** A command or test of a script that was checked: its arguments under their names, ready to run. */
import type { Position } from './error.ts';
import type { AddressPart, CommandSpec, TestSpec } from './language.ts';
import type { Matching } from './match.ts';
import type { Text } from './parser.ts';

/** A string of a checked script. */
export interface CheckedText extends Text {
  /** It names variables. */
  readonly dynamic: boolean;
}

export type Value =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'strings'; readonly items: readonly CheckedText[] };

export class Call implements Position {
  readonly line: number;
  readonly column: number;
  readonly name: string;
  readonly #values = new Map<string, Value | undefined>();
  /** Of a test that compares. */
  matching: Matching | undefined;
  /** Of a test of addresses. */
  part: AddressPart | undefined;
  tests: readonly CheckedTest[] = [];
  block: Block = [];

  constructor({ line, column, name }: Position & { readonly name: string }) {
    this.line = line;
    this.column = column;
    this.name = name;
  }

  /** For the checker. Tags are named with their ':'. */
  set(name: string, value: Value | undefined): void {
    this.#values.set(name, value);
  }

  /** Was this argument given? Tags are named with their ':'. */
  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** Undefined when it was not given. */
  number(name: string): number | undefined {
    const value = this.#values.get(name);
    return value?.kind === 'number' ? value.value : undefined;
  }

  /** None when it was not given. */
  texts(name: string): readonly CheckedText[] {
    const value = this.#values.get(name);
    return value?.kind === 'strings' ? value.items : [];
  }

  text(name: string): CheckedText | undefined {
    return this.texts(name)[0];
  }
}

export interface CheckedTest {
  readonly spec: TestSpec;
  readonly call: Call;
}

export type CheckedCommand =
  | { readonly kind: 'command'; readonly spec: CommandSpec; readonly call: Call }
  /** `if`, `elsif` and `else`: the block of the first test that holds, or that has none. */
  | { readonly kind: 'if'; readonly branches: readonly Branch[] };

export interface Branch {
  readonly test: CheckedTest | undefined;
  readonly block: Block;
}

export type Block = readonly CheckedCommand[];

/** A script that may run. */
export interface SieveScript {
  readonly block: Block;
  /** What it requires, and what it found with `ihave`. */
  readonly capabilities: ReadonlySet<string>;
}
