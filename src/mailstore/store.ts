/** The mail store of one node. */
import { tmpdir } from 'node:os';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { MailError } from '../mail/error.ts';
import type { BlobStore } from '../ports/blob.ts';
import type { Bus } from '../ports/bus.ts';
import type { Clock } from '../ports/clock.ts';
import type { KeyValueStore } from '../ports/kv.ts';
import type { Random } from '../ports/random.ts';
import { Account } from './account.ts';
import type { AccountId, MailAccount, MailStore, OpenOptions, Principal, SearchIndexFacts, Staged } from './api.ts';
import { storeError } from './commit.ts';
import { createAccount, newEpoch, removeAccount } from './create-account.ts';
import { ChangeFeed } from './feed.ts';
import { accountOf, accountPartition, allOutbox } from './keys.ts';
import { accountFacts } from './load.ts';
import { type ForgetElsewhere, type Log, Mailbox, type Node, type Tuning } from './mailbox.ts';
import { renumberFolders } from './operations/folders.ts';
import { putRecord, setQuota } from './operations/records.ts';
import { setRights } from './operations/share.ts';
import { guarded, notAllowed } from './guard.ts';
import { type LegalHolds, StoredLegalHolds } from './legal-hold.ts';
import { Parsing } from './parsing.ts';
import { RecentLog } from './recent-log.ts';
import { type FolderOf, may, type RightsChange } from './rights.ts';
import { createSearchNode } from './search/node.ts';
import { withSegments } from './search/search.ts';
import type { SearchWork } from './search/thread.ts';
import { SharedAccount } from './shared-account.ts';
import { Staging } from './staging.ts';
import { noFolder } from './state.ts';
import { sweep } from './sweep.ts';
import { told } from './told.ts';
import { repairAll } from './repair.ts';
import { verifyAll } from './verify.ts';
import { AccountWork } from './work-budget.ts';

export interface MailStoreOptions {
  readonly kv: KeyValueStore;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly bus: Bus;
  readonly log?: Log;
  /** A folder for large messages while they come in; default: the system's own for temporary files. */
  readonly spool?: string;
  readonly tuning?: Partial<Tuning>;
  /** Called when an account is removed, and again by each sweep with all that were. */
  readonly forgetElsewhere?: ForgetElsewhere;
  /** Where arriving mail is parsed; tests have their own. */
  readonly parsing?: Parsing;
  /** Where mail is indexed; tests have their own. */
  readonly searchWork?: SearchWork;
  /** Seconds of each minute for the searches of one account; default, and 0: any number. */
  readonly searchSeconds?: number;
}

const TUNING: Tuning = {
  cacheBytes: 256 << 20,
  checkpointChanges: 1000,
  logRows: 10_000,
  logSlack: 1000,
  searchFlush: 1024,
  searchFirst: 2048,
  searchCacheBytes: 64 << 20,
  searchThread: true,
};
/** Records in an account that name the owners of what is shared with it. */
const SHARED_FROM = 'shared-from';
/** Lost wake-ups are made up for this often, in milliseconds. */
const REFRESH = 10_000;

interface Opened {
  readonly mailbox: Promise<Mailbox>;
  ready: Mailbox | undefined;
  handles: number;
}

export function createMailStore(options: MailStoreOptions): MailStore {
  return new Store(options);
}

class Store implements MailStore {
  readonly legalHolds: LegalHolds;
  readonly #node: Node;
  readonly #feed: ChangeFeed;
  readonly #staging: Staging;
  readonly #parsing: Parsing;
  readonly #searches: AccountWork;
  /** The least recently used first. */
  readonly #opened = new Map<AccountId, Opened>();
  readonly #closing = new Set<Promise<void>>();
  readonly #onces = new Map<string, Promise<unknown>>();
  #timer: Disposable | undefined;
  #closed = false;

  constructor(options: MailStoreOptions) {
    const { kv, blobs, clock, random, bus, log, spool = tmpdir(), tuning, parsing } = options;
    const name = Buffer.from(random.bytes(9)).toString('base64url');
    let count = 0;
    this.#parsing = parsing ?? new Parsing({ clock, log });
    this.#staging = new Staging({ kv, blobs, clock, random, spool, parsing: this.#parsing });
    this.#feed = new ChangeFeed(kv, clock);
    this.#searches = new AccountWork(clock, options.searchSeconds ?? 0);
    const tuned = { ...TUNING, ...tuning };
    this.#node = {
      kv,
      blobs,
      clock,
      bus,
      staging: this.#staging,
      log,
      name,
      recent: new RecentLog(),
      newId: () => `${name}.${(count++).toString(36)}`,
      random,
      tuning: tuned,
      search: createSearchNode(clock, tuned, options.searchWork),
      markChanged: (account) => this.#feed.mark(account),
      forgetElsewhere: options.forgetElsewhere,
    };
    this.legalHolds = new StoredLegalHolds(
      this.#node,
      (account, act) => this.#with(account, act),
      (account) => this.#remove(account, true),
    );
    this.#refreshLater();
  }

  async open(who: Principal, account: AccountId, options: OpenOptions = {}): Promise<MailAccount & Disposable> {
    if (who.kind === 'user' && who.account !== account)
      throw new MailError('not-allowed', 'user', `${who.address} may not open another account`);
    return this.#open(account, options);
  }

  async openShared(who: Principal & { kind: 'user' }, owner: AccountId): Promise<MailAccount & Disposable> {
    if (who.account === owner) return this.#open(owner, {});
    return new SharedAccount(await this.#open(owner, {}, who.account), who.account);
  }

  async #open(account: AccountId, options: OpenOptions, guardedFor?: AccountId): Promise<Account> {
    const opened = this.#get(account);
    opened.handles++;
    try {
      const mailbox = await opened.mailbox;
      if (options.records === 'known') await mailbox.loop.refresh();
      return new Account(mailbox, this.#node, this.#onces, () => void opened.handles--, options, guardedFor);
    } catch (error) {
      opened.handles--;
      throw storeError(error);
    }
  }

  async setRights(
    who: Principal & { kind: 'user' },
    { owner, folder }: FolderOf,
    grantee: AccountId,
    change: RightsChange,
  ): Promise<void> {
    if (grantee === owner) throw new MailError('not-allowed', 'user', 'the owner of a folder has all rights');
    using handle = await this.openShared(who, owner);
    await handle.refresh();
    const shown = handle.folder(folder);
    if (shown === undefined) throw noFolder(folder);
    if (!may(shown, 'a')) throw notAllowed();
    // First where the other will find it: a way to nothing harms nobody, after a crash nor later.
    if (change.mode !== 'remove' && change.rights !== '')
      await this.#with(grantee, (mailbox) => mailbox.run(putRecord(SHARED_FROM, owner, {})));
    const operation = setRights(folder, grantee, change);
    await this.#with(owner, (mailbox) =>
      mailbox.run(who.account === owner ? operation : guarded(operation, who.account)),
    );
  }

  async createAccount(id: AccountId, options: { readonly quota?: number } = {}): Promise<void> {
    await told(() => createAccount(this.#node, id, options.quota));
  }

  setQuota(id: AccountId, bytes: number | undefined): Promise<void> {
    return this.#with(id, (mailbox) => mailbox.run(setQuota(bytes)));
  }

  restored(id: AccountId): Promise<void> {
    const { clock, random } = this.#node;
    return this.#with(id, (mailbox) => mailbox.run(renumberFolders(clock.now(), newEpoch(random))));
  }

  removeAccount(id: AccountId): Promise<void> {
    return this.#remove(id, false);
  }

  async #remove(id: AccountId, anyway: boolean): Promise<void> {
    if (!(await this.#with(id, (mailbox) => told(() => removeAccount(this.#node, mailbox, anyway))))) return;
    const opened = this.#opened.get(id);
    if (opened) this.#evict(id, opened);
  }

  async roomFor(account: AccountId, bytes: number): Promise<boolean> {
    const ready = this.#opened.get(account)?.ready;
    const facts = ready
      ? ready.index.facts
      : await told(async () => accountFacts(account, await this.#node.kv.head(accountPartition(account))));
    return facts.limit === undefined || facts.used + bytes <= facts.limit;
  }

  stage(
    accounts: readonly { readonly account: AccountId; readonly prefix?: Uint8Array | (() => Uint8Array) }[],
    raw: Uint8Array | AsyncIterable<Uint8Array>,
  ): Promise<readonly Staged[]> {
    return told(() => this.#staging.stage(accounts, raw));
  }

  written(staged: readonly Staged[]): Promise<void> {
    return told(() => this.#staging.written(staged));
  }

  async *repair(account?: AccountId): AsyncIterable<{ account: AccountId; repaired: string }> {
    for await (const one of repairAll(this.#node, account)) {
      // Whoever has it open reads it anew.
      await this.#opened.get(one.account)?.ready?.loop.refresh();
      yield one;
    }
  }

  async *verify(account?: AccountId): AsyncIterable<{ account: AccountId | undefined; problem: string }> {
    yield* verifyAll(this.#node, account);
  }

  searching<T>(account: AccountId, act: () => Promise<T>): Promise<T> {
    return this.#searches.run(account, act);
  }

  followSearch(account: AccountId): Promise<void> {
    return this.#with(account, async (mailbox) => {
      const { search } = mailbox;
      const work = withSegments(search, () => search.follow());
      // A clean end waits for it, also when whoever asked has been ended before.
      mailbox.inBackground(work.catch(() => undefined));
      await work;
    });
  }

  rebuildSearch(account: AccountId): Promise<SearchIndexFacts> {
    return this.#with(account, async ({ loop, search }) => {
      await loop.refresh();
      await search.reset();
      await search.catchUp('at-once');
      await search.settle();
      return { ...search.facts, skipped: search.skipped };
    });
  }

  async *accounts(): AsyncIterable<AccountId> {
    for await (const p of this.#node.kv.partitions('u')) {
      const head = await this.#node.kv.head(p);
      if (!head.value) continue;
      try {
        accountFacts(accountOf(p), head);
      } catch (error) {
        if (error instanceof MailError && error.code === 'account-missing') continue;
        throw storeError(error);
      }
      yield accountOf(p);
    }
  }

  async *withOutbox(since: number): AsyncIterable<AccountId> {
    const { kv } = this.#node;
    for await (const account of this.#feed.changedSince(since))
      for await (const page of kv.scan(accountPartition(account), { ...allOutbox(), limit: 1 }))
        if (page.length > 0) yield account;
  }

  async *changedSince(since: number): AsyncIterable<AccountId> {
    yield* this.#feed.changedSince(since);
  }

  sweep(): Promise<{ blobs: number; bytes: number; staged: number }> {
    return told(() => sweep(this.#node, this.#feed, this.legalHolds, (account, act) => this.#with(account, act)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#timer?.[Symbol.dispose]();
    for (const [id, opened] of this.#opened) this.#evict(id, opened);
    await Promise.all(this.#closing);
    await this.#parsing[Symbol.asyncDispose]();
    await this.#node.search[Symbol.asyncDispose]();
  }

  #get(account: AccountId): Opened {
    if (this.#closed) throw new MailError('busy', 'temporary', 'the mail store is closed');
    let opened = this.#opened.get(account);
    if (opened) {
      this.#opened.delete(account);
    } else {
      const fresh: Opened = { mailbox: Mailbox.open(this.#node, account), ready: undefined, handles: 0 };
      opened = fresh;
      fresh.mailbox.then(
        (mailbox) => {
          fresh.ready = mailbox;
          this.#shrink();
        },
        () => this.#opened.get(account) === fresh && this.#opened.delete(account),
      );
    }
    this.#opened.set(account, opened);
    return opened;
  }

  async #with<T>(account: AccountId, act: (mailbox: Mailbox) => Promise<T>): Promise<T> {
    const opened = this.#get(account);
    opened.handles++;
    try {
      return await act(await opened.mailbox);
    } catch (error) {
      throw storeError(error);
    } finally {
      opened.handles--;
    }
  }

  /** Forgets accounts that nobody has open, the least recently used first, until the others fit. */
  #shrink(): void {
    let bytes = 0;
    for (const { ready, handles } of this.#opened.values()) if (handles === 0) bytes += ready?.bytes ?? 0;
    for (const [id, unused] of this.#opened) {
      if (bytes <= this.#node.tuning.cacheBytes) break;
      if (unused.handles > 0 || !unused.ready || unused.ready.busy) continue;
      bytes -= unused.ready.bytes;
      this.#evict(id, unused);
    }
  }

  #evict(id: AccountId, opened: Opened): void {
    this.#opened.delete(id);
    const closing = opened.mailbox
      .then((mailbox) => mailbox.close())
      .catch((error: unknown) => this.#node.log?.error({ account: id, err: error }, 'an account did not close well'));
    this.#closing.add(closing);
    void closing.finally(() => this.#closing.delete(closing));
  }

  /** A wake-up that was lost delays what an idle session is told, and never hides it. */
  #refreshLater(): void {
    this.#timer = this.#node.clock.after(REFRESH, () => void this.#refreshWatched());
  }

  async #refreshWatched(): Promise<void> {
    this.#shrink();
    for (const { ready } of Array.from(this.#opened.values())) {
      if (!ready?.watched) continue;
      try {
        await ready.loop.refresh();
      } catch (error) {
        this.#node.log?.error({ account: ready.account, err: error }, 'an account could not be refreshed');
      }
      await nextTurn();
    }
    if (!this.#closed) this.#refreshLater();
  }
}
