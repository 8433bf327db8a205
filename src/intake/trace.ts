/** The trace lines a mail gets on arrival (RFC 5321 §4.4), and the count of those it has. */
import { formatDate } from '../mail/date.ts';
import type { HeaderBlock } from '../mail/header.ts';
import { printable } from '../telemetry/log.ts';
import type { Origin } from './arrival.ts';

/** A mail that passed more servers than this is going round. */
export const MAX_HOPS = 50;

export function hops(header: HeaderBlock): number {
  let count = 0;
  for (const field of header.fields) if (field.name === 'received') count++;
  return count;
}

export interface TraceFacts {
  readonly origin: Origin;
  /** Who we are. */
  readonly hostname: string;
  readonly id: string;
  readonly at: number;
}

/** Everything of the trace that is the same for all recipients. */
export function receivedFrom({ origin, hostname, id }: TraceFacts): string {
  const { hello, remote, reverse, protocol, cipher } = origin;
  const name = reverse === undefined ? '' : `${word(reverse)} `;
  const from = remote === '' ? '' : `from ${word(hello)} (${name}[${printable(remote, 64)}])\r\n\t`;
  const using = cipher === '' ? '' : `\r\n\t(using ${printable(cipher, 80).replace(/[()\\]/g, '?')})`;
  return `Received: ${from}by ${word(hostname)} with ${protocol} id ${id}${using}`;
}

/** What a mail gets on top for one recipient, in UTF-8 as the addresses may be (RFC 6532). `results` is a field, or ''. */
export function traceLines(sender: string, recipient: string, results: string, received: string, at: number): string {
  return `Return-Path: <${sender}>\r\n${results}${received}\r\n\tfor <${recipient}>; ${dateOf(at)}\r\n`;
}

let lastSecond = -1;
let lastDate = '';

/** Many mails arrive in one second. */
function dateOf(at: number): string {
  const second = Math.floor(at / 1000);
  if (second !== lastSecond) {
    lastSecond = second;
    lastDate = formatDate(at);
  }
  return lastDate;
}

/** What must stand between our lines and a mail that does not begin with a header: else its text would become one. */
export function separator(head: Buffer, header: HeaderBlock): string {
  if (head.length === 0 || header.fields[0]?.start === 0) return '';
  return /^(\r\n|>?From )/.test(head.toString('latin1', 0, 6)) ? '' : '\r\n';
}

/** What a client calls itself, as a word that can end neither a comment nor a line. */
function word(name: string): string {
  return name === '' ? 'unknown' : printable(name, 255).replace(/[^A-Za-z0-9.:_[\]-]/g, '?');
}
