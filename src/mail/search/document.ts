/** What of a message is searched: subject, people, text, names and text of attachments, documents among them. */
import { HeaderBlock } from '../header.ts';
import type { Envelope, MailAddress, Part } from '../message.ts';
import { readableText } from '../text.ts';
import { decodeWords } from '../words.ts';
import { type DocumentKind, documentKind, hiddenText } from './document-kind.ts';
import { FoldedText } from './folded-text.ts';
import type { DocumentText } from './office.ts';
import { Tokens } from './tokens.ts';

/** Where a word stands. `cc` is Cc and Bcc. */
export const FIELDS = ['subject', 'from', 'to', 'cc', 'body', 'filename', 'attachment'] as const;
export type FieldName = (typeof FIELDS)[number];
/** Bits of a set of fields. */
export const FieldBit = Object.fromEntries(FIELDS.map((name, i) => [name, 1 << i])) as Readonly<
  Record<FieldName, number>
>;
export const ALL_FIELDS = (1 << FIELDS.length) - 1;

/** Encoded bytes of one text part that are searched, and of all. */
export const PART_BYTES = 256 << 10;
const MESSAGE_BYTES = 1 << 20;
const MOST_PARTS = 200;
/** Of attached documents: encoded bytes of one, of all, and how many. */
const DOCUMENT_BYTES = 16 << 20;
const DOCUMENTS_BYTES = 24 << 20;
const MOST_DOCUMENTS = 20;
/** Words of a message, and the empty positions between its fields. */
const MOST_POSITIONS = 60_000;
/** Between fields, so that no phrase reaches from one into the next. */
const GAP = 16;
const NESTED_FIELDS = ['subject', 'from', 'to', 'cc'];

export interface SearchableMessage {
  readonly envelope: Envelope;
  readonly structure: Part;
  /** Bytes of the raw message; undefined where they are not at hand. At least `searchedRanges` are asked for. */
  bytes(start: number, end: number): Uint8Array | undefined;
  /** The text of one of `documentsOf` the message. */
  document?(part: Part): DocumentText | undefined;
}

/** Takes the words of a message, a stretch of text at a time. */
export interface TermSink {
  /**
   * `tokens` are those of `units`, both good until this returns. The first one has `position`, the next ones those after it;
   * positions ascend. `field` is a position in FIELDS. With `onlyNew`, terms that this message has in that field already are
   * left out. Answers how many were added.
   */
  add(units: Uint16Array, tokens: Tokens, position: number, field: number, onlyNew: boolean): number;
}

export interface Analysed {
  /** How many words were added. */
  readonly length: number;
  /** Not everything that is text could be taken: it is too much, or lies in a message within the message. */
  readonly partial: boolean;
  /** An attached document could not be read, or not whole. */
  readonly unread: boolean;
}

interface TextPart {
  readonly part: Part;
  readonly end: number;
  readonly field: FieldName;
  /** Another form of a text that was there already: only its new words count. */
  readonly again: boolean;
  /** The header of a message within the message, not text. */
  readonly header: boolean;
}

export interface AttachedDocument {
  readonly part: Part;
  readonly kind: DocumentKind;
}

interface Plan {
  readonly parts: readonly TextPart[];
  readonly documents: readonly AttachedDocument[];
  readonly names: readonly string[];
  readonly partial: boolean;
}

function planOf(structure: Part): Plan {
  const parts: TextPart[] = [];
  const names: string[] = [];
  let partial = false;
  let left = MESSAGE_BYTES;
  const documents: AttachedDocument[] = [];
  let documentsLeft = DOCUMENTS_BYTES;
  const open: { part: Part; again: boolean; attached: boolean }[] = [
    { part: structure, again: false, attached: false },
  ];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { part, again, attached } = next;
    if (part.filename !== '' && names.length < MOST_PARTS) names.push(part.filename);
    const field = attached || part.disposition === 'attachment' ? 'attachment' : 'body';
    const take = (text: Part, start: number, whole: number): void => {
      const end = Math.min(start + whole, start + left, start + PART_BYTES);
      if (end < start + whole || parts.length === MOST_PARTS) partial = true;
      if (end <= start || parts.length === MOST_PARTS) return;
      left -= end - start;
      parts.push({ part: text, end, field, again, header: false });
    };
    const size = part.bodyEnd - part.bodyStart;
    if (part.type === 'text') take(part, part.bodyStart, size);
    const hidden = hiddenText(part);
    if (hidden) take({ ...part, type: 'text', subtype: hidden }, part.bodyStart, size);
    const kind = documentKind(part);
    if (kind && size <= Math.min(DOCUMENT_BYTES, documentsLeft) && documents.length < MOST_DOCUMENTS) {
      documentsLeft -= size;
      documents.push({ part, kind });
    }
    const inner = part.type === 'message' ? part.children[0] : undefined;
    if (inner) {
      // Only some of its header fields are taken.
      partial = true;
      const header = { ...inner, bodyStart: inner.headerStart };
      if (parts.length < MOST_PARTS && inner.bodyStart - inner.headerStart <= Math.min(left, PART_BYTES)) {
        left -= inner.bodyStart - inner.headerStart;
        parts.push({ part: header, end: inner.bodyStart, field: 'attachment', again, header: true });
      }
    }
    const plain =
      part.subtype === 'alternative' &&
      part.children.some((c) => c.type === 'text' && c.subtype === 'plain' && c.bodyEnd > c.bodyStart);
    for (const child of part.children.toReversed()) {
      const isPlain = child.type === 'text' && child.subtype === 'plain';
      open.push({ part: child, again: again || (plain && !isPlain), attached: attached || inner !== undefined });
    }
  }
  return { parts, documents, names, partial };
}

/** The stretches of the raw message that hold text. */
export function textRanges(structure: Part): (readonly [start: number, end: number])[] {
  return planOf(structure).parts.map(({ part, end }) => [part.bodyStart, end] as const);
}

/** Those that `analyse` and `documentsOf` need: text, and documents. */
export function searchedRanges(structure: Part): (readonly [start: number, end: number])[] {
  const { parts, documents } = planOf(structure);
  return [
    ...parts.map(({ part, end }) => [part.bodyStart, end] as const),
    ...documents.map(({ part }) => [part.bodyStart, part.bodyEnd] as const),
  ];
}

/** The documents whose text `analyse` asks for. */
export function documentsOf(structure: Part): readonly AttachedDocument[] {
  return planOf(structure).documents;
}

const folded = new FoldedText();
const tokens = new Tokens();

/** Never throws for what a message holds. */
export function analyse(message: SearchableMessage, sink: TermSink): Analysed {
  let position = 0;
  let length = 0;
  let complete = true;
  const text = (content: string, name: FieldName, again = false): void => {
    folded.set(content);
    tokens.cut(folded.units, folded.length, MOST_POSITIONS - position);
    complete &&= tokens.complete;
    if (tokens.length === 0) return;
    length += sink.add(folded.units, tokens, position, FIELDS.indexOf(name), again);
    position += tokens.length + GAP;
  };
  const { envelope, structure } = message;
  text(envelope.subject, 'subject');
  people(envelope.from, (one) => text(one, 'from'));
  people(envelope.to, (one) => text(one, 'to'));
  people(envelope.cc, (one) => text(one, 'cc'));
  people(envelope.bcc, (one) => text(one, 'cc'));
  const plan = planOf(structure);
  for (const { part, end, field, again, header } of plan.parts) {
    const bytes = message.bytes(part.bodyStart, end);
    if (bytes === undefined) complete = false;
    else if (header) for (const value of headerValues(bytes)) text(value, 'attachment');
    else text(readableText(part, bytes), field, again);
  }
  for (const name of plan.names) text(name, 'filename');
  const partial = plan.partial || !complete;
  // Last: however much they hold, it takes nothing from the message itself.
  complete = true;
  for (const { part } of plan.documents) {
    const found = message.document?.(part);
    if (found) text(found.text, 'attachment');
    complete &&= found?.complete ?? false;
  }
  return { length, partial, unread: !complete };
}

function people(list: readonly MailAddress[], take: (text: string) => void): void {
  for (const { name, address, group } of list) {
    if (group) {
      take(group.name);
      people(group.members, take);
    } else take(`${name} <${address}>`);
  }
}

function headerValues(bytes: Uint8Array): string[] {
  const block = HeaderBlock.parse(bytes);
  return NESTED_FIELDS.flatMap((name) => block.all(name).map((value) => decodeWords(value)));
}

/** The texts in which a hit is shown: what is read first, then attachments. */
export function* shownTexts(message: SearchableMessage): Iterable<string> {
  for (const { part, end, again, header } of planOf(message.structure).parts) {
    if (again || header) continue;
    const content = message.bytes(part.bodyStart, end);
    if (content) yield readableText(part, content);
  }
}
