/**
 * Reading what other servers report about a mail of ours: delivery status notifications (RFC 3464), and the free text that
 * qmail, Exim, Sendmail and some providers send instead.
 */
import { statusIn } from './bounce-text.ts';
import { decodeText } from './text.ts';
import { HeaderBlock } from './header.ts';
import type { Part } from './message.ts';
import { parseMessage } from './parse.ts';

export type Action = 'failed' | 'delayed' | 'delivered' | 'relayed' | 'expanded';

export interface RecipientReport {
  /** To which we sent it, as far as is known; without its type. */
  readonly address: string;
  /** Where it ended up when that is another one (a forward). */
  readonly finalAddress: string;
  readonly action: Action;
  /** RFC 3463: `5.1.1`. */
  readonly status: string;
  /** What the server said; one line, '' when it is not told. */
  readonly diagnostic: string;
  /** '' when it is not told. */
  readonly remoteMta: string;
}

export interface DeliveryReport {
  readonly form: 'rfc3464' | 'text';
  /** '' when it is not told. */
  readonly reportingMta: string;
  /** RFC 3461 ENVID, '' when there is none. */
  readonly envelopeId: string;
  /** Of the mail it is about, with angle brackets, '' when that is not told. */
  readonly messageId: string;
  readonly recipients: readonly RecipientReport[];
}

const MOST_RECIPIENTS = 1_000;
const MOST_BYTES = 256 << 10;
const MOST_LINES = 2_000;
const MOST_LINE = 2_000;

/** Undefined when this is no such report. Never throws, whatever the bytes. */
export function readDeliveryReport(raw: Uint8Array): DeliveryReport | undefined {
  const { structure } = parseMessage(raw);
  const messageId = originalMessageId(raw, structure);
  const status = findPart(
    structure,
    (part) => part.type === 'message' && /^(global-)?delivery-status$/.test(part.subtype),
  );
  if (status !== undefined) {
    const report = readStatus(bytesOf(raw, status));
    if (report !== undefined) return { form: 'rfc3464', messageId, ...report };
  }
  return readText(raw, structure, messageId);
}

/** The first part in reading order for which `is` holds. Reports are shallow. */
export function findPart(part: Part, is: (part: Part) => boolean, depth = 0): Part | undefined {
  if (is(part)) return part;
  if (depth >= 4 || part.type === 'message') return undefined;
  for (const child of part.children.slice(0, 20)) {
    const found = findPart(child, is, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

export function bytesOf(raw: Uint8Array, part: Part): Uint8Array {
  return raw.subarray(part.bodyStart, Math.min(part.bodyEnd, part.bodyStart + MOST_BYTES));
}

/** Of the mail that came back with the report, whole or only its header. */
export function originalHeader(raw: Uint8Array, structure: Part): HeaderBlock | undefined {
  const whole = findPart(structure, (part) => part.type === 'message' && /^(rfc822|global)$/.test(part.subtype));
  const part =
    whole ??
    findPart(structure, ({ type, subtype }) =>
      /^(text\/rfc822-headers|message\/global-headers)$/.test(`${type}/${subtype}`),
    );
  return part && HeaderBlock.parse(bytesOf(raw, part));
}

function originalMessageId(raw: Uint8Array, structure: Part): string {
  return originalHeader(raw, structure)?.first('message-id')?.slice(0, 998) ?? '';
}

/** Groups of fields with an empty line between them: about the mail, then about each recipient (RFC 3464 §2.1). */
function readStatus(bytes: Uint8Array): Omit<DeliveryReport, 'form' | 'messageId'> | undefined {
  const groups = Buffer.from(bytes)
    .toString('latin1')
    .split(/\r?\n[ \t]*\r?\n/, MOST_RECIPIENTS + 1)
    .map((text) => HeaderBlock.parse(Buffer.from(`${text.replace(/^(?:\r?\n)+/, '')}\r\n`, 'latin1')));
  const [message] = groups;
  const recipients = groups.flatMap((group): RecipientReport[] => {
    const final = afterType(group.first('final-recipient'));
    const original = afterType(group.first('original-recipient'));
    const action = group.first('action')?.trim().toLowerCase();
    if ((final === '' && original === '') || !isAction(action)) return [];
    const diagnostic = oneLine(afterType(group.first('diagnostic-code')));
    const written = /^\s*([245]\.\d{1,3}\.\d{1,3})/.exec(group.first('status') ?? '')?.[1];
    return [
      {
        address: original === '' ? final : original,
        finalAddress: final === '' ? original : final,
        action,
        status: better(
          written ?? (action === 'failed' ? '5.0.0' : action === 'delayed' ? '4.0.0' : '2.0.0'),
          diagnostic,
        ),
        diagnostic,
        remoteMta: oneLine(afterType(group.first('remote-mta'))),
      },
    ];
  });
  if (message === undefined || recipients.length === 0) return undefined;
  return {
    reportingMta: oneLine(afterType(message.first('reporting-mta'))),
    envelopeId: oneLine(message.first('original-envelope-id') ?? ''),
    recipients,
  };
}

/** A status that says nothing gives way to what the diagnostic text says, as long as both mean the same kind of failure. */
function better(status: string, diagnostic: string): string {
  if (!status.endsWith('.0') || diagnostic === '') return status;
  const found = statusIn(diagnostic);
  return found !== undefined && found.charAt(0) === status.charAt(0) ? found : status;
}

function isAction(text: string | undefined): text is Action {
  return text !== undefined && ['failed', 'delayed', 'delivered', 'relayed', 'expanded'].includes(text);
}

/** `rfc822; kim@a.test` without its type, and without angle brackets. */
export function afterType(value: string | undefined): string {
  if (value === undefined) return '';
  const semicolon = value.indexOf(';');
  const text = oneLine(semicolon < 0 ? value : value.slice(semicolon + 1));
  return /^<[^<>]*>$/.test(text) ? text.slice(1, -1) : text;
}

export function oneLine(text: string): string {
  return text
    .slice(0, MOST_LINE)
    .replace(/[\s\0]+/g, ' ')
    .trim();
}

// --- free text

/** Sentences with which the programs begin, in lower case. */
const OPENINGS: readonly string[] = [
  // qmail and what descends from it
  'this is the qmail-send program',
  'this is the mail delivery agent at messagelabs',
  'unable to deliver message to the following address',
  "i'm afraid i wasn't able to deliver your message",
  // Exim
  'this message was created automatically by mail delivery software',
  'a message that you sent could not be delivered to one or more',
  // Sendmail
  'the following addresses had permanent fatal errors',
  'the following addresses had transient non-fatal errors',
  // Postfix, when its report was taken apart on the way
  "i'm sorry to have to inform you that your message could not",
  'this is the mail system at host',
  // Exchange, Courier, Gmail and others
  'your message did not reach some or all of the intended recipients',
  'delivery has failed to these recipients',
  'this is a delivery status notification',
  'delivery to the following recipient',
  'your message wasn',
  'undeliverable mail',
  'mail delivery failed',
];

/** From here on the text is the mail that came back. */
const ORIGINAL =
  /^(-+ ?(below this line is a copy|this is a copy of|original message|the header of the original|undelivered message)|--- below this line)/i;

function readText(raw: Uint8Array, structure: Part, messageId: string): DeliveryReport | undefined {
  const header = HeaderBlock.parse(raw.subarray(0, structure.bodyStart));
  const part = findPart(structure, ({ type, subtype }) => type === 'text' && subtype === 'plain');
  if (part === undefined) return undefined;
  const lines = decodeText(part, bytesOf(raw, part))
    .split(/\r?\n/, MOST_LINES)
    .map((line) => line.slice(0, MOST_LINE));
  const opening = lines.slice(0, 30).join(' ').toLowerCase().replace(/\s+/g, ' ');
  if (!OPENINGS.some((sentence) => opening.includes(sentence))) return undefined;
  const end = lines.findIndex((line) => ORIGINAL.test(line.trim()));
  const said = end < 0 ? lines : lines.slice(0, end);
  const recipients = blocks(said, namedInHeader(header));
  if (recipients.length === 0) return undefined;
  return { form: 'text', reportingMta: '', envelopeId: '', messageId: messageId || idBelow(lines, end), recipients };
}

/** Exim and Gmail name those it failed for in a field of their own. */
function namedInHeader(header: HeaderBlock): readonly string[] {
  return header
    .all('x-failed-recipients')
    .flatMap((value) => value.split(',', MOST_RECIPIENTS))
    .map((one) => one.trim())
    .filter((one) => one.includes('@'));
}

/** A line that begins with an address, and the lines after it that say what is wrong with it. */
function blocks(lines: readonly string[], named: readonly string[]): RecipientReport[] {
  const found = new Map<string, string[]>();
  let current: string[] | undefined;
  for (const line of lines) {
    const address = addressAt(line);
    if (address !== undefined && found.size < MOST_RECIPIENTS) {
      current = found.get(address) ?? [];
      found.set(address, current);
      current.push(line.slice(line.indexOf(address) + address.length).replace(/^[>):\s]+/, ''));
    } else if (current !== undefined && current.length < 20) current.push(line.trim());
  }
  for (const address of named) if (!found.has(address)) found.set(address, lines.slice(0, 40));
  const failures = named.length > 0 ? [...found].filter(([address]) => named.includes(address)) : [...found];
  return failures.flatMap(([address, said]): RecipientReport[] => {
    const diagnostic = oneLine(said.join(' '));
    const status = statusIn(diagnostic);
    // An address that nothing is said about is one that the text merely mentions.
    if (status === undefined) return [];
    return [
      {
        address,
        finalAddress: address,
        action: status.startsWith('4') ? 'delayed' : 'failed',
        status,
        diagnostic: diagnostic.slice(0, 500),
        remoteMta: '',
      },
    ];
  });
}

/** `<kim@a.test>:` of qmail and Sendmail, `  kim@a.test` of Exim. */
function addressAt(line: string): string | undefined {
  const found =
    /^\s{0,12}(?:<([^<>\s]{1,254}@[^<>\s]{1,255})>:?|([^<>\s:;,"()]{1,64}@[^<>\s:;,"()]{1,255}):?)(?:\s|$)/.exec(line);
  return found?.[1] ?? found?.[2];
}

/** Below the line that says that the mail follows. */
function idBelow(lines: readonly string[], from: number): string {
  if (from < 0) return '';
  for (const line of lines.slice(from)) {
    const id = /^message-id:\s*(<[^<>\s]{1,990}>)/i.exec(line)?.[1];
    if (id !== undefined) return id;
  }
  return '';
}
