/** The header that the mails of Downmail take over from the original. Whole fields are written here one character per byte. */
import { addressesIn } from '../address.ts';
import { formatAddress, textField } from '../compose.ts';
import type { HeaderBlock, HeaderField } from '../header.ts';
import { parseMailbox } from '../path.ts';
import { decodeWords, printable } from '../words.ts';

/** What people see of a mail, and what keeps conversations together. Signatures, traces and what describes the body belong to the
 * original alone, and so does a wish for a receipt. */
const TAKEN = [
  'from',
  'sender',
  'reply-to',
  'to',
  'cc',
  'date',
  'in-reply-to',
  'importance',
  'x-priority',
  'list-id',
  'list-unsubscribe',
  'list-unsubscribe-post',
  'auto-submitted',
  'precedence',
] as const; // prettier-ignore
/** Bytes of a field that is taken as it is, and of all together: a notification stays small whatever the original's header is. */
const MOST_FIELD = 1_000;
const MOST_HEADER = 4_000;
const MOST_SUBJECT = 300;
const MOST_REFERENCES = 10;
const MESSAGE_ID = /<[\x21-\x3b\x3d\x3f-\x7e]{3,250}>/g;

/** Each with its line end, as received. `From` is always among them; a list of recipients that is too long becomes `to` alone. */
export function takenFields(header: HeaderBlock, to: string): string {
  let taken = '';
  const seen = new Set<string>();
  for (const name of TAKEN) {
    const field = header.fields.find((one) => one.name === name);
    if (field === undefined) continue;
    const text = asReceived(header, field);
    if (text.length <= MOST_FIELD && taken.length + text.length <= MOST_HEADER) {
      taken += text;
      seen.add(name);
    }
  }
  if (!seen.has('from')) taken += authorField(header);
  if (!seen.has('to') && !seen.has('cc')) taken += addressField('To', to);
  return taken;
}

/** With its line end. Throws `address-syntax`. */
export function addressField(name: string, address: string): string {
  return Buffer.from(`${name}: ${formatAddress({ address })}\r\n`).toString('latin1');
}

/** The subject field with a word before it, with its line end. */
export function prefixedSubject(header: HeaderBlock, prefix: string): string {
  const subject = printable(decodeWords(header.first('subject') ?? ''))
    .slice(0, MOST_SUBJECT)
    .toWellFormed()
    .trimEnd();
  // The word stays readable where the subject itself is encoded.
  return `${textField('Subject', subject).replace('Subject: ', `Subject: ${prefix}`).trimEnd()}\r\n`;
}

/** `References` for what is about the original: where it stands, and itself; '' when nothing is known. */
export function references(header: HeaderBlock): string {
  const above = idsIn(header.first('references') ?? header.first('in-reply-to') ?? '');
  const own = idsIn(header.first('message-id') ?? '').slice(0, 1);
  const all = [...above.slice(0, 1), ...above.slice(1).slice(-MOST_REFERENCES), ...own];
  return all.length === 0 ? '' : `References: ${all.join('\r\n ')}\r\n`;
}

/** Undefined when it has none that can be repeated. */
export function messageIdOf(header: HeaderBlock): string | undefined {
  return idsIn(header.first('message-id') ?? '')[0];
}

function idsIn(value: string): readonly string[] {
  return value.slice(0, 20_000).match(MESSAGE_ID) ?? [];
}

/** A field as one that may be written: nothing in it ends a line but a fold. */
function asReceived(header: HeaderBlock, field: HeaderField): string {
  const lines = header.text
    .slice(field.start, field.end)
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '');
  return `${lines.map((line) => line.replaceAll(/[\0\r]/g, ' ')).join('\r\n')}\r\n`;
}

function authorField(header: HeaderBlock): string {
  for (const address of addressesIn((header.first('from') ?? '').slice(0, 20_000))) {
    if (parseMailbox(address) !== undefined) return addressField('From', address);
  }
  return 'From: undisclosed-sender:;\r\n';
}
