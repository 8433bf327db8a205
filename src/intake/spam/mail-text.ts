/** What the checks look at: the text, the links and the files of a mail, read once and within limits. */
import { HeaderBlock } from '../../mail/header.ts';
import { htmlToText } from '../../mail/html.ts';
import type { Envelope, Part } from '../../mail/message.ts';
import { decodeText } from '../../mail/text.ts';
import type { Body, MessageDetails } from '../../mailstore/api.ts';

/** Encoded bytes of all text, and of the header. */
const TEXT_BYTES = 256 << 10;
const HEADER_BYTES = 64 << 10;
const MOST_LINKS = 200;
const MOST_PARTS = 200;

export interface Link {
  /** Lower case; of an address in brackets without them. */
  readonly host: string;
  /** The host that the text of the link names, if it names one. */
  readonly shownHost?: string;
  /** Something stands before the host that reads like one: `https://bank.example@host`. */
  readonly userinfo?: true;
}

export interface MailText {
  readonly header: HeaderBlock;
  readonly envelope: Envelope;
  readonly size: number;
  /** Readable; of HTML what a reader sees. */
  readonly text: string;
  /** '' without. */
  readonly html: string;
  readonly hasPlain: boolean;
  readonly links: readonly Link[];
  readonly files: readonly Part[];
}

export async function readMailText({ envelope, structure, size }: MessageDetails, body: Body): Promise<MailText> {
  const header = HeaderBlock.parse(await body.bytes(0, Math.min(structure.bodyStart, HEADER_BYTES)));
  const files: Part[] = [];
  let plain = '';
  let html = '';
  let left = TEXT_BYTES;
  for (const part of leaves(structure)) {
    const attached = part.disposition === 'attachment' || part.filename !== '';
    if (attached || part.type !== 'text') files.push(part);
    if (part.type !== 'text' || attached) continue;
    const end = Math.min(part.bodyEnd, part.bodyStart + left);
    if (end <= part.bodyStart) continue;
    left -= end - part.bodyStart;
    const text = decodeText(part, await body.bytes(part.bodyStart, end));
    if (part.subtype === 'html') html += text;
    else plain += text;
  }
  const text = html === '' ? plain : `${plain}\n${htmlToText(html, TEXT_BYTES)}`;
  return { header, envelope, size, text, html, hasPlain: plain.trim() !== '', links: linksOf(text, html), files };
}

/** Parts that hold no others, in order; a mail within the mail is one, unless it is looked into. */
export function leaves(root: Part, { nested = false, most = MOST_PARTS } = {}): Part[] {
  const found: Part[] = [];
  const open = [root];
  for (let part = open.pop(); part !== undefined && found.length < most; part = open.pop()) {
    if (part.children.length === 0 || (part.type === 'message' && !nested)) found.push(part);
    else open.push(...part.children.toReversed());
  }
  return found;
}

const URL_TEXT = /\bhttps?:\/\/([^\s<>"'/?#\\]{1,300})/gi;
const HREF = /\bhref\s{0,5}=\s{0,5}["']?https?:\/\/([^\s<>"'/?#\\]{1,300})/i;
const SHOWN = /^\s{0,20}(?:https?:\/\/)?((?:[\p{L}\p{N}-]{1,63}\.){1,8}\p{L}{2,24})(?:[/?#]\S{0,200})?\s{0,20}$/iu;

function linksOf(text: string, html: string): Link[] {
  const links = new Map<string, Link>();
  const add = (authority: string | undefined, shown?: string): void => {
    const host = hostOf(authority ?? '');
    if (host === '' || links.size >= MOST_LINKS) return;
    const shownHost = shown === undefined ? '' : hostOf(shown);
    const before = authority?.slice(0, Math.max(0, authority.lastIndexOf('@'))) ?? '';
    const userinfo = before.includes('.');
    const key = `${host} ${shownHost} ${userinfo}`;
    links.set(key, { host, ...(shownHost !== '' && { shownHost }), ...(userinfo && { userinfo }) });
  };
  for (const { attributes, inner } of anchors(html)) add(HREF.exec(attributes)?.[1], SHOWN.exec(inner)?.[1]);
  for (const [, authority] of text.matchAll(URL_TEXT)) add(authority);
  for (const [, authority] of html.matchAll(URL_TEXT)) add(authority);
  return [...links.values()];
}

/** Characters of the attributes and of the content of a link. */
const MOST_ATTRIBUTES = 2_000;
const MOST_INNER = 600;

/** The links of a page with what they show, in one pass. */
function* anchors(html: string): Generator<{ readonly attributes: string; readonly inner: string }> {
  let open: { attributes: string; from: number } | undefined;
  let found = 0;
  for (const { index, 1: slash } of html.matchAll(/<(\/?)a(?=[\s>])/gi)) {
    if (open !== undefined) {
      const { attributes, from } = open;
      yield { attributes, inner: htmlToText(html.slice(from, Math.min(index, from + MOST_INNER)), MOST_INNER) };
      open = undefined;
    }
    if (slash === '/') continue;
    const end = html.slice(index, index + MOST_ATTRIBUTES).indexOf('>');
    if (end < 0 || ++found > MOST_LINKS) continue;
    open = { attributes: html.slice(index + 3, index + end), from: index + end + 1 };
  }
}

function hostOf(authority: string): string {
  const host = authority.slice(authority.lastIndexOf('@') + 1).toLowerCase();
  if (host.startsWith('[')) return host.slice(1, host.indexOf(']'));
  return host.replace(/:\d{0,5}$/, '').replace(/\.$/, '');
}
