/** What we read of the corpus against another parser. */
import { simpleParser } from 'mailparser';
import { describe, expect, test } from 'vitest';
import { corpus } from '../../test/corpus/corpus.ts';
import { decodeBody } from './encoding.ts';
import type { Part } from './message.ts';
import { parseMessage } from './parse.ts';
import { readableText, shownText } from './text.ts';

/** Where the other parser is wrong, or means something else: what must not be compared. */
const DIFFERS = new Map<string, readonly ('subject' | 'from' | 'text' | 'attachments' | 'all')[]>([
  ['iso-2022-kr', ['subject', 'text']],
  ['raw-8bit-korean-header', ['subject', 'from', 'text']],
  ['no-charset-korean', ['text']],
  ['filenames-raw', ['attachments']],
  // It does not join quoted lines.
  ['format-flowed', ['text']],
  // White space after a boundary is allowed (RFC 2046 §5.1.1).
  ['boundary-with-blanks', ['text']],
  // An unclosed quote.
  ['garbage-addresses', ['from']],
  // The later of two subjects.
  ['odd-headers', ['subject']],
  // Messages inside and reports become part of its text.
  ['forwarded', ['attachments']],
  ['forwarded-three-times', ['attachments']],
  ['digest', ['text', 'attachments']],
  ['delivery-report', ['text', 'attachments']],
  ['invitation', ['attachments']],
  // It gives up.
  ['html-deep', ['all']],
]);

function leaves(part: Part): Part[] {
  return part.type === 'multipart' ? part.children.flatMap(leaves) : [part];
}

const messages = [...corpus(98)].map(({ name, raw }) => [name, raw] as const);

describe('the corpus as another parser reads it', () => {
  test.each(messages)('%s', async (name, raw) => {
    const differs = DIFFERS.get(name.slice(5)) ?? [];
    if (differs.includes('all')) return;
    const other = await simpleParser(raw, { skipTextToHtml: true, skipImageLinks: true });
    const { envelope, structure } = parseMessage(raw);
    expect(envelope.date).toBe(other.date?.getTime());
    expect(envelope.messageId).toBe(other.messageId ?? '');
    if (!differs.includes('subject')) expect(envelope.subject).toBe(other.subject ?? '');
    if (!differs.includes('from'))
      expect(envelope.from).toEqual(other.from?.value.map(({ name, address }) => ({ name, address })) ?? []);
    const text = shownText(structure);
    if (text?.subtype === 'plain' && !differs.includes('text')) {
      const ours = readableText(text, raw.subarray(text.bodyStart, text.bodyEnd)).replaceAll('\r\n', '\n').trim();
      expect((other.text ?? '').trim().startsWith(ours)).toBe(true);
    }
    if (differs.includes('attachments')) return;
    const attached = leaves(structure).filter((part) => part.type !== 'text' || part.disposition === 'attachment');
    expect(
      attached.map((part) => ({
        type: `${part.type}/${part.subtype}`,
        filename: part.filename,
        content: decodeBody(raw.subarray(part.bodyStart, part.bodyEnd), part.encoding).toString('latin1'),
      })),
    ).toEqual(
      other.attachments.map(({ contentType, filename, content }) => ({
        type: contentType,
        filename: filename ?? '',
        content: content.toString('latin1'),
      })),
    );
  });
});
