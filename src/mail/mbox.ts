/**
 * mbox, the mboxrd kind (RFC 4155 and its quoting made reversible): `From ` lines between messages, lines of a message
 * that begin with `>*From ` get one '>' more. Lines end with LF in the file and with CRLF in the message. Browsers run it, too: bytes are Uint8Array.
 */
import { withCrlf } from './crlf.ts';

export interface MboxMessage {
  /** `\seen` and so on, and keywords. */
  readonly flags: readonly string[];
  /** Milliseconds since 1970; undefined where its `From ` line has none. */
  readonly date: number | undefined;
  /** With CRLF. */
  readonly raw: Uint8Array;
}

export interface MboxOptions {
  /** Hears how many bytes were read. */
  readonly progress?: (bytes: number) => void;
  /** Bytes of a message; a larger one throws. */
  readonly most: number;
}

const LF = 10;
const CR = 13;
const QUOTE = 0x3e;
const FROM = ascii('From ');
const FLAGS_HEADER = ascii('X-Pabal-Flags: ');
const LETTERS: ReadonlyMap<string, string> = new Map([
  ['R', '\\seen'],
  ['A', '\\answered'],
  ['F', '\\flagged'],
  ['T', '\\draft'],
  ['D', '\\deleted'],
]);

/** Throws for what is no mbox, and for a message that is too large. */
export async function* readMbox(
  input: AsyncIterable<Uint8Array>,
  { progress = () => undefined, most }: MboxOptions,
): AsyncGenerator<MboxMessage> {
  let fromLine: string | undefined;
  let lines: Uint8Array[] = [];
  let size = 0;
  let read = 0;
  for await (const line of linesOf(input, most)) {
    read += line.length;
    if (beginsWith(line, FROM) && (lines.length === 0 || isEmpty(lines.at(-1)))) {
      if (fromLine !== undefined) yield message(fromLine, lines);
      progress(read);
      fromLine = text(line).trim();
      lines = [];
      size = 0;
      continue;
    }
    if (fromLine === undefined) {
      if (isEmpty(line)) continue;
      throw new Error('this is no mbox: it does not begin with "From "');
    }
    size += line.length;
    if (size > most) throw new Error(`a message is larger than ${most} bytes`);
    lines.push(unquoted(line));
  }
  if (fromLine !== undefined) yield message(fromLine, lines);
  progress(read);
}

/** One message as it stands in an mbox. */
export function mboxEntry({ flags, date, raw }: MboxMessage): Uint8Array {
  const when = new Date(date ?? 0).toUTCString(); // Thu, 01 Jan 1970 00:00:00 GMT
  const [day, dd, month, year, time] = when.replace(',', '').split(' ');
  const stamp = `${day} ${month} ${dd?.replace(/^0/, ' ')} ${time} ${year}`;
  const out: Uint8Array[] = [
    new TextEncoder().encode(`From MAILER-DAEMON ${stamp}\n${text(FLAGS_HEADER)}${flags.join(' ')}\n`),
  ];
  let from = 0;
  while (from < raw.length) {
    const lf = raw.indexOf(LF, from);
    const end = lf === -1 ? raw.length : lf;
    const line = raw.subarray(from, end > from && raw[end - 1] === CR ? end - 1 : end);
    if (isFromLine(line)) out.push(Uint8Array.of(QUOTE));
    out.push(line, NEWLINE);
    from = end + 1;
  }
  out.push(NEWLINE);
  return joined(out);
}

const NEWLINE = Uint8Array.of(LF);

function message(fromLine: string, lines: Uint8Array[]): MboxMessage {
  // The empty line before the next `From ` belongs to the format.
  if (isEmpty(lines.at(-1))) lines.pop();
  let flags: string[] = [];
  const [first] = lines;
  if (first !== undefined && beginsWith(first, FLAGS_HEADER)) {
    flags = new TextDecoder().decode(first.subarray(FLAGS_HEADER.length)).trim().split(' ').filter(Boolean);
    lines.shift();
  } else flags = statusFlags(lines);
  const date = Date.parse(`${fromLine.split(/ +/).slice(2).join(' ')} UTC`);
  return { flags, date: Number.isNaN(date) ? undefined : date, raw: withCrlf(joined(lines)) };
}

/** `Status: RO`, `X-Status: AF` as mail programs of old wrote them. */
function statusFlags(lines: readonly Uint8Array[]): string[] {
  const flags: string[] = [];
  for (const line of lines) {
    if (isEmpty(line)) break;
    const status = /^(?:X-)?Status: ?([A-Z]{1,10})\s*$/i.exec(text(line.subarray(0, 40)))?.[1];
    for (const letter of status ?? '') {
      const flag = LETTERS.get(letter);
      if (flag !== undefined) flags.push(flag);
    }
  }
  return flags;
}

function isFromLine(line: Uint8Array): boolean {
  let at = 0;
  while (line[at] === QUOTE) at++;
  return beginsWith(line, FROM, at);
}

function unquoted(line: Uint8Array): Uint8Array {
  return line[0] === QUOTE && isFromLine(line) ? line.subarray(1) : line;
}

function beginsWith(line: Uint8Array, start: Uint8Array, at = 0): boolean {
  return line.length >= at + start.length && start.every((byte, i) => line[at + i] === byte);
}

function isEmpty(line: Uint8Array | undefined): boolean {
  if (line === undefined || line.length > 2) return false;
  return line.length === 0 || (line.at(-1) === LF && (line.length === 1 || line[0] === CR));
}

async function* linesOf(input: AsyncIterable<Uint8Array>, most: number): AsyncGenerator<Uint8Array> {
  let rest: Uint8Array[] = [];
  let restSize = 0;
  for await (const chunk of input) {
    let from = 0;
    for (let lf = chunk.indexOf(LF); lf !== -1; lf = chunk.indexOf(LF, from)) {
      const line = chunk.subarray(from, lf + 1);
      yield rest.length === 0 ? line : joined([...rest, line]);
      rest = [];
      restSize = 0;
      from = lf + 1;
    }
    if (from < chunk.length) {
      rest.push(chunk.subarray(from));
      restSize += chunk.length - from;
      if (restSize > most) throw new Error('a line of the mbox has no end');
    }
  }
  if (rest.length > 0) yield joined(rest);
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

function ascii(letters: string): Uint8Array {
  return new TextEncoder().encode(letters);
}

function text(bytes: Uint8Array): string {
  return new TextDecoder('latin1').decode(bytes);
}
