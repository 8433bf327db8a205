/** Replies of an SMTP server (RFC 5321 §4.2), line by line, with limits: a server may be anything that listens there. */
import { printable } from '../../telemetry/log.ts';

export interface Reply {
  /** 200 to 599. */
  readonly code: number;
  /** Enhanced status code (RFC 3463), when the first line begins with one of the same class. */
  readonly status: string | undefined;
  /** What follows the code, one entry a line; one character per byte. */
  readonly lines: readonly string[];
}

/** Octets of one line; RFC 5321 §4.5.3.1.5 says 512. */
export const REPLY_LINE_LIMIT = 4096;
const MAX_LINES = 200;
const MAX_BYTES = 64 << 10;
/** Characters of a reply as it is kept. */
const MAX_TEXT = 1000;

const LINE = /^([2-5]\d\d)(?:([ -])([^]*))?$/;
const STATUS = /^([245])\.(\d{1,3})\.(\d{1,3})(?: |$)/;

export class ReplyReader {
  #lines: string[] = [];
  #bytes = 0;

  /** A line without its CRLF. Undefined: there is more to come. `'garbage'`: this is no SMTP server, or no sane one. */
  add(line: Uint8Array): Reply | 'garbage' | undefined {
    const text = Buffer.from(line.buffer, line.byteOffset, line.byteLength).toString('latin1');
    const match = LINE.exec(text);
    this.#bytes += text.length;
    if (!match || this.#lines.length >= MAX_LINES || this.#bytes > MAX_BYTES) return 'garbage';
    this.#lines.push(match[3] ?? '');
    if (match[2] === '-') return undefined;
    const lines = this.#lines;
    this.#lines = [];
    this.#bytes = 0;
    // Where the lines disagree the last one counts: it is the one that ends the reply.
    const code = Number(match[1]);
    return { code, status: statusIn(lines[0] ?? '', code), lines };
  }

  /** A reply has begun and not ended. */
  get within(): boolean {
    return this.#lines.length > 0;
  }
}

function statusIn(text: string, code: number): string | undefined {
  const match = STATUS.exec(text);
  return match && Number(match[1]) === Math.trunc(code / 100)
    ? `${match[1]}.${Number(match[2])}.${Number(match[3])}`
    : undefined;
}

/** In one printable line, as it goes into logs and reports: `550 5.1.1 No such user`. */
export function replyText({ code, lines }: Reply): string {
  return printable(`${code} ${lines.join(' ').replaceAll(/\s+/g, ' ').trim()}`.trim(), MAX_TEXT);
}

/** The enhanced status code, or the one that says no more than the code itself. */
export function replyStatus({ code, status }: Reply): string {
  return status ?? `${Math.trunc(code / 100)}.0.0`;
}
