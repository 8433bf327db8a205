/**
 * Inputs whose cost a naive parser lets grow with the square of their length. Each shape makes an input of about `size`
 * bytes and says what to do with it.
 */
import { parseAddressList } from '../../src/mail/address.ts';
import { canonicalCharset, decodeCharset } from '../../src/mail/charset.ts';
import { parseDate } from '../../src/mail/date.ts';
import { decodeBody } from '../../src/mail/encoding.ts';
import { selectFields } from '../../src/mail/header.ts';
import { parseMessage } from '../../src/mail/parse.ts';
import { decodeParams, parseParameterized } from '../../src/mail/params.ts';
import { normalizeDomain, parseMailbox } from '../../src/mail/path.ts';
import { htmlToText } from '../../src/mail/html.ts';
import { baseSubject, messageIds } from '../../src/mail/thread.ts';
import { type ThreadMessage, threadsByReferences } from '../../src/mail/threading.ts';
import { decodeWords, encodeWords } from '../../src/mail/words.ts';
import { decodeMailboxName, encodeMailboxName } from '../../src/protocols/imap/wire/mailbox-name.ts';
import { DataScanner } from '../../src/protocols/smtp/wire/data-scanner.ts';

export interface Shape {
  readonly name: string;
  /** Row of the experiments' list. */
  readonly row: string;
  /** Longer inputs do not come this far: a limit before it refuses them. */
  readonly atMost?: number;
  /** Makes the input; what it answers is timed. */
  prepare(size: number): () => unknown;
  /** For what is a table of everything in the input: the same input, and nothing but the table. */
  readonly yardstick?: (size: number) => () => unknown;
}

/** Whole messages: everything that is done with an arriving mail is timed. They also go over the wire, see G12. */
export interface MessageShape {
  readonly name: string;
  readonly row: string;
  readonly message: (size: number) => Buffer;
}

function times(piece: string, size: number): string {
  return piece.repeat(Math.max(1, Math.floor(size / piece.length)));
}
function latin1(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}
/** `piece` with the number of each repetition in place of `#`. */
function numbered(piece: string, size: number): string {
  const count = Math.max(1, Math.floor(size / (piece.length + 4)));
  return Array.from({ length: count }, (_, i) => piece.replaceAll('#', String(i))).join('');
}

/** Messages in no order, each an answer to what `parentsOf` says. */
function answers(size: number, parentsOf: (n: number, of: number) => string[]): ThreadMessage[] {
  const of = Math.max(2, Math.floor(size / 50));
  return Array.from({ length: of }, (_, i): ThreadMessage => {
    const n = (i * 7919) % of;
    return {
      messageId: `m${n}`,
      parents: parentsOf(n, of),
      subject: { text: `s${n % 3}`, reply: n % 2 === 0 },
      date: n,
    };
  });
}

/** THREAD over a folder of such messages. */
function threaded(name: string, parentsOf: (n: number, of: number) => string[]): Shape {
  return {
    name,
    row: 'C16',
    prepare(size) {
      const messages = answers(size, parentsOf);
      return () => {
        const steps = threadsByReferences(messages);
        for (;;) {
          const { done, value } = steps.next();
          if (done) return value;
        }
      };
    },
    yardstick(size) {
      const messages = answers(size, parentsOf);
      return () => {
        const seen = new Map<string, object>();
        for (const { messageId, parents } of messages)
          for (const id of [messageId, ...parents]) if (!seen.has(id)) seen.set(id, { children: [] });
        return seen;
      };
    },
  };
}
const missing = (n: number): string[] => Array.from({ length: 10 }, (_, i) => `x${n + i}`);

const MIXED = 'Content-Type: multipart/mixed; boundary=b\r\n\r\n';

export const MESSAGE_SHAPES: readonly MessageShape[] = [
  {
    name: 'multiparts in multiparts, each its own boundary',
    row: 'C19',
    message: (size) => latin1(`${numbered('Content-Type: multipart/mixed; boundary=b#\r\n\r\n--b#\r\n', size)}\r\nx`),
  },
  {
    name: 'multiparts in multiparts, one boundary',
    row: 'C19',
    message: (size) => latin1(times(`${MIXED}--b\r\n`, size)),
  },
  {
    name: 'many parts',
    row: 'C19',
    message: (size) => latin1(`${MIXED}${times('--b\r\n\r\nx\r\n', size)}--b--\r\n`),
  },
  { name: 'many empty parts', row: 'C19', message: (size) => latin1(`${MIXED}${times('--b\r\n', size)}`) },
  {
    name: 'boundaries that are prefixes of one another',
    row: 'C19',
    message: (size) =>
      latin1(
        `${Array.from({ length: 60 }, (_, i) => `Content-Type: multipart/mixed; boundary=${'b'.repeat(i + 1)}\r\n\r\n--${'b'.repeat(i + 1)}\r\n`).join('')}${times(`--${'b'.repeat(30)}x\r\n`, size)}`,
      ),
  },
  {
    name: 'lines that are nearly a boundary',
    row: 'C19',
    message: (size) =>
      latin1(
        `Content-Type: multipart/mixed; boundary=${'b'.repeat(70)}\r\n\r\n${times(`--${'b'.repeat(69)}\r\n`, size)}`,
      ),
  },
  {
    name: 'messages in messages',
    row: 'C19',
    message: (size) => latin1(times('Content-Type: message/rfc822\r\n\r\n', size)),
  },
  {
    name: 'messages in messages, each with a long header',
    row: 'C19',
    message: (size) => latin1(times(`Subject: ${'s'.repeat(500)}\r\nContent-Type: message/rfc822\r\n\r\n`, size)),
  },
  { name: 'one long header field', row: 'C18', message: (size) => latin1(`Subject: ${'x'.repeat(size)}\r\n\r\nx`) },
  { name: 'many header fields', row: 'C18', message: (size) => latin1(`${numbered('X-#: y\r\n', size)}\r\nx`) },
  {
    name: 'the same field many times',
    row: 'C18',
    message: (size) => latin1(`${times('To: a@b.test\r\n', size)}\r\nx`),
  },
  {
    name: 'a field folded many times',
    row: 'C18',
    message: (size) => latin1(`Subject: x\r\n${times(' y\r\n', size)}\r\nx`),
  },
  {
    name: 'many addresses',
    row: 'C18',
    message: (size) => latin1(`To: ${numbered('a# <a#@b.test>,\r\n ', size)}z@b.test\r\n\r\nx`),
  },
  {
    name: 'comments in comments',
    row: 'C18',
    message: (size) => latin1(`From: ${times('(', size / 2)}${times(')', size / 2)} a@b.test\r\n\r\nx`),
  },
  {
    name: 'comments that never end, in many fields',
    row: 'C18',
    message: (size) => latin1(`${times('From: ((((((((\\\r\n', size)}\r\nx`),
  },
  { name: 'quotes and backslashes', row: 'C18', message: (size) => latin1(`From: ${times('"\\', size)}\r\n\r\nx`) },
  { name: 'groups in groups', row: 'C18', message: (size) => latin1(`To: ${times('a:', size)}\r\n\r\nx`) },
  {
    name: 'continued parameters',
    row: 'C20',
    message: (size) => latin1(`Content-Type: text/plain${numbered(';\r\n name*#*=x', size)}\r\n\r\nx`),
  },
  {
    name: 'many parameters',
    row: 'C20',
    message: (size) => latin1(`Content-Type: text/plain${numbered(';\r\n p#=x', size)}\r\n\r\nx`),
  },
  {
    name: 'many encoded words',
    row: 'C18',
    message: (size) => latin1(`Subject: ${times('=?utf-8?q?x?=\r\n ', size)}x\r\n\r\nx`),
  },
  {
    name: 'encoded words that never end',
    row: 'C18',
    message: (size) => latin1(`Subject: ${times('=?utf-8?q?', size)}\r\n\r\nx`),
  },
  {
    name: 'many references',
    row: 'C16',
    message: (size) => latin1(`References: ${numbered('<a#@b.test>\r\n ', size)}<z@b.test>\r\n\r\nx`),
  },
  {
    name: 'HTML that is only opened',
    row: 'C21',
    message: (size) => latin1(`Content-Type: text/html\r\n\r\n${times('<div><b><i><table><td>', size)}`),
  },
  {
    name: 'HTML comments that never end',
    row: 'C21',
    message: (size) => latin1(`Content-Type: text/html\r\n\r\n${times('<!--<', size)}`),
  },
  {
    name: 'base64 that is none',
    row: 'C21',
    message: (size) => latin1(`Content-Transfer-Encoding: base64\r\n\r\n${times('!A=', size)}`),
  },
  {
    name: 'quoted-printable of equals signs',
    row: 'C21',
    message: (size) =>
      latin1(`Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n${times('=', size)}`),
  },
  {
    name: 'quotes in quotes in flowed text',
    row: 'C18',
    message: (size) => latin1(`Content-Type: text/plain; format=flowed\r\n\r\n${times('>', size)}\r\n`),
  },
  {
    name: 'a body of line ends',
    row: 'C18',
    message: (size) => latin1(`Subject: x\r\n\r\n${times('\r\n', size)}`),
  },
];

function parsed(text: (size: number) => string, act: (text: string) => unknown) {
  return (size: number) => {
    const input = text(size);
    return () => act(input);
  };
}
function scanned(bytes: (size: number) => Buffer, act: (bytes: Buffer) => unknown) {
  return (size: number) => {
    const input = bytes(size);
    return () => act(input);
  };
}
/** As the network may deliver it: in pieces of `piece` bytes. */
function inPieces(piece: number) {
  return (bytes: Buffer): void => {
    const scanner = new DataScanner();
    const sink = { append: () => undefined };
    for (let i = 0; i < bytes.length && !scanner.done; i += piece) scanner.scan(bytes.subarray(i, i + piece), sink);
  };
}

export const SHAPES: readonly Shape[] = [
  ...MESSAGE_SHAPES.map(
    ({ name, row, message }): Shape => ({ name, row, prepare: scanned(message, (raw) => parseMessage(raw)) }),
  ),
  {
    name: 'address list of commas',
    row: 'C18',
    prepare: parsed((size) => times(',', size), parseAddressList),
  },
  {
    name: 'address list of angle brackets',
    row: 'C18',
    prepare: parsed((size) => times('<', size), parseAddressList),
  },
  {
    name: 'address list of quotes that never end',
    row: 'C18',
    prepare: parsed((size) => times('"a ', size), parseAddressList),
  },
  {
    name: 'address list of white space and comments',
    row: 'C18',
    prepare: parsed((size) => times(' ()', size), parseAddressList),
  },
  {
    name: 'parameters of quotes and semicolons',
    row: 'C20',
    prepare: parsed(
      (size) => `text/plain${times(';a="\\"', size)}`,
      (text) => decodeParams(parseParameterized(text).params),
    ),
  },
  {
    name: 'parameters of percent signs',
    row: 'C20',
    prepare: parsed(
      (size) => `text/plain;name*=utf-8''${times('%', size)}`,
      (text) => decodeParams(parseParameterized(text).params),
    ),
  },
  {
    name: 'words of question marks',
    row: 'C18',
    prepare: parsed(
      (size) => times('=?a?b?', size),
      (text) => decodeWords(text),
    ),
  },
  {
    name: 'words far apart',
    row: 'C18',
    prepare: parsed(
      (size) => times(`=?utf-8?q?a?=${' '.repeat(50)}`, size),
      (text) => decodeWords(text),
    ),
  },
  {
    name: 'words to encode',
    row: 'C18',
    prepare: parsed((size) => times('가 ', size), encodeWords),
  },
  { name: 'message ids of angle brackets', row: 'C16', prepare: parsed((size) => times('<<>', size), messageIds) },
  { name: 'a subject of replies', row: 'C16', prepare: parsed((size) => times('Re: ', size), baseSubject) },
  { name: 'a subject of brackets', row: 'C16', prepare: parsed((size) => times('[a] ', size), baseSubject) },
  { name: 'a subject of forwards', row: 'C16', prepare: parsed((size) => times('[Fwd: ', size), baseSubject) },
  threaded('a thread as long as the folder', (n) => [`m${n - 1}`]),
  threaded('answers that all name many missing messages', missing),
  threaded('loops of answers', (n, of) => [`m${(n * 7) % of}`, `m${(n * 13) % of}`]),
  threaded('answers to two missing messages', (n) => [n % 2 === 0 ? 'one' : 'other']),
  { name: 'a date of parentheses', row: 'C18', prepare: parsed((size) => times('(', size), parseDate) },
  { name: 'a date of digits', row: 'C18', prepare: parsed((size) => times('1 ', size), parseDate) },
  {
    name: 'HTML of ampersands',
    row: 'C21',
    prepare: parsed(
      (size) => times('&', size),
      (html) => htmlToText(html),
    ),
  },
  {
    name: 'HTML of less-than signs',
    row: 'C21',
    prepare: parsed(
      (size) => times('<', size),
      (html) => htmlToText(html),
    ),
  },
  {
    name: 'HTML of scripts',
    row: 'C21',
    prepare: parsed(
      (size) => times('<script>', size),
      (html) => htmlToText(html),
    ),
  },
  {
    name: 'HTML of attributes',
    row: 'C21',
    prepare: parsed(
      (size) => `<a ${times('b="', size)}`,
      (html) => htmlToText(html),
    ),
  },
  {
    name: 'HTML of closing tags',
    row: 'C21',
    prepare: parsed(
      (size) => times('</a', size),
      (html) => htmlToText(html),
    ),
  },
  {
    name: 'iso-2022-kr of shifts',
    row: 'C21',
    prepare: scanned(
      (size) => latin1(times('\x1b$)C\x0e\x0f', size)),
      (bytes) => decodeCharset(bytes, 'iso-2022-kr'),
    ),
  },
  {
    name: 'euc-kr of halves',
    row: 'C21',
    prepare: scanned(
      (size) => latin1(times('\xb0', size)),
      (bytes) => decodeCharset(bytes, 'euc-kr'),
    ),
  },
  {
    name: 'utf-7 of plus signs',
    row: 'C21',
    prepare: scanned(
      (size) => latin1(times('+', size)),
      (bytes) => decodeCharset(bytes, 'utf-7'),
    ),
  },
  { name: 'a charset with a long name', row: 'C21', prepare: parsed((size) => times('x-', size), canonicalCharset) },
  {
    name: 'base64 of line ends',
    row: 'C21',
    prepare: scanned(
      (size) => latin1(times('A\r\n', size)),
      (bytes) => decodeBody(bytes, 'base64'),
    ),
  },
  {
    name: 'quoted-printable of trailing white space',
    row: 'C21',
    prepare: scanned(
      (size) => latin1(times(' ', size)),
      (bytes) => decodeBody(bytes, 'quoted-printable'),
    ),
  },
  {
    name: 'fields picked out of a header of one-letter fields',
    row: 'C18',
    prepare: scanned(
      (size) => latin1(`${times('a:\r\n', size)}\r\n`),
      (bytes) => selectFields(bytes, new Set(['subject'])),
    ),
  },
  {
    name: 'an envelope address of quotes',
    row: 'D11',
    prepare: parsed((size) => `"${times('\\"', size)}"@b.test`, parseMailbox),
  },
  { name: 'an envelope address of dots', row: 'D11', prepare: parsed((size) => times('a.', size), normalizeDomain) },
  {
    name: 'a folder name of shifts',
    row: 'E6',
    atMost: 1 << 18,
    prepare: parsed((size) => times('&-', size), decodeMailboxName),
  },
  {
    name: 'a folder name of ampersands',
    row: 'E6',
    atMost: 1 << 18,
    prepare: parsed((size) => times('&', size), encodeMailboxName),
  },
  {
    name: 'a folder name of Korean',
    row: 'E6',
    atMost: 1 << 18,
    prepare: parsed((size) => times('편', size), encodeMailboxName),
  },
  {
    name: 'DATA of dots, byte by byte',
    row: 'D1',
    prepare: scanned((size) => latin1(times('\r\n..', size)), inPieces(1)),
  },
  {
    name: 'DATA of carriage returns',
    row: 'D1',
    prepare: scanned((size) => latin1(times('\r', size)), inPieces(4_096)),
  },
];
