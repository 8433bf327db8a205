/**
 * What people type into a search box: words, "phrases", prefix*, -not, OR, and forms such as from: and has:attachment, in
 * English and Korean. Never an error: what is no form is searched as text.
 */
import { ALL_FIELDS, FieldBit } from './document.ts';
import { fold } from './fold.ts';
import { dateForm, type Span, sizeForm, spanForm } from './query-values.ts';
import { isPair, isSinglePaired, tokenise } from './tokens.ts';

export interface QueryTerm {
  /** Positions after the first term of the phrase. */
  readonly at: number;
  readonly term: string;
  /** `stem`: also words that have the same stem. `prefix`: all that begin with it. */
  readonly match: 'exact' | 'stem' | 'prefix';
}

export type QueryFlag = 'seen' | 'flagged' | 'answered' | 'draft';

export type SearchQuery =
  | { readonly op: 'all' }
  | { readonly op: 'and' | 'or'; readonly of: readonly SearchQuery[] }
  | { readonly op: 'not'; readonly of: SearchQuery }
  /** At least one term, all of them one after the other in one of these fields. */
  | { readonly op: 'phrase'; readonly fields: number; readonly terms: readonly QueryTerm[] }
  | { readonly op: 'attachment' }
  | { readonly op: 'flag'; readonly flag: QueryFlag; readonly set: boolean }
  /** When it came, in milliseconds since 1970: from `from` (included) to `to` (excluded). */
  | { readonly op: 'date'; readonly from: number | undefined; readonly to: number | undefined }
  | { readonly op: 'larger' | 'smaller'; readonly bytes: number }
  /** A role, a name or a path, as it was typed. */
  | { readonly op: 'in'; readonly folder: string }
  | { readonly op: 'keyword'; readonly keyword: string };

/** Characters of a query that are looked at, its parts, and how deep they may nest. */
export const MOST_CHARACTERS = 1000;
const MOST_PARTS = 60;
const MOST_DEPTH = 10;
const MOST_TERMS = 64;

const ALL: SearchQuery = { op: 'all' };

type Form = (value: string, quoted: boolean, now: number) => SearchQuery | undefined;

const inFields =
  (fields: number): Form =>
  (value, quoted) =>
    phrase(value, quoted, fields);
const span = (make: (at: Span) => SearchQuery): Form => {
  return (value, _, now) => {
    const found = dateForm(value, now);
    return found && make(found);
  };
};
const age =
  (older: boolean): Form =>
  (value, _, now) => {
    const ms = spanForm(value);
    if (ms === undefined) return undefined;
    return { op: 'date', from: older ? undefined : now - ms, to: older ? now - ms : undefined };
  };
const size =
  (op: 'larger' | 'smaller'): Form =>
  (value) => {
    const bytes = sizeForm(value);
    return bytes === undefined ? undefined : { op, bytes };
  };

const STATES = new Map<string, readonly [QueryFlag, boolean]>([
  ...['unread', 'unseen', 'new', '안읽음', '안읽은', '읽지않음'].map((w) => [w, ['seen', false]] as const),
  ...['read', 'seen', '읽음', '읽은'].map((w) => [w, ['seen', true]] as const),
  ...['flagged', 'starred', 'important', '중요', '별표'].map((w) => [w, ['flagged', true]] as const),
  ...['unflagged', 'unstarred'].map((w) => [w, ['flagged', false]] as const),
  ...['answered', 'replied', '답장함', '회신함'].map((w) => [w, ['answered', true]] as const),
  ...['unanswered'].map((w) => [w, ['answered', false]] as const),
  ...['draft', '임시', '초안'].map((w) => [w, ['draft', true]] as const),
]);
const ATTACHED = new Set(['attachment', 'attachments', 'file', 'files', '첨부', '첨부파일', '파일', '있음', '예', '']);

const state: Form = (value) => {
  const known = STATES.get(value.replaceAll(' ', ''));
  return known && { op: 'flag', flag: known[0], set: known[1] };
};
const has: Form = (value) => (ATTACHED.has(value) ? { op: 'attachment' } : state(value, false, 0));
const attachment: Form = (value, quoted) => {
  if (ATTACHED.has(value)) return { op: 'attachment' };
  if (value === '없음' || value === '아니오') return { op: 'not', of: { op: 'attachment' } };
  return phrase(value, quoted, FieldBit.filename | FieldBit.attachment);
};

/** Names before the colon. */
const FORMS = new Map<string, Form>(
  (
    [
      [['from', '보낸사람', '보낸이', '발신', '발신자'], inFields(FieldBit.from)],
      [['to', '받는사람', '받는이', '수신', '수신자'], inFields(FieldBit.to)],
      [['cc', 'bcc', '참조', '숨은참조'], inFields(FieldBit.cc)],
      [['subject', '제목'], inFields(FieldBit.subject)],
      [['body', 'text', '본문', '내용'], inFields(FieldBit.body)],
      [['filename', 'file', '파일', '파일명', '파일이름'], inFields(FieldBit.filename)],
      [['첨부', '첨부파일', 'attachment'], attachment],
      [['has', '포함'], has],
      [['is', '상태'], state],
      [['안읽음'], () => ({ op: 'flag', flag: 'seen', set: false })],
      [['before', 'until', '이전'], span(({ from }) => ({ op: 'date', from: undefined, to: from }))],
      [['after', 'since', '이후', '부터'], span(({ from }) => ({ op: 'date', from, to: undefined }))],
      [['on', 'date', '날짜'], span(({ from, to }) => ({ op: 'date', from, to }))],
      [['older_than', 'older', '오래된'], age(true)],
      [['newer_than', 'newer', '최근'], age(false)],
      [['larger', 'larger_than', '큰'], size('larger')],
      [['smaller', 'smaller_than', '작은'], size('smaller')],
      [['in', 'folder', '폴더', '위치', '편지함'], (value) => (value === '' ? undefined : { op: 'in', folder: value })],
      [
        ['label', 'keyword', 'tag', '라벨', '태그'],
        (value) => (value === '' ? undefined : { op: 'keyword', keyword: value }),
      ],
    ] as readonly (readonly [readonly string[], Form])[]
  ).flatMap(([names, form]) => names.map((name) => [name, form] as const)),
);

/** `now` in milliseconds since 1970; days are those of UTC. */
export function parseQuery(text: string, now: number): SearchQuery {
  return new Parser(text.slice(0, MOST_CHARACTERS).normalize('NFC'), now).any(0);
}

const CLOSING = new Map([
  ['"', '"'],
  ['“', '”'],
  ['”', '”'],
  ['「', '」'],
  ['『', '』'],
]);
const OR = new Set(['OR', '|', '또는']);
const AND = new Set(['AND', '&', '그리고']);

class Parser {
  readonly #text: string;
  readonly #now: number;
  #at = 0;
  #left = MOST_PARTS;

  constructor(text: string, now: number) {
    this.#text = text;
    this.#now = now;
  }

  /** Until the end, or the parenthesis that closes this one. */
  any(depth: number): SearchQuery {
    const choices: SearchQuery[][] = [[]];
    while (this.#left > 0) {
      this.#blanks();
      const c = this.#text[this.#at];
      if (c === undefined) break;
      if (c === ')') {
        this.#at++;
        if (depth > 0) break;
        continue;
      }
      const word = this.#peekWord();
      if (OR.has(word)) {
        this.#at += word.length;
        choices.push([]);
      } else if (AND.has(word)) this.#at += word.length;
      else choices.at(-1)!.push(this.#part(depth));
    }
    const some = choices.filter((of) => of.length > 0).map((of) => combined('and', of));
    return some.length === 0 ? ALL : combined('or', some);
  }

  #part(depth: number): SearchQuery {
    this.#left--;
    let negated = false;
    if (/[-−]/.test(this.#text[this.#at]!) && /\S/.test(this.#text[this.#at + 1] ?? '')) {
      this.#at++;
      negated = true;
    }
    const of = this.#text[this.#at] === '(' && depth < MOST_DEPTH ? this.#group(depth) : this.#leaf();
    return negated && of.op !== 'all' ? { op: 'not', of } : of;
  }

  #group(depth: number): SearchQuery {
    this.#at++;
    return this.any(depth + 1);
  }

  #leaf(): SearchQuery {
    const colon = /[\p{L}_]{1,20}[:：]/uy;
    colon.lastIndex = this.#at;
    const named = colon.exec(this.#text)?.[0];
    const form = named && FORMS.get(named.slice(0, -1).toLowerCase());
    if (named && form) {
      const before = this.#at;
      this.#at += named.length;
      const { value, quoted } = this.#value();
      const made = form(quoted ? value : value.toLowerCase(), quoted, this.#now);
      if (made) return made;
      // No such date, size or state: then it is text like any other.
      return phrase(this.#text.slice(before, this.#at), false, ALL_FIELDS);
    }
    const { value, quoted } = this.#value();
    return phrase(value, quoted, ALL_FIELDS);
  }

  /** A quoted text, or all up to the next blank. */
  #value(): { value: string; quoted: boolean } {
    const closing = CLOSING.get(this.#text[this.#at] ?? '');
    if (closing !== undefined) {
      const end = this.#text.indexOf(closing, this.#at + 1);
      const value = this.#text.slice(this.#at + 1, end < 0 ? undefined : end);
      this.#at = end < 0 ? this.#text.length : end + 1;
      return { value, quoted: true };
    }
    const value = this.#peekWord();
    // A parenthesis where none can be opened is passed over.
    this.#at += Math.max(value.length, /[\s)]/.test(this.#text[this.#at] ?? ' ') ? 0 : 1);
    return { value, quoted: false };
  }

  #peekWord(): string {
    let end = this.#at;
    while (end < this.#text.length && !/[\s()"“「『]/.test(this.#text[end]!)) end++;
    return this.#text.slice(this.#at, end);
  }

  #blanks(): void {
    while (this.#at < this.#text.length && /\s/.test(this.#text[this.#at]!)) this.#at++;
  }
}

function combined(op: 'and' | 'or', of: readonly SearchQuery[]): SearchQuery {
  // What says nothing does not narrow.
  const some = op === 'and' ? of.filter((query) => query.op !== 'all') : of;
  if (some.length === 0) return ALL;
  return some.length === 1 ? some[0]! : { op, of: some };
}

/** The words of a text as they stand in it; everything when it has none. */
export function phrase(text: string, quoted: boolean, fields: number): SearchQuery {
  const star = !quoted && text.endsWith('*');
  const terms: QueryTerm[] = [];
  let previous = -1;
  tokenise(fold(text), (term, at) => {
    if (terms.length === MOST_TERMS) return;
    // The last character of a row of pairs is in the pair before it.
    if (isSinglePaired(term) && previous === at - 1 && isPair(terms.at(-1)?.term ?? '')) {
      previous = -1;
      return;
    }
    previous = isPair(term) ? at : -1;
    terms.push({ at, term, match: isSinglePaired(term) ? 'prefix' : 'exact' });
  });
  if (terms.length === 0) return ALL;
  if (terms.length === 1 && !quoted && terms[0]!.match === 'exact' && !isPair(terms[0]!.term))
    terms[0] = { ...terms[0]!, match: 'stem' };
  const last = terms.at(-1)!;
  if (star && !isPair(last.term)) terms[terms.length - 1] = { ...last, match: 'prefix' };
  return { op: 'phrase', fields, terms };
}
