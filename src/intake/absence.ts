/** What an owner who is away says to those who write (D-09), and when: in the time zone of the account. */
import type { MailAccount } from '../mailstore/api.ts';
import type { Language } from './language.ts';

export interface Absence {
  readonly enabled: boolean;
  /** First and last moment, as the clock on the owner's wall shows them: `2026-03-01T09:00`; absent: no limit. */
  readonly from?: string;
  readonly to?: string;
  /** '' for one that says it in a sentence. */
  readonly subject: string;
  readonly text: string;
  readonly html?: string;
  /** Only who is in the owner's people, or was written to, is answered. */
  readonly knownOnly: boolean;
  /** Who was answered is answered again after so many days. */
  readonly days: number;
  /** When it was last changed, milliseconds since 1970: then everybody is answered anew. */
  readonly changed: number;
}

export const ABSENCE_DAYS = { default: 7, most: 90 };
export const DEFAULT_ZONE = 'UTC';

const ABSENCE = ['settings', 'absence'] as const;
const ZONE = ['settings', 'time-zone'] as const;

type Account = Pick<MailAccount, 'record' | 'putRecord'>;

export function absenceOf(account: Account): Promise<Absence | undefined> {
  return account.record<Absence>(...ABSENCE);
}

export async function putAbsence(account: Account, absence: Absence): Promise<void> {
  await account.putRecord(...ABSENCE, absence);
}

/** IANA name. */
export async function timeZoneOf(account: Account): Promise<string> {
  return (await account.record<string>(...ZONE)) ?? DEFAULT_ZONE;
}

export async function putTimeZone(account: Account, zone: string): Promise<void> {
  await account.putRecord(...ZONE, zone);
}

export function isTimeZone(zone: string): boolean {
  try {
    Temporal.Now.zonedDateTimeISO(zone);
    return true;
  } catch {
    return false;
  }
}

/** Milliseconds since 1970. A time that a clock change skips is the one after it. */
export function instantOf(local: string, zone: string): number {
  return Temporal.PlainDateTime.from(local).toZonedDateTime(zone).epochMilliseconds;
}

export function isAway({ enabled, from, to }: Absence, zone: string, now: number): boolean {
  if (!enabled) return false;
  if (from !== undefined && now < instantOf(from, zone)) return false;
  return to === undefined || now < instantOf(to, zone);
}

/** For an owner who wrote nothing; without a language in both. */
export function absenceText(name: string, language?: Language): string {
  const texts = {
    ko: `${name}님은 현재 부재중입니다. 메일은 잘 받았습니다.\n`,
    en: `${name} is away at the moment. Your mail has arrived.\n`,
  };
  return language === undefined ? `${texts.ko}\n${texts.en}` : texts[language];
}
