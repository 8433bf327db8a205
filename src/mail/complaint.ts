/** Reading the report that a provider sends when somebody calls a mail of ours spam (ARF, RFC 5965). */
import { originalHeader, findPart } from './delivery-report.ts';
import { decodeAddresses, parseAddressList } from './address.ts';
import { HeaderBlock } from './header.ts';
import { parseMessage } from './parse.ts';

export interface FeedbackReport {
  /** Lower case: `abuse`, `fraud`, `virus`, `not-spam`, `auth-failure`, `other` ... */
  readonly type: string;
  readonly userAgent: string;
  /** Of the mail, '' where the provider hides them. */
  readonly mailFrom: string;
  readonly recipients: readonly string[];
  readonly sourceIp: string;
  readonly reportedDomains: readonly string[];
  /** As written, '' when it is not told. */
  readonly arrivalDate: string;
  /** How many complaints this stands for. */
  readonly incidents: number;
  /** With angle brackets, '' when it is not told. */
  readonly messageId: string;
  /** Of the mail itself, where the report brings its header: its author's address and its Return-Path, or ''. */
  readonly author: string;
  readonly returnPath: string;
}

const MOST_BYTES = 64 << 10;
const MOST_VALUES = 100;
const MOST_VALUE = 998;

/** Undefined when this is no such report. Never throws, whatever the bytes. */
export function readFeedbackReport(raw: Uint8Array): FeedbackReport | undefined {
  const { structure } = parseMessage(raw);
  const part = findPart(structure, ({ type, subtype }) => type === 'message' && subtype === 'feedback-report');
  if (part === undefined) return undefined;
  const { bodyStart, bodyEnd } = part;
  const text = Buffer.from(raw.subarray(bodyStart, Math.min(bodyEnd, bodyStart + MOST_BYTES))).toString('latin1');
  const fields = HeaderBlock.parse(Buffer.from(text.replace(/^(?:[ \t]*\r?\n)+/, ''), 'latin1'));
  const type = fields.first('feedback-type')?.toLowerCase();
  if (type === undefined || !/^[a-z0-9-]{1,64}$/.test(type)) return undefined;
  const one = (name: string): string => (fields.first(name) ?? '').slice(0, MOST_VALUE);
  const many = (name: string): string[] =>
    fields
      .all(name)
      .slice(0, MOST_VALUES)
      .map((value) => value.slice(0, MOST_VALUE));
  const header = originalHeader(raw, structure);
  const original = (name: string): string => (header?.first(name) ?? '').slice(0, MOST_VALUE);
  const incidents = Number(/^\d{1,9}$/.exec(one('incidents'))?.[0] ?? 1);
  return {
    type,
    userAgent: one('user-agent'),
    mailFrom: bare(one('original-mail-from')),
    recipients: many('original-rcpt-to')
      .map(bare)
      .filter((address) => address !== ''),
    sourceIp: one('source-ip'),
    reportedDomains: many('reported-domain').map((domain) => domain.toLowerCase()),
    arrivalDate: one('arrival-date') || one('received-date'),
    incidents: Math.max(1, incidents),
    messageId: original('message-id'),
    author: decodeAddresses(parseAddressList(original('from')))[0]?.address ?? '',
    returnPath: bare(original('return-path')),
  };
}

/** Without angle brackets. */
function bare(address: string): string {
  const text = address.trim();
  return /^<[^<>]*>$/.test(text) ? text.slice(1, -1) : text;
}
