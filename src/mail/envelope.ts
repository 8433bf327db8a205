/** The header fields that lists, replies and threads need: as written, and decoded. */
import { decodeAddresses, MAX_ADDRESSES, parseAddressList, type RawAddress } from './address.ts';
import { parseDate } from './date.ts';
import { HeaderBlock } from './header.ts';
import type { Envelope } from './message.ts';
import { messageIds } from './thread.ts';
import { decodeWords } from './words.ts';

/** Characters of a subject that are kept. */
const MAX_SUBJECT = 4000;

/** Unfolded, one character per byte; undefined when there is no such field. The first field of a name counts. */
export interface RawEnvelope {
  date: string | undefined;
  subject: string | undefined;
  from: readonly RawAddress[];
  sender: readonly RawAddress[];
  replyTo: readonly RawAddress[];
  /** Recipients are collected from all fields of the name. */
  to: readonly RawAddress[];
  cc: readonly RawAddress[];
  bcc: readonly RawAddress[];
  messageId: string | undefined;
  inReplyTo: string | undefined;
  references: string | undefined;
}

const NOBODY: readonly RawAddress[] = [];

export function readEnvelope(block: HeaderBlock): RawEnvelope {
  const raw: RawEnvelope = {
    date: undefined,
    subject: undefined,
    from: NOBODY,
    sender: NOBODY,
    replyTo: NOBODY,
    to: NOBODY,
    cc: NOBODY,
    bcc: NOBODY,
    messageId: undefined,
    inReplyTo: undefined,
    references: undefined,
  };
  for (const field of block.fields) {
    switch (field.name) {
      case 'date':
        raw.date ??= block.valueOf(field);
        break;
      case 'subject':
        raw.subject ??= block.valueOf(field);
        break;
      case 'from':
        if (raw.from === NOBODY) raw.from = parseAddressList(block.valueOf(field));
        break;
      case 'sender':
        if (raw.sender === NOBODY) raw.sender = parseAddressList(block.valueOf(field));
        break;
      case 'reply-to':
        if (raw.replyTo === NOBODY) raw.replyTo = parseAddressList(block.valueOf(field));
        break;
      case 'to':
        raw.to = withMore(raw.to, block.valueOf(field));
        break;
      case 'cc':
        raw.cc = withMore(raw.cc, block.valueOf(field));
        break;
      case 'bcc':
        raw.bcc = withMore(raw.bcc, block.valueOf(field));
        break;
      case 'message-id':
        raw.messageId ??= oneMessageId(block.valueOf(field));
        break;
      case 'in-reply-to':
        raw.inReplyTo ??= block.valueOf(field);
        break;
      case 'references':
        raw.references ??= block.valueOf(field);
        break;
      default:
    }
  }
  return raw;
}

function withMore(list: readonly RawAddress[], value: string): readonly RawAddress[] {
  if (list === NOBODY) return parseAddressList(value);
  return list.length < MAX_ADDRESSES ? [...list, ...parseAddressList(value)] : list;
}

/** The `<...>` of a Message-ID, or what stands there instead. */
function oneMessageId(value: string): string {
  return messageIds(value)[0] ?? value.slice(0, 1000);
}

/** `bodyCharset` is believed for raw eight-bit text that is not UTF-8. */
export function decodeEnvelope(raw: RawEnvelope, bodyCharset: string): Envelope {
  return {
    date: raw.date === undefined ? undefined : parseDate(raw.date),
    subject: raw.subject === undefined ? '' : decodeWords(raw.subject, bodyCharset).slice(0, MAX_SUBJECT).trim(),
    from: decodeAddresses(raw.from, bodyCharset),
    sender: decodeAddresses(raw.sender, bodyCharset),
    replyTo: decodeAddresses(raw.replyTo, bodyCharset),
    to: decodeAddresses(raw.to, bodyCharset),
    cc: decodeAddresses(raw.cc, bodyCharset),
    bcc: decodeAddresses(raw.bcc, bodyCharset),
    messageId: raw.messageId ?? '',
    inReplyTo: raw.inReplyTo === undefined ? [] : messageIds(raw.inReplyTo),
    references: raw.references === undefined ? [] : messageIds(raw.references),
  };
}

/** From the bytes of a header block. */
export function envelope(header: Uint8Array, bodyCharset = ''): Envelope {
  return decodeEnvelope(readEnvelope(HeaderBlock.parse(header)), bodyCharset);
}
