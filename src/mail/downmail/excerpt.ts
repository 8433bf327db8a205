/** Passages of a text, taken at random: they help to decide whether the whole of it is worth fetching. */
import { printable } from '../words.ts';

/** Characters of the text that passages are taken from. */
const MOST_TEXT = 200_000;
const MOST_PASSAGES = 3;
/** Bytes of a passage that still says something. */
const LEAST_PASSAGE = 30;
const ELLIPSIS = '…';

/**
 * A line of at most `bytes` of UTF-8, with an ellipsis wherever something was left out; '' when there is no room for anything. `pick`
 * answers a random whole number from 0 to `below` - 1.
 */
export function excerptOf(text: string, bytes: number, pick: (below: number) => number): string {
  const words = printable(text.slice(0, MOST_TEXT).toWellFormed())
    .split(/\s+/u)
    .filter((word) => word !== '');
  const whole = words.join(' ');
  if (Buffer.byteLength(whole) <= bytes) return whole;
  const passages = Math.max(1, Math.min(MOST_PASSAGES, Math.floor(bytes / LEAST_PASSAGE)));
  // An ellipsis with a space on either side of each passage.
  const room = Math.floor((bytes - (Buffer.byteLength(ELLIPSIS) + 1) * (passages + 1)) / passages) - 1;
  if (room <= 0) return '';
  const stretch = Math.floor(words.length / passages);
  let shown = '';
  for (let i = 0; i < passages; i += 1) {
    // Each from a stretch of its own: they stay in order, and never say the same.
    const from = i * stretch;
    const end = i === passages - 1 ? words.length : from + stretch;
    const start = from + pick(Math.max(1, end - from));
    const passage = passageAt(words, start, end, room);
    if (passage === '') continue;
    shown += `${shown === '' && start === 0 ? '' : `${shown === '' ? '' : ' '}${ELLIPSIS} `}${passage}`;
  }
  return shown === '' ? '' : `${shown} ${ELLIPSIS}`;
}

/** Words from `start`, as many as there is room for; of a word that is too long by itself, its beginning. */
function passageAt(words: readonly string[], start: number, end: number, room: number): string {
  let passage = '';
  for (let i = start; i < end; i += 1) {
    const next = passage === '' ? (words[i] ?? '') : `${passage} ${words[i]}`;
    if (Buffer.byteLength(next) > room) return passage === '' ? beginning(next, room) : passage;
    passage = next;
  }
  return passage;
}

function beginning(word: string, room: number): string {
  let kept = '';
  let bytes = 0;
  for (const character of word.slice(0, room)) {
    bytes += Buffer.byteLength(character);
    if (bytes > room) break;
    kept += character;
  }
  return kept.toWellFormed();
}
