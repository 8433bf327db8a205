/** What SEARCH is to answer: the RETURN options of ESEARCH (RFC 4731 §3.1), SEARCHRES (RFC 5182) and PARTIAL (RFC 9394 §3.1). */
import { type Decoder, malformed } from './decoder.ts';

export interface SearchReturn {
  readonly min: boolean;
  readonly max: boolean;
  readonly all: boolean;
  readonly count: boolean;
  /** Keep the result as `$`. */
  readonly save: boolean;
  readonly partial: PartialRange | undefined;
}

/** Results `from` to `to`, both included, counted from 1; from the last one on when `fromEnd`. */
export interface PartialRange {
  readonly from: number;
  readonly to: number;
  readonly fromEnd: boolean;
  /** As the client wrote it: the answer names it so. */
  readonly label: string;
}

const NOTHING: SearchReturn = { min: false, max: false, all: false, count: false, save: false, partial: undefined };

/** After RETURN. `()` asks for ALL. */
export function searchReturn(d: Decoder): SearchReturn {
  let asked = NOTHING;
  d.list(() => {
    const word = d.word();
    if (word === 'PARTIAL') {
      if (asked.partial !== undefined) throw malformed('one PARTIAL is enough');
      asked = { ...asked, partial: partialRange(d.sp()) };
    } else if (word === 'MIN' || word === 'MAX' || word === 'ALL' || word === 'COUNT' || word === 'SAVE') {
      asked = { ...asked, [word.toLowerCase()]: true };
    } else throw malformed('unknown SEARCH return option');
  });
  if (asked.all && asked.partial !== undefined) throw malformed('ALL and PARTIAL exclude each other');
  return asked === NOTHING ? { ...NOTHING, all: true } : asked;
}

export function partialRange(d: Decoder): PartialRange {
  const fromEnd = d.next('-');
  const number = (): number => {
    if (fromEnd) d.expect('-');
    const n = d.number();
    if (n === 0) throw malformed('results are counted from 1');
    return n;
  };
  const one = number();
  d.expect(':');
  const other = number();
  const sign = fromEnd ? '-' : '';
  return {
    from: Math.min(one, other),
    to: Math.max(one, other),
    fromEnd,
    label: `${sign}${one}:${sign}${other}`,
  };
}

/** The range as indexes `[start, end)` into a result of this length. */
export function bounds(length: number, { from, to, fromEnd }: PartialRange): readonly [start: number, end: number] {
  return fromEnd ? [Math.max(0, length - to), Math.max(0, length - from + 1)] : [from - 1, Math.min(to, length)];
}

/** The part of a result, in its order. */
export function partOf<T>(found: readonly T[], range: PartialRange): readonly T[] {
  return found.slice(...bounds(found.length, range));
}
