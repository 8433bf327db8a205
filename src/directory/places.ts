/**
 * From where an account is opened, and from where somebody tried: a row for each network, for its owner to look at. A network
 * from which nobody signed in before is new, and its first sign-in is told.
 */
import type { AccountId } from '../mailstore/api.ts';
import { networkOf } from '../net/address.ts';
import type { Key, Range } from '../ports/kv.ts';
import type { PlaceInfo, SignInOrigin } from './api.ts';
import { decode, encode, identityPartition, type IdentityRow, NOBODY, type PlaceRow } from './rows.ts';
import type { RowParts } from './transact.ts';

/** Of one account. */
const MAX_PLACES = 100;
/** The last sign-in from a place is written this seldom: programs sign in again and again. */
const SEEN_MS = 3_600_000;

const PLACES: Range = { start: Buffer.from('n'), end: Buffer.from('o') };

export class Places {
  readonly #parts: RowParts;

  constructor(parts: RowParts) {
    this.#parts = parts;
  }

  /** Somebody signed in. `first` is the first place of all: there is nothing to compare it with. */
  async opened(account: AccountId, { protocol, remote }: SignInOrigin): Promise<'known' | 'first' | 'new'> {
    const now = this.#parts.clock.now();
    const key = keyOf(remote);
    const known = decode<PlaceRow>((await this.#parts.kv.get(identityPartition(account), [key]))[0]);
    if (known?.last !== undefined && now - known.last < SEEN_MS && known.protocols.includes(protocol)) return 'known';
    return this.#parts.transactions.run(identityPartition(account), async (view) => {
      if (decode<IdentityRow>(view.header) === undefined) return { result: 'known' };
      const rows = placesOf(await view.rows(PLACES));
      const before = decode<PlaceRow>(await view.get(key));
      const row: PlaceRow = {
        failures: 0,
        ...before,
        remote,
        first: before?.first ?? now,
        last: now,
        protocols: [...new Set([...(before?.protocols ?? []), protocol])],
      };
      const result =
        before?.first !== undefined ? 'known' : rows.some(({ first }) => first !== undefined) ? 'new' : 'first';
      return { batch: { put: [[key, encode(row)]], remove: superfluous(rows, row) }, result };
    });
  }

  /** Whether somebody signed in from there since then. `account` undefined, for an address that nobody has, takes the same way. */
  async openedSince(account: AccountId | undefined, remote: string, since: number): Promise<boolean> {
    const p = identityPartition(account ?? NOBODY);
    const last = decode<PlaceRow>((await this.#parts.kv.get(p, [keyOf(remote)]))[0])?.last;
    return last !== undefined && last >= since;
  }

  /** Somebody tried, with a wrong password or code. */
  async failed(account: AccountId, { remote }: SignInOrigin): Promise<void> {
    const now = this.#parts.clock.now();
    const key = keyOf(remote);
    await this.#parts.transactions.run(identityPartition(account), async (view) => {
      if (decode<IdentityRow>(view.header) === undefined) return { result: undefined };
      const before = decode<PlaceRow>(await view.get(key));
      const row: PlaceRow = {
        protocols: [],
        remote,
        ...before,
        failures: (before?.failures ?? 0) + 1,
        lastFailure: now,
      };
      const remove = superfluous(placesOf(await view.rows(PLACES)), row);
      return { batch: { put: [[key, encode(row)]], remove }, result: undefined };
    });
  }

  /** The latest first. */
  async list(account: AccountId): Promise<readonly PlaceInfo[]> {
    const found: PlaceInfo[] = [];
    for await (const page of this.#parts.kv.scan(identityPartition(account), PLACES)) found.push(...placesOf(page));
    return found.sort((a, b) => latest(b) - latest(a));
  }
}

function placesOf(rows: readonly (readonly [Key, Uint8Array])[]): PlaceInfo[] {
  return rows.flatMap(([key, value]) => {
    const row = decode<PlaceRow>(value);
    return row === undefined ? [] : [{ network: Buffer.from(key.subarray(1)).toString(), ...row }];
  });
}

/** Where somebody only tried goes first: strangers, however many, do not push the owner's places out. */
function superfluous(rows: readonly PlaceInfo[], added: PlaceRow): Key[] {
  const others = rows.filter(({ network }) => network !== networkOf(added.remote));
  if (others.length < MAX_PLACES) return [];
  const [least] = others.sort(
    (a, b) => Number(a.first !== undefined) - Number(b.first !== undefined) || latest(a) - latest(b),
  );
  return least === undefined ? [] : [keyOf(least.remote)];
}

function latest({ last = 0, lastFailure = 0 }: PlaceRow): number {
  return Math.max(last, lastFailure);
}

function keyOf(remote: string): Key {
  return Buffer.from(`n${networkOf(remote)}`);
}
