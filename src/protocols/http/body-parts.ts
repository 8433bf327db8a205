/**
 * Which parts of a message are its text, which are attachments: what most programs show, after the algorithm that JMAP
 * describes (RFC 8621 §4.1.4). Every leaf is in one of the lists or in none (the other form of an alternative), and an
 * attachment's number is its place in the list.
 */
import type { Part } from '../../mail/message.ts';

export interface BodyParts {
  readonly text: readonly Part[];
  readonly html: readonly Part[];
  readonly attachments: readonly Part[];
}

interface Lists {
  readonly text: Part[];
  readonly html: Part[];
  readonly attachments: Part[];
}

export function bodyParts(root: Part): BodyParts {
  const lists: Lists = { text: [], html: [], attachments: [] };
  collect([root], 'mixed', lists, true, true);
  return lists;
}

/** Deep structures were cut by the parser: recursion is bounded. `wantText`, `wantHtml`: is that form still looked for? */
function collect(parts: readonly Part[], subtype: string, lists: Lists, wantText: boolean, wantHtml: boolean): void {
  const { text, html, attachments } = lists;
  const textBefore = text.length;
  const htmlBefore = html.length;
  parts.forEach((part, i) => {
    if (part.type === 'multipart') {
      collect(part.children, part.subtype, lists, wantText, wantHtml);
      return;
    }
    if (!isBody(part, i, subtype)) {
      attachments.push(part);
      return;
    }
    if (subtype === 'alternative') {
      if (part.subtype === 'plain' && wantText && text.length === textBefore) text.push(part);
      else if (part.subtype === 'html' && wantHtml && html.length === htmlBefore) html.push(part);
      else if (part.subtype !== 'plain' && part.subtype !== 'html') attachments.push(part);
      return;
    }
    if (part.subtype === 'html') {
      if (wantHtml) html.push(part);
    } else if (wantText) text.push(part);
  });
}

function isBody(part: Part, position: number, parent: string): boolean {
  if (part.type !== 'text' || part.disposition === 'attachment') return false;
  if (part.subtype !== 'plain' && part.subtype !== 'html') return parent === 'alternative';
  // Of a multipart/related only the first part is shown; a text with a name that follows others is a file.
  return position === 0 || (parent !== 'related' && part.filename === '');
}
