/**
 * mbox, the mboxrd kind (RFC 4155 and its quoting made reversible): `From ` lines between messages, lines of a message
 * that begin with `>*From ` get one '>' more. Lines end with LF in the file and with CRLF in the message.
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { type FileMessage, MAX_FILE_MESSAGE, type MessageSource, withCrlf } from './messages.ts';

const FROM = Buffer.from('From ');
const FLAGS_HEADER = 'X-Pabal-Flags: ';

export async function mboxSource(path: string): Promise<MessageSource> {
  let done = 0;
  return {
    total: (await stat(path)).size,
    done: () => done,
    messages: () => readMbox(createReadStream(path, { highWaterMark: 1 << 18 }), (bytes) => (done = bytes)),
  };
}

/** `progress` hears how many bytes were read. */
export async function* readMbox(
  input: AsyncIterable<Uint8Array>,
  progress: (bytes: number) => void = () => undefined,
): AsyncIterable<FileMessage> {
  let fromLine: string | undefined;
  let lines: Buffer[] = [];
  let size = 0;
  let read = 0;
  for await (const line of linesOf(input)) {
    read += line.length;
    if (line.subarray(0, FROM.length).equals(FROM) && (lines.length === 0 || isEmpty(lines.at(-1)))) {
      if (fromLine !== undefined) yield message(fromLine, lines);
      progress(read);
      fromLine = line.toString('latin1').trim();
      lines = [];
      size = 0;
      continue;
    }
    if (fromLine === undefined) {
      if (isEmpty(line)) continue;
      throw new Error('this is no mbox: it does not begin with "From "');
    }
    size += line.length;
    if (size > MAX_FILE_MESSAGE) throw new Error(`a message is larger than ${MAX_FILE_MESSAGE} bytes`);
    lines.push(unquoted(line));
  }
  if (fromLine !== undefined) yield message(fromLine, lines);
  progress(read);
}

function message(fromLine: string, lines: Buffer[]): FileMessage {
  // The empty line before the next `From ` belongs to the format.
  if (isEmpty(lines.at(-1))) lines.pop();
  let flags: string[] = [];
  const [first] = lines;
  if (first?.subarray(0, FLAGS_HEADER.length).toString('latin1') === FLAGS_HEADER) {
    flags = first.subarray(FLAGS_HEADER.length).toString().trim().split(' ').filter(Boolean);
    lines.shift();
  } else flags = statusFlags(lines);
  const date = Date.parse(`${fromLine.split(/ +/).slice(2).join(' ')} UTC`);
  return { folder: undefined, flags, date: Number.isNaN(date) ? undefined : date, raw: withCrlf(Buffer.concat(lines)) };
}

/** `Status: RO`, `X-Status: AF` as mail programs of old wrote them. */
function statusFlags(lines: readonly Buffer[]): string[] {
  const letters = new Map([
    ['R', '\\seen'],
    ['A', '\\answered'],
    ['F', '\\flagged'],
    ['T', '\\draft'],
    ['D', '\\deleted'],
  ]);
  const flags: string[] = [];
  for (const line of lines) {
    if (isEmpty(line)) break;
    const status = /^(?:X-)?Status: ?([A-Z]{1,10})\s*$/i.exec(line.subarray(0, 40).toString('latin1'))?.[1];
    for (const letter of status ?? '') {
      const flag = letters.get(letter);
      if (flag !== undefined) flags.push(flag);
    }
  }
  return flags;
}

/** One message as it stands in an mbox. */
export function mboxEntry({ flags, date, raw }: FileMessage): Buffer {
  const when = new Date(date ?? 0).toUTCString(); // Thu, 01 Jan 1970 00:00:00 GMT
  const [day, dd, month, year, time] = when.replace(',', '').split(' ');
  const stamp = `${day} ${month} ${dd?.replace(/^0/, ' ')} ${time} ${year}`;
  const text = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  const out: Buffer[] = [Buffer.from(`From MAILER-DAEMON ${stamp}\n${FLAGS_HEADER}${flags.join(' ')}\n`)];
  let from = 0;
  while (from < text.length) {
    const lf = text.indexOf(10, from);
    const end = lf === -1 ? text.length : lf;
    const line = text.subarray(from, end > from && text[end - 1] === 13 ? end - 1 : end);
    if (isFromLine(line)) out.push(Buffer.from('>'));
    out.push(line, NEWLINE);
    from = end + 1;
  }
  out.push(NEWLINE);
  return Buffer.concat(out);
}

const NEWLINE = Buffer.from('\n');

function isFromLine(line: Buffer): boolean {
  let at = 0;
  while (line[at] === 0x3e) at++;
  return line.subarray(at, at + FROM.length).equals(FROM);
}

function unquoted(line: Buffer): Buffer {
  return line[0] === 0x3e && isFromLine(line) ? line.subarray(1) : line;
}

function isEmpty(line: Buffer | undefined): boolean {
  return line !== undefined && (line.length === 0 || (line.length <= 2 && /^\r?\n$/.test(line.toString('latin1'))));
}

async function* linesOf(input: AsyncIterable<Uint8Array>): AsyncIterable<Buffer> {
  let rest: Buffer[] = [];
  let restSize = 0;
  for await (const piece of input) {
    const chunk = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    let from = 0;
    for (let lf = chunk.indexOf(10); lf !== -1; lf = chunk.indexOf(10, from)) {
      const line = chunk.subarray(from, lf + 1);
      yield rest.length === 0 ? line : Buffer.concat([...rest, line]);
      rest = [];
      restSize = 0;
      from = lf + 1;
    }
    if (from < chunk.length) {
      rest.push(chunk.subarray(from));
      restSize += chunk.length - from;
      if (restSize > MAX_FILE_MESSAGE) throw new Error('a line of the mbox has no end');
    }
  }
  if (rest.length > 0) yield Buffer.concat(rest);
}
