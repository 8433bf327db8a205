/** Who is told of a mail, or answered, must be who sent it. */
import type { IntakePayload } from '../entry.ts';

/** The envelope sender's domain says that the mail is not from there (SPF), and nothing proves its author (DMARC). */
export function isForged({ authentication }: Pick<IntakePayload, 'authentication'>): boolean {
  if (authentication === undefined || authentication.dmarc.result === 'pass') return false;
  const { identity, result } = authentication.spf;
  return identity === 'mailfrom' && (result === 'fail' || result === 'softfail');
}
