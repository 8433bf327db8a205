/** Dates as mail writes them (RFC 5322 §3.3, with its obsolete forms and what is seen besides). */

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const MONTH_NAMES = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DAY_NAMES = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
/** Minutes east of Greenwich (RFC 5322 §4.3); one-letter zones say nothing and count as UTC. */
const ZONES = new Map([
  ['kst', 540],
  ['jst', 540],
  ['est', -300],
  ['edt', -240],
  ['cst', -360],
  ['cdt', -300],
  ['mst', -420],
  ['mdt', -360],
  ['pst', -480],
  ['pdt', -420],
  ['cet', 60],
  ['cest', 120],
  ['bst', 60],
]);

const COMMON =
  /^\s*(?:[a-z]{3,9}[,.]?\s{0,5})?(\d{1,2})[\s-]{1,5}([a-z]{3})[a-z]{0,6}[\s.,-]{1,5}(\d{2,4})[\s,]{1,5}(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?(?:\.\d{1,9})?\s{0,5}(am|pm)?\s{0,5}(?:gmt|utc)?([+-]\d{1,2}:?\d{2}|[a-z]{1,5})?/i;
const ASCTIME =
  /^\s*[a-z]{3},?\s{1,5}([a-z]{3})\s{1,5}(\d{1,2})\s{1,5}(\d{1,2}):(\d{2}):(\d{2})\s{1,5}([a-z]{1,5}\s{1,5})?(\d{4})(?:\s{1,5}([+-]\d{4}))?/i;
const ISO = /^\s*(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(?::(\d{2}))?(?:\.\d{1,9})?\s?(Z|[+-]\d{2}:?\d{2})?/i;

/** The value of a Date field (one character per byte) as milliseconds since 1970; undefined when unreadable. */
export function parseDate(value: string): number | undefined {
  const text = value.length > 200 ? value.slice(0, 200) : value;
  const common = COMMON.exec(text);
  if (common) {
    const [, day, month, year, hour, minute, second, half, zone] = common;
    return build(year!, monthIndex(month!), day!, hour!, minute!, second, zone, half);
  }
  const asctime = ASCTIME.exec(text);
  if (asctime) {
    const [, month, day, hour, minute, second, zone, year, offset] = asctime;
    return build(year!, monthIndex(month!), day!, hour!, minute!, second, offset ?? zone?.trim());
  }
  const iso = ISO.exec(text);
  if (iso) {
    const [, year, month, day, hour, minute, second, zone] = iso;
    return build(year!, Number(month) - 1, day!, hour!, minute!, second, zone);
  }
  return undefined;
}

function monthIndex(name: string): number {
  return MONTHS.indexOf(name.toLowerCase());
}

function build(
  yearText: string,
  month: number,
  dayText: string,
  hourText: string,
  minuteText: string,
  secondText: string | undefined,
  zone: string | undefined,
  half?: string,
): number | undefined {
  let year = Number(yearText);
  if (yearText.length === 2) year += year < 50 ? 2000 : 1900;
  else if (yearText.length === 3) year += 1900;
  const day = Number(dayText);
  let hour = Number(hourText);
  if (half !== undefined && hour <= 12) hour = (hour % 12) + (half.toLowerCase() === 'pm' ? 12 : 0);
  const minute = Number(minuteText);
  const second = Number(secondText ?? 0);
  if (month < 0 || month > 11 || day < 1 || day > 31 || hour > 24 || minute > 59 || second > 60) return undefined;
  const at = Date.UTC(year, month, day, hour, minute, second) - zoneMinutes(zone) * 60_000;
  return Number.isFinite(at) ? at : undefined;
}

function zoneMinutes(zone: string | undefined): number {
  if (zone === undefined || zone === '') return 0;
  const sign = zone.charCodeAt(0);
  if (sign !== 0x2b && sign !== 0x2d) return ZONES.get(zone.toLowerCase()) ?? 0;
  const digits = zone.slice(1).replace(':', '').padStart(4, '0');
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2));
  return minutes > 15 * 60 ? 0 : sign === 0x2d ? -minutes : minutes;
}

/** For Date and Received fields: `Mon, 02 Nov 2026 15:04:05 +0000`, in UTC. */
export function formatDate(at: number): string {
  const date = new Date(at);
  const two = (n: number): string => (n < 10 ? `0${n}` : `${n}`);
  const time = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
  const day = `${two(date.getUTCDate())} ${MONTH_NAMES[date.getUTCMonth()]!} ${date.getUTCFullYear()}`;
  return `${DAY_NAMES[date.getUTCDay()]!}, ${day} ${time} +0000`;
}
