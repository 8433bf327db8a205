/** What the reader of a mail is warned of: found when it came, kept beside it, and told in its header, too. */
import type { MailWarning } from '../../mail/phishing/warnings.ts';
import type { EmailId, MailAccount } from '../../mailstore/api.ts';

/** Kind of the records; the id is that of the email. */
export const WARNINGS = 'warnings';
/** Kind of the records of authors' domains from which mail was here; the id is the organisational domain. */
export const SEEN_DOMAIN = 'seen-domain';
/** One for each warning; for programs that know nothing of our records. */
export const WARNING_FIELD = 'Pabal-Warning';

export async function warningsAbout(
  account: Pick<MailAccount, 'record'>,
  email: EmailId,
): Promise<readonly MailWarning[]> {
  return (await account.record<readonly MailWarning[]>(WARNINGS, email)) ?? [];
}

/** `code; what="..."; like="..."`, as RFC 2045 writes parameters. */
export function warningField({ code, what, like }: MailWarning): string {
  const quoted = (value: string): string => `"${value.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
  return `${code}; what=${quoted(what)}${like === '' ? '' : `; like=${quoted(like)}`}`;
}
