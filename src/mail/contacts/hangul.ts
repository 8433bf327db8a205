/**
 * Korean as people type it to find somebody: by initial consonants (ㄱㅊㅅ finds 김철수), and while a syllable is still
 * being composed (김처 on the way to 김철).
 */
const FIRST_SYLLABLE = 0xac00;
const LAST_SYLLABLE = 0xd7a3;
const FINALS = 28;
const PER_INITIAL = 21 * FINALS;
/** What folding makes of the consonants that a keyboard types. */
const FIRST_INITIAL = 0x1100;
const LAST_INITIAL = 0x1112;

export function hasHangul(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if ((code >= FIRST_SYLLABLE && code <= LAST_SYLLABLE) || (code >= FIRST_INITIAL && code <= LAST_INITIAL))
      return true;
  }
  return false;
}

/** Where `typed` stands in `text`, both folded, at `from` or behind it, or -1. */
export function indexOfTyped(text: string, typed: string, from = 0): number {
  if (!hasHangul(typed)) return text.indexOf(typed, from);
  for (let at = from; at + typed.length <= text.length; at++) if (standsAt(text, typed, at)) return at;
  return -1;
}

function standsAt(text: string, typed: string, at: number): boolean {
  for (let i = 0; i < typed.length; i++)
    if (!means(typed.charCodeAt(i), text.charCodeAt(at + i), i === typed.length - 1)) return false;
  return true;
}

function means(typed: number, code: number, isLast: boolean): boolean {
  if (typed === code) return true;
  if (code < FIRST_SYLLABLE || code > LAST_SYLLABLE) return false;
  const syllable = code - FIRST_SYLLABLE;
  if (typed >= FIRST_INITIAL && typed <= LAST_INITIAL)
    return Math.floor(syllable / PER_INITIAL) === typed - FIRST_INITIAL;
  const open = typed - FIRST_SYLLABLE;
  return isLast && open >= 0 && open % FINALS === 0 && syllable - (syllable % FINALS) === open;
}
