/** What is handed out for a few minutes and counts once. Nothing is kept of it before it is used: it is ours by its authentication code. */
import type { AccountId } from '../../mailstore/api.ts';
import type { Services } from './context.ts';

type Parts = Pick<Services, 'cursors' | 'clock' | 'random' | 'cache'>;

/** Letters, digits, `-` and `_`; good for this account and purpose only. */
export function ticket(
  { cursors, clock, random }: Parts,
  account: AccountId,
  purpose: string,
  lifetimeMs: number,
): string {
  const nonce = Buffer.from(random.bytes(16)).toString('base64url');
  return cursors.make(account, listOf(purpose), [clock.now() + lifetimeMs, nonce]);
}

/** Answers whether it counts: false for one that is not ours, too old, or was used. */
export async function redeem(
  { cursors, clock, cache }: Parts,
  account: AccountId,
  purpose: string,
  text: string,
): Promise<boolean> {
  let expires: number;
  try {
    [expires] = cursors.read(account, listOf(purpose), text) as [number, string];
  } catch {
    return false;
  }
  const left = expires - clock.now();
  return left > 0 && (await cache.increment(`ticket ${text}`, 1, left)) === 1;
}

function listOf(purpose: string): string {
  return `ticket/${purpose}`;
}
