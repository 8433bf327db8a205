/**
 * The mail of the last days, searched before the index has got there. An index that is made anew, or is far behind, goes from the
 * oldest mail to the newest, and who searches meanwhile mostly asks for what came last. In memory, and only until then.
 */
import type { MessageTable } from '../message-table.ts';
import type { MessageName } from './input.ts';
import type { Piece } from './piece.ts';
import type { Segment } from './reader.ts';

/** Seconds. */
const RECENT = 16 * 86_400;
/** With as much as this it is made anew. */
const MOST_PIECES = 6;
const MOST_BYTES = 16 << 20;

export class NewestFirst {
  #pieces: Piece[] = [];
  #ids: number[] = [];

  /** Id of the first message that is here; infinite when there is none. */
  get first(): number {
    return this.#pieces[0]?.segment.facts.first ?? Number.POSITIVE_INFINITY;
  }

  get isFull(): boolean {
    return this.#pieces.length >= MOST_PIECES || this.bytes >= MOST_BYTES;
  }

  get bytes(): number {
    return this.#pieces.reduce((sum, { rows }) => sum + rows.bytes, 0);
  }

  /** Those of the last 16 days that neither the index, up to `upTo`, nor this has: at most `most`, the last ones. `now`: milliseconds. */
  missing(table: MessageTable, upTo: number, now: number, most: number): MessageName[] {
    const last = this.#pieces.at(-1)?.segment.facts.last ?? 0;
    return table.newest(Math.max(upTo, last), Math.floor(now / 1000) - RECENT, most, MOST_BYTES);
  }

  add(piece: Piece, names: readonly MessageName[]): void {
    this.#pieces.push(piece);
    for (const { id } of names) this.#ids.push(id);
  }

  /** How many messages `after` has that are still there. */
  count(table: MessageTable, upTo: number): number {
    return upTo < this.first ? this.#ids.filter((id) => table.find(id) >= 0).length : 0;
  }

  /** What the index, up to `upTo`, does not have: nothing twice. */
  after(upTo: number): readonly Segment[] {
    return upTo < this.first ? this.#pieces.map(({ segment }) => segment) : [];
  }

  clear(): void {
    this.#pieces = [];
    this.#ids = [];
  }
}
