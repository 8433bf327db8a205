/** The Bayes filters of all accounts, and the table they share. */
import type { AccountId, MailAccount } from '../../mailstore/api.ts';
import { type CommitId, type KeyValueStore, partition } from '../../ports/kv.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Random } from '../../ports/random.ts';
import { type StoredTable, TokenTable, type Verdict } from './token-table.ts';

const KIND = 'spam-bayes';
const OWN = 'own';
const SHARED = partition('c', 'spam-bayes');
const SHARED_KEY = Buffer.from('shared');
/** Another node may have taught it. */
const FRESH_MS = 60_000;
const MOST_KEPT = 500;
/** What one account may teach all others in a day, of each kind: many accounts make an opinion, one does not. */
const SHARED_A_DAY = 10;
const DAY = 86_400_000;

interface StoredFilter extends StoredTable {
  /** Version of the account up to which its moves were taken in. */
  readonly taughtTo: number;
}

interface Kept {
  readonly table: TokenTable;
  readonly taughtTo: number;
  readonly read: number;
}

export interface Lesson {
  readonly tokens: ReadonlySet<number>;
  readonly verdict: Verdict;
  /** It was taught as the other kind before. */
  readonly instead: boolean;
}

export interface BayesParts {
  readonly kv: KeyValueStore;
  readonly clock: Clock;
  readonly random: Random;
}

export class BayesFilters {
  readonly #parts: BayesParts;
  /** The least recently used first. */
  readonly #kept = new Map<AccountId, Kept>();
  #shared: { readonly table: TokenTable; readonly read: number } | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  readonly #today = new Map<string, number>();
  #day = 0;

  constructor(parts: BayesParts) {
    this.#parts = parts;
  }

  async own(account: MailAccount): Promise<TokenTable> {
    return (await this.#get(account)).table;
  }

  async taughtTo(account: MailAccount): Promise<number> {
    return (await this.#get(account)).taughtTo;
  }

  async shared(): Promise<TokenTable> {
    const now = this.#parts.clock.monotonic();
    if (this.#shared === undefined || now - this.#shared.read > FRESH_MS) {
      const [value] = await this.#parts.kv.get(SHARED, [SHARED_KEY]);
      this.#shared = { table: tableOf(value), read: now };
    }
    return this.#shared.table;
  }

  /** One commit, in which also stands up to where it was taught: what comes again is not learnt again. */
  async teach(account: MailAccount, lessons: readonly Lesson[], taughtTo: number): Promise<void> {
    const before = await this.#read(account);
    if (taughtTo <= before.taughtTo) return;
    for (const lesson of lessons) teachOne(before.table, lesson);
    const stored: StoredFilter = { ...before.table.toJSON(), taughtTo };
    await account.putRecord(KIND, OWN, stored);
    this.#keep(account.id, { ...before, taughtTo });
    const all = lessons.filter(({ verdict }) => this.#mayShare(account.id, verdict));
    if (all.length > 0) await this.#teachShared(all);
  }

  async #get(account: MailAccount): Promise<Kept> {
    const kept = this.#kept.get(account.id);
    if (kept !== undefined && this.#parts.clock.monotonic() - kept.read <= FRESH_MS) return kept;
    const read = await this.#read(account);
    this.#keep(account.id, read);
    return read;
  }

  async #read(account: MailAccount): Promise<Kept> {
    const stored = await account.record<StoredFilter>(KIND, OWN);
    return { table: new TokenTable(stored), taughtTo: stored?.taughtTo ?? 0, read: this.#parts.clock.monotonic() };
  }

  #keep(account: AccountId, kept: Kept): void {
    this.#kept.delete(account);
    this.#kept.set(account, kept);
    if (this.#kept.size > MOST_KEPT) this.#kept.delete(this.#kept.keys().next().value!);
  }

  #mayShare(account: AccountId, verdict: Verdict): boolean {
    const day = Math.floor(this.#parts.clock.now() / DAY);
    if (day !== this.#day) this.#today.clear();
    this.#day = day;
    const key = `${account} ${verdict}`;
    const count = (this.#today.get(key) ?? 0) + 1;
    this.#today.set(key, count);
    return count <= SHARED_A_DAY;
  }

  #teachShared(lessons: readonly Lesson[]): Promise<void> {
    const mine = this.#turn.then(() => this.#commitShared(lessons));
    this.#turn = mine.catch(() => undefined);
    return mine;
  }

  /** A lesson that is lost among those of others costs nothing: it is not tried for ever. */
  async #commitShared(lessons: readonly Lesson[]): Promise<void> {
    const { kv, random, clock } = this.#parts;
    for (let attempt = 0; attempt < 5; attempt++) {
      const { version } = await kv.head(SHARED);
      const [value] = await kv.get(SHARED, [SHARED_KEY]);
      const table = tableOf(value);
      for (const lesson of lessons) teachOne(table, lesson);
      const id = `bayes.${Buffer.from(random.bytes(12)).toString('base64url')}` as CommitId;
      const put = [[SHARED_KEY, Buffer.from(JSON.stringify(table))]] as const;
      const { kind } = await kv.commit(SHARED, version, version + 1, { put }, id);
      if (kind === 'conflict') continue;
      this.#shared = { table, read: clock.monotonic() };
      return;
    }
  }
}

function tableOf(value: Uint8Array | undefined): TokenTable {
  return new TokenTable(value && (JSON.parse(Buffer.from(value).toString()) as StoredTable));
}

function teachOne(table: TokenTable, { tokens, verdict, instead }: Lesson): void {
  if (instead) table.teach(tokens, verdict === 'spam' ? 'ham' : 'spam', -1);
  table.teach(tokens, verdict);
}
