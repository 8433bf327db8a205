/** Messages and changes as the API shows them. */
import type { z } from 'zod';
import { CONTACT, CONTACT_GROUP } from '../../intake/contacts/records.ts';
import { personAt } from '../../intake/people.ts';
import { type Assessment, assessment } from '../../intake/spam/assessment.ts';
import { warningsAbout } from '../../intake/protection/warnings.ts';
import { MailError } from '../../mail/error.ts';
import { htmlToText } from '../../mail/html.ts';
import type { MailAddress, Part } from '../../mail/message.ts';
import { decodeText } from '../../mail/text.ts';
import { Flag } from '../../mailstore/api.ts';
import type { Body, Change, MailAccount, MessageDetails, MessageMeta, MsgId } from '../../mailstore/api.ts';
import { SNOOZED, type Snoozed } from '../../mailstore/snoozing.ts';
import { authenticationView, isFromAuthor } from './authentication-view.ts';
import { bodyParts } from './body-parts.ts';
import type { Services } from './context.ts';
import { draftOptionsOf } from './draft-options.ts';
import type { HtmlCleaner } from './html-cleaner.ts';
import type * as schemas from './schemas.ts';
import { submissionView } from './submission-view.ts';

/** Encoded bytes of text and of HTML that are shown. */
const SHOWN_BYTES = 1 << 20;
const MAX_ATTACHMENTS = 1_000;

type Summary = z.output<typeof schemas.messageSummary>;
type Message = z.output<typeof schemas.message>;
type Structure = z.output<typeof schemas.part>;

/** In the order of `ids`, without those that are gone. */
export async function summaries(account: MailAccount, ids: readonly MsgId[]): Promise<Summary[]> {
  const found: Summary[] = [];
  const untilOf = await putOff(account, ids);
  let i = 0;
  for await (const details of account.detailsOf(ids)) {
    const id = ids[i++] as MsgId;
    const meta = account.meta(id);
    if (meta === undefined) continue;
    if (details !== undefined) found.push({ ...summary(meta, details), ...untilOf(id) });
    else if (await isDamaged(account, id)) found.push(damagedSummary(meta));
  }
  return found;
}

/** Nothing of what is not in the folder for that: most lists ask for nothing. */
async function putOff(account: MailAccount, ids: readonly MsgId[]): Promise<(id: MsgId) => { snoozedUntil?: string }> {
  const folder = account.folderWithRole('snoozed')?.id;
  if (folder === undefined || !ids.some((id) => account.meta(id)?.folder === folder)) return () => ({});
  const records = await account.records<Snoozed>(SNOOZED);
  const known = new Map(records.map(({ id, value }) => [id, new Date(value.until).toISOString()]));
  return (id) => {
    const snoozedUntil = account.meta(id)?.folder === folder ? known.get(String(id)) : undefined;
    return snoozedUntil === undefined ? {} : { snoozedUntil };
  };
}

async function isDamaged(account: MailAccount, id: MsgId): Promise<boolean> {
  try {
    await account.details(id);
    return false;
  } catch (error) {
    if (!(error instanceof MailError)) throw error;
    if (error.code === 'message-missing') return false;
    if (error.code === 'damaged') return true;
    throw error;
  }
}

/** What the index knows: a mail that cannot be read is still there, and is not passed over. */
function damagedSummary(meta: MessageMeta): Summary {
  const nothing = { from: [], to: [], subject: '', date: null, preview: '', hasAttachment: false };
  return { ...known(meta), ...nothing, damaged: true };
}

function summary(meta: MessageMeta, { envelope, preview, hasAttachment }: MessageDetails): Summary {
  return {
    ...known(meta),
    from: addresses(envelope.from),
    to: addresses(envelope.to),
    subject: envelope.subject,
    date: instant(envelope.date),
    preview,
    hasAttachment,
  };
}

function known(meta: MessageMeta) {
  return {
    ...flagsView(meta),
    id: String(meta.id),
    folder: String(meta.folder),
    thread: meta.thread,
    emailId: meta.email,
    received: new Date(meta.internalDate).toISOString(),
    size: meta.size,
  };
}

function flagsView({ flags, keywords }: MessageMeta) {
  return {
    read: (flags & Flag.seen) !== 0,
    flagged: (flags & Flag.flagged) !== 0,
    answered: (flags & Flag.answered) !== 0,
    draft: (flags & Flag.draft) !== 0,
    keywords: [...keywords],
  };
}

/** Undefined when the Date field held something no calendar knows. */
function instant(at: number | undefined): string | null {
  return at === undefined || !(Math.abs(at) < 253_402_300_800_000) || at < -62_167_219_200_000
    ? null
    : new Date(at).toISOString();
}

function addresses(list: readonly MailAddress[]): { name: string; address: string }[] {
  return list.flatMap(({ name, address, group }) =>
    group === undefined ? [{ name, address }] : addresses(group.members),
  );
}

export async function messageView(
  account: MailAccount,
  id: MsgId,
  cleaner: HtmlCleaner,
  { hostname, receipts, originals }: Pick<Services, 'hostname' | 'receipts' | 'originals'>,
): Promise<Message> {
  const read = await account.getMessage(id);
  const { meta, details, body } = read;
  const { envelope, structure } = details;
  const parts = bodyParts(structure);
  const plain = await textOf(body, parts.text);
  const markup = await textOf(body, parts.html);
  const html = markup && (await cleaner.clean(markup.text));
  const untilOf = await putOff(account, [id]);
  const authentication = await authenticationView(body, hostname);
  const warnings = await warningsAbout(account, meta.email);
  return {
    ...summary(meta, details),
    ...untilOf(id),
    sender: addresses(envelope.sender),
    replyTo: addresses(envelope.replyTo),
    cc: addresses(envelope.cc),
    bcc: addresses(envelope.bcc),
    messageId: envelope.messageId,
    inReplyTo: [...envelope.inReplyTo],
    references: [...envelope.references],
    text: plain?.text ?? (markup ? htmlToText(markup.text) : null),
    html: html?.html ?? null,
    remoteImages: html?.remoteImages ?? 0,
    remoteImagesAllowed:
      isFromAuthor(authentication, envelope.from) &&
      !warnings.some(({ level }) => level === 'warning') &&
      (await personAt(account, envelope.from[0]?.address ?? ''))?.images === true,
    truncated: plain?.truncated === true || markup?.truncated === true || (markup !== undefined && html === undefined),
    attachments: parts.attachments.slice(0, MAX_ATTACHMENTS).map((part, i) => ({
      n: i + 1,
      name: part.filename,
      type: `${part.type}/${part.subtype}`,
      size: part.bodyEnd - part.bodyStart,
      inline: part.disposition === 'inline' || part.id !== '',
      contentId: part.id.replace(/^<|>$/g, ''),
    })),
    structure: structureView(structure),
    authentication,
    spam: spamView(await assessment(account, meta.email)),
    warnings: [...warnings],
    receiptRequested: await receiptView(receipts, account, read),
    original: await originalView(originals, read),
    draftOptions: (meta.flags & Flag.draft) === 0 ? null : await draftOptionsOf(body),
    sent: await sentView(account, envelope),
  };
}

async function receiptView(
  receipts: Services['receipts'],
  account: MailAccount,
  read: Parameters<Services['receipts']['open']>[1],
): Promise<Message['receiptRequested']> {
  const request = await receipts.open(account, read);
  return request === undefined ? null : { to: [...request.to] };
}

async function originalView(
  originals: Services['originals'],
  read: Parameters<Services['originals']['read']>[0],
): Promise<Message['original']> {
  const found = await originals.read(read);
  if (found === undefined) return null;
  const { access, origin, host } = found;
  const { size, expires, confidential = false, link } = access;
  // A link that nobody stands for is not offered.
  const page = confidential && origin !== 'unproven' ? link : null;
  return { origin, host, size, expires: new Date(expires).toISOString(), confidential, page };
}

/** What became of a mail of one's own. Another's with the same Message-ID is none. */
async function sentView(
  account: MailAccount,
  { from, messageId }: MessageDetails['envelope'],
): Promise<Message['sent']> {
  const found = messageId === '' || from.length !== 1 ? undefined : await account.outgoing.withMessageId(messageId);
  if (found === undefined || found.sender.toLowerCase() !== from[0]?.address.toLowerCase()) return null;
  return submissionView(found, await account.outgoing.deliveries(found.id));
}

function spamView(found: Assessment | undefined): Message['spam'] {
  // Without a limit nothing was judged: its owner only said what it is.
  if (found === undefined || found.limit === 0) return null;
  const { score, limit, spam, points } = found;
  return { score, limit, spam, points: points.map(({ name, points: worth, why }) => ({ name, points: worth, why })) };
}

/** The parts' text one after the other; undefined when there are none. */
export async function textOf(
  body: Body,
  parts: readonly Part[],
): Promise<{ text: string; truncated: boolean } | undefined> {
  if (parts.length === 0) return undefined;
  let left = SHOWN_BYTES;
  let text = '';
  let truncated = false;
  for (const part of parts) {
    const end = Math.min(part.bodyEnd, part.bodyStart + left);
    truncated ||= end < part.bodyEnd;
    if (end <= part.bodyStart) continue;
    left -= end - part.bodyStart;
    if (text !== '' && !text.endsWith('\n')) text += '\n';
    text += decodeText(part, await body.bytes(part.bodyStart, end)).replaceAll('\r\n', '\n');
  }
  return { text, truncated };
}

function structureView(part: Part): Structure {
  return {
    type: `${part.type}/${part.subtype}`,
    name: part.filename,
    disposition: part.disposition,
    encoding: part.encoding,
    size: part.bodyEnd - part.bodyStart,
    parts: part.children.map(structureView),
  };
}

/** A change as an event tells it; undefined for what is nobody's business outside. */
export function changeView(change: Change) {
  switch (change.type) {
    case 'added':
    case 'flags':
      return { type: change.type, message: eventMessage(change.message) };
    case 'moved':
      return { type: change.type, from: String(change.from), message: eventMessage(change.message) };
    case 'removed':
      return { type: change.type, message: { id: String(change.id), folder: String(change.folder) } };
    case 'folder':
      return { type: change.type, folder: String(change.id), what: change.what };
    case 'subscription':
      return { type: change.type, path: change.path, subscribed: change.subscribed };
    case 'record':
      if (change.kind === CONTACT) return { type: 'contact', contact: change.id };
      return change.kind === CONTACT_GROUP ? { type: 'contact-group', group: change.id } : undefined;
    default:
      return undefined;
  }
}

function eventMessage(meta: MessageMeta) {
  return { id: String(meta.id), folder: String(meta.folder), thread: meta.thread, ...flagsView(meta) };
}
