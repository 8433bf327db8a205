/** Dates of RFC 3501: `date-time` (INTERNALDATE, APPEND) and `date` (SEARCH). */
import { type Decoder, malformed } from './decoder.ts';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;
const BY_NAME: ReadonlyMap<string, number> = new Map(MONTHS.map((name, month) => [name.toUpperCase(), month]));
const DAY = 86_400_000;

/** Days since 1970 of a calendar date; throws where there is no such day. */
function dayOf(day: number, monthName: string, year: number): number {
  const month = BY_NAME.get(monthName.toUpperCase());
  if (month === undefined || day < 1) throw malformed('no such date');
  const at = new Date(0);
  at.setUTCFullYear(year, month, day);
  if (at.getUTCDate() !== day) throw malformed('no such date');
  return at.getTime() / DAY;
}

function digits(text: string, from: number, to: number): number {
  let value = 0;
  for (let i = from; i < to; i++) {
    const c = text.charCodeAt(i) - 0x30;
    if (!(c >= 0 && c <= 9)) throw malformed('malformed date');
    value = value * 10 + c;
  }
  return value;
}

/** `1-Feb-1994`, with or without quotes: days since 1970. */
export function searchDate(d: Decoder): number {
  const text = d.astring().toString('latin1');
  const dash = text.indexOf('-');
  if ((dash !== 1 && dash !== 2) || text.length !== dash + 9 || text[dash + 4] !== '-')
    throw malformed('malformed date');
  return dayOf(digits(text, 0, dash), text.slice(dash + 1, dash + 4), digits(text, dash + 5, dash + 9));
}

/** `" 7-Feb-1994 21:52:25 -0800"`: milliseconds since 1970. */
export function dateTime(d: Decoder): number {
  const text = d.string().toString('latin1');
  if (text.length !== 26 || text[2] !== '-' || text[6] !== '-' || text[11] !== ' ' || text[20] !== ' ') {
    throw malformed('malformed date and time');
  }
  if (text[14] !== ':' || text[17] !== ':') throw malformed('malformed date and time');
  const day = text[0] === ' ' ? digits(text, 1, 2) : digits(text, 0, 2);
  const hour = digits(text, 12, 14);
  const minute = digits(text, 15, 17);
  const second = digits(text, 18, 20);
  const zoneHour = digits(text, 22, 24);
  const zoneMinute = digits(text, 24, 26);
  const sign = text[21] === '+' ? 1 : text[21] === '-' ? -1 : 0;
  if (sign === 0 || hour > 23 || minute > 59 || second > 60 || zoneMinute > 59)
    throw malformed('malformed date and time');
  const local = ((hour * 60 + minute) * 60 + second) * 1000;
  const zone = sign * (zoneHour * 60 + zoneMinute) * 60_000;
  return dayOf(day, text.slice(3, 6), digits(text, 7, 11)) * DAY + local - zone;
}

const two = (n: number): string => (n < 10 ? `0${n}` : `${n}`);

// Neighbours in a folder mostly came on the same day.
let lastDay = -1;
let lastDate = '';

/** ` 7-Feb-1994 21:52:25 +0000`, without quotes. We keep the moment, not the zone it was written in. */
export function formatDateTime(ms: number): string {
  const day = Math.floor(ms / DAY);
  if (day !== lastDay) {
    const at = new Date(ms);
    const date = at.getUTCDate();
    lastDate = `${date < 10 ? ` ${date}` : date}-${MONTHS[at.getUTCMonth()]}-${String(at.getUTCFullYear()).padStart(4, '0')}`;
    lastDay = day;
  }
  const second = Math.floor((ms - day * DAY) / 1000);
  const minute = Math.floor(second / 60);
  return `${lastDate} ${two(Math.floor(minute / 60))}:${two(minute % 60)}:${two(second % 60)} +0000`;
}

/**
 * Days since 1970 of a Date header field as it is written, whatever its zone (SENTON and its siblings compare days
 * disregarding time and zone, RFC 3501 §6.4.4). Undefined when it cannot be read.
 */
export function headerDay(field: string): number | undefined {
  const words = field.slice(0, 200).split(/[\s,-]+/);
  for (let i = 0; i + 2 < words.length; i++) {
    const month = BY_NAME.get((words[i + 1] ?? '').slice(0, 3).toUpperCase());
    const day = Number(words[i]);
    let year = Number(words[i + 2]);
    if (month === undefined || !(day >= 1 && day <= 31) || !(year >= 0 && year <= 9999)) continue;
    if (year < 50) year += 2000;
    else if (year < 1000) year += 1900;
    return Math.floor(Date.UTC(year, month, day) / DAY);
  }
  return undefined;
}
