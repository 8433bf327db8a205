/** The heavy part of indexing: messages become a segment, segments become one. Runs in a thread of its own (`thread.ts`). */
import { analyse } from '../../mail/search/document.ts';
import type { EmailId } from '../api.ts';
import { decodeDetails } from '../details.ts';
import { SegmentBuilder } from './builder.ts';
import { mergeSegments } from './merge.ts';
import { Segment } from './reader.ts';
import { DocFlag, type RowKind, type RowSink, type RowSource, type SegmentFacts } from './segment.ts';

/** Offsets are those in the job's bytes. */
export interface MessageInput {
  readonly id: number;
  readonly email: EmailId;
  /** Rows of its details; none when they are missing. */
  readonly details: readonly (readonly [offset: number, length: number])[];
  /** Stretches of the raw message. */
  readonly body: readonly (readonly [start: number, offset: number, length: number])[];
}

export interface BuildJob {
  /** Id of the segment to be. */
  readonly segment: string;
  /** In order of their ids. */
  readonly messages: readonly MessageInput[];
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface MergeJob {
  readonly segment: string;
  readonly parts: readonly SegmentFacts[];
  /** Ids of the messages that are there, ascending. */
  readonly alive: Uint32Array<ArrayBuffer>;
}

export type Row = readonly [kind: RowKind, number: number, bytes: Uint8Array];

/** What is wrong with one message must not keep the others out: it counts as skipped. */
export function buildSegment({ segment, messages, bytes }: BuildJob, sink: RowSink): SegmentFacts {
  const builder = new SegmentBuilder();
  for (const message of messages) {
    builder.begin(message.id);
    const { words, flags } = addMessage(builder, message, bytes);
    builder.end(words, flags);
  }
  return builder.finish(segment, sink);
}

function addMessage(
  builder: SegmentBuilder,
  { email, details: rows, body }: MessageInput,
  bytes: Uint8Array,
): { words: number; flags: number } {
  if (rows.length === 0) return { words: 0, flags: DocFlag.skipped };
  let flags = 0;
  let words = 0;
  const counting = {
    add(term: string, position: number, field: number): void {
      words++;
      builder.add(term, position, field);
    },
    has: (term: string, field: number) => builder.has(term, field),
  };
  try {
    const details = decodeDetails(
      email,
      rows.map(([offset, length]) => bytes.subarray(offset, offset + length)),
    );
    if (details.hasAttachment) flags |= DocFlag.attachment;
    const message = {
      envelope: details.envelope,
      structure: details.structure,
      bytes(start: number, end: number): Uint8Array | undefined {
        for (const [from, offset, length] of body)
          if (from <= start && end <= from + length) return bytes.subarray(offset + start - from, offset + end - from);
        return undefined;
      },
    };
    if (analyse(message, counting).partial) flags |= DocFlag.partial;
  } catch {
    flags |= DocFlag.skipped;
  }
  return { words, flags };
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
