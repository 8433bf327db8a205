/**
 * What a domain may have: so many accounts, and so much room for all of them together. Room is counted as it is given to accounts, not as it is used, so that
 * no mail is refused for what others of the domain have. Rows of `d/.limits`: by domain.
 */
import { MailError } from '../mail/error.ts';
import type { AccountId } from '../mailstore/api.ts';
import type { Clock } from '../ports/clock.ts';
import { type KeyValueStore, type Partition, partition } from '../ports/kv.ts';
import type { Random } from '../ports/random.ts';
import { normalAddress, normalDomain } from './address.ts';
import type { AccountInfo, Directory } from './api.ts';
import { decode, textKey } from './rows.ts';
import { Transactions } from './transact.ts';

export interface DomainLimits {
  /** Undefined: as many as wanted. */
  readonly accounts: number | undefined;
  /** Bytes for all accounts together; undefined: no limit. */
  readonly bytes: number | undefined;
}

export interface DomainUse {
  readonly accounts: number;
  /** Given to accounts; undefined: one of them has no limit. */
  readonly bytes: number | undefined;
}

interface LimitRow extends Partial<DomainLimits> {
  /** Of the domain: one that is made anew under the same name is another one. */
  readonly created: number;
}

type Wanted = Parameters<Directory['addAccount']>[1];

const HERE: Partition = partition('d', '.limits');

export class Tenants {
  readonly #kv: KeyValueStore;
  readonly #directory: Directory;
  readonly #transactions: Transactions;

  constructor(kv: KeyValueStore, clock: Clock, random: Random, directory: Directory) {
    this.#kv = kv;
    this.#directory = directory;
    this.#transactions = new Transactions(kv, clock, random);
  }

  /** Throws `domain-missing`. */
  async limits(domain: string): Promise<DomainLimits> {
    const { name, created } = await this.#domain(domain);
    const row = decode<LimitRow>((await this.#kv.get(HERE, [textKey(name)]))[0]);
    const holds = row?.created === created ? row : undefined;
    return { accounts: holds?.accounts, bytes: holds?.bytes };
  }

  /** What is there already stays, also when it is more. Throws `domain-missing`. */
  async setLimits(domain: string, { accounts, bytes }: DomainLimits): Promise<void> {
    const { name, created } = await this.#domain(domain);
    const row: LimitRow = {
      created,
      ...(accounts !== undefined && { accounts }),
      ...(bytes !== undefined && { bytes }),
    };
    await this.#transactions.run(HERE, () => ({
      batch: { put: [[textKey(name), Buffer.from(JSON.stringify(row))]] },
      result: undefined,
    }));
  }

  async use(domain: string): Promise<DomainUse> {
    let accounts = 0;
    let bytes: number | undefined = 0;
    for await (const { quota } of this.#directory.accounts(domain)) {
      accounts++;
      bytes = bytes === undefined || quota === undefined ? undefined : bytes + quota;
    }
    return { accounts, bytes };
  }

  /** As `Directory.addAccount`. Throws `limit` for what the domain may not have. */
  addAccount(address: string, options: Wanted): Promise<AccountInfo> {
    const { domain } = normalAddress(address);
    return this.#inTurn(domain, async () => {
      if ((await this.#directory.domain(domain)) !== undefined) await this.#check(domain, 1, undefined, options.quota);
      return await this.#directory.addAccount(address, options);
    });
  }

  /** As `Directory.updateAccount`. Throws `limit` for what the domain may not have, `account-missing`. */
  async setQuota(id: AccountId, quota: number | undefined): Promise<AccountInfo> {
    const found = await this.#directory.account(id);
    if (found === undefined) throw new MailError('account-missing', 'user', `there is no account ${id}`);
    const { domain } = normalAddress(found.address);
    return await this.#inTurn(domain, async () => {
      await this.#check(domain, 0, id, quota);
      return await this.#directory.updateAccount(id, { quota: quota ?? null });
    });
  }

  async #check(domain: string, more: number, changed: AccountId | undefined, quota: number | undefined): Promise<void> {
    const limits = await this.limits(domain);
    let accounts = more;
    let bytes = quota;
    for await (const one of this.#directory.accounts(domain)) {
      accounts++;
      if (one.id !== changed) bytes = bytes === undefined || one.quota === undefined ? undefined : bytes + one.quota;
    }
    if (more > 0 && limits.accounts !== undefined && accounts > limits.accounts)
      throw new MailError('limit', 'user', `${domain} may have ${limits.accounts} accounts`);
    if (limits.bytes === undefined) return;
    if (quota === undefined)
      throw new MailError('limit', 'user', `every account of ${domain} needs a limit of its own (quota)`);
    if (bytes === undefined || bytes > limits.bytes)
      throw new MailError('limit', 'user', `the accounts of ${domain} may have ${limits.bytes} bytes together`);
  }

  async #domain(name: string): Promise<{ readonly name: string; readonly created: number }> {
    const found = await this.#directory.domain(name);
    if (found === undefined) throw new MailError('domain-missing', 'user', `there is no domain ${normalDomain(name)}`);
    return found;
  }

  /** What is counted must not change before it is used. */
  #inTurn<T>(domain: string, act: () => Promise<T>): Promise<T> {
    return this.#transactions.run(partition('d', `.turn-${domain}`), async () => ({ result: await act() }));
  }
}
