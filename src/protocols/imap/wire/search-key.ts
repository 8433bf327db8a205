/** SEARCH programs (RFC 3501 §6.4.4, MODSEQ: RFC 7162 §3.1.5, WITHIN: RFC 5032, SAVEDATE: RFC 8514, OBJECTID: RFC 8474, UIDAFTER: RFC 9738) as a tree. */
import { Flag } from '../../../mailstore/api.ts';
import { type Decoder, malformed } from './decoder.ts';
import { searchDate } from './date.ts';
import { SAVED, type SequenceSet, sequenceSet } from './sequence-set.ts';

export type Comparison = 'before' | 'on' | 'since';

/** Whether a date is the server's (INTERNALDATE) or the header's. */
export type SearchKey =
  | { readonly key: 'all' }
  | { readonly key: 'none' }
  | { readonly key: 'numbers'; readonly set: SequenceSet }
  | { readonly key: 'uids'; readonly set: SequenceSet }
  | { readonly key: 'flag'; readonly flag: number; readonly set: boolean }
  | { readonly key: 'keyword'; readonly keyword: string; readonly set: boolean }
  /** Days since 1970. */
  | { readonly key: 'internal' | 'saved'; readonly is: Comparison; readonly day: number }
  /** Within so many seconds, or not (RFC 5032). */
  | { readonly key: 'younger' | 'older'; readonly seconds: number }
  | { readonly key: 'email' | 'thread'; readonly id: string }
  | { readonly key: 'sent'; readonly is: Comparison; readonly day: number }
  | { readonly key: 'larger' | 'smaller'; readonly size: number }
  | { readonly key: 'modseq'; readonly from: number }
  | { readonly key: 'from' | 'to' | 'cc' | 'bcc' | 'subject'; readonly text: string }
  /** An empty text asks whether the field is there. */
  | { readonly key: 'header'; readonly field: string; readonly text: string }
  | { readonly key: 'body' | 'text'; readonly text: string }
  | { readonly key: 'not'; readonly of: SearchKey }
  | { readonly key: 'and' | 'or'; readonly of: readonly SearchKey[] };

/** Bytes of a search string in the charset of the command; undefined when there is no such charset. */
export type TextOf = (bytes: Uint8Array) => string;

/** Keys of one command, all levels together. */
const KEYS = 1000;

type Read = (d: Decoder, textOf: TextOf, count: { left: number }) => SearchKey;

const flag =
  (bit: number, set: boolean): Read =>
  () => ({ key: 'flag', flag: bit, set });
const text =
  (key: 'from' | 'to' | 'cc' | 'bcc' | 'subject' | 'body' | 'text'): Read =>
  (d, textOf) => ({ key, text: textOf(d.sp().astring()) });
const date =
  (key: 'internal' | 'saved' | 'sent', is: Comparison): Read =>
  (d) => ({ key, is, day: searchDate(d.sp()) });
const age =
  (key: 'younger' | 'older'): Read =>
  (d) => {
    const seconds = d.sp().number();
    if (seconds === 0) throw malformed('an interval is at least a second');
    return { key, seconds };
  };

/** Letters, digits, `_` and `-`, up to 255 (RFC 8474 §7). */
function objectId(d: Decoder): string {
  const id = d.sp().atom();
  if (!/^[\w-]{1,255}$/.test(id)) throw malformed('object id expected');
  return id;
}

const LARGEST_UID = 0xffff_ffff;

function uniqueId(d: Decoder): number {
  const uid = d.sp().number();
  if (uid === 0) throw malformed('UIDs start at 1');
  return uid;
}

/** UIDAFTER and UIDBEFORE (RFC 9738 §3.2). */
function between(from: number, to: number): SearchKey {
  return from > to ? { key: 'none' } : { key: 'uids', set: [[from, to]] };
}

const READERS: ReadonlyMap<string, Read> = new Map<string, Read>([
  ['ALL', () => ({ key: 'all' })],
  ['ANSWERED', flag(Flag.answered, true)],
  ['UNANSWERED', flag(Flag.answered, false)],
  ['DELETED', flag(Flag.deleted, true)],
  ['UNDELETED', flag(Flag.deleted, false)],
  ['DRAFT', flag(Flag.draft, true)],
  ['UNDRAFT', flag(Flag.draft, false)],
  ['FLAGGED', flag(Flag.flagged, true)],
  ['UNFLAGGED', flag(Flag.flagged, false)],
  ['SEEN', flag(Flag.seen, true)],
  ['UNSEEN', flag(Flag.seen, false)],
  // \Recent is always 0: nothing is recent or new, everything is old.
  ['RECENT', () => ({ key: 'none' })],
  ['NEW', () => ({ key: 'none' })],
  ['OLD', () => ({ key: 'all' })],
  ['KEYWORD', (d) => ({ key: 'keyword', keyword: d.sp().atom(), set: true })],
  ['UNKEYWORD', (d) => ({ key: 'keyword', keyword: d.sp().atom(), set: false })],
  ['BEFORE', date('internal', 'before')],
  ['ON', date('internal', 'on')],
  ['SINCE', date('internal', 'since')],
  ['SAVEDBEFORE', date('saved', 'before')],
  ['SAVEDON', date('saved', 'on')],
  ['SAVEDSINCE', date('saved', 'since')],
  // Every mailbox keeps the date (RFC 8514 §4.2).
  ['SAVEDATESUPPORTED', () => ({ key: 'all' })],
  ['YOUNGER', age('younger')],
  ['OLDER', age('older')],
  ['EMAILID', (d) => ({ key: 'email', id: objectId(d) })],
  ['THREADID', (d) => ({ key: 'thread', id: objectId(d) })],
  ['SENTBEFORE', date('sent', 'before')],
  ['SENTON', date('sent', 'on')],
  ['SENTSINCE', date('sent', 'since')],
  ['LARGER', (d) => ({ key: 'larger', size: d.sp().number64() })],
  ['SMALLER', (d) => ({ key: 'smaller', size: d.sp().number64() })],
  ['FROM', text('from')],
  ['TO', text('to')],
  ['CC', text('cc')],
  ['BCC', text('bcc')],
  ['SUBJECT', text('subject')],
  ['BODY', text('body')],
  ['TEXT', text('text')],
  [
    'HEADER',
    (d, textOf) => {
      const field = d.sp().astring().toString('latin1').toLowerCase();
      return { key: 'header', field, text: textOf(d.sp().astring()) };
    },
  ],
  ['UID', (d) => ({ key: 'uids', set: sequenceSet(d.sp()) })],
  ['UIDAFTER', (d) => between(uniqueId(d) + 1, LARGEST_UID)],
  ['UIDBEFORE', (d) => between(1, uniqueId(d) - 1)],
  [
    'MODSEQ',
    (d) => {
      d.sp();
      if (d.next('"')) {
        // One metadata item's own mod-sequence: ours are of the message as a whole (RFC 7162 §3.1.5).
        d.string();
        const type = d.sp().word();
        if (type !== 'PRIV' && type !== 'SHARED' && type !== 'ALL') throw malformed('PRIV, SHARED or ALL expected');
        d.sp();
      }
      return { key: 'modseq', from: d.number64() };
    },
  ],
  ['NOT', (d, textOf, count) => d.nested(() => ({ key: 'not', of: searchKey(d.sp(), textOf, count) }))],
  [
    'OR',
    (d, textOf, count) =>
      d.nested(() => ({ key: 'or', of: [searchKey(d.sp(), textOf, count), searchKey(d.sp(), textOf, count)] })),
  ],
]);

/** The keys up to the end of the command: all of them must hold. */
export function searchProgram(d: Decoder, textOf: TextOf): SearchKey {
  const count = { left: KEYS };
  const of: SearchKey[] = [];
  do of.push(searchKey(d, textOf, count));
  while (d.take(' '));
  return of.length === 1 ? (of[0] as SearchKey) : { key: 'and', of };
}

function searchKey(d: Decoder, textOf: TextOf, count: { left: number }): SearchKey {
  if (count.left-- === 0) throw malformed('too many search keys');
  if (d.next('(')) {
    const of = d.list(() => searchKey(d, textOf, count));
    if (of.length === 0) throw malformed('search key expected');
    return { key: 'and', of };
  }
  if (d.next('*') || d.next('$') || (d.peek() >= 0x30 && d.peek() <= 0x39))
    return { key: 'numbers', set: sequenceSet(d) };
  const read = READERS.get(d.word());
  if (read === undefined) throw malformed('unknown search key');
  return read(d, textOf, count);
}

/** Does the program name messages by their numbers? `$` does not. */
export function asksNumbers(key: SearchKey): boolean {
  if (key.key === 'numbers') return key.set !== SAVED;
  if (key.key === 'not') return asksNumbers(key.of);
  return (key.key === 'and' || key.key === 'or') && key.of.some(asksNumbers);
}

/** Does the program ask for mod-sequences? Then the answer tells the highest (RFC 7162 §3.1.5). */
export function asksModseq(key: SearchKey): boolean {
  if (key.key === 'modseq') return true;
  if (key.key === 'not') return asksModseq(key.of);
  return (key.key === 'and' || key.key === 'or') && key.of.some(asksModseq);
}
