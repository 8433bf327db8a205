/** The directory on the key-value store. What stands where is told in `rows.ts`. */
import { MailError } from '../mail/error.ts';
import type { AccountId, MailStore, Principal } from '../mailstore/api.ts';
import { mappedOffer, type ScramOffer } from '../net/scram.ts';
import type { BreachedPasswords } from '../ports/breached-passwords.ts';
import type { Bus } from '../ports/bus.ts';
import type { Cache } from '../ports/cache.ts';
import type { Clock } from '../ports/clock.ts';
import type { KeyValueStore } from '../ports/kv.ts';
import type { Random } from '../ports/random.ts';
import { addressText, normalAddress, normalDomain } from './address.ts';
import type { AccountInfo, Directory, DomainInfo, Route, SessionInfo, SessionOrigin, SignInOrigin } from './api.ts';
import { Aliases } from './aliases.ts';
import { APP_PASSWORD_ROWS } from './app-passwords.ts';
import { Claims, taken } from './claims.ts';
import { ACCESS_ENDED, credential, stillOpens } from './credentials.ts';
import { Domains } from './domains.ts';
import { info, present, principal, readable } from './identity.ts';
import { CODE_ROWS, GRANT_ROWS } from './oauth/grants.ts';
import { PASSKEY_ROWS } from './passkeys.ts';
import { HASH_COST, type HashCost, Passwords } from './passwords.ts';
import { Pending } from './pending.ts';
import { Administrators } from './postmaster.ts';
import { decode, encode, identityPartition, type IdentityRow, type PendingRow } from './rows.ts';
import { DIRECTORY_CHANGED, type DirectoryChange, Routes } from './routes.ts';
import { SESSION_IDLE_MS, SESSION_ROWS, sessionId, Sessions } from './sessions.ts';
import { SignIn } from './sign-in.ts';
import { THROTTLE_LIMITS, type ThrottleLimits } from './throttle.ts';
import { Transactions } from './transact.ts';

/** Published with `{ account }` whenever somebody signed in with a password. */
export const SIGNED_IN = 'signed-in';
/** Published with a `NewPlace`. */
export const NEW_PLACE = 'new-place';

/** What of the mail store goes along with an account. */
export type Mailboxes = Pick<MailStore, 'createAccount' | 'setQuota' | 'removeAccount'>;

export interface DirectoryParts {
  readonly kv: KeyValueStore;
  readonly cache: Cache;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly random: Random;
  readonly mailboxes: Mailboxes;
}

export interface DirectoryOptions {
  readonly hashCost?: HashCost;
  readonly throttle?: ThrottleLimits;
  /** A session that is not used so long has ended. */
  readonly sessionIdleMs?: number;
  /** Bytes for accounts that are not told otherwise. */
  readonly quota?: number;
  /** Passwords that nobody may choose. */
  readonly breached?: BreachedPasswords;
  /** Of this server: the domain of `<postmaster>`, if it is one of ours. */
  readonly hostname?: string;
}

export class KvDirectory implements Directory, Disposable {
  readonly #kv: KeyValueStore;
  readonly #bus: Bus;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #mailboxes: Mailboxes;
  readonly #quota: number | undefined;
  readonly #transactions: Transactions;
  readonly #passwords: Passwords;
  readonly #signIn: SignIn;
  readonly #domains: Domains;
  readonly #claims: Claims;
  readonly #administrators: Administrators;
  readonly #pending: Pending;
  readonly #aliases: Aliases;
  readonly #sessions: Sessions;
  readonly #routes: Routes;
  readonly #subscription: Disposable;

  constructor(parts: DirectoryParts, options: DirectoryOptions = {}) {
    this.#kv = parts.kv;
    this.#bus = parts.bus;
    this.#clock = parts.clock;
    this.#random = parts.random;
    this.#mailboxes = parts.mailboxes;
    this.#quota = options.quota;
    this.#transactions = new Transactions(parts.kv, parts.clock, parts.random);
    this.#passwords = new Passwords(options.hashCost ?? HASH_COST, options.breached);
    this.#domains = new Domains(parts.kv, this.#transactions, parts.clock);
    this.#claims = new Claims(parts.kv, this.#transactions);
    const identity = (account: AccountId): Promise<IdentityRow | undefined> => this.#identity(account);
    this.#administrators = new Administrators(parts.kv, this.#transactions, identity);
    this.#pending = new Pending(parts.kv, this.#transactions, parts.random, (row) => this.#settleOne(row));
    this.#aliases = new Aliases({
      transactions: this.#transactions,
      claims: this.#claims,
      pending: this.#pending,
      identity,
    });
    const ended = (account: AccountId): void => parts.bus.publish(ACCESS_ENDED, { account });
    this.#sessions = new Sessions(
      { ...parts, transactions: this.#transactions, ended },
      options.sessionIdleMs ?? SESSION_IDLE_MS,
    );
    this.#signIn = new SignIn({
      ...parts,
      transactions: this.#transactions,
      ended,
      passwords: this.#passwords,
      limits: options.throttle ?? THROTTLE_LIMITS,
      owner: (address) => this.#claims.owner(address),
      identity,
      openPassword: (address) => this.openPassword(address),
      onNewPlace: (place) => parts.bus.publish(NEW_PLACE, place),
    });
    this.#routes = new Routes({
      claims: this.#claims,
      domains: this.#domains,
      administrators: this.#administrators,
      identity,
      clock: parts.clock,
      hostname: options.hostname,
    });
    this.#subscription = parts.bus.subscribe(DIRECTORY_CHANGED, (message) =>
      this.#routes.forget(message as DirectoryChange),
    );
  }

  [Symbol.dispose](): void {
    this.#subscription[Symbol.dispose]();
  }

  /** Finishes or undoes what a crash left half done. Call once before serving. */
  async settle(): Promise<void> {
    await this.#pending.settle();
    await this.#administrators.listOnce(async () => {
      const known: AccountId[] = [];
      for await (const { id, admin } of this.accounts()) if (admin) known.push(id);
      return known;
    });
  }

  async #settleOne({ what, account, address }: PendingRow): Promise<void> {
    const identity = await this.#identity(account);
    const claimed = (await this.#claims.owner(address)) === account;
    if (what === 'quota') {
      if (identity !== undefined) await this.#mailboxes.setQuota(account, identity.quota ?? undefined);
    } else if (what === 'alias') {
      await this.#claims.list(address, account, claimed, true);
      await this.#aliases.set(account, address, claimed);
    } else if (what === 'remove' || !claimed) await this.#removeParts(account, address);
  }

  // --- domains

  async addDomain(name: string): Promise<DomainInfo> {
    const added = await this.#domains.add(name);
    this.#changed({ domain: added.name });
    return added;
  }

  domains(): Promise<readonly DomainInfo[]> {
    return this.#domains.all();
  }

  domain(name: string): Promise<DomainInfo | undefined> {
    return this.#domains.find(name);
  }

  async removeDomain(name: string): Promise<void> {
    await this.#domains.remove(name);
    this.#changed({ domain: normalDomain(name) });
  }

  isLocal(domain: string): Promise<boolean> {
    return this.#routes.isLocal(domain);
  }

  // --- accounts

  async addAccount(address: string, options: Parameters<Directory['addAccount']>[1]): Promise<AccountInfo> {
    const normal = normalAddress(address);
    const text = addressText(normal);
    // Asked first because it is cheap and nearly always right; the claim below decides.
    if ((await this.#claims.owner(text)) !== undefined) throw taken(text);
    const quota = options.quota ?? this.#quota;
    const id = Buffer.from(this.#random.bytes(12)).toString('hex') as AccountId;
    const identity: IdentityRow = {
      address,
      displayName: options.displayName ?? '',
      aliases: [],
      admin: options.admin ?? false,
      suspended: options.suspended ?? false,
      ...(options.waits && { waits: true }),
      quota: quota ?? null,
      created: this.#clock.now(),
      ...(options.password === undefined ? { password: null } : await this.#kept(options.password)),
    };
    await this.#pending.run({ what: 'add', account: id, address: text }, async () => {
      await this.#claims.list(text, id, true, false);
      await this.#mailboxes.createAccount(id, quota === undefined ? {} : { quota });
      if (identity.admin) await this.#administrators.add(id);
      await this.#transactions.run(identityPartition(id), () => ({
        batch: { header: encode(identity) },
        result: undefined,
      }));
      await this.#claims.take(text, id);
    });
    this.#changed({ addresses: [text], administrators: identity.admin });
    return info(id, identity);
  }

  async account(addressOrId: string): Promise<AccountInfo | undefined> {
    const id = addressOrId.includes('@')
      ? await this.#claims.owner(addressText(normalAddress(addressOrId)))
      : (addressOrId as AccountId);
    if (id === undefined || !/^[A-Za-z0-9]{1,64}$/.test(id)) return undefined;
    const identity = await this.#identity(id);
    return identity && info(id, identity);
  }

  async *accounts(domain?: string): AsyncIterable<AccountInfo> {
    const names = domain === undefined ? (await this.domains()).map(({ name }) => name) : [normalDomain(domain)];
    for (const name of names) {
      for await (const id of this.#claims.accountsOf(name)) {
        const identity = await this.#identity(id);
        if (identity !== undefined) yield info(id, identity);
      }
    }
  }

  async updateAccount(id: AccountId, change: Parameters<Directory['updateAccount']>[1]): Promise<AccountInfo> {
    const kept = change.password === undefined ? undefined : await this.#kept(change.password);
    if (change.admin) {
      present(id, await this.#identity(id));
      await this.#administrators.add(id);
    }
    const write = (): Promise<IdentityRow> =>
      this.#transactions.run(identityPartition(id), ({ header }) => {
        const before = present(id, decode<IdentityRow>(header));
        const after: IdentityRow = {
          ...before,
          ...kept,
          ...(change.displayName !== undefined && { displayName: change.displayName }),
          ...(change.admin !== undefined && { admin: change.admin }),
          ...(change.suspended !== undefined && { suspended: change.suspended, waits: false }),
          ...(change.quota !== undefined && { quota: change.quota }),
          ...(change.categories !== undefined && { categories: change.categories }),
        };
        // A new password, or a suspension, ends every session; a new one also what else opens the account.
        const clear = [
          ...(kept !== undefined || after.suspended ? [SESSION_ROWS] : []),
          ...(kept !== undefined ? [APP_PASSWORD_ROWS, PASSKEY_ROWS, GRANT_ROWS, CODE_ROWS] : []),
        ];
        return { batch: { header: encode(after), clear }, result: after };
      });
    let after: IdentityRow;
    if (change.quota === undefined) after = await write();
    else {
      const address = addressText(normalAddress(present(id, await this.#identity(id)).address));
      after = await this.#pending.run({ what: 'quota', account: id, address }, async () => {
        const written = await write();
        await this.#mailboxes.setQuota(id, written.quota ?? undefined);
        return written;
      });
    }
    if (change.admin === false) await this.#administrators.remove(id);
    if (kept !== undefined || after.suspended) this.#bus.publish(ACCESS_ENDED, { account: id });
    this.#changed({
      addresses: [after.address, ...after.aliases].map((one) => addressText(normalAddress(one))),
      administrators: after.admin || change.admin === false,
    });
    return info(id, after);
  }

  async removeAccount(id: AccountId): Promise<void> {
    const identity = present(id, await this.#identity(id));
    const address = addressText(normalAddress(identity.address));
    await this.#pending.run({ what: 'remove', account: id, address }, () => this.#removeParts(id, address));
    this.#changed({ addresses: [address, ...identity.aliases], administrators: identity.admin });
  }

  /** From the outside in: nobody is led to an account that is half gone. Harmless when repeated. */
  async #removeParts(id: AccountId, address: string): Promise<void> {
    const aliases = await this.#transactions.run(identityPartition(id), ({ header }) => {
      const row = decode<IdentityRow>(header);
      return row === undefined
        ? { result: [] }
        : { batch: { header: encode({ ...row, leaving: true }), clear: [SESSION_ROWS] }, result: row.aliases };
    });
    for (const one of [address, ...aliases]) {
      await this.#claims.give(one, id);
      await this.#claims.list(one, id, false, false);
    }
    await this.#mailboxes.removeAccount(id).catch((error: unknown) => {
      // Never made, or removed by an earlier try.
      if (!(error instanceof MailError && error.code === 'account-missing')) throw error;
    });
    await this.#transactions.run(identityPartition(id), ({ header }) =>
      header === undefined
        ? { result: undefined }
        : { batch: { header: encode(null), clear: [{}] }, result: undefined },
    );
    await this.#administrators.remove(id);
    this.#bus.publish(ACCESS_ENDED, { account: id });
    this.#signIn.forget(id);
  }

  async addAlias(alias: string, account: AccountId): Promise<void> {
    this.#changed({ addresses: [await this.#aliases.add(alias, account)] });
  }

  async removeAlias(alias: string): Promise<void> {
    this.#changed({ addresses: [await this.#aliases.remove(alias)] });
  }

  // --- where mail goes, and who may send

  route(address: string): Promise<Route> {
    return this.#routes.route(address);
  }

  async maySendAs(account: AccountId, address: string): Promise<boolean> {
    const route = await this.route(address);
    return route.kind === 'account' && route.account === account && !route.catchAll;
  }

  // --- signing in

  async authenticate(
    address: string,
    password: string,
    from: SignInOrigin,
    code?: string,
  ): Promise<Principal & { kind: 'user' }> {
    const given = { address: readable(address), password, code };
    return this.announced(principal(await this.#signIn.authenticate(given, from)));
  }

  async scram(address: string, from: SignInOrigin): Promise<ScramOffer<Principal & { kind: 'user' }>> {
    return mappedOffer(await this.#signIn.offer(address, from), (opened) => this.announced(principal(opened)));
  }

  async bearer(token: string, from: SignInOrigin, address: string | undefined): Promise<Principal & { kind: 'user' }> {
    const who = principal(await this.#signIn.bearer(address, token, from));
    // Requests come by the thousand, each with the token.
    return from.protocol === 'http' ? who : this.announced(who);
  }

  async passkey(...given: Parameters<SignIn['passkey']>): Promise<Principal & { kind: 'user' }> {
    return this.announced(principal(await this.#signIn.passkey(...given)));
  }

  confirm(account: AccountId, password: string, from: SignInOrigin, code?: string): Promise<void> {
    return this.#signIn.confirm(account, { password, code }, from);
  }

  isBreached(password: string): Promise<boolean> {
    return this.#passwords.isBreached(password);
  }

  get appPasswords(): SignIn['appPasswords'] {
    return this.#signIn.appPasswords;
  }

  get oauth(): SignIn['oauth'] {
    return this.#signIn.oauth;
  }

  get passkeys(): SignIn['passkeys'] {
    return this.#signIn.passkeys;
  }

  get places(): SignIn['places'] {
    return this.#signIn.places;
  }

  get secondStep(): SignIn['secondStep'] {
    return this.#signIn.secondStep;
  }

  /** A password that everybody knows, beside the account's own. */
  protected openPassword(_address: string): string | undefined {
    return undefined;
  }

  /** Tells the other parts that somebody signed in. */
  protected announced(who: Principal & { kind: 'user' }): Principal & { kind: 'user' } {
    this.#bus.publish(SIGNED_IN, { account: who.account });
    return who;
  }

  async createSession(
    who: Principal & { kind: 'user' },
    options: { readonly ttlMs: number; readonly purpose: 'api' | 'sign-in-link'; readonly from?: SessionOrigin },
  ): Promise<string> {
    return this.#sessions.create(who.account, options.purpose, options.ttlMs, options.from);
  }

  async session(token: string, purpose: 'api' | 'sign-in-link'): Promise<(Principal & { kind: 'user' }) | undefined> {
    const account = await this.#sessions.find(token, purpose);
    const identity = account && (await this.#identity(account));
    if (account === undefined || identity === undefined || identity.suspended) return undefined;
    return principal({ account, identity, credential: credential('session', sessionId(token)) });
  }

  stillOpens(who: Principal & { kind: 'user' }): Promise<boolean> {
    const { appPasswords, passkeys, oauth } = this.#signIn;
    const identity = (account: AccountId): Promise<IdentityRow | undefined> => this.#identity(account);
    return stillOpens({ identity, sessions: this.#sessions, appPasswords, passkeys, oauth }, who);
  }

  endSession(token: string): Promise<void> {
    return this.#sessions.end(token);
  }

  sessions(account: AccountId): Promise<readonly SessionInfo[]> {
    return this.#sessions.list(account);
  }

  endSessionOf(account: AccountId, id: string): Promise<boolean> {
    return this.#sessions.endById(account, id);
  }

  // --- rows

  /** What is kept of a new password. */
  async #kept(password: string): Promise<Pick<IdentityRow, 'password' | 'passwordId' | 'scram'>> {
    const passwordId = Buffer.from(this.#random.bytes(8)).toString('hex');
    return {
      password: await this.#passwords.hash(password),
      passwordId,
      scram: await this.#signIn.scram.row(password),
    };
  }

  async #identity(account: AccountId): Promise<IdentityRow | undefined> {
    const row = decode<IdentityRow>((await this.#kv.head(identityPartition(account))).value);
    return row?.leaving ? undefined : row;
  }

  // --- what is kept in memory

  #changed(what: DirectoryChange): void {
    this.#routes.forget(what);
    this.#bus.publish(DIRECTORY_CHANGED, what);
  }
}
