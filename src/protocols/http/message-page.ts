/**
 * The HTML of a mail as a page of its own, for a frame: cleaned, and under a policy that lets nothing run and nothing be loaded
 * but, when asked for, images. It has no origin (`sandbox`), so that even what got through everything else could not reach us.
 */
import { createHash } from 'node:crypto';
import { bodyDecoder } from '../../mail/encoding.ts';
import { htmlToText } from '../../mail/html.ts';
import type { Part } from '../../mail/message.ts';
import type { Body, MessageDetails } from '../../mailstore/api.ts';
import { bodyParts } from './body-parts.ts';
import { html } from './html.ts';
import type { HtmlCleaner } from './html-cleaner.ts';
import { textOf } from './view.ts';

/** Encoded bytes of images that are written into the page: in a sandbox nothing of ours can be fetched. */
const IMAGE_BYTES = 4 << 20;
const ALL_IMAGES_BYTES = 12 << 20;
const IMAGE_TYPES = new Set(['png', 'gif', 'jpeg', 'jpg', 'webp', 'bmp', 'avif']);

const STYLE = `html{color-scheme:light;background:#fff}
body{margin:0;padding:20px 24px 32px;color:#1f2328;font:15px/1.6 system-ui,-apple-system,"Apple SD Gothic Neo","Malgun Gothic","Noto Sans KR","Noto Sans CJK KR",sans-serif;overflow-wrap:anywhere}
img{max-width:100%;height:auto}
table{max-width:100%}
a{color:#0b5cad}
pre{white-space:pre-wrap}
blockquote{margin:.5em 0 .5em .2em;padding-left:.9em;border-left:2px solid #d5d9de;color:#57606a}
@media(max-width:600px){body{padding:14px 14px 24px}}`;
/** As a source of `style-src`: a page that shows this one in a frame without an address of its own (`srcdoc`) allows it, too. */
export const MESSAGE_STYLE = `'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`;

/** `images`: where images may be had, beside those in the page; '' for nowhere. */
export function pagePolicy(images: string): string {
  return [
    "default-src 'none'",
    // The sheet above, and the attributes that cleaning left.
    `style-src ${MESSAGE_STYLE}`,
    "style-src-attr 'unsafe-inline'",
    `img-src ${`data: ${images}`.trim()}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'self'",
    'sandbox allow-popups allow-popups-to-escape-sandbox',
  ].join('; ');
}

export async function messagePage(
  { details, body }: { readonly details: MessageDetails; readonly body: Body },
  cleaner: HtmlCleaner,
  remoteImages: boolean,
  /** What becomes of its links and of images of other servers. */
  through: (markup: string) => string = (markup) => markup,
): Promise<string> {
  const parts = bodyParts(details.structure);
  const markup = (await textOf(body, parts.html))?.text ?? '';
  const clean = await cleaner.clean(markup, { page: true, remoteImages });
  const content = clean
    ? await withImages(through(clean.html), body, [...parts.attachments])
    : html`<pre>${htmlToText(markup)}</pre>`.toString();
  return `<!doctype html><html><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="referrer" content="no-referrer"><style>${STYLE}</style></head><body>${content}</body></html>`;
}

/** `cid:` becomes `data:`. Cleaned markup writes every attribute in the same way, so this finds them all. */
async function withImages(clean: string, body: Body, parts: readonly Part[]): Promise<string> {
  const byId = new Map(parts.map((part) => [part.id.replace(/^<|>$/g, ''), part] as const));
  const shown = new Map<string, string>();
  let left = ALL_IMAGES_BYTES;
  for (const [, wire = ''] of clean.matchAll(/ src="cid:([^"]*)"/gi)) {
    const part = byId.get(contentId(wire));
    if (part === undefined || shown.has(wire) || part.type !== 'image' || !IMAGE_TYPES.has(part.subtype)) continue;
    const size = part.bodyEnd - part.bodyStart;
    if (size > IMAGE_BYTES || size > left) continue;
    left -= size;
    const decoder = bodyDecoder(part.encoding);
    const bytes = Buffer.concat([
      decoder.push(await body.bytes(part.bodyStart, part.bodyEnd)),
      decoder.end(),
    ] as Uint8Array[]);
    shown.set(wire, `data:image/${part.subtype};base64,${bytes.toString('base64')}`);
  }
  return clean.replace(/ src="cid:([^"]*)"/gi, (_, wire: string) => {
    const image = shown.get(wire);
    return image === undefined ? '' : ` src="${image}"`;
  });
}

function contentId(wire: string): string {
  try {
    return decodeURIComponent(wire.replaceAll('&amp;', '&'));
  } catch {
    return wire;
  }
}
