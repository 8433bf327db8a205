/** Dates, ages and sizes as people write them in a query, in English and Korean. Undefined for anything else. */

/** Milliseconds since 1970, `to` not included. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

const DAY = 86_400_000;
const DAYS_AGO = new Map([
  ['today', 0],
  ['오늘', 0],
  ['yesterday', 1],
  ['어제', 1],
]);

/** A day, a month or a year, in UTC. */
export function dateForm(text: string, now: number): Span | undefined {
  const ago = DAYS_AGO.get(text);
  if (ago !== undefined) {
    const from = Math.floor(now / DAY) * DAY - ago * DAY;
    return { from, to: from + DAY };
  }
  const parts =
    /^(\d{4})(?:[-/.년]\s?(\d{1,2})(?:[-/.월]\s?(\d{1,2}))?)?[일월년.]?$/.exec(text) ??
    /^(\d{4})(\d\d)(\d\d)$/.exec(text);
  if (!parts) return undefined;
  const [, year, month, day] = parts;
  const y = Number(year);
  const m = month === undefined ? 0 : Number(month) - 1;
  const d = day === undefined ? 1 : Number(day);
  const from = Date.UTC(y, m, d);
  if (m < 0 || m > 11 || d < 1 || new Date(from).getUTCMonth() !== m || y < 1970) return undefined;
  if (month === undefined) return { from, to: Date.UTC(y + 1, 0, 1) };
  return { from, to: day === undefined ? Date.UTC(y, m + 1, 1) : from + DAY };
}

const UNITS = new Map([
  ['h', DAY / 24],
  ['시간', DAY / 24],
  ['d', DAY],
  ['일', DAY],
  ['w', 7 * DAY],
  ['주', 7 * DAY],
  ['m', 30 * DAY],
  ['개월', 30 * DAY],
  ['달', 30 * DAY],
  ['y', 365 * DAY],
  ['년', 365 * DAY],
]);

/** An age in milliseconds: 7d, 2w, 3m, 1y. */
export function spanForm(text: string): number | undefined {
  const [, count, unit] = /^(\d{1,4})\s?(\D{1,2})$/.exec(text) ?? [];
  const ms = UNITS.get(unit ?? '');
  return ms === undefined ? undefined : Number(count) * ms;
}

const SIZES = new Map([
  ['', 1],
  ['b', 1],
  ['k', 1 << 10],
  ['m', 1 << 20],
  ['g', 1 << 30],
]);

/** Bytes: 500, 20k, 10MB, 1.5g. */
export function sizeForm(text: string): number | undefined {
  const [, count, unit] = /^>?(\d{1,9}(?:\.\d{1,3})?)\s?([bkmg]?)i?b?$/.exec(text) ?? [];
  return count === undefined ? undefined : Math.floor(Number(count) * (SIZES.get(unit ?? '') ?? 1));
}
