/** What a report means for the next mail to that address. */
import type { RecipientReport } from './delivery-report.ts';

export type BounceClass =
  /** The address does not work and will not: nothing more goes there. */
  | 'hard'
  /** It did not work this time. */
  | 'soft'
  /** Nothing failed. */
  | 'none';

/** Subjects and details (RFC 3463 §3) that are about the address itself, when they are permanent. */
const ADDRESS: ReadonlySet<string> = new Set([
  '1.0',
  '1.1',
  '1.2',
  '1.3',
  '1.6',
  // RFC 7505 §4.1: the domain takes no mail.
  '1.10',
  '2.1',
]);

/** A refusal for what the mail is, where it comes from or how it got there says nothing about the address. */
export function classify({ action, status }: Pick<RecipientReport, 'action' | 'status'>): BounceClass {
  if (action === 'delivered' || action === 'relayed' || action === 'expanded') return 'none';
  return isHardStatus(status) && action === 'failed' ? 'hard' : 'soft';
}

/** Does this status, from a report or a reply, mean that the address does not exist? */
export function isHardStatus(status: string): boolean {
  return status.startsWith('5.') && ADDRESS.has(status.slice(2));
}
