/** The heavy part of indexing: messages become a segment, segments become one. Runs in a thread of its own (`thread.ts`). */
import { decodeBody } from '../../mail/encoding.ts';
import type { Part } from '../../mail/message.ts';
import { analyse, documentsOf, type SearchableMessage } from '../../mail/search/document.ts';
import type { DocumentText } from '../../mail/search/office.ts';
import type { EmailId } from '../api.ts';
import { decodeDetails } from '../details.ts';
import type { SegmentBuilder } from './builder.ts';
import type { DocumentReader } from './documents.ts';
import { mergeSegments } from './merge.ts';
import { Segment } from './reader.ts';
import { DocFlag, type RowKind, type RowSink, type RowSource, type SegmentFacts } from './segment.ts';

/** Messages in one piece of memory, so that handing them to another thread costs nothing. */
export interface MessageBatch {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /**
   * In order of their ids: id; how many rows of details there are, offset and length of each; how many stretches of the raw
   * message, and of each where it begins there, offset and length. Offsets are those in `bytes`.
   */
  readonly layout: Uint32Array<ArrayBuffer>;
  readonly count: number;
}

export interface MergeJob {
  readonly segment: string;
  readonly parts: readonly SegmentFacts[];
  /** Ids of the messages that are there, ascending. */
  readonly alive: Uint32Array<ArrayBuffer>;
}

export type Row = readonly [kind: RowKind, number: number, bytes: Uint8Array];

/** What is wrong with one message must not keep the others out: it counts as skipped. */
export async function indexBatch(
  builder: SegmentBuilder,
  { bytes, layout, count }: MessageBatch,
  reader: DocumentReader,
): Promise<void> {
  let at = 0;
  for (let left = count; left > 0; left--) {
    const id = layout[at++]!;
    const details: Uint8Array[] = [];
    for (let rows = layout[at++]!; rows > 0; rows--, at += 2)
      details.push(bytes.subarray(layout[at]!, layout[at]! + layout[at + 1]!));
    const stretches = layout.subarray(at + 1, (at += 1 + 3 * layout[at]!));
    const message = storedMessage(details, bytes, stretches);
    const documents = message && documentsOf(message.structure);
    const texts = new Map<Part, DocumentText>();
    for (const { part, kind } of documents ?? []) {
      const encoded = message!.bytes(part.bodyStart, part.bodyEnd);
      if (!encoded) continue;
      const file = decodeBody(Buffer.from(encoded.buffer, encoded.byteOffset, encoded.byteLength), part.encoding);
      const text = await reader.read(kind, new Uint8Array(file));
      texts.set(part, text);
      // One that had to be ended is enough for a mail.
      if (text.ended) break;
    }
    builder.begin(id);
    const { words, flags } = addMessage(builder, message && { ...message, document: (part) => texts.get(part) });
    builder.end(words, flags);
  }
}

const NO_EMAIL = '' as EmailId;

interface StoredMessage extends SearchableMessage {
  readonly hasAttachment: boolean;
}

/** Undefined when it cannot be read. */
function storedMessage(
  rows: readonly Uint8Array[],
  bytes: Uint8Array,
  stretches: Uint32Array,
): StoredMessage | undefined {
  if (rows.length === 0) return undefined;
  try {
    const { envelope, structure, hasAttachment } = decodeDetails(NO_EMAIL, rows);
    return {
      envelope,
      structure,
      hasAttachment,
      bytes(start, end) {
        for (let i = 0; i < stretches.length; i += 3) {
          const from = stretches[i]!;
          const offset = stretches[i + 1]! - from;
          if (from <= start && end <= from + stretches[i + 2]!) return bytes.subarray(offset + start, offset + end);
        }
        return undefined;
      },
    };
  } catch {
    return undefined;
  }
}

function addMessage(builder: SegmentBuilder, message: StoredMessage | undefined): { words: number; flags: number } {
  const before = builder.words;
  let flags = 0;
  if (message?.hasAttachment) flags |= DocFlag.attachment;
  try {
    const analysed = message && analyse(message, builder);
    if (!analysed) flags |= DocFlag.skipped;
    if (analysed?.partial) flags |= DocFlag.partial;
    if (analysed?.unread) flags |= DocFlag.unread;
  } catch {
    flags |= DocFlag.skipped;
  }
  return { words: builder.words - before, flags };
}

/** `source` of a part by its place in the job. */
export function mergeParts(
  { segment, parts, alive }: MergeJob,
  source: (part: number) => RowSource,
  sink: RowSink,
  pause: () => Promise<void> | undefined,
): Promise<SegmentFacts | undefined> {
  const segments = parts.map((facts, i) => new Segment(facts, new LastRows(source(i))));
  return mergeSegments(segment, segments, (id) => holds(alive, id), sink, pause);
}

/** Remembers the last row of each kind: the next term is mostly in the same. */
export class LastRows implements RowSource {
  readonly #source: RowSource;
  readonly #last: ({ number: number; row: Promise<Uint8Array> } | undefined)[] = [];

  constructor(source: RowSource) {
    this.#source = source;
  }

  row(kind: RowKind, number: number): Promise<Uint8Array> {
    const last = this.#last[kind];
    if (last?.number === number) return last.row;
    const row = this.#source.row(kind, number);
    this.#last[kind] = { number, row };
    return row;
  }
}

export function holds(ascending: Uint32Array, id: number): boolean {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle]! < id) low = middle + 1;
    else high = middle;
  }
  return low < ascending.length && ascending[low] === id;
}
