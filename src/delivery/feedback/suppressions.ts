/**
 * Addresses that nothing more is sent to: of each account, because its mail bounced there or was called spam, and of the whole
 * service, because the address does not exist for anybody. An account's are records in its partition; those of the service are
 * rows of `c/suppressed-<0..f>`, by the first digit of the address's hash.
 */
import { hash } from 'node:crypto';
import { addressText, normalAddress } from '../../directory/address.ts';
import { Transactions } from '../../directory/transact.ts';
import { MailError } from '../../mail/error.ts';
import type { AccountId, MailAccount } from '../../mailstore/api.ts';
import type { Clock } from '../../ports/clock.ts';
import { type Key, type KeyValueStore, type Partition, partition } from '../../ports/kv.ts';
import type { Random } from '../../ports/random.ts';
import { DAY_MS } from './policy.ts';

export type SuppressionReason = 'hard-bounce' | 'soft-bounce' | 'complaint' | 'manual';

export interface Suppression {
  /** In the form in which addresses are compared. */
  readonly address: string;
  readonly reason: SuppressionReason;
  readonly since: number;
  /** Absent: until somebody takes it off the list. */
  readonly expires?: number;
  /** What the other side said, or whoever put it there. */
  readonly detail: string;
}

/** A row of the service's list. */
interface SystemRow extends Suppression {
  /** Accounts whose mail failed there; with too few of them it holds for nobody yet. */
  readonly witnesses: readonly AccountId[];
  readonly holds: boolean;
}

type Records = Pick<MailAccount, 'record' | 'records' | 'putRecord' | 'once'>;

const KIND = 'suppression';
const SHARDS = '0123456789abcdef';
const MOST_DETAIL = 300;
/** So many an account may put on its list itself. */
const MOST_MANUAL = 10_000;

export class Suppressions {
  readonly #kv: KeyValueStore;
  readonly #clock: Clock;
  readonly #transactions: Transactions;

  constructor(kv: KeyValueStore, clock: Clock, random: Random) {
    this.#kv = kv;
    this.#clock = clock;
    this.#transactions = new Transactions(kv, clock, random);
  }

  /** What keeps this account's mail from the address, if anything does. */
  async find(account: Records, address: string): Promise<Suppression | undefined> {
    const name = comparable(address);
    const [own, [row]] = await Promise.all([
      account.record<Suppression>(KIND, digest(name)),
      this.#kv.get(shardOf(name), [keyOf(name)]),
    ]);
    const common = row && (JSON.parse(Buffer.from(row).toString()) as SystemRow);
    const now = this.#clock.now();
    if (own !== undefined && holds(own, now)) return own;
    return common?.holds === true && holds(common, now) ? shown(common) : undefined;
  }

  /** Throws `suppressed`. */
  async check(account: Records, address: string): Promise<void> {
    const found = await this.find(account, address);
    if (found !== undefined) throw new MailError('suppressed', 'user', whySuppressed(found));
  }

  // --- of an account

  /** By address. */
  async list(account: Records): Promise<readonly Suppression[]> {
    const now = this.#clock.now();
    const rows = (await account.records<Suppression>(KIND)).map(({ value }) => value);
    return rows.filter((row) => holds(row, now)).sort((a, b) => (a.address < b.address ? -1 : 1));
  }

  /** Stays as it is when it is there for longer. Answers what holds. Throws `address-syntax`, `limit`. */
  async add(account: Records, added: Omit<Suppression, 'since'>): Promise<Suppression> {
    const now = this.#clock.now();
    const row = rowOf(added, now);
    const known = await account.record<Suppression>(KIND, digest(row.address));
    if (known !== undefined && holds(known, now) && lasts(known, row)) return known;
    if (row.reason === 'manual' && (await account.records(KIND)).length >= MOST_MANUAL)
      throw new MailError('limit', 'user', `a list of ${MOST_MANUAL} addresses is as long as it may be`);
    await account.putRecord(KIND, digest(row.address), row);
    await account.once(`suppressions-tidy ${Math.floor(now / DAY_MS)}`, () => this.#tidy(account, now));
    return row;
  }

  /** Answers whether it was there. */
  async remove(account: Records, address: string): Promise<boolean> {
    const id = digest(comparable(address));
    if ((await account.record(KIND, id)) === undefined) return false;
    await account.putRecord(KIND, id, undefined);
    return true;
  }

  /** Once a day, what is over goes. */
  async #tidy(account: Records, now: number): Promise<number> {
    const over = (await account.records<Suppression>(KIND)).filter(({ value }) => !holds(value, now));
    for (const { id } of over) await account.putRecord(KIND, id, undefined);
    return over.length;
  }

  // --- of the service

  async *listAll(): AsyncIterable<Suppression> {
    const now = this.#clock.now();
    for (const shard of SHARDS)
      for await (const page of this.#kv.scan(partition('c', `suppressed-${shard}`), {}))
        for (const [, value] of page) {
          const row = JSON.parse(Buffer.from(value).toString()) as SystemRow;
          if (row.holds && holds(row, now)) yield shown(row);
        }
  }

  /** For everybody, at once. Throws `address-syntax`. */
  async addForAll(added: Omit<Suppression, 'since'>): Promise<Suppression> {
    const row = rowOf(added, this.#clock.now());
    await this.#change(row.address, () => ({ ...row, witnesses: [], holds: true }));
    return row;
  }

  /** An address failed for good for this account: it holds for everybody once it has for enough of them. */
  async witness(account: AccountId, added: Omit<Suppression, 'since'>, enough: number): Promise<void> {
    const now = this.#clock.now();
    const row = rowOf(added, now);
    await this.#change(row.address, (before) => {
      const current = before !== undefined && holds(before, now) ? before : undefined;
      if (current?.holds === true) return current;
      const witnesses = [...new Set([...(current?.witnesses ?? []), account])].slice(0, enough);
      return { ...row, witnesses, holds: witnesses.length >= enough };
    });
  }

  /** Answers whether it was there. */
  async removeForAll(address: string): Promise<boolean> {
    let was = false;
    await this.#change(comparable(address), (before) => {
      was = before?.holds === true;
      return undefined;
    });
    return was;
  }

  async #change(address: string, change: (before: SystemRow | undefined) => SystemRow | undefined): Promise<void> {
    const key = keyOf(address);
    await this.#transactions.run(shardOf(address), async (view) => {
      const value = await view.get(key);
      const before = value && (JSON.parse(Buffer.from(value).toString()) as SystemRow);
      const after = change(before);
      if (after === before) return { result: undefined };
      const batch =
        after === undefined ? { remove: [key] } : { put: [[key, Buffer.from(JSON.stringify(after))] as const] };
      return { batch, result: undefined };
    });
  }
}

/** For people; without what the address's own server said in its words. */
export function whySuppressed({ address, reason, since }: Suppression): string {
  const what = {
    'hard-bounce': 'it does not exist, as mail to it showed',
    'soft-bounce': 'mail to it failed again and again',
    complaint: 'its owner called mail from here spam',
    manual: 'somebody put it there',
  }[reason];
  return `${address} is on the suppression list since ${new Date(since).toISOString().slice(0, 10)}: ${what}`;
}

function comparable(address: string): string {
  return addressText(normalAddress(address));
}

function rowOf({ address, reason, expires, detail }: Omit<Suppression, 'since'>, since: number): Suppression {
  return {
    address: comparable(address),
    reason,
    since,
    ...(expires !== undefined && { expires }),
    detail: detail.replaceAll(/[\0-\x1f\x7f]+/g, ' ').slice(0, MOST_DETAIL),
  };
}

function shown({ witnesses: _witnesses, holds: _holds, ...row }: SystemRow): Suppression {
  return row;
}

function holds({ expires }: Suppression, now: number): boolean {
  return expires === undefined || expires > now;
}

function lasts(known: Suppression, other: Suppression): boolean {
  return known.expires === undefined || (other.expires !== undefined && known.expires >= other.expires);
}

function digest(address: string): string {
  return hash('sha256', address, 'base64url').slice(0, 22);
}

function shardOf(address: string): Partition {
  return partition('c', `suppressed-${hash('sha256', address, 'hex').charAt(0)}`);
}

function keyOf(address: string): Key {
  return Buffer.from(address);
}
