/** In which language an account's owner is written for: what is said in its name by itself. */
import type { MailAccount } from '../mailstore/api.ts';

export const LANGUAGES = ['ko', 'en'] as const;
export type Language = (typeof LANGUAGES)[number];

const LANGUAGE = ['settings', 'language'] as const;

/** Undefined when nothing is set: then both are used. */
export function languageOf(account: Pick<MailAccount, 'record'>): Promise<Language | undefined> {
  return account.record<Language>(...LANGUAGE);
}

export async function putLanguage(
  account: Pick<MailAccount, 'putRecord'>,
  language: Language | undefined,
): Promise<void> {
  await account.putRecord(...LANGUAGE, language);
}
