/** Where mail for an address goes; answered from memory where possible, because every recipient of every mail asks. */
import type { AccountId } from '../mailstore/api.ts';
import type { Clock } from '../ports/clock.ts';
import { addressText, normalAddress, normalDomain, splitDetail } from './address.ts';
import type { Route } from './api.ts';
import type { Claims } from './claims.ts';
import type { Domains } from './domains.ts';
import { type Administrators, isBarePostmaster, isRole } from './postmaster.ts';
import type { IdentityRow } from './rows.ts';
import { ShortMemory } from './short-memory.ts';

/** Where mail for one of our addresses goes, without its detail. */
type BaseRoute = Exclude<Route, { kind: 'remote' }>;

/** Published with a `DirectoryChange`. */
export const DIRECTORY_CHANGED = 'directory';

/** What changed in the directory, and is to be forgotten here. */
export interface DirectoryChange {
  /** Normal form. */
  readonly addresses?: readonly string[];
  readonly domain?: string;
  /** One came, went or changed. */
  readonly administrators?: boolean;
}

export interface RoutesParts {
  readonly claims: Pick<Claims, 'owner'>;
  readonly domains: Pick<Domains, 'find' | 'catchAll'>;
  readonly administrators: Pick<Administrators, 'first'>;
  readonly identity: (account: AccountId) => Promise<IdentityRow | undefined>;
  readonly clock: Clock;
  /** Of this server: the domain of `<postmaster>`, if it is one of ours. */
  readonly hostname: string | undefined;
}

export class Routes {
  readonly #parts: RoutesParts;
  readonly #routes: ShortMemory<BaseRoute>;
  readonly #local: ShortMemory<boolean>;
  readonly #catchAlls: ShortMemory<AccountId | undefined>;

  constructor(parts: RoutesParts) {
    this.#parts = parts;
    this.#routes = new ShortMemory(parts.clock);
    this.#local = new ShortMemory(parts.clock);
    this.#catchAlls = new ShortMemory(parts.clock);
  }

  async isLocal(domain: string): Promise<boolean> {
    const name = normalDomain(domain);
    if (name.startsWith('[')) return false;
    return this.#local.get(name, async () => (await this.#parts.domains.find(name)) !== undefined);
  }

  async route(address: string): Promise<Route> {
    if (isBarePostmaster(address)) return this.#barePostmaster();
    const { local, domain } = normalAddress(address);
    if (!(await this.isLocal(domain))) return { kind: 'remote', domain };
    const found = await this.#named(local, domain);
    if (found.kind !== 'unknown') return found;
    const account = await this.#catchAll(domain);
    if (account === undefined) return found;
    return { kind: 'account', account, address: addressText({ local, domain }), detail: undefined, catchAll: true };
  }

  async #named(local: string, domain: string): Promise<BaseRoute> {
    const whole = await this.#base(local, domain);
    if (whole.kind !== 'unknown') return whole;
    const { base, detail } = splitDetail(local);
    if (detail === undefined) return whole;
    const found = await this.#base(base, domain);
    return found.kind === 'account' ? { ...found, detail } : found;
  }

  /** Who gets what nobody has. */
  #catchAll(domain: string): Promise<AccountId | undefined> {
    return this.#catchAlls.get(domain, async () => {
      const account = await this.#parts.domains.catchAll(domain);
      const identity = account && (await this.#parts.identity(account));
      return identity?.suspended === false ? account : undefined;
    });
  }

  forget({ addresses, domain, administrators }: DirectoryChange): void {
    // Few, and of whom the change is, may be in any of them.
    this.#catchAlls.clear();
    if (domain !== undefined) this.#local.clear();
    if (domain !== undefined || administrators === true) this.#routes.clear();
    this.#routes.drop(addresses ?? []);
  }

  #base(local: string, domain: string): Promise<BaseRoute> {
    const address = addressText({ local, domain });
    return this.#routes.get(address, async () => {
      const owner = await this.#parts.claims.owner(address);
      const identity = owner && (await this.#parts.identity(owner));
      let account = identity?.suspended === false ? owner : undefined;
      if (account === undefined && isRole(local)) account = (await this.#parts.administrators.first(domain))?.account;
      if (account !== undefined) return { kind: 'account', account, address, detail: undefined };
      return { kind: identity === undefined ? 'unknown' : 'suspended' };
    });
  }

  async #barePostmaster(): Promise<Route> {
    const { hostname, administrators } = this.#parts;
    if (hostname !== undefined && (await this.isLocal(hostname))) return this.route(`postmaster@${hostname}`);
    const first = await administrators.first();
    return first === undefined ? { kind: 'unknown' } : this.route(`postmaster@${first.domain}`);
  }
}
