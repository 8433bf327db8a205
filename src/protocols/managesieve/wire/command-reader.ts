/** A command as it comes (RFC 5804 §4): a name, then strings and numbers. Literals are sent without being asked for. */
import { ConnectionError } from '../../../net/error.ts';
import type { Connection } from '../../../net/connection.ts';
import { MANAGESIEVE_LIMITS } from '../limits.ts';

export type Argument = string | number;

export interface ParsedCommand {
  /** Upper case. */
  readonly name: string;
  readonly arguments: readonly Argument[];
}

/** What came is no command; it was read to its end, so that the next one can be. */
export type Malformed = { readonly malformed: string; readonly tooLarge?: boolean };

type Source = Pick<Connection, 'readLine' | 'readBytes' | 'skip'>;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
/** RFC 5804 §4: a longer string is a literal. */
const LONGEST_QUOTED = 16_384;

/** `literal` is the largest one that is taken, in bytes. */
export async function readCommand(source: Source, literal: number): Promise<ParsedCommand | Malformed> {
  const line = await source.readLine();
  const [name, rest] = nameOf(line);
  const read = await readArguments(source, line, rest, literal);
  if ('malformed' in read) return read;
  return name === '' ? { malformed: 'A command begins with its name' } : { name, arguments: read.arguments };
}

/** A string on a line of its own, as in an exchange of SASL. */
export async function readString(source: Source, literal: number): Promise<string | undefined> {
  const line = await source.readLine();
  const read = await readArguments(source, line, 0, literal);
  if ('malformed' in read || read.arguments.length !== 1) return undefined;
  const [only] = read.arguments;
  return typeof only === 'string' ? only : undefined;
}

function nameOf(line: Buffer): [name: string, rest: number] {
  let end = 0;
  while (end < line.length && isLetter(line[end]!)) end += 1;
  return [line.toString('latin1', 0, end).toUpperCase(), end];
}

/** Lines and literals until a line ends without announcing one. */
async function readArguments(
  source: Source,
  first: Buffer,
  from: number,
  largest: number,
): Promise<{ readonly arguments: readonly Argument[] } | Malformed> {
  const found: Argument[] = [];
  let malformed: string | undefined;
  let tooLarge = false;
  let skipped = 0;
  let line = first;
  let at = from;
  /** At the start of a line nothing separates. */
  let separated = from === 0;
  for (;;) {
    const size = announced(line);
    const end = size === undefined ? line.length : line.lastIndexOf(0x7b);
    const fragment = parseFragment(line, at, end, separated, found);
    malformed ??= fragment;
    if (size === undefined) break;
    if (size > largest || malformed !== undefined) {
      skipped += size;
      if (skipped > MANAGESIEVE_LIMITS.skipped) throw new ConnectionError('line-too-long');
      tooLarge ||= size > largest;
      malformed ??= 'The string is too large';
      await source.skip(size);
    } else {
      const text = utf8(await source.readBytes(size));
      if (text === undefined) malformed = 'Strings are in UTF-8';
      else found.push(text);
    }
    line = await source.readLine();
    at = 0;
    separated = false;
  }
  if (found.length > MANAGESIEVE_LIMITS.arguments) malformed ??= 'There are too many arguments';
  return malformed === undefined ? { arguments: found } : { malformed, tooLarge };
}

/** The size of the literal that a line announces at its end. */
function announced(line: Buffer): number | undefined {
  if (line[line.length - 1] !== 0x7d) return undefined;
  const open = line.lastIndexOf(0x7b);
  // What ends a quoted string in braces has a quote behind them.
  const found = /^\{([0-9]{1,10})\+\}$/.exec(line.toString('latin1', Math.max(open, line.length - 16)));
  return open < 0 || found === null ? undefined : Number(found[1]);
}

/** Adds the arguments of a piece of a line; answers what is wrong with it. */
function parseFragment(
  line: Buffer,
  from: number,
  end: number,
  separatedBefore: boolean,
  to: Argument[],
): string | undefined {
  // prettier-ignore
  let at = from;
  let separated = separatedBefore;
  while (at < end) {
    const byte = line[at]!;
    if (byte === SPACE) {
      separated = true;
      at += 1;
      continue;
    }
    if (!separated) return 'A space stands between arguments';
    separated = false;
    if (byte === QUOTE) {
      const close = closingQuote(line, at, end);
      if (close < 0) return 'A string does not end';
      const text = unquoted(line.subarray(at + 1, close));
      if (text === undefined || close - at > LONGEST_QUOTED) return 'That is not a string';
      to.push(text);
      at = close + 1;
    } else {
      const start = at;
      while (at < end && line[at]! >= 0x30 && line[at]! <= 0x39 && at - start < 10) at += 1;
      if (at === start) return 'Arguments are strings and numbers';
      to.push(Number(line.toString('latin1', start, at)));
    }
    if (to.length > MANAGESIEVE_LIMITS.arguments) return 'There are too many arguments';
  }
  return end < line.length && !separated ? 'A space stands before a literal' : undefined;
}

function closingQuote(line: Buffer, open: number, end: number): number {
  for (let i = open + 1; i < end; i += 1) {
    if (line[i] === BACKSLASH) i += 1;
    else if (line[i] === QUOTE) return i;
  }
  return -1;
}

function unquoted(bytes: Buffer): string | undefined {
  if (!bytes.includes(BACKSLASH)) return utf8(bytes);
  const out: number[] = [];
  for (let i = 0; i < bytes.length; i += 1) {
    if (bytes[i] === BACKSLASH) i += 1;
    out.push(bytes[i] ?? BACKSLASH);
  }
  return utf8(Buffer.from(out));
}

function utf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function isLetter(byte: number): boolean {
  return (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);
}
