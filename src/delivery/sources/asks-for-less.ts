/** What servers say when they have had enough for now. */
import type { Outcome } from '../transfer.ts';

/**
 * `connections`: fewer at once; `rate`: slower as well. The policy answers of the 4.7 kind mean the rate, `421` may mean
 * either, and says so; a greylist is about the one mail, and slower mail does not help it.
 */
export function asksForLess(outcome: Outcome): 'connections' | 'rate' | undefined {
  if (outcome.kind !== 'temporary' || outcome.reply === undefined) return undefined;
  const { status, reply } = outcome;
  if (!status.startsWith('4.7.') && !reply.startsWith('421')) return undefined;
  const text = reply.toLowerCase();
  return /connection|concurren|gr[ae]y ?-?list/.test(text) ? 'connections' : 'rate';
}
