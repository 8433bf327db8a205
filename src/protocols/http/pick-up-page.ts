/** The pages on which an original is picked up: no script, and nothing of the mail but its text and its cleaned HTML, in a frame without an origin. */
import { htmlToText } from '../../mail/html.ts';
import type { MailAddress } from '../../mail/message.ts';
import { sizeWords } from '../../mail/size-words.ts';
import type { Body, MessageDetails } from '../../mailstore/api.ts';
import type { Confidential, HeldMail, Opened } from '../../downmail/pick-up.ts';
import { bodyParts } from './body-parts.ts';
import { safeName } from './content.ts';
import { type Html, html } from './html.ts';
import type { HtmlCleaner } from './html-cleaner.ts';
import { MESSAGE_STYLE, messagePage } from './message-page.ts';
import type { PickUpWords } from './pick-up-words.ts';
import { textOf } from './view.ts';

/** For every page of these: forms lead back here, the frame has no origin, images are those of the mail itself. */
export const PICK_UP_POLICY = [
  "default-src 'none'",
  `style-src 'self' ${MESSAGE_STYLE}`,
  "style-src-attr 'unsafe-inline'",
  'img-src data:',
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

const MOST_ATTACHMENTS = 200;

/** What the notification said already, and the choice. */
export function waitingPage(words: PickUpWords, mail: HeldMail, details: MessageDetails, action: string): Html {
  const before =
    mail.fetched === undefined ? '' : html`<p class="hint">${words.fetchedBefore} ${when(mail.fetched)}</p>\n`;
  return html`<p>${words.waiting}</p>
${factsOf(words, mail, details)}
${before}<form method="post" action="${action}">
<p><button name="do" value="show">${words.show}</button>
<button name="do" value="raw">${words.raw}</button></p>
</form>
<p class="hint">${words.receipt}</p>
${helpLink(words)}`;
}

/** A confidential mail, as long as it is not opened: nothing of it but what its notification said. */
export function codePage(words: PickUpWords, mail: Confidential, action: string): Html {
  const wrong = mail.why === 'code-wrong' ? html`<p role="alert">${words.codeWrong}</p>\n` : '';
  const form = html`${wrong}<form method="post" action="${action}">
<p><label>${words.code} <input name="code" inputmode="numeric" autocomplete="off" maxlength="20" required></label>
<button name="do" value="show">${words.show}</button></p>
</form>
<p class="hint">${words.receipt}</p>`;
  return html`<p>${words.confidential}</p>
${listOf([
  [words.from, mail.sender],
  [words.to, mail.recipient],
  [words.subject, mail.subject],
  [words.until, when(mail.expires)],
])}
${mail.why === 'locked' ? html`<p role="alert">${words.codeLocked}</p>` : form}
${helpLink(words)}`;
}

/** The mail, its attachments, and what may be done with it now. */
export async function shownPage(
  words: PickUpWords,
  mail: HeldMail,
  content: { readonly details: MessageDetails; readonly body: Body },
  cleaner: HtmlCleaner,
  action: string,
  code = '',
): Promise<Html> {
  const known = mail.confidential ? html`<input type="hidden" name="code" value="${code}">` : '';
  const { attachments } = bodyParts(content.details.structure);
  const rows = attachments.slice(0, MOST_ATTACHMENTS).map(
    (part, i) => html`<li><form method="post" action="${action}">
${known}<input type="hidden" name="part" value="${i + 1}"><button name="do" value="attachment">${part.filename === '' ? words.unnamed : safeName(part.filename)}</button> ${sizeWords(part.bodyEnd - part.bodyStart)}</form></li>\n`,
  );
  return html`<p role="status">${words.fetched}</p>
${factsOf(words, mail, content.details)}
${await textPage(words, mail, content, cleaner)}
${rows.length === 0 ? '' : html`<h2>${words.attachments}</h2>\n<ul>\n${rows}</ul>\n`}<form method="post" action="${action}">
${mail.confidential ? '' : html`<p><button name="do" value="raw">${words.raw}</button></p>\n`}<p>${keptFor(words, mail)}</p>
${mail.keep === 'until-expired' ? '' : html`<p><button name="do" value="delete">${words.delete}</button> <span class="hint">${words.deleteHint}</span></p>\n`}</form>
${helpLink(words)}`;
}

async function textPage(
  words: PickUpWords,
  { confidential }: HeldMail,
  content: { readonly details: MessageDetails; readonly body: Body },
  cleaner: HtmlCleaner,
): Promise<Html> {
  const parts = bodyParts(content.details.structure);
  if (parts.html.some(({ subtype }) => subtype === 'html')) {
    const page = await messagePage(content, cleaner, false);
    return html`<iframe sandbox="allow-popups allow-popups-to-escape-sandbox" referrerpolicy="no-referrer" title="${words.title}" srcdoc="${page}"></iframe>`;
  }
  const text = await textOf(content.body, parts.text);
  if (text === undefined) return html`<p class="hint">${words.noText}</p>`;
  const cut = text.truncated ? html`<p class="hint">${confidential ? words.cutHere : words.cut}</p>\n` : '';
  return html`${cut}<pre>${parts.text[0]?.subtype === 'html' ? htmlToText(text.text) : text.text}</pre>`;
}

/** It was there. */
export function gonePage(words: PickUpWords, { state, at }: Opened & { kind: 'gone' }): Html {
  const said = { fetched: words.fetchedState, expired: words.expiredState, recalled: words.recalledState }[state];
  return html`<p>${said}${at === undefined ? '' : ` (${when(at)})`}</p>
${helpLink(words)}`;
}

export function deletedPage(words: PickUpWords, outcome: 'deleted' | 'kept'): Html {
  return html`<p role="status">${outcome === 'deleted' ? words.deleted : words.kept}</p>
${helpLink(words)}`;
}

export function helpPage(words: PickUpWords): Html {
  return html`${words.helpText.map((paragraph) => html`<p>${paragraph}</p>\n`)}`;
}

export function helpLink(words: PickUpWords): Html {
  return html`<p><a href="/downmail/help?lang=${words.lang}">${words.help}</a></p>`;
}

function factsOf(words: PickUpWords, mail: HeldMail, { envelope }: MessageDetails): Html {
  const facts: readonly (readonly [string, string])[] = [
    [words.from, people(envelope.from)],
    [words.to, mail.recipient],
    [words.subject, envelope.subject],
    [words.written, envelope.date === undefined ? '' : when(envelope.date)],
    [words.size, sizeWords(mail.size)],
    [words.until, when(mail.expires)],
  ];
  return listOf(facts);
}

function listOf(facts: readonly (readonly [name: string, value: string])[]): Html {
  const rows = facts
    .filter(([, value]) => value !== '')
    .map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>\n`);
  return html`<dl>\n${rows}</dl>`;
}

const MOST_PEOPLE = 5;

function people(list: readonly MailAddress[]): string {
  return list
    .slice(0, MOST_PEOPLE)
    .map(({ name, address }) => (name === '' ? address : `${name} <${address}>`))
    .join(', ');
}

function keptFor(words: PickUpWords, { keep }: HeldMail): string {
  if (keep === 'until-fetched') return words.keptUntilFetched;
  return keep === 'until-deleted' ? words.keptUntilDeleted : words.keptUntilExpired;
}

/** '' for what no calendar knows. */
function when(at: number): string {
  return Math.abs(at) < 253_402_300_800_000 ? `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC` : '';
}
