/** What the spam filter found in a mail, kept beside it for its owner to read. */
import type { EmailId, MailAccount } from '../../mailstore/api.ts';
import type { ScanPoint } from '../../ports/scanner.ts';

/** Kind of the records; the id is that of the email. */
export const ASSESSMENT = 'spam-assessment';
const MOST_POINTS = 100;

export interface Assessment {
  readonly score: number;
  /** From here on a mail is spam. */
  readonly limit: number;
  /** Where the filter would have it; the owner's rules may have said otherwise. */
  readonly spam: boolean;
  readonly points: readonly ScanPoint[];
  /** What the owner has told the filter about it since. */
  readonly taught?: 'spam' | 'ham';
}

export function assessmentOf(all: readonly ScanPoint[], limit: number): Assessment {
  const score = round(all.reduce((sum, { points }) => sum + points, 0));
  const points = all
    .filter((one) => Math.abs(one.points) >= 0.05)
    .toSorted((a, b) => Math.abs(b.points) - Math.abs(a.points))
    .slice(0, MOST_POINTS)
    .map((one) => ({ ...one, points: round(one.points) }));
  return { score, limit, spam: score >= limit, points };
}

export function assessment(account: Pick<MailAccount, 'record'>, email: EmailId): Promise<Assessment | undefined> {
  return account.record<Assessment>(ASSESSMENT, email);
}

function round(points: number): number {
  return Math.round(points * 10) / 10;
}
