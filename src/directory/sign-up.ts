/** Accounts that people make for themselves, where the operator allows it. */
import { MailError } from '../mail/error.ts';
import { isLoopback, networkOf } from '../net/address.ts';
import type { Cache } from '../ports/cache.ts';
import type { Clock } from '../ports/clock.ts';
import type { AccountInfo, Directory } from './api.ts';
import type { AuditTrail } from './audit.ts';
import type { Tenants } from './tenants.ts';

export interface SignUpPolicy {
  /** `approval`: the account is suspended until an administrator lets it in. */
  readonly mode: 'off' | 'approval' | 'open';
  /** Lower case; none: all of this service. */
  readonly domains: readonly string[];
  /** Names beside those of offices. */
  readonly reserved: readonly string[];
  /** Accounts a day. */
  readonly perNetwork: number;
  readonly perDay: number;
  /** Bytes; 0: no limit. */
  readonly quota: number;
  /** Whether this machine itself is counted, too. */
  readonly limitLoopback: boolean;
}

export interface SignUpParts {
  readonly directory: Pick<Directory, 'domains' | 'account'>;
  /** Domains may have limits. */
  readonly tenants: Pick<Tenants, 'addAccount'>;
  readonly audit: Pick<AuditTrail, 'add'>;
  readonly cache: Pick<Cache, 'increment'>;
  readonly clock: Clock;
}

export interface SignUpRequest {
  /** Before the @. */
  readonly name: string;
  readonly domain: string;
  readonly password: string;
  readonly displayName: string;
  /** IP address. */
  readonly remote: string;
}

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** Questions an hour from a network: whoever tries names learns which are taken. */
const TRIES = 20;
export const SHORTEST_PASSWORD = 10;

/** ASCII, so that no two look alike; as others take them (RFC 5321 allows more). */
const NAME = /^[a-z0-9](?:[._-]?[a-z0-9]){2,39}$/;
/** RFC 2142, and others that strangers would take for the service itself. */
const OFFICES = new Set(
  (
    'abuse admin administrator anonymous autoconfig autodiscover billing bounce bounces contact daemon dmarc dmarcreports dns ' +
    'ftp help helpdesk hostmaster info it list listmaster localhost mail mailerdaemon marketing me mta noc nobody noreply official ' +
    'operator orders owner pabal pay payment pgp pop postmaster privacy root sales security service smtp spam ssladmin ssl staff ' +
    'support sysadmin system team tls tlsreports unsubscribe usenet user users uucp webadmin webmail webmaster www'
  ).split(' '),
);

export class SignUp {
  readonly policy: SignUpPolicy;
  readonly #parts: SignUpParts;
  readonly #reserved: ReadonlySet<string>;

  constructor(policy: SignUpPolicy, parts: SignUpParts) {
    this.policy = policy;
    this.#parts = parts;
    this.#reserved = new Set([...OFFICES, ...policy.reserved.map((name) => plain(name.toLowerCase()))]);
  }

  /** Where an address may be chosen. */
  async domains(): Promise<readonly string[]> {
    if (this.policy.mode === 'off') return [];
    const here = (await this.#parts.directory.domains()).map(({ name }) => name);
    return this.policy.domains.length === 0 ? here : here.filter((name) => this.policy.domains.includes(name));
  }

  /**
   * Throws `not-allowed` where nobody may, `address-syntax` for a name that nobody may choose, `account-exists`, `password-known`,
   * `limit` (temporary) when that was too much in a short time.
   */
  async make(request: SignUpRequest): Promise<AccountInfo> {
    const { directory, tenants, audit } = this.#parts;
    const domain = request.domain.toLowerCase();
    if (!(await this.domains()).includes(domain))
      throw new MailError('not-allowed', 'user', `nobody makes an account in ${domain}`);
    const name = request.name.trim().toLowerCase();
    await this.#count(`tries ${networkOf(request.remote)}`, TRIES, HOUR_MS, request.remote);
    if (!NAME.test(name) || this.#reserved.has(plain(name)) || this.#reserved.has(plain(name.replace(/[0-9]+$/, ''))))
      throw new MailError('address-syntax', 'user', `${name} is no name that can be chosen`);
    const address = `${name}@${domain}`;
    if (isWeak(request.password, name))
      throw new MailError('password-known', 'user', 'a password that is its own address is the first one to be tried');
    if ((await directory.account(address)) !== undefined)
      throw new MailError('account-exists', 'user', `the address ${address} is taken`);
    const { perNetwork, perDay, quota, mode } = this.policy;
    await this.#count(`made ${networkOf(request.remote)}`, perNetwork, DAY_MS, request.remote);
    await this.#count('made', perDay, DAY_MS, request.remote);
    const about = JSON.stringify({ address, remote: request.remote, mode });
    const event = { by: address, what: 'sign-up', about } as const;
    await audit.add({ ...event, outcome: 'asked' });
    try {
      return await tenants.addAccount(address, {
        password: request.password,
        displayName: request.displayName,
        ...(quota > 0 && { quota }),
        ...(mode === 'approval' && { suspended: true, waits: true }),
      });
    } catch (error) {
      await audit.add({ ...event, outcome: 'failed' });
      throw error;
    }
  }

  async #count(what: string, most: number, forMs: number, remote: string): Promise<void> {
    if (!this.policy.limitLoopback && isLoopback(remote)) return;
    if ((await this.#parts.cache.increment(`sign-up ${what}`, 1, forMs)) > most)
      throw new MailError('limit', 'temporary', `more sign-ups than allowed: ${what}`);
  }
}

/** `post-master` is `postmaster`. */
function plain(name: string): string {
  return name.replaceAll(/[._-]/g, '');
}

function isWeak(password: string, name: string): boolean {
  const lower = password.normalize('NFC').toLowerCase();
  return lower.includes(name) || new Set(lower).size < 4;
}
