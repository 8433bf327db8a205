/**
 * New addresses become known slowly: so much a day to each receiver, growing over weeks. Counted in days of use: a day on
 * which less than half was sent, or on which the receiver asked for less, teaches nobody anything, and a month of
 * silence begins anew. What was granted is durable before it is used, in small blocks: a crash may waste one, and never
 * sends more than the day allows.
 */
import { Transactions } from '../../directory/transact.ts';
import type { Clock } from '../../ports/clock.ts';
import { type KeyValueStore, partition } from '../../ports/kv.ts';
import type { Random } from '../../ports/random.ts';

export interface WarmUpSchedule {
  /** Days of use until there is no limit any more. */
  readonly days: number;
  /** Recipients on the first day, and on the last. */
  readonly first: number;
  readonly last: number;
}

export interface WarmUpParts {
  readonly kv: KeyValueStore;
  readonly clock: Clock;
  readonly random: Random;
}

/** Recipients on this day of use, from 0; Infinity when it is warm. */
export function dailyLimit(step: number, { days, first, last }: WarmUpSchedule): number {
  if (step >= days) return Infinity;
  return Math.round(first * (last / first) ** (step / (days - 1)));
}

interface Row {
  /** Days of use before this one. */
  readonly step: number;
  /** UTC, days since 1970. */
  readonly day: number;
  readonly granted: number;
  /** The receiver asked for less. */
  readonly slowed?: true;
}

interface Cell {
  row: Row | undefined;
  used: number;
  /** Sent away today, in their order. */
  waiting: number;
}

export interface WarmUpState {
  readonly source: string;
  readonly provider: string;
  readonly step: number;
  /** Null: none. */
  readonly limit: number | null;
  readonly used: number;
}

const DAY_MS = 86_400_000;
/** As receivers forget an address. */
const FORGOTTEN_DAYS = 30;
const BLOCKS_A_DAY = 20;
const CELLS = 10_000;
/** Whoever waits is told a day at most so far away. */
const LOOK_AHEAD_DAYS = 5;

const HERE = partition('c', 'warm-up');

export class WarmUp implements AsyncDisposable {
  readonly #parts: WarmUpParts;
  readonly #schedule: WarmUpSchedule;
  readonly #transactions: Transactions;
  readonly #cells = new Map<string, Cell>();
  /** The last change of each cell: they come one after the other. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(parts: WarmUpParts, schedule: WarmUpSchedule) {
    this.#parts = parts;
    this.#schedule = schedule;
    this.#transactions = new Transactions(parts.kv, parts.clock, parts.random);
  }

  /** Undefined: they may go, and count. Else when they may come again; milliseconds since 1970. */
  reserve(source: string, provider: string, recipients: number): Promise<number | undefined> {
    return this.#inTurn(`${source} ${provider}`, async (key) => {
      const cell = await this.#today(key);
      const { row } = cell;
      const limit = dailyLimit(row.step, this.#schedule);
      const used = cell.used + recipients;
      // A mail with more recipients than a day allows would never go: it has a day of its own.
      if (used > limit && cell.used > 0) return this.#turn(cell, row, recipients);
      if (limit !== Infinity && used > row.granted) {
        const block = Math.ceil(limit / BLOCKS_A_DAY);
        await this.#put(key, cell, { ...row, granted: Math.max(used, Math.min(limit, row.granted + block)) });
      }
      cell.used = used;
      return undefined;
    });
  }

  /** They did not go. */
  giveBack(source: string, provider: string, recipients: number): void {
    const cell = this.#cells.get(`${source} ${provider}`);
    if (cell) cell.used = Math.max(0, cell.used - recipients);
  }

  /** The receiver asked for less: tomorrow is no more than today. */
  async slowed(source: string, provider: string): Promise<void> {
    await this.#inTurn(`${source} ${provider}`, async (key) => {
      const cell = await this.#today(key);
      const { row } = cell;
      if (row.slowed !== true && row.step < this.#schedule.days) await this.#put(key, cell, { ...row, slowed: true });
    });
  }

  /** Nothing limits it any more. */
  warm(source: string, provider: string): Promise<boolean> {
    return this.#inTurn(`${source} ${provider}`, async (key) => {
      const { row } = await this.#known(key);
      return following(row, this.#day(), this.#schedule).step >= this.#schedule.days;
    });
  }

  async *all(): AsyncIterable<WarmUpState> {
    const today = this.#day();
    for await (const page of this.#parts.kv.scan(HERE, {}))
      for (const [key, value] of page) {
        const name = Buffer.from(key).toString();
        const row = following(decode(value), today, this.#schedule);
        const limit = dailyLimit(row.step, this.#schedule);
        const cell = this.#cells.get(name);
        const [source = '', provider = ''] = name.split(' ');
        const used = cell?.row?.day === row.day ? cell.used : row.granted;
        yield { source, provider, step: row.step, limit: limit === Infinity ? null : limit, used };
      }
  }

  /** What was granted and not used is there for the next start. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#turns.values());
    for (const [key, cell] of this.#cells)
      if (cell.row !== undefined && cell.used < cell.row.granted)
        await this.#put(key, cell, { ...cell.row, granted: cell.used });
  }

  #day(): number {
    return Math.floor(this.#parts.clock.now() / DAY_MS);
  }

  /** In the order in which they came, as many on each day as it will allow, spread over it. */
  #turn(cell: Cell, row: Row, recipients: number): number {
    let before = (cell.waiting += recipients);
    let step = row.step;
    for (let ahead = 1; ; ahead++) {
      step += row.slowed === true && ahead === 1 ? 0 : 1;
      const limit = dailyLimit(step, this.#schedule);
      const begin = (row.day + ahead) * DAY_MS;
      if (before <= limit || ahead === LOOK_AHEAD_DAYS) {
        const share = limit === Infinity ? 0 : Math.min(1, before / limit);
        return begin + share * 0.9 * DAY_MS + this.#parts.random.fraction() * 60_000;
      }
      before -= limit;
    }
  }

  async #known(key: string): Promise<Cell> {
    let cell = this.#cells.get(key);
    if (cell === undefined) {
      const [value] = await this.#parts.kv.get(HERE, [Buffer.from(key)]);
      const row = value === undefined ? undefined : decode(value);
      // How much of a block was used nobody knows any more.
      cell = { row, used: row?.granted ?? 0, waiting: 0 };
      this.#forgetOne();
      this.#cells.set(key, cell);
    }
    return cell;
  }

  /** Its row is that of this day. */
  async #today(key: string): Promise<Cell & { readonly row: Row }> {
    const cell = await this.#known(key);
    const row = following(cell.row, this.#day(), this.#schedule);
    if (row !== cell.row) {
      await this.#put(key, cell, row);
      cell.used = 0;
      cell.waiting = 0;
    }
    return cell as Cell & { readonly row: Row };
  }

  #forgetOne(): void {
    if (this.#cells.size < CELLS) return;
    for (const key of this.#cells.keys())
      if (!this.#turns.has(key)) {
        this.#cells.delete(key);
        return;
      }
  }

  async #put(key: string, cell: Cell, row: Row): Promise<void> {
    const put = [[Buffer.from(key), Buffer.from(JSON.stringify(row))]] as const;
    await this.#transactions.run(HERE, () => ({ batch: { put }, result: undefined }));
    cell.row = row;
  }

  async #inTurn<T>(key: string, act: (key: string) => Promise<T>): Promise<T> {
    const before = this.#turns.get(key) ?? Promise.resolve();
    const mine = before.then(
      () => act(key),
      () => act(key),
    );
    this.#turns.set(key, mine);
    try {
      return await mine;
    } finally {
      if (this.#turns.get(key) === mine) this.#turns.delete(key);
    }
  }
}

/** The row as it is on this day. A wall clock that was set back gives nobody a second day. */
function following(row: Row | undefined, day: number, schedule: WarmUpSchedule): Row {
  if (row === undefined || day > row.day + FORGOTTEN_DAYS) return { step: 0, day, granted: 0 };
  if (day <= row.day) return row;
  const limit = dailyLimit(row.step, schedule);
  const learnt = limit === Infinity || (row.slowed !== true && row.granted * 2 >= limit);
  return { step: Math.min(schedule.days, row.step + (learnt ? 1 : 0)), day, granted: 0 };
}

function decode(value: Uint8Array): Row {
  return JSON.parse(Buffer.from(value).toString()) as Row;
}
