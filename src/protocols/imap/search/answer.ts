/** What SEARCH and SORT answer, and what is kept as `$`. Results are positions in their order: SORT's is its own. */
import type { Session } from '../session.ts';
import { partOf, type SearchReturn } from '../wire/search-return.ts';
import { formatSet } from '../wire/sequence-set.ts';

/** What `find` finds, kept as `$` if it was asked for. A search that fails leaves `$` empty (RFC 5182 §2.1). */
export async function keepResult(
  { selected }: Session,
  returns: SearchReturn | undefined,
  find: () => Promise<number[]>,
): Promise<number[]> {
  let found: readonly number[] = [];
  try {
    const all = await find();
    found = all;
    return all;
  } finally {
    if (returns?.save === true) selected.save(savedPart(found, returns).toSorted((a, b) => a - b));
  }
}

/** RFC 5182 §2.1: with MIN or MAX and nothing else only those; RFC 9394 §3.1: with PARTIAL that part. */
function savedPart(found: readonly number[], { min, max, all, count, partial }: SearchReturn): readonly number[] {
  const ends =
    found.length === 0 ? [] : [...(min ? [found[0] as number] : []), ...(max ? [found.at(-1) as number] : [])];
  if (partial !== undefined) return [...new Set([...ends, ...partOf(found, partial)])];
  return (min || max) && !all && !count ? [...new Set(ends)] : found;
}

/** `* ESEARCH (TAG "t") UID MIN n COUNT n ALL set` */
export function answerEsearch(
  session: Session,
  found: readonly number[],
  returns: SearchReturn,
  byUid: boolean,
  modseq: boolean,
): void {
  const { min, max, all, count, partial } = returns;
  // Whoever only saves is told nothing (RFC 5182 §2.1).
  if (!min && !max && !all && !count && partial === undefined) return;
  const { out, selected } = session;
  const { uids } = selected.tracker.view;
  const number = (at: number): number => (byUid ? (uids[at] as number) : at + 1);
  const [first, last] = [found[0], found.at(-1)];
  out
    .text('* ESEARCH (TAG ')
    .string(session.tag)
    .text(byUid ? ') UID' : ')');
  if (min && first !== undefined) out.text(' MIN ').number(number(first));
  if (max && last !== undefined) out.text(' MAX ').number(number(last));
  if (count) out.text(' COUNT ').number(found.length);
  if (partial !== undefined) {
    const part = partOf(found, partial).map(number);
    out.text(` PARTIAL (${partial.label} ${part.length === 0 ? 'NIL' : formatSet(part)})`);
  }
  if (all && found.length > 0) out.text(` ALL ${formatSet(found.map(number))}`);
  // RFC 4731 §3.2, RFC 9394 §3.1: of the messages that are told; of all when their number is told, too.
  const of = all || count ? found : savedPart(found, returns);
  if (modseq && of.length > 0) out.text(' MODSEQ ').number(highestModseq(session, of));
  out.line('');
}

export function highestModseq(session: Session, positions: readonly number[]): number {
  const { view } = session.selected.tracker;
  let highest = 0;
  for (const at of positions) highest = Math.max(highest, view.modseqAt(at));
  return highest;
}
