/**
 * A directory for people who write or test mail programs: every address of `mail.test` signs in with the password `pass`
 * and has an account as soon as somebody signs in to it or writes to it.
 */
import { MailError } from '../mail/error.ts';
import type { Principal } from '../mailstore/api.ts';
import { addressText, normalAddress, splitDetail } from './address.ts';
import type { AccountInfo, Route, SignInOrigin } from './api.ts';
import { KvDirectory } from './directory.ts';
import { isBarePostmaster } from './postmaster.ts';

export const SANDBOX_DOMAIN = 'mail.test';
export const SANDBOX_PASSWORD = 'pass';

export class SandboxDirectory extends KvDirectory {
  /** Accounts being made: a hundred sign-ins to a new address make one account. */
  readonly #making = new Map<string, Promise<AccountInfo | undefined>>();

  override async settle(): Promise<void> {
    await super.settle();
    if ((await this.domain(SANDBOX_DOMAIN)) === undefined) await this.addDomain(SANDBOX_DOMAIN);
  }

  override async route(address: string): Promise<Route> {
    if (isBarePostmaster(address)) return this.route(`postmaster@${SANDBOX_DOMAIN}`);
    const { local, domain } = normalAddress(address);
    if (domain !== SANDBOX_DOMAIN) return super.route(address);
    const { base } = splitDetail(local);
    const route = await super.route(address);
    if (route.kind !== 'unknown') return route;
    await this.#make(addressText({ local: base, domain }));
    return super.route(address);
  }

  override async authenticate(
    address: string,
    password: string,
    from: SignInOrigin,
    code?: string,
  ): Promise<Principal & { kind: 'user' }> {
    if (password === SANDBOX_PASSWORD) await this.#makeIfOpen(address);
    return super.authenticate(address, password, from, code);
  }

  override async scram(address: string, from: SignInOrigin): ReturnType<KvDirectory['scram']> {
    await this.#makeIfOpen(address);
    return super.scram(address, from);
  }

  async #makeIfOpen(address: string): Promise<void> {
    if (this.openPassword(address) !== SANDBOX_PASSWORD) return;
    const { local } = normalAddress(address);
    if ((await this.account(address)) === undefined) await this.#make(addressText({ local, domain: SANDBOX_DOMAIN }));
  }

  protected override openPassword(address: string): string | undefined {
    return address.toLowerCase().endsWith(`@${SANDBOX_DOMAIN}`) ? SANDBOX_PASSWORD : undefined;
  }

  /** No password is stored: the sandbox's own is not worth a hash. */
  #make(address: string): Promise<AccountInfo | undefined> {
    const before = this.#making.get(address);
    if (before !== undefined) return before;
    const making = this.addAccount(address, {}).catch((error: unknown) => {
      if (error instanceof MailError && error.code === 'account-exists') return this.account(address);
      throw error;
    });
    const done = making.finally(() => this.#making.delete(address));
    this.#making.set(address, done);
    return done;
  }
}
