/**
 * Which messages may hold a text as a substring, as IMAP asks (RFC 9051 §6.4.4)? The index knows words, so it can only say which
 * cannot: whatever holds the text has all its whole words, and some word around each of its ends.
 */
import { FieldBit, type FieldName } from '../../mail/search/document.ts';
import { foldLower } from '../../mail/search/fold.ts';
import { isPair, isSinglePaired, TERM_LENGTH, tokenise } from '../../mail/search/tokens.ts';
import type { MsgId } from '../api.ts';
import type { MailboxIndex } from '../mailbox-index.ts';
import { Patience } from '../raw-source.ts';
import type { AccountSearch } from './account-search.ts';
import type { Bits } from './bits.ts';
import { SegmentQuery } from './evaluate.ts';
import { selectIn, withSegments } from './search.ts';
import type { TermEntry } from './segment.ts';

/** Any part of a word up to this length is in one term. */
const PIECE = TERM_LENGTH / 2;
/** Half-width kana are joined with their marks, which a substring may cut off. */
const CUT_ELSEWHERE = /[\uff66-\uff9f]/;

interface Piece {
  readonly text: string;
  /** `inside`: anywhere in a term. */
  readonly match: 'exact' | 'prefix' | 'inside';
}

/** `text` is NFC and lower case. Undefined when the index cannot tell. */
export async function mayHold(
  search: AccountSearch,
  index: () => MailboxIndex,
  text: string,
  fields: readonly FieldName[],
): Promise<((id: MsgId) => boolean) | undefined> {
  const pieces = piecesOf(text);
  if (!pieces) return undefined;
  const mask = fields.reduce((bits, name) => bits | FieldBit[name], 0);
  return withSegments(search, async () => {
    await search.catchUpNow('oldest');
    const patience = new Patience();
    const select = selectIn(index);
    const known: Bits[] = [];
    for (const segment of search.segments) {
      const query = new SegmentQuery(segment, select, patience);
      let found: Bits | undefined;
      for (const piece of pieces) {
        const some = await query.withTerms(await entriesOf(query, piece, patience), mask);
        found = found ? found.and(some) : some;
        if (found.isEmpty) break;
      }
      known.push(found!.or(await query.partial()));
    }
    return (id) => {
      let low = 0;
      let high = known.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (known[middle]!.last < id) low = middle + 1;
        else high = middle;
      }
      const bits = known[low];
      // Not indexed yet: it may.
      return bits === undefined || id < bits.first || bits.has(id);
    };
  });
}

/** Undefined when there is nothing in it to look up. */
function piecesOf(text: string): Piece[] | undefined {
  if (CUT_ELSEWHERE.test(text) || !text.isWellFormed()) return undefined;
  const folded = foldLower(text);
  const pieces: Piece[] = [];
  let end = 0;
  let paired = false;
  tokenise(folded, (term, _, from, to) => {
    const follows = paired && from === end;
    if (isSinglePaired(term)) {
      // In the pair before it already.
      if (!follows) pieces.push({ text: term, match: 'prefix' });
      paired = true;
    } else if (isPair(term)) {
      pieces.push({ text: term, match: 'exact' });
      paired = true;
    } else {
      // The next part of a word that was cut: the first one is enough.
      const again = !paired && from < end;
      if (!again) pieces.push(wordPiece(term, from === 0, to === folded.length || term.length >= TERM_LENGTH - 1));
      paired = false;
    }
    end = to;
  });
  // A letter or two are in nearly every message: reading them is not worth it.
  const telling = pieces.filter(({ text, match }) => match !== 'inside' || text.length > 2);
  return telling.length === 0 ? undefined : telling;
}

function wordPiece(term: string, first: boolean, last: boolean): Piece {
  // Half a character at the end is in no term.
  const piece = term.slice(0, (term.charCodeAt(PIECE - 1) & 0xfc00) === 0xd800 ? PIECE - 1 : PIECE);
  if (first) return { text: piece, match: 'inside' };
  return last ? { text: piece, match: 'prefix' } : { text: term, match: 'exact' };
}

async function entriesOf(
  query: SegmentQuery,
  { text, match }: Piece,
  patience: Patience,
): Promise<readonly TermEntry[]> {
  if (match !== 'inside') return query.entries({ at: 0, term: text, match });
  const found: TermEntry[] = [];
  for await (const some of query.segment.prefixedBlocks('')) {
    for (const entry of some) if (entry.term.includes(text)) found.push(entry);
    await patience.pause();
  }
  return found;
}
