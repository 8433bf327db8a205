/** Segments that were merged into another: they go when nobody reads any more what was there before. */
import type { SegmentFacts } from './segment.ts';

export class ReplacedSegments {
  readonly #drop: (segment: SegmentFacts) => Promise<void>;
  readonly #inBackground: (work: Promise<unknown>) => void;
  readonly #replaced: SegmentFacts[] = [];
  #readers = 0;

  constructor(drop: (segment: SegmentFacts) => Promise<void>, inBackground: (work: Promise<unknown>) => void) {
    this.#drop = drop;
    this.#inBackground = inBackground;
  }

  async add(parts: readonly SegmentFacts[]): Promise<void> {
    this.#replaced.push(...parts);
    if (this.#readers === 0) await this.#dropAll();
  }

  /** Until the answer is disposed of, no segment goes that is there now. */
  reading(): Disposable {
    this.#readers++;
    return {
      [Symbol.dispose]: () => {
        if (--this.#readers === 0 && this.#replaced.length > 0) this.#inBackground(this.#dropAll());
      },
    };
  }

  /** Other nodes that read them find them gone, look again, and read the new one. */
  async #dropAll(): Promise<void> {
    for (let part = this.#replaced.pop(); part; part = this.#replaced.pop()) await this.#drop(part);
  }
}
