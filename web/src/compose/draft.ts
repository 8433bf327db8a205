/** A mail that is being written: what it is made of, how it begins, and how it reads as the API wants it. */
import type { Address, Message } from '../api.ts';
import { displayName, longDate } from '../words/format.ts';
import { words } from '../words/words.ts';
import { isShown } from './inline-images.ts';

export interface DraftFile {
  readonly key: string;
  readonly name: string;
  readonly size: number;
  /** Where the service has it: attachment `n` of a message of ours. */
  readonly at?: { readonly message: string; readonly n: number };
  /** Still only here, or shown in the text. */
  readonly file?: File;
  /** An image of the text, which names it so. */
  readonly cid?: string;
}

export interface Draft {
  /** Of the message in Drafts. */
  readonly id?: string;
  /** One of one's own addresses; absent: the first. */
  readonly from?: Address;
  readonly to: readonly Address[];
  readonly cc: readonly Address[];
  readonly bcc: readonly Address[];
  readonly subject: string;
  readonly text: string;
  /** What was put under it, and the image there, as the text names it. */
  readonly signature?: string;
  readonly signatureImage?: string;
  /** When it is written with formatting. */
  readonly html?: string;
  readonly files: readonly DraftFile[];
  readonly importance: 'high' | 'normal' | 'low';
  /** Whether the recipients are asked to say when they have read it. */
  readonly receipt: boolean;
  /** Read at the sender mailbox, with a pass code. */
  readonly confidential: boolean;
  /** The last day on which it can be read, as the field for it has it; '' as long as the service keeps it. */
  readonly readUntil: string;
  /** Whether it stays here until it is fetched: as usual, yes, or no. */
  readonly downmail: 'usual' | 'held' | 'whole';
  /** Kind of mail; '' the usual one. */
  readonly category: string;
  /** Folder for one's own copy; '' the usual one. */
  readonly saveTo: string;
  /** As the field for it has it, in local time. */
  readonly sendAt: string;
  readonly inReplyTo?: string;
  readonly references: readonly string[];
  /** The message that this answers. */
  readonly answers?: string;
  /** The form with everything. */
  readonly extended: boolean;
  /** It is a template that is being looked after: it is not sent. */
  readonly template?: boolean;
}

const EMPTY: Draft = {
  to: [],
  cc: [],
  bcc: [],
  subject: '',
  text: '',
  files: [],
  importance: 'normal',
  receipt: false,
  confidential: false,
  readUntil: '',
  downmail: 'usual',
  category: '',
  saveTo: '',
  sendAt: '',
  references: [],
  extended: false,
};

export const blank = (to: readonly Address[] = []): Draft => ({ ...EMPTY, to });

const same = (a: Address, b: Address): boolean => a.address.toLowerCase() === b.address.toLowerCase();

function without(list: readonly Address[], others: readonly Address[]): Address[] {
  return list.filter(
    (one, i) => !others.some((other) => same(one, other)) && list.findIndex((o) => same(o, one)) === i,
  );
}

/** RFC 5322 §3.6.4; the first ones and the last ones of a long chain. */
function chain({ references, inReplyTo, messageId }: Message): { inReplyTo?: string; references: string[] } {
  const valid = (id: string) => /^<[^<>\s]{3,990}>$/.test(id);
  if (!valid(messageId)) return { references: [] };
  const before = (references.length > 0 ? references : inReplyTo).filter(valid);
  const all = [...before, messageId];
  return { inReplyTo: messageId, references: all.length > 40 ? [...all.slice(0, 5), ...all.slice(-35)] : all };
}

function prefixed(subject: string, prefix: string, known: RegExp): string {
  return known.test(subject) ? subject : `${prefix} ${subject}`.trim();
}

export function reply(message: Message, me: string, all: boolean): Draft {
  const own = { name: '', address: me };
  const wrote = message.replyTo.length > 0 ? message.replyTo : message.from;
  // Who answers to a mail of his own goes on writing to the same people.
  const mine = wrote.every((one) => same(one, own));
  const to = mine ? message.to : without(wrote, all && wrote.length > 1 ? [own] : []);
  const cc = all ? without([...(mine ? [] : message.to), ...message.cc], [own, ...to]) : [];
  const from = message.from[0];
  const said = words().wrote(longDate(message.date ?? message.received), from === undefined ? '' : displayName(from));
  const quoted = (message.text ?? '').trimEnd().replace(/^/gm, '> ').replace(/^> >/gm, '>>');
  // The link of a confidential mail goes nowhere else.
  const text = message.original?.confidential === true ? '' : `\n\n${said}\n${quoted}\n`;
  return {
    ...EMPTY,
    ...chain(message),
    to,
    cc,
    extended: cc.length > 0,
    subject: prefixed(message.subject, 'Re:', /^\s*(?:re|답장|회신)\s*:/i),
    text,
    answers: message.id,
  };
}

export function forward(message: Message): Draft {
  const w = words();
  const people = (list: readonly Address[]) =>
    list.map(({ name, address }) => (name ? `${name} <${address}>` : address)).join(', ');
  const head = [
    `---------- ${w.forwarded} ----------`,
    `${w.from}: ${people(message.from)}`,
    `${w.date}: ${longDate(message.date ?? message.received)}`,
    `${w.subject}: ${message.subject}`,
    `${w.to}: ${people(message.to)}`,
    ...(message.cc.length > 0 ? [`${w.cc}: ${people(message.cc)}`] : []),
  ];
  return {
    ...EMPTY,
    subject: prefixed(message.subject, 'Fwd:', /^\s*(?:fwd?|전달)\s*:/i),
    text: `\n\n${head.join('\n')}\n\n${message.text ?? ''}`,
    references: chain(message).references,
    files: filesOf(message),
  };
}

/** Goes on with one that was kept. */
export function resume(message: Message): Draft {
  const { id, from, to, cc, bcc, subject, text, html, inReplyTo, references } = message;
  return {
    ...EMPTY,
    ...(from[0] !== undefined && { from: from[0] }),
    ...chosen(message),
    id,
    to,
    cc,
    bcc,
    subject,
    text: text ?? '',
    ...(html !== null && { html }),
    files: filesOf(message, html),
    references,
    ...(inReplyTo[0] !== undefined && { inReplyTo: inReplyTo[0] }),
    extended: cc.length + bcc.length > 0 || html !== null || Object.keys(message.draftOptions ?? {}).length > 0,
  };
}

/** A template: a new mail, or what is added to one that is being written. */
export function withTemplate(draft: Draft, template: Message): Draft {
  const { id: _template, from: _from, inReplyTo: _answered, ...made } = resume(template);
  const mine = { ...draft };
  const html =
    made.html !== undefined || mine.html !== undefined
      ? { html: (made.html ?? htmlOf(made.text)) + (mine.html ?? htmlOf(mine.text)) }
      : {};
  return {
    ...mine,
    ...html,
    to: mine.to.length > 0 ? mine.to : made.to,
    cc: mine.cc.length > 0 ? mine.cc : made.cc,
    bcc: mine.bcc.length > 0 ? mine.bcc : made.bcc,
    subject: mine.subject || made.subject,
    text: `${made.text.trimEnd()}\n${mine.text}`,
    files: [...mine.files, ...made.files],
    extended: mine.extended || made.extended,
  };
}

/** Text becomes paragraphs when somebody asks for formatting. */
export function htmlOf(text: string): string {
  const escaped = text.replace(/[&<>]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c] ?? c);
  return escaped
    .split('\n')
    .map((line) => `<p>${line}</p>`)
    .join('');
}

/** What was chosen for a draft, as the fields of the form have it. */
function chosen({ draftOptions }: Message): Partial<Draft> {
  const {
    importance,
    receipt = false,
    confidential,
    downmail,
    sendAt,
    saveTo = '',
    category = '',
  } = draftOptions ?? {};
  return {
    importance: importance ?? 'normal',
    receipt,
    confidential: confidential !== undefined,
    readUntil: confidential?.until === undefined ? '' : localTime(confidential.until).slice(0, 10),
    downmail: downmail === undefined ? 'usual' : downmail ? 'held' : 'whole',
    // What has passed is not sent at once by surprise.
    sendAt: sendAt === undefined || Date.parse(sendAt) < Date.now() ? '' : localTime(sendAt),
    saveTo,
    category,
  };
}

/** As a field for date and time has it: minutes, in the time zone of this browser. */
export function localTime(at: string | number): string {
  const date = new Date(at);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function filesOf({ id, attachments }: Message, html?: string | null): DraftFile[] {
  return attachments.map(({ n, name, size, type, contentId }) => ({
    key: `${id}-${n}`,
    name: name || type,
    size,
    at: { message: id, n },
    ...(contentId !== '' && isShown(html ?? undefined, contentId) && { cid: contentId }),
  }));
}

/** What goes along: images that were taken out of the text do not. */
export function filesGoing({ files, html }: Draft): readonly DraftFile[] {
  return files.filter(({ cid }) => cid === undefined || html === undefined || isShown(html, cid));
}

/** What is listed under the text, and not shown in it. */
export function filesListed({ files, html }: Draft): readonly DraftFile[] {
  return files.filter(({ cid }) => cid === undefined || html === undefined);
}

/** What is put under a mail: text, and an image of it. */
export type Signature = readonly [text: string, image?: DraftFile];

/** Under what is written, and above what is quoted (where a line `-- ` would make programs hide the quotation). */
export function signed(draft: Draft, signature: string, image?: DraftFile): Draft {
  if (signature === '' && image === undefined) return draft;
  // It begins with a template that has formatting.
  if (draft.html !== undefined) {
    const { text, html = htmlOf(text), files, signatureImage } = signed(blank(), signature, image);
    const under = { signature, ...(signatureImage !== undefined && { signatureImage }) };
    return { ...draft, ...under, html: draft.html + html, files: [...draft.files, ...files] };
  }
  const text = draft.text === '' ? underOwn(signature) : `\n\n${signature}\n${draft.text}`;
  const after = { ...draft, text, signature };
  return image === undefined ? after : illustrated(after, image);
}

const imageMarkup = (cid: string): string => `<p><img src="cid:${cid}" alt=""></p>`;

/** The image below the signature, which makes it a mail with formatting. */
function illustrated(draft: Draft, image: DraftFile): Draft {
  const { text, signature = '' } = draft;
  const { cid = '' } = image;
  const begins = signature === '' ? Math.max(0, text.indexOf(DASHES)) : text.indexOf(signature);
  const end = begins + (signature === '' && text.includes(DASHES) ? DASHES.length - 1 : signature.length);
  const html = htmlOf(text.slice(0, end)) + imageMarkup(cid) + htmlOf(text.slice(end).replace(/^\n/, ''));
  return { ...draft, html, signatureImage: cid, files: [...draft.files, image] };
}

const DASHES = '\n-- \n';

const underOwn = (signature: string): string => `\n\n-- \n${signature}\n`;

/** Another signature takes the place of the one before, unless somebody has rewritten that. */
export function signedAnew(draft: Draft, signature: string, image?: DraftFile): Draft {
  const { signature: before = '', text, html } = draft;
  if (html !== undefined) return signedAnewIn(html, draft, signature, image);
  if (before === signature && image === undefined) return draft;
  if (before === '') return text.trim() === '' ? signed({ ...draft, text: '' }, signature, image) : draft;
  const [old, fresh] =
    text.includes(underOwn(before)) && signature === '' ? [underOwn(before), ''] : [before, signature];
  if (!text.includes(old)) return draft;
  const after = { ...draft, signature, text: text.replace(old, () => fresh) };
  return image === undefined ? after : illustrated(after, image);
}

/** With formatting: the lines and the image of the one before, as they were put there. */
function signedAnewIn(html: string, draft: Draft, signature: string, image: DraftFile | undefined): Draft {
  const { signature: before = '', signatureImage } = draft;
  const markup = (text: string, cid: string | undefined) =>
    (text === '' ? '' : htmlOf(text)) + (cid === undefined ? '' : imageMarkup(cid));
  const [old, fresh] = [markup(before, signatureImage), markup(signature, image?.cid)];
  if (old === '' || old === fresh || !html.includes(old)) return draft;
  const { signatureImage: _gone, ...rest } = draft;
  const files = draft.files.filter(({ cid }) => cid === undefined || cid !== signatureImage);
  return {
    ...rest,
    signature,
    html: html.replace(old, () => fresh),
    files: image === undefined ? files : [...files, image],
    ...(image?.cid !== undefined && { signatureImage: image.cid }),
  };
}

/** The address to which it was sent answers it. */
export function writesAs<I extends { readonly address: string }>(own: readonly I[], message: Message): I | undefined {
  const asked = [...message.to, ...message.cc].map(({ address }) => address.toLowerCase());
  return own.find(({ address }) => asked.includes(address.toLowerCase())) ?? own[0];
}

/** `name <address>` or an address alone; undefined when it is none. */
export function parseAddress(typed: string): Address | undefined {
  const text = typed.trim().replace(/[,;]$/, '');
  const [, name = '', inside] = /^(.*?)\s*<([^<>]+)>$/.exec(text) ?? [];
  const address = (inside ?? text).trim();
  return /^[^\s@<>,;]+@[^\s@<>,;]+\.[^\s@<>,;]+$/.test(address)
    ? { name: name.replace(/^"|"$/g, '').trim(), address }
    : undefined;
}

/** Whether it says that something comes with it, beside what it quotes. */
export function mentionsAttachment({ text, subject }: Draft): boolean {
  const own = `${subject}\n${text.split(/^(?:>|-{8,})/m)[0] ?? ''}`;
  return /첨부|붙임|\battach(?:ed|ment|ments|ing)?\b|\benclosed\b/i.test(own);
}

export function isEmpty(draft: Draft): boolean {
  const { to, cc, bcc, subject, text, files } = draft;
  return to.length + cc.length + bcc.length + files.length === 0 && subject.trim() === '' && text.trim() === '';
}

/** What of it POST /v1/messages takes alone. */
export function sendingOf(draft: Draft) {
  const { sendAt: _when, receipt = false, ...options } = optionsOf(draft);
  return { receipt, ...options };
}

/** What POST /v1/drafts keeps of what is chosen for sending it. */
export function optionsOf({ receipt, confidential, readUntil, downmail, category, saveTo, sendAt }: Draft) {
  const until = readUntil === '' ? {} : { until: new Date(`${readUntil}T23:59:59`).toISOString() };
  return {
    ...(receipt && { receipt }),
    ...(confidential && { confidential: until }),
    // A confidential mail never goes whole.
    ...(downmail !== 'usual' && !confidential && { downmail: downmail === 'held' }),
    ...(category !== '' && { category }),
    ...(saveTo !== '' && { saveTo }),
    ...(sendAt !== '' && { sendAt: new Date(sendAt).toISOString() }),
  };
}

/** As POST /v1/drafts and POST /v1/messages take it, without the files that are still here. */
export function wireOf(draft: Draft) {
  const { from, to, cc, bcc, subject, text, html, importance, inReplyTo, references } = draft;
  return {
    ...(from !== undefined && { from }),
    to,
    cc,
    bcc,
    subject,
    text,
    importance,
    references,
    ...(html !== undefined && { html }),
    ...(inReplyTo !== undefined && { inReplyTo }),
    attached: filesGoing(draft).flatMap(({ at }) => (at === undefined ? [] : [at])),
  };
}
