/** Which segments become one: size-tiered, neighbours only. */
import type { MessageTable } from '../message-table.ts';
import type { SegmentFacts } from './segment.ts';

/** So many segments of about one size become one. */
export const FAN_OUT = 8;
/** Documents of a segment that is large enough. */
const LARGE = 32_768;
/** Of segments that are merged no more. */
const TOP = 10;

/** Neighbours of about one size at the end, or one of which most is gone; `to` is behind the last. */
export function chooseMerge(
  segments: readonly SegmentFacts[],
  table: MessageTable,
  flushDocs: number,
): { readonly from: number; readonly to: number } | undefined {
  for (const [at, { first, last, docs }] of segments.entries())
    if (table.countBetween(first, last) < docs / 2) return { from: at, to: at + 1 };
  const tiers = segments.map(({ docs }) => tierOf(docs, flushDocs));
  for (let tier = 0; tier < TOP; tier++) {
    let from = segments.length;
    let count = 0;
    while (from > 0 && tiers[from - 1]! <= tier) if (tiers[--from] === tier) count++;
    if (count >= FAN_OUT) return { from, to: segments.length };
  }
  return undefined;
}

function tierOf(docs: number, flushDocs: number): number {
  if (docs >= LARGE) return TOP;
  let tier = 0;
  for (let most = FAN_OUT * flushDocs * 0.75; docs >= most; most *= FAN_OUT) tier++;
  return tier;
}
