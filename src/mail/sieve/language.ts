/** What commands, tests and extensions are made of. Each is a value; `extensions.ts` lists them all. */
import type { Call } from './call.ts';
import type { Checker } from './check.ts';
import type { Comparator, MatchType } from './match.ts';
import type { Machine } from './machine.ts';

export type ArgumentKind = 'string' | 'strings' | 'number';

/** `:name`, perhaps with an argument after it. */
export interface TagSpec {
  readonly name: string;
  readonly value?: ArgumentKind;
  /** Of the tags of a group one may be given. */
  readonly group?: string;
}

export interface PositionalSpec {
  readonly name: string;
  readonly kind: ArgumentKind;
  /** It may be left out; one argument at most can be that. */
  readonly optional?: boolean;
}

interface Shape {
  readonly name: string;
  readonly tags?: readonly TagSpec[];
  readonly positional?: readonly PositionalSpec[];
  /** It takes a comparator and a match type, and these are its keys. */
  readonly keys?: string;
  /** It takes an address part (RFC 5228 §2.7.4). */
  readonly addressPart?: boolean;
  /** Looks at what only the reader of the whole script can see; reports with `checker.problem`. */
  check?(call: Call, checker: Checker): void;
}

/** How a block ends before its last command. */
export type Signal = 'stop' | 'return' | 'break' | undefined;

export interface CommandSpec extends Shape {
  /** It has a block of commands, which `run` carries out. */
  readonly block?: boolean;
  run(call: Call, machine: Machine): Signal | void | Promise<Signal | void>;
}

export interface TestSpec extends Shape {
  /** It is about other tests. */
  readonly tests?: 'one' | 'many';
  evaluate(call: Call, machine: Machine): boolean | Promise<boolean>;
}

/** A tag that an extension gives to commands or tests of others. */
export interface AddedTag {
  readonly on: readonly string[];
  readonly tag: TagSpec;
  /** Called when it is given. */
  check?(call: Call, checker: Checker): void;
}

export interface Extension {
  /** As `require` and the SIEVE capability name it; '' for what is always there. */
  readonly name: string;
  /** An extension that is required with it. */
  readonly implies?: string;
  readonly commands?: readonly CommandSpec[];
  readonly tests?: readonly TestSpec[];
  readonly tags?: readonly AddedTag[];
  readonly matchTypes?: readonly MatchType[];
  readonly comparators?: readonly Comparator[];
  /** Address parts that it adds, by their tags. */
  readonly addressParts?: readonly AddressPart[];
}

export interface AddressPart {
  readonly name: string;
  /** Undefined: this address has no such part. */
  of(address: { readonly local: string; readonly domain: string }): string | undefined;
}
