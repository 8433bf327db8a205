/**
 * Text as search compares it: case, width and compatibility forms do not matter. Character by character after NFC and
 * lower case, so that a part of a text folds to a part of the folded text: what IMAP finds as a substring is still one.
 */

/** Everything that could fold to something else; the usual alphabets and scripts need no look. */
const MAY_CHANGE = /[^\0-\x7f\u3041-\u3096\u30a1-\u30fc\u3400-\u9fff\uac00-\ud7a3]/gu;
/** A half-width kana and its voice mark are one letter. */
const VOICED = /[\uff66-\uff9d][\uff9e\uff9f]/g;
/** Shows nothing: soft hyphens, joiners, marks of direction. */
const INVISIBLE =
  /^(?:[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]|\u034f|\p{Variation_Selector})$/u;
const MOST_REMEMBERED = 20_000;

const folded = new Map<string, string>();

export function fold(text: string): string {
  return foldLower(text.normalize('NFC').toLowerCase());
}

/** The same, of what is NFC and lower case already. */
export function foldLower(text: string): string {
  // Looked for first: most texts are returned as they are.
  if (text.search(MAY_CHANGE) < 0) return text;
  return text.replaceAll(VOICED, (pair) => pair.normalize('NFKC')).replaceAll(MAY_CHANGE, foldCharacter);
}

function foldCharacter(character: string): string {
  let to = folded.get(character);
  if (to === undefined) {
    if (character === 'ς') to = 'σ';
    else if (INVISIBLE.test(character)) to = '';
    else to = character.normalize('NFKC').toLowerCase();
    if (folded.size >= MOST_REMEMBERED) folded.clear();
    folded.set(character, to);
  }
  return to;
}
