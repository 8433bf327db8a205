/** The newest rows of the logs of this node's accounts, as they were when they were committed here: whoever follows a log need not read them from the store. */
import type { Version } from '../ports/kv.ts';
import type { AccountId } from './api.ts';
import type { LogRow } from './state.ts';

/** Changes of all accounts together, some hundred bytes each. */
const MOST_CHANGES = 16_384;

export class RecentLog {
  /** Rows that follow each other; the account that changed last is the last. */
  readonly #accounts = new Map<AccountId, LogRow[]>();
  #changes = 0;

  /** In the order of the log; what is not next in it begins anew. */
  add(account: AccountId, row: LogRow): void {
    let rows = this.#accounts.get(account);
    if (rows && rows.at(-1)?.version !== row.previous) {
      this.#forget(rows, rows.length);
      rows = undefined;
    }
    rows ??= [];
    rows.push(row);
    this.#changes += cost(row);
    this.#accounts.delete(account);
    this.#accounts.set(account, rows);
    for (const [other, known] of this.#accounts) {
      // Of the one that changes, half: it would be cut with each row else.
      while (this.#changes > MOST_CHANGES && known.length > 0)
        this.#forget(known, other === account ? Math.ceil(known.length / 2) : known.length);
      if (known.length === 0) this.#accounts.delete(other);
    }
  }

  /** All rows after `version`, up to `last`; undefined when some of them are not known. */
  between(account: AccountId, version: Version, last: Version): readonly LogRow[] | undefined {
    if (version >= last) return [];
    const rows = this.#accounts.get(account);
    const end = rows?.findLastIndex((row) => row.version <= last) ?? -1;
    if (!rows || rows[end]?.version !== last) return undefined;
    const before = rows.findLastIndex((row) => row.version <= version);
    const first = rows[before + 1];
    return first && first.previous <= version ? rows.slice(before + 1, end + 1) : undefined;
  }

  #forget(rows: LogRow[], count: number): void {
    for (const row of rows.splice(0, count)) this.#changes -= cost(row);
  }
}

const cost = ({ changes }: LogRow): number => changes.length + 1;
