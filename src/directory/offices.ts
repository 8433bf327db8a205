/**
 * Who may do what with the accounts of others. An operator may do everything, and is what an account that is an administrator has always been; the
 * other roles have the least that their work needs, and some of them for some domains only. Rows of `i/.offices`: by account.
 */
import { MailError } from '../mail/error.ts';
import type { AccountId } from '../mailstore/api.ts';
import type { Clock } from '../ports/clock.ts';
import { type KeyValueStore, type Partition, partition } from '../ports/kv.ts';
import type { Random } from '../ports/random.ts';
import { addressText, normalAddress, normalDomain } from './address.ts';
import type { AccountInfo, Directory } from './api.ts';
import { decode, textKey } from './rows.ts';
import { Transactions } from './transact.ts';

export const ROLES = ['operator', 'domain-administrator', 'auditor', 'helpdesk'] as const;
export type Role = (typeof ROLES)[number];

export interface Office {
  readonly role: Role;
  /** For these domains only, in normal form; undefined: for all. */
  readonly domains: readonly string[] | undefined;
}

export interface Officer extends Office {
  readonly account: AccountInfo;
}

interface OfficeRow {
  readonly role: Exclude<Role, 'operator'>;
  /** With the moment at which each was made: one that is made anew under the same name is another one. */
  readonly domains?: readonly { readonly name: string; readonly created: number }[];
}

const HERE: Partition = partition('i', '.offices');
const MOST_DOMAINS = 100;

export class Offices {
  readonly #kv: KeyValueStore;
  readonly #directory: Pick<Directory, 'account' | 'accounts' | 'domain' | 'updateAccount'>;
  readonly #transactions: Transactions;

  constructor(
    kv: KeyValueStore,
    clock: Clock,
    random: Random,
    directory: Pick<Directory, 'account' | 'accounts' | 'domain' | 'updateAccount'>,
  ) {
    this.#kv = kv;
    this.#directory = directory;
    this.#transactions = new Transactions(kv, clock, random);
  }

  /** Undefined for who has none, or none any more because its domains are gone. */
  async of(account: AccountId): Promise<Office | undefined> {
    const [info, [value]] = await Promise.all([
      this.#directory.account(account),
      this.#kv.get(HERE, [textKey(account)]),
    ]);
    if (info === undefined || info.suspended) return undefined;
    if (info.admin) return { role: 'operator', domains: undefined };
    const row = decode<OfficeRow>(value);
    if (row === undefined) return undefined;
    if (row.domains === undefined) return { role: row.role, domains: undefined };
    const domains: string[] = [];
    for (const { name, created } of row.domains)
      if ((await this.#directory.domain(name))?.created === created) domains.push(name);
    return domains.length === 0 ? undefined : { role: row.role, domains };
  }

  /** Undefined takes it away. Throws `syntax` for domains where the role has none, or none where it needs some; `domain-missing`, `account-missing`. */
  async set(account: AccountId, office: Office | undefined): Promise<void> {
    const row = office && (await this.#row(office));
    if ((await this.#directory.account(account)) === undefined)
      throw new MailError('account-missing', 'user', `there is no account ${account}`);
    // What an operator may do ends first, and begins last.
    if (office?.role !== 'operator') await this.#directory.updateAccount(account, { admin: false });
    const key = textKey(account);
    await this.#transactions.run(HERE, () => ({
      batch: row === undefined ? { remove: [key] } : { put: [[key, Buffer.from(JSON.stringify(row))]] },
      result: undefined,
    }));
    if (office?.role === 'operator') await this.#directory.updateAccount(account, { admin: true });
  }

  /** All that have one, operators first. */
  async list(): Promise<readonly Officer[]> {
    const found: Officer[] = [];
    for await (const account of this.#directory.accounts())
      if (account.admin) found.push({ account, role: 'operator', domains: undefined });
    for await (const page of this.#kv.scan(HERE, {}))
      for (const [key] of page) {
        const id = Buffer.from(key).toString() as AccountId;
        const [account, office] = await Promise.all([this.#directory.account(id), this.of(id)]);
        if (account !== undefined && office !== undefined && office.role !== 'operator')
          found.push({ account, ...office });
      }
    return found;
  }

  async #row({ role, domains }: Office): Promise<OfficeRow | undefined> {
    if (domains !== undefined && (role === 'operator' || role === 'auditor'))
      throw new MailError('syntax', 'syntax', `the role ${role} is for all domains`);
    if (role === 'domain-administrator' && (domains ?? []).length === 0)
      throw new MailError('syntax', 'syntax', 'a domain administrator needs a domain');
    if (role === 'operator') return undefined;
    if (domains === undefined) return { role };
    if (domains.length > MOST_DOMAINS) throw new MailError('limit', 'user', `at most ${MOST_DOMAINS} domains`);
    const names = [...new Set(domains.map((name) => normalDomain(name)))];
    const rows = await Promise.all(
      names.map(async (name) => {
        const domain = await this.#directory.domain(name);
        if (domain === undefined) throw new MailError('domain-missing', 'user', `there is no domain ${name}`);
        return { name, created: domain.created };
      }),
    );
    return { role, domains: rows };
  }
}

/** Whether the office is for this account's domain: that of its first address. */
export function reaches({ domains }: Office, { address }: Pick<AccountInfo, 'address'>): boolean {
  return domains === undefined || domains.includes(normalAddress(address).domain);
}

export function reachesDomain({ domains }: Office, name: string): boolean {
  return domains === undefined || domains.includes(normalDomain(name));
}

/** Of an account's addresses those that an office may see. */
export function visibleAliases(office: Office, { aliases }: Pick<AccountInfo, 'aliases'>): readonly string[] {
  return aliases
    .filter((alias) => reachesDomain(office, normalAddress(alias).domain))
    .map((alias) => addressText(normalAddress(alias)));
}
