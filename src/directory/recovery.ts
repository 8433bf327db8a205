/** The way back into an account for who has lost what opens it: an operator, or the help desk, opens it for them. */
import type { Cache } from '../ports/cache.ts';
import type { Clock } from '../ports/clock.ts';
import { addressText, normalAddress } from './address.ts';
import type { AccountInfo, Directory } from './api.ts';
import { Throttle } from './throttle.ts';

const LINK_MS = 24 * 3_600_000;

/** The path of a page on which a new password can be set, once, within a day. */
export async function passwordLink(directory: Directory, account: AccountInfo): Promise<string> {
  const who = { kind: 'user', account: account.id, address: account.address, admin: account.admin } as const;
  const token = await directory.createSession(who, { ttlMs: LINK_MS, purpose: 'sign-in-link' });
  return `/sign-in/${token}`;
}

/** Wrong passwords so far are forgotten, and no pause lasts any more. */
export async function unlock(
  { directory, cache, clock }: { readonly directory: Directory; readonly cache: Cache; readonly clock: Clock },
  { id, address, aliases }: AccountInfo,
): Promise<void> {
  const networks = (await directory.places.list(id)).map(({ network }) => network);
  const throttle = new Throttle(cache, clock);
  for (const one of [address, ...aliases]) await throttle.forgive(addressText(normalAddress(one)), networks);
}
