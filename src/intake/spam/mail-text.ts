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
const ANCHOR = /<a\s([^<>]{0,2000})>([^<]{0,300})/gi;
const HREF = /\bhref\s{0,5}=\s{0,5}["']?https?:\/\/([^\s<>"'/?#\\]{1,300})/i;
const SHOWN = /^\s{0,20}(?:https?:\/\/)?((?:[\p{L}\p{N}-]{1,63}\.){1,8}\p{L}{2,24})(?:[/?#]\S{0,200})?\s{0,20}$/iu;

function linksOf(text: string, html: string): Link[] {
  const links = new Map<string, Link>();
  const add = (authority: string | undefined, shown?: string): void => {
    const host = hostOf(authority ?? '');
    if (host === '' || links.size >= MOST_LINKS) return;
    const shownHost = shown === undefined ? '' : hostOf(shown);
    links.set(`${host} ${shownHost}`, { host, ...(shownHost !== '' && { shownHost }) });
  };
  for (const [, attributes = '', inner = ''] of html.matchAll(ANCHOR))
    add(HREF.exec(attributes)?.[1], SHOWN.exec(inner)?.[1]);
  for (const [, authority] of text.matchAll(URL_TEXT)) add(authority);
  for (const [, authority] of html.matchAll(URL_TEXT)) add(authority);
  return [...links.values()];
}

function hostOf(authority: string): string {
  const host = authority.slice(authority.lastIndexOf('@') + 1).toLowerCase();
  if (host.startsWith('[')) return host.slice(1, host.indexOf(']'));
  return host.replace(/:\d{0,5}$/, '').replace(/\.$/, '');
}
