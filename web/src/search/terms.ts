/** What stands in the search box, in pieces: forms such as `from:bora`, and what somebody is typing. */

/** Pieces between blanks; what stands in quotes stays in one. */
export function piecesOf(query: string): readonly string[] {
  return query.match(/(?:"[^"]*"?|[^\s"])+/g) ?? [];
}

/** A form of the query language, and no word with a colon in it (`re:`, `http:`). */
const FORM =
  /^-?(?:from|to|cc|subject|body|filename|has|is|before|after|on|older_than|newer_than|larger|smaller|in|label|보낸사람|받는사람|참조|제목|본문|파일|첨부|상태|이전|이후|날짜|최근|폴더|라벨):\S/i;

export const formsOf = (query: string): readonly string[] => piecesOf(query).filter((one) => FORM.test(one));

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

export const hasPiece = (query: string, piece: string): boolean => piecesOf(query).some((one) => same(one, piece));

export function without(query: string, piece: string): string {
  return piecesOf(query)
    .filter((one) => !same(one, piece))
    .join(' ');
}

/** With it, or without it when it is there. */
export function toggled(query: string, piece: string): string {
  return hasPiece(query, piece) ? without(query, piece) : [query.trim(), piece].filter(Boolean).join(' ');
}

/** The word at the end of what is typed, for which something may be proposed; '' where there is none. */
export function typedWord(query: string): string {
  const last = /\s$/.test(query) ? '' : (piecesOf(query).at(-1) ?? '');
  return last.includes('"') || FORM.test(last) ? '' : last;
}

/** With `piece` in the place of the word that was typed. */
export function completed(query: string, piece: string): string {
  const word = typedWord(query);
  return `${query.slice(0, query.length - word.length)}${piece} `;
}

/** As one piece: a value with blanks is quoted. */
export const formOf = (name: string, value: string): string =>
  `${name}:${/[\s"]/.test(value) ? `"${value.replaceAll('"', ' ')}"` : value}`;
