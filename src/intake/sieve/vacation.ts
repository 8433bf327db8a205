/** Answers while somebody is away (RFC 5230), without answering machines, lists and oneself (RFC 3834). */
import { addressesIn, decodeAddresses, parseAddressList } from '../../mail/address.ts';
import type { ComposeAddress } from '../../mail/compose.ts';
import { composeMessage } from '../../mail/compose.ts';
import { HeaderBlock, selectFields } from '../../mail/header.ts';
import { parseMailbox } from '../../mail/path.ts';
import type { VacationAction } from '../../mail/sieve/actions.ts';
import type { SieveHeader } from '../../mail/sieve/header.ts';
import { messageIds } from '../../mail/thread.ts';
import { normalAddress, splitDetail } from '../../directory/address.ts';

/** Fields that mailing lists write (RFC 2369, RFC 2919). */
export const LIST_FIELDS: ReadonlySet<string> = new Set([
  'list-id',
  'list-help',
  'list-subscribe',
  'list-unsubscribe',
  'list-post',
  'list-owner',
  'list-archive',
]);
const RECIPIENT_FIELDS = ['to', 'cc', 'bcc', 'resent-to', 'resent-cc', 'resent-bcc'];
export const BULK: ReadonlySet<string> = new Set(['bulk', 'list', 'junk', 'auto_reply']);
const SUPPRESSED = new Set(['all', 'oof', 'autoreply']);
/** Names behind which nobody reads (RFC 5230 §4.6). */
const NOBODY = new Set([
  'mailer-daemon',
  'mailer',
  'listserv',
  'majordomo',
  'postmaster',
  'root',
  'nobody',
  'bounce',
  'bounces',
]); // prettier-ignore
const NO_REPLY = ['noreply', 'no-reply', 'no_reply', 'no.reply', 'donotreply', 'do-not-reply', 'do_not_reply'];
const MOST_REFERENCES = 20;
const MOST_SUBJECT = 500;

/** Whoever writes as one of several names is still one person. */
export function ownAddresses(addresses: readonly string[]): ReadonlySet<string> {
  return new Set(addresses.map(comparable).filter((address) => address !== undefined));
}

function comparable(address: string): string | undefined {
  if (parseMailbox(address) === undefined) return undefined;
  const { local, domain } = normalAddress(address);
  return `${splitDetail(local).base}@${domain}`;
}

/** Why nobody is answered; undefined when the sender is. `own` as `ownAddresses` gives it. */
export function whyNoAnswer(sender: string, header: SieveHeader, own: ReadonlySet<string>): string | undefined {
  const from = sender === '' ? undefined : comparable(sender);
  if (from === undefined) return 'there is no sender';
  if (own.has(from)) return 'it is from oneself';
  const local = from.slice(0, from.lastIndexOf('@')).toLowerCase();
  if (NOBODY.has(local) || NO_REPLY.some((name) => local.startsWith(name))) return 'nobody reads there';
  if (
    local.startsWith('owner-') ||
    local.endsWith('-request') ||
    local.endsWith('-owner') ||
    local.endsWith('-bounces')
  )
    return 'it is from a list';
  for (const { name, value } of header.fields) {
    const word = firstWord(value);
    if (name === 'auto-submitted' && word !== 'no') return 'a machine sent it';
    if (name === 'precedence' && BULK.has(word)) return 'it is bulk mail';
    if (LIST_FIELDS.has(name)) return 'it is from a list';
    if (name === 'x-auto-response-suppress' && words(value).some((one) => SUPPRESSED.has(one)))
      return 'its sender wants no answer';
    if (name === 'x-spam-flag' && word === 'yes') return 'it is spam';
  }
  const named = header.fields
    .filter(({ name }) => RECIPIENT_FIELDS.includes(name))
    .some(({ value }) => addressesIn(value).some((address) => own.has(comparable(address) ?? '')));
  return named ? undefined : 'it is not addressed to the owner';
}

export function firstWord(value: string): string {
  return words(value)[0] ?? '';
}

function words(value: string): string[] {
  return value
    .slice(0, 1_000)
    .toLowerCase()
    .split(/[\s;,()]/)
    .filter((word) => word !== '');
}

export interface Answer {
  readonly action: VacationAction;
  /** The same in HTML, beside the text. */
  readonly html?: string;
  readonly to: string;
  /** When the script names none. */
  readonly from: ComposeAddress;
  /** Of the mail that is answered. */
  readonly header: SieveHeader;
  readonly messageId: string;
  readonly date: number;
}

/** The raw mail. */
export async function composeAnswer({ action, html, to, from, header, messageId, date }: Answer): Promise<Buffer> {
  const original = messageIds(header.all('message-id')[0]?.value ?? '')
    .filter(isUsable)
    .at(0);
  const earlier = messageIds(header.all('references')[0]?.value ?? '').filter(isUsable);
  const composed = await composeMessage({
    from,
    to: [{ address: to }],
    subject: oneLine(action.subject || `Auto: ${header.all('subject')[0]?.text ?? ''}`),
    text: action.mime ? '' : action.reason,
    ...(html !== undefined && { html }),
    messageId,
    date,
    ...(original !== undefined && {
      inReplyTo: original,
      references: [...earlier.slice(-MOST_REFERENCES), original],
    }),
    headers: [['Auto-Submitted', 'auto-replied']],
  });
  return action.mime ? withEntity(composed, action.reason) : composed;
}

/** What `:mime` gives is a whole MIME entity: its fields about the content replace ours (RFC 5230 §4.7). */
function withEntity(composed: Buffer, reason: string): Buffer {
  const entity = Buffer.from(reason.replaceAll(/\r\n|\r|\n/g, '\r\n'));
  const block = HeaderBlock.parse(entity);
  const end = entity.indexOf('\r\n\r\n');
  const isHeaderless = end < 0 || block.fields.length === 0;
  const fields = isHeaderless ? ['Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n'] : [];
  if (!isHeaderless)
    for (const field of block.fields)
      if (field.name.startsWith('content-'))
        fields.push(
          block
            .bytesOf(field)
            .toString('latin1')
            .replace(/\r?\n?$/, '\r\n'),
        ); // prettier-ignore
  const ours = selectFields(composed.subarray(0, composed.indexOf('\r\n\r\n') + 2), CONTENT_FIELDS, true);
  const body = isHeaderless ? entity : entity.subarray(end + 4);
  return Buffer.concat([ours, Buffer.from(`${fields.join('')}\r\n`, 'latin1'), body]);
}

const CONTENT_FIELDS = new Set(['content-type', 'content-transfer-encoding', 'content-disposition', 'content-id']);

/** The name and address in a script's `:from`; undefined when there is no such. */
export function fromOf(text: string): ComposeAddress | undefined {
  const [only] = decodeAddresses(parseAddressList(Buffer.from(text).toString('latin1')));
  if (only === undefined || only.address === '') return undefined;
  return { name: oneLine(only.name), address: only.address };
}

function isUsable(id: string): boolean {
  return /^<[\x21-\x3b\x3d\x3f-\x7e]{3,990}>$/.test(id);
}

function oneLine(text: string): string {
  return text
    .replaceAll(/[\0-\x1f\x7f-\x9f\u2028\u2029]+/g, ' ')
    .slice(0, MOST_SUBJECT)
    .toWellFormed(); // prettier-ignore
}
