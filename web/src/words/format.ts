/** Times, sizes and names as people read them. */
import type { Address } from '../api.ts';
import { look } from '../settings-store.ts';

const locale = (): string => (look.state.language === 'ko' ? 'ko-KR' : 'en-GB');
const made = new Map<string, Intl.DateTimeFormat>();

function format(at: Date, options: Intl.DateTimeFormatOptions): string {
  const key = locale() + JSON.stringify(options);
  let formatter = made.get(key);
  if (formatter === undefined) made.set(key, (formatter = new Intl.DateTimeFormat(locale(), options)));
  return formatter.format(at);
}

/** As short as it can be: the time today, the day this year. */
export function shortDate(iso: string, now = new Date()): string {
  const at = new Date(iso);
  if (at.toDateString() === now.toDateString()) return format(at, { hour: 'numeric', minute: '2-digit' });
  if (at.getFullYear() === now.getFullYear()) return format(at, { month: 'short', day: 'numeric' });
  return format(at, { year: 'numeric', month: 'numeric', day: 'numeric' });
}

/** To the second. */
export function clockTime(iso: string): string {
  return format(new Date(iso), { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false });
}

export function longDate(iso: string): string {
  return format(new Date(iso), { dateStyle: 'full', timeStyle: 'short' });
}

export function mediumDate(iso: string): string {
  return format(new Date(iso), { dateStyle: 'medium', timeStyle: 'short' });
}

export function size(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  if (bytes < 999_500) return `${Math.round(bytes / 1_000)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** A name may be made to look like something else: direction marks and controls are no part of it. */
export function displayName({ name, address }: Address): string {
  const clean = name.replace(/[\p{Cc}\p{Cf}]/gu, '').trim();
  return clean === '' ? address : clean;
}

export function names(list: readonly Address[]): string {
  return list.map(displayName).join(', ');
}

/** The letter in the circle, and which of its eight colours: the same for an address everywhere. */
export function initial(who: Address | undefined): { readonly letter: string; readonly colour: number } {
  if (who === undefined) return { letter: '·', colour: 0 };
  const letter = /[\p{L}\p{N}]/u.exec(displayName(who))?.[0] ?? '·';
  let sum = 0;
  for (const character of who.address.toLowerCase()) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 65_521;
  return { letter: letter.toLocaleUpperCase(), colour: sum % 8 };
}
