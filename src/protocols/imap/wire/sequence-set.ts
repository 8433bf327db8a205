/** Sequence sets (RFC 3501 §9): ranges of sequence numbers or UIDs, read without ever being spelled out. */
import type { Uid } from '../../../mailstore/api.ts';
import { type Decoder, malformed } from './decoder.ts';
import { bounds, type PartialRange } from './search-return.ts';

/** `*`, which is whatever the largest is when the set is used. */
export const LAST = -1;

/** From and to, in any order, each 1 to 4294967295 or `LAST`. */
export type NumberRange = readonly [from: number, to: number];
export type SequenceSet = readonly NumberRange[];

/** `$`: what the last SEARCH with SAVE found (RFC 5182). */
export const SAVED: SequenceSet = Object.freeze([]);

export function sequenceSet(d: Decoder): SequenceSet {
  if (d.take('$')) return SAVED;
  const set: NumberRange[] = [];
  do {
    const from = seqNumber(d);
    set.push([from, d.take(':') ? seqNumber(d) : from]);
  } while (d.take(','));
  return set;
}

export function seqNumber(d: Decoder): number {
  if (d.take('*')) return LAST;
  const n = d.number();
  if (n === 0) throw malformed('numbers start at 1');
  return n;
}

/** What sets are resolved against: a folder's UIDs in order. */
export interface UidColumn {
  readonly length: number;
  readonly uids: Uint32Array;
}

/** Positions `[from, to)`, ascending, apart from each other. */
export type Spans = readonly (readonly [from: number, to: number])[];

/**
 * The positions that a set of sequence numbers names. A number above the last message is a mistake (RFC 3501 §9:
 * BAD), except that `*` of an empty folder names nothing, as clients that ask for `1:*` expect.
 */
export function spansOfNumbers(set: SequenceSet, view: UidColumn): Spans {
  const spans: [number, number][] = [];
  for (const [a, b] of set) {
    if (view.length === 0 && (a === LAST || b === LAST)) continue;
    const from = a === LAST ? view.length : a;
    const to = b === LAST ? view.length : b;
    if (Math.max(from, to) > view.length) throw malformed('no message with that number');
    spans.push([Math.min(from, to) - 1, Math.max(from, to)]);
  }
  return joined(spans);
}

/** The same for SEARCH, where a number that no message has matches nothing. */
export function spansOfNumbersThatExist(set: SequenceSet, view: UidColumn): Spans {
  const spans: [number, number][] = [];
  for (const [a, b] of set) {
    const from = a === LAST ? view.length : a;
    const to = b === LAST ? view.length : b;
    const low = Math.min(from, to) - 1;
    const high = Math.min(view.length, Math.max(from, to));
    if (low >= 0 && low < high) spans.push([low, high]);
  }
  return joined(spans);
}

/** The positions that a set of UIDs names; UIDs that are not there name nothing (RFC 3501 §6.4.8). */
export function spansOfUids(set: SequenceSet, view: UidColumn): Spans {
  const spans: [number, number][] = [];
  const last = view.length === 0 ? 0 : (view.uids[view.length - 1] as number);
  for (const [a, b] of set) {
    const from = a === LAST ? last : a;
    const to = b === LAST ? last : b;
    const low = lowerBound(view, Math.min(from, to));
    const high = lowerBound(view, Math.max(from, to) + 1);
    if (low < high) spans.push([low, high]);
  }
  return joined(spans);
}

/** The positions of UIDs that ascend; those that are gone have none. */
export function spansOfSaved(uids: Uint32Array, view: UidColumn): Spans {
  const spans: [number, number][] = [];
  let at = 0;
  for (const uid of uids) {
    while (at < view.length && (view.uids[at] as number) < uid) at++;
    if (at < view.length && view.uids[at] === uid) spans.push([at, at + 1]);
  }
  return adjacent(spans);
}

/** The first position whose UID is not below `uid`. */
export function lowerBound(view: UidColumn, uid: number): number {
  let low = 0;
  let high = view.length;
  while (low < high) {
    const mid = (low + high) >>> 1;
    if ((view.uids[mid] as number) < uid) low = mid + 1;
    else high = mid;
  }
  return low;
}

function joined(spans: [number, number][]): Spans {
  return adjacent(spans.sort((a, b) => a[0] - b[0]));
}

/** Those in order that touch become one. */
function adjacent(spans: [number, number][]): Spans {
  const out: [number, number][] = [];
  for (const span of spans) {
    const last = out.at(-1);
    if (last !== undefined && span[0] <= last[1]) last[1] = Math.max(last[1], span[1]);
    else out.push(span);
  }
  return out;
}

/** Does a set of UIDs name this one, `last` being what `*` is? */
export function includesUid(set: SequenceSet, uid: number, last: number): boolean {
  return set.some(([a, b]) => {
    const [from, to] = [a === LAST ? last : a, b === LAST ? last : b];
    return Math.min(from, to) <= uid && uid <= Math.max(from, to);
  });
}

export function countOf(spans: Spans): number {
  let n = 0;
  for (const [from, to] of spans) n += to - from;
  return n;
}

/** The part of the positions, counted in their order. */
export function partOfSpans(spans: Spans, range: PartialRange): Spans {
  return cutSpans(spans, ...bounds(countOf(spans), range));
}

/** The last ones. */
export function lastOfSpans(spans: Spans, most: number): Spans {
  const count = countOf(spans);
  return cutSpans(spans, count - Math.min(count, most), count);
}

/** Positions that are in both. */
export function commonSpans(some: Spans, others: Spans): Spans {
  const common: [number, number][] = [];
  for (let a = 0, b = 0; a < some.length && b < others.length; ) {
    const [from, to] = some[a]!;
    const [from2, to2] = others[b]!;
    const low = Math.max(from, from2);
    const high = Math.min(to, to2);
    if (low < high) common.push([low, high]);
    if (to < to2) a++;
    else b++;
  }
  return common;
}

/** The positions from the one that is number `start` to before number `end`, counted from 0. */
function cutSpans(spans: Spans, start: number, end: number): Spans {
  const part: [number, number][] = [];
  let before = 0;
  for (const [from, to] of spans) {
    const low = from + Math.max(0, start - before);
    const high = Math.min(to, from + end - before);
    if (low < high) part.push([low, high]);
    before += to - from;
  }
  return part;
}

export function* positionsOf(spans: Spans): Generator<number> {
  for (const [from, to] of spans) for (let at = from; at < to; at++) yield at;
}

/** Numbers in their order as a set: neighbours that ascend by one become a range. Never sorts: COPYUID pairs by order. */
export function formatSet(numbers: readonly (number | Uid)[]): string {
  let out = '';
  for (let i = 0; i < numbers.length; ) {
    const from = numbers[i] as number;
    let n = 1;
    while (i + n < numbers.length && numbers[i + n] === from + n) n++;
    out += `${out === '' ? '' : ','}${n === 1 ? from : `${from}:${from + n - 1}`}`;
    i += n;
  }
  return out;
}
