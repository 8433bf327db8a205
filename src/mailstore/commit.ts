/**
 * The commit loop of one account on this node. Operations wait in a queue; the loop plans as many as a group may hold,
 * commits them at once, applies them to the index and only then answers their callers. Another node may commit at any
 * moment: then the store says `conflict`, the loop reads the log, and plans anew. `unknown` is resolved, never guessed.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { MailError } from '../mail/error.ts';
import type { Clock } from '../ports/clock.ts';
import {
  type CommitId,
  type CommitResult,
  Damaged,
  type Key,
  type KeyValueStore,
  type Partition,
  StoreFailed,
  StoreFull,
  type Value,
  type Version,
} from '../ports/kv.ts';
import type { AccountId } from './api.ts';
import { Draft, type Plan, rowName } from './draft.ts';
import { accountPartition } from './keys.ts';
import { readLog } from './log.ts';
import type { MailboxIndex } from './mailbox-index.ts';
import type { LogRow } from './state.ts';
import { decodeFacts } from './values.ts';

export interface Operation<T> {
  /** Given when the same operation may come again by another way; it is done once. */
  readonly id?: string;
  /** Rows that the plan needs. Asked again before each attempt. */
  reads?(index: MailboxIndex): readonly Key[];
  /** Looks at more of the account than single messages and folders: planned first in its group, and closes it. */
  readonly alone?: boolean;
  /** Asked in the turn of the event loop in which its commit is issued. Throws, and its caller is told, when what it names may not be there. */
  mayLeave?(): void;
  /** Says what is to change; may throw a MailError. Called again after each conflict; changes nothing itself. */
  plan(draft: Draft): Plan<T>;
}

export interface CommitLoopOptions {
  readonly kv: KeyValueStore;
  readonly clock: Clock;
  readonly account: AccountId;
  /** Unique for ever; 1 to 40 printable ASCII characters. */
  readonly newId: () => string;
  readonly load: () => Promise<MailboxIndex>;
  /** Before a commit leaves; mostly there is nothing to wait for. */
  readonly beforeCommit: () => Promise<void> | undefined;
  /** After each row of the log that the index has taken in. */
  readonly onRow: (row: LogRow, ours: boolean) => void;
  /** After the index was read anew: the log no longer reached back to it. */
  readonly onReload: (before: MailboxIndex, after: MailboxIndex) => void;
  readonly onCommitted: (version: Version) => void;
}

type Outcome = { readonly result: unknown } | { readonly error: unknown };

interface Pending {
  readonly id: string;
  readonly operation: Operation<unknown>;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** What it will be told, should the attempt turn out to have applied. */
  outcome: Outcome | undefined;
}

const MANY_ROWS = 1000;
/** Operations looked at for one group. */
const MOST_IN_GROUP = 256;
/** Conflicts in a row before the callers are told that the account is busy. */
const MOST_CONFLICTS = 200;
const PATIENT_CONFLICTS = 20;
const MOST_RESOLVES = 8;

export class CommitLoop {
  index: MailboxIndex;
  readonly #options: CommitLoopOptions;
  readonly #partition: Partition;
  #queue: Pending[] = [];
  #running = false;
  /** Everything that moves the index on does so in its turn. */
  #turn: Promise<unknown> = Promise.resolve();
  /** In a commit that has not been answered with `applied`. */
  readonly #attempted = new Map<string, Pending>();
  #stale = false;
  #broken = false;
  #conflicts = 0;

  constructor(index: MailboxIndex, options: CommitLoopOptions) {
    this.index = index;
    this.#options = options;
    this.#partition = accountPartition(options.account);
  }

  get idle(): boolean {
    return !this.#running && this.#queue.length === 0;
  }

  /** Until nothing waits any more. */
  async drain(): Promise<void> {
    while (!this.idle) await this.#turn;
  }

  run<T>(operation: Operation<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#queue.push({
        id: operation.id ?? this.#options.newId(),
        operation,
        resolve: resolve as (result: unknown) => void,
        reject,
        outcome: undefined,
      });
      if (!this.#running) void this.#work();
    });
  }

  /** Catches up with what was acknowledged before the call. */
  async refresh(): Promise<Version> {
    const head = await this.#options.kv.head(this.#partition);
    // A version that our own commit in flight made is waited for, too: its turn comes first.
    if (head.version > this.index.version || this.#stale) await this.#inTurn(() => this.#catchUp());
    return this.index.version;
  }

  async #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(act, act);
    this.#turn = mine.catch(() => undefined);
    return mine;
  }

  async #work(): Promise<void> {
    this.#running = true;
    // Callers of the same moment share a commit.
    await Promise.resolve();
    while (this.#queue.length > 0) await this.#inTurn(() => this.#commitGroup());
    this.#running = false;
  }

  #takeGroup(): Pending[] {
    let count = 0;
    for (const pending of this.#queue) {
      if (count === MOST_IN_GROUP || (pending.operation.alone && count > 0)) break;
      count++;
      if (pending.operation.alone) break;
    }
    return this.#queue.splice(0, count);
  }

  async #commitGroup(): Promise<void> {
    let group: Pending[] = [];
    try {
      if (this.#stale) await this.#catchUp();
      group = this.#takeGroup();
      if (group.length === 0) return;
      const draft = new Draft(this.index, await this.#read(group));
      group = this.#plan(draft, group);
      if (draft.log.length > 0) {
        const before = this.#options.beforeCommit();
        if (before) await before;
        // Planning thousands of changes took its time: others first.
        if (draft.ops > MANY_ROWS) await nextTurn();
        const passed = group.filter(passes);
        if (passed.length < group.length) {
          this.#queue.unshift(...passed);
          return;
        }
        const applied = await this.#commit(draft, group);
        if (!applied) {
          this.#queue.unshift(...group);
          group = [];
          this.#stale = true;
          await this.#wait();
          return;
        }
        this.#conflicts = 0;
        for (const row of draft.log) this.#apply(row, true);
        this.#options.onCommitted(this.index.version);
      }
      for (const pending of group) {
        this.#attempted.delete(pending.id);
        settle(pending);
      }
    } catch (error) {
      this.#stale = true;
      // When the store cannot be read, those who wait are told so as well: they must not wait for ever.
      const failed = group.length > 0 ? group : this.#queue.splice(0);
      for (const pending of failed) {
        this.#attempted.delete(pending.id);
        pending.reject(storeError(error));
      }
    }
  }

  async #read(group: readonly Pending[]): Promise<Map<string, Value | undefined>> {
    const keys = new Map<string, Key>();
    for (const { operation } of group)
      for (const key of operation.reads?.(this.index) ?? []) keys.set(rowName(key), key);
    const rows = new Map<string, Value | undefined>();
    if (keys.size === 0) return rows;
    const values = await this.#options.kv.get(this.#partition, [...keys.values()]);
    let i = 0;
    for (const name of keys.keys()) rows.set(name, values[i++]);
    return rows;
  }

  /** Plans what fits into one commit; the others go back to the front of the queue. */
  #plan(draft: Draft, group: readonly Pending[]): Pending[] {
    const { kv, clock } = this.#options;
    const time = Math.floor(clock.now() / 1000);
    for (let i = 0; i < group.length; i++) {
      const pending = group[i]!;
      try {
        const plan = pending.operation.plan(draft);
        pending.outcome = { result: plan.result };
        if (plan.changes.length === 0 && !plan.put?.length && !plan.remove?.length && !plan.clear?.length) continue;
        const cost = Draft.cost(plan);
        const ops = draft.ops + cost.ops;
        const bytes = draft.bytes + cost.bytes;
        if (draft.log.length > 0 && (ops > kv.limits.group.ops || bytes > kv.limits.group.bytes)) {
          this.#queue.unshift(...group.slice(i));
          return group.slice(0, i);
        }
        if (ops > kv.limits.ops || bytes > kv.limits.bytes)
          throw new MailError('limit', 'user', 'more than one step may change; do it in parts');
        draft.add(pending.id, time, plan);
        draft.ops = ops;
        draft.bytes = bytes;
      } catch (error) {
        // Told when the group is settled: the reason may be an operation before it, which nobody may see before it is durable.
        pending.outcome = { error };
      }
    }
    return [...group];
  }

  async #commit(draft: Draft, group: readonly Pending[]): Promise<boolean> {
    const { kv, newId } = this.#options;
    const expect = this.index.version;
    const id = newId() as CommitId;
    for (const pending of group) this.#attempted.set(pending.id, pending);
    const result = await kv.commit(this.#partition, expect, draft.version - 1, draft.batch(), id);
    return (await this.#settled(result, expect, id)) === 'applied';
  }

  async #settled(result: CommitResult, expect: Version, id: CommitId): Promise<'applied' | 'not-applied'> {
    if (result.kind === 'applied') return 'applied';
    if (result.kind === 'conflict') return 'not-applied';
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#options.kv.resolve(this.#partition, expect, id);
      } catch (error) {
        if (error instanceof StoreFailed || attempt === MOST_RESOLVES) throw error;
        await this.#options.clock.sleep(50 * 2 ** attempt);
      }
    }
  }

  /** Somebody else is at it, too. */
  async #wait(): Promise<void> {
    this.#conflicts++;
    if (this.#conflicts > MOST_CONFLICTS) {
      this.#conflicts = 0;
      const error = new MailError('busy', 'temporary', `account ${this.#options.account}: too many others change it`);
      for (const pending of this.#queue.splice(0)) pending.reject(error);
    }
    if (this.#conflicts > PATIENT_CONFLICTS) await this.#options.clock.sleep(this.#conflicts);
    else if (this.#conflicts > 2) await nextTurn();
  }

  #apply(row: LogRow, ours: boolean): void {
    try {
      this.index.apply(row);
    } catch (error) {
      this.#broken = true;
      throw error;
    }
    const pending = this.#attempted.get(row.operation);
    if (pending) {
      this.#attempted.delete(row.operation);
      if (!ours) {
        // It was thought lost, but is in the log: it must not be done a second time.
        this.#queue = this.#queue.filter((other) => other !== pending);
        settle(pending);
      }
    }
    this.#options.onRow(row, ours);
  }

  async #reload(): Promise<void> {
    const before = this.index;
    this.index = await this.#options.load();
    this.#broken = false;
    this.#options.onReload(before, this.index);
  }

  /** Reads the log until the index is at the store's version. */
  async #catchUp(): Promise<void> {
    const { kv, account } = this.#options;
    for (let fruitless = 0; fruitless < 10; ) {
      const head = await kv.head(this.#partition);
      if (!head.value) throw new MailError('account-missing', 'user', `no account ${account}`);
      const facts = decodeFacts(head.value);
      if (facts.removed) throw new MailError('account-missing', 'user', `account ${account} was removed`);
      const { index } = this;
      const outOfReach = facts.logFloor > index.facts.lastRow + 1 || head.version < index.version;
      if (this.#broken || facts.epoch !== index.facts.epoch || outOfReach) {
        await this.#reload();
        fruitless++;
        continue;
      }
      if (facts.lastRow > index.facts.lastRow) {
        const from = index.facts.lastRow;
        await this.#readOn();
        if (index.facts.lastRow === from) fruitless++;
        else fruitless = 0;
        continue;
      }
      // Only a fencing commit, which has no row, may be between the last row and the head.
      if (facts.lastRow === index.facts.lastRow) index.version = Math.max(index.version, head.version);
      this.#stale = false;
      return;
    }
    throw new Damaged(`account ${account}: the log has a gap after version ${this.index.facts.lastRow}`);
  }

  async #readOn(): Promise<void> {
    const { kv } = this.#options;
    for await (const page of readLog(kv, this.#partition, this.index.facts.lastRow + 1)) {
      for (const row of page) {
        if (row.previous !== this.index.facts.lastRow) return;
        this.#apply(row, false);
      }
    }
  }
}

function settle(pending: Pending): void {
  const { outcome } = pending;
  if (!outcome) pending.reject(new MailError('bug', 'bug', 'an operation without an outcome'));
  else if ('error' in outcome) pending.reject(outcome.error);
  else pending.resolve(outcome.result);
}

/** Told at once when it does not. */
function passes(pending: Pending): boolean {
  try {
    pending.operation.mayLeave?.();
    return true;
  } catch (error) {
    pending.reject(error);
    return false;
  }
}

/** As callers know it. */
export function storeError(error: unknown): unknown {
  if (error instanceof MailError) return error;
  if (error instanceof StoreFull) return new MailError('store-full', 'temporary', error.message, { cause: error });
  if (error instanceof StoreFailed) return new MailError('store-failed', 'temporary', error.message, { cause: error });
  if (error instanceof Damaged) return new MailError('damaged', 'bug', error.message, { cause: error });
  return error;
}
