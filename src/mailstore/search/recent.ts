/** Level 0 of a search index: pieces in memory of what came after the last segment that was written. */
import type { Piece } from './piece.ts';
import { MemoryRows, Segment } from './reader.ts';
import type { RowSource, SegmentFacts } from './segment.ts';
import type { Row } from './work.ts';

/** It is written when it is this old, if it is worth a segment. */
const OLD_MS = 600_000;
const WORTH_WRITING = 64;
/** As large as this it is written, however few messages it is about. */
const MOST_BYTES = 16 << 20;
/** Pieces that a search looks through. */
const MOST_PIECES = 6;

export type MergePieces = (
  parts: readonly SegmentFacts[],
  sources: readonly RowSource[],
  take: (rows: readonly Row[]) => Promise<void>,
) => Promise<SegmentFacts | undefined>;

export class RecentPieces {
  #pieces: readonly Piece[] = [];
  /** When the oldest was indexed. */
  #since = 0;

  get segments(): readonly Segment[] {
    return this.#pieces.map(({ segment }) => segment);
  }

  get isEmpty(): boolean {
    return this.#pieces.length === 0;
  }

  get bytes(): number {
    return this.#pieces.reduce((sum, { rows }) => sum + rows.bytes, 0);
  }

  get docs(): number {
    return this.#pieces.reduce((sum, { segment }) => sum + segment.facts.docs, 0);
  }

  get isLarge(): boolean {
    return this.bytes >= MOST_BYTES;
  }

  get isInManyPieces(): boolean {
    return this.#pieces.length > MOST_PIECES;
  }

  /** With `more` messages. */
  isWorthWriting(more = 0): boolean {
    return this.docs + more >= WORTH_WRITING;
  }

  isOld(now: number): boolean {
    return !this.isEmpty && now - this.#since >= OLD_MS;
  }

  add(piece: Piece, now: number): void {
    if (this.isEmpty) this.#since = now;
    this.#pieces = [...this.#pieces, piece];
  }

  clear(): void {
    this.#pieces = [];
  }

  /** In one piece; undefined when nothing is left of it. */
  async join(merge: MergePieces): Promise<Piece | undefined> {
    if (this.#pieces.length <= 1) return this.#pieces[0];
    const rows = new MemoryRows();
    const facts = await merge(
      this.#pieces.map(({ segment }) => segment.facts),
      this.#pieces.map((piece) => piece.rows),
      async (some) => {
        for (const row of some) rows.put(...row);
      },
    );
    this.#pieces = facts ? [{ segment: new Segment(facts, rows), rows }] : [];
    return this.#pieces[0];
  }
}
