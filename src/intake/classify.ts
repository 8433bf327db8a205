/**
 * The owner's rules, run once over mail that is there already (D-13): in steps, each whole, so that a run goes on after a
 * restart where it was. What a step is about to do is written down before it is done: done again it changes nothing, and
 * it can be undone. Nothing is sent: mail that is there is neither forwarded nor refused. Tidying up is such a run, too.
 */
import { MailError } from '../mail/error.ts';
import { compileRules } from '../mail/rules/compile.ts';
import { blankHost } from '../mail/sieve/blank-host.ts';
import { compileSieve } from '../mail/sieve/check.ts';
import type { SieveScript } from '../mail/sieve/call.ts';
import { runSieve } from '../mail/sieve/run.ts';
import { Transactions } from '../directory/transact.ts';
import type { AccountId, Flags, FolderId, MailAccount, MailStore, MsgId, Principal } from '../mailstore/api.ts';
import type { Clock } from '../ports/clock.ts';
import { type KeyValueStore, type Partition, partition } from '../ports/kv.ts';
import type { Random } from '../ports/random.ts';
import type { Log } from '../telemetry/log.ts';
import { applyStep, type Change, type Step, undoStep } from './classify-step.ts';
import type { Rules } from './rules.ts';
import { flagsOf, targetOf } from './sieve/mailboxes.ts';
import { Turns } from './sieve/turns.ts';
import { type Tidying, tidied } from './tidy.ts';

export type ClassificationState = 'running' | 'done' | 'cancelled' | 'failed' | 'undoing' | 'undone';

export interface Classification {
  readonly id: string;
  readonly state: ClassificationState;
  /** Nothing is changed: it only says what would be. */
  readonly preview: boolean;
  /** Null: all but Drafts, Sent, Junk and Trash. */
  readonly folder: FolderId | null;
  /** Ids of rules; null: all that are switched on. Taken as they are when it starts, or goes on. */
  readonly rules: readonly string[] | null;
  /** It tidies up, and asks no rules. */
  readonly tidy?: Tidying;
  /** Milliseconds since 1970. */
  readonly created: number;
  readonly total: number;
  readonly looked: number;
  /** Messages that the rules change. */
  readonly matched: number;
  /** How many go where. */
  readonly targets: readonly (readonly [folder: FolderId, count: number])[];
  /** The first ones. */
  readonly examples: readonly { readonly id: MsgId; readonly to: FolderId | null }[];
  /** Messages up to this one were looked at; newer than `last` are left alone. */
  readonly after: number;
  readonly last: number;
  readonly steps: number;
  readonly reason?: string;
}

export interface ClassifierParts {
  readonly store: Pick<MailStore, 'open'>;
  readonly kv: KeyValueStore;
  readonly rules: Pick<Rules, 'list'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

type Wanted = Pick<Classification, 'folder' | 'rules' | 'preview' | 'tidy'>;

const RUN = 'classification';
const STEP = 'classification-step';
/** Accounts in which something is to be done: for a restart. */
const OPEN: Partition = partition('m', '.classification');
const STEP_MESSAGES = 100;
const KEPT_RUNS = 20;
const MOST_EXAMPLES = 20;
const INTAKE: Principal = { kind: 'system', role: 'intake' };
const LEFT_ALONE = new Set(['drafts', 'sent', 'junk', 'trash']);

export class Classifier implements AsyncDisposable {
  readonly #parts: ClassifierParts;
  readonly #transactions: Transactions;
  readonly #running = new Map<AccountId, Promise<void>>();
  /** Something was begun there while the last run came to its end. */
  readonly #again = new Set<AccountId>();
  /** What begins and what ends a run, of each account. */
  readonly #turns = new Turns();
  readonly #cancelled = new Set<string>();
  #stopped = false;

  constructor(parts: ClassifierParts) {
    this.#parts = parts;
    this.#transactions = new Transactions(parts.kv, parts.clock, parts.random);
  }

  /** Goes on with what a restart interrupted. */
  async resume(): Promise<void> {
    const accounts = await this.#transactions.run(OPEN, async (view) => ({
      result: (await view.rows({})).map(([key]) => Buffer.from(key).toString() as AccountId),
    }));
    for (const account of accounts) this.#begin(account);
  }

  /** Stops between two steps. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#running.values());
  }

  /** The newest first. */
  async list(account: MailAccount): Promise<readonly Classification[]> {
    const all = (await account.records<Classification>(RUN)).map(({ value }) => value);
    return all.toSorted((a, b) => b.created - a.created);
  }

  async get(account: MailAccount, id: string): Promise<Classification | undefined> {
    return /^[A-Za-z0-9_-]{1,40}$/.test(id) ? account.record<Classification>(RUN, id) : undefined;
  }

  /** Throws `conflict` while another one runs in this account. */
  start(account: MailAccount, wanted: Wanted): Promise<Classification> {
    return this.#turns.run(account.id, () => this.#start(account, wanted));
  }

  /** What was done stays, and can be undone. Answers whether it was still running. */
  async cancel(account: MailAccount, id: string): Promise<boolean> {
    const run = await this.get(account, id);
    if (run?.state !== 'running') return false;
    this.#cancelled.add(id);
    // An error may have stopped it.
    if (!this.#running.has(account.id)) this.#begin(account.id);
    await this.#running.get(account.id);
    return true;
  }

  /** Throws `conflict` as `start`, and for one that changed nothing, or is undone. */
  undo(account: MailAccount, id: string): Promise<Classification> {
    return this.#turns.run(account.id, () => this.#beginUndo(account, id));
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running.values());
  }

  async #start(account: MailAccount, { folder, rules, preview, tidy }: Wanted): Promise<Classification> {
    const runs = await this.list(account);
    this.#mustBeIdle(runs);
    for (const old of runs.slice(KEPT_RUNS - 1)) await this.#forget(account, old);
    const ids = candidates(account, folder);
    const run: Classification = {
      id: Buffer.from(this.#parts.random.bytes(9)).toString('base64url'),
      state: 'running',
      preview,
      folder,
      rules,
      ...(tidy && { tidy }),
      created: this.#parts.clock.now(),
      total: ids.length,
      looked: 0,
      matched: 0,
      targets: [],
      examples: [],
      after: 0,
      last: ids.at(-1) ?? 0,
      steps: 0,
    };
    await this.#open(account.id, true);
    await account.putRecord(RUN, run.id, run);
    this.#begin(account.id);
    return run;
  }

  async #beginUndo(account: MailAccount, id: string): Promise<Classification> {
    const runs = await this.list(account);
    const run = runs.find((one) => one.id === id);
    this.#mustBeIdle(runs);
    if (run === undefined || run.preview || run.state === 'undone')
      throw new MailError('conflict', 'user', 'there is nothing to undo');
    const undoing: Classification = { ...run, state: 'undoing' };
    await this.#open(account.id, true);
    await account.putRecord(RUN, id, undoing);
    this.#begin(account.id);
    return undoing;
  }

  #mustBeIdle(runs: readonly Classification[]): void {
    if (runs.some(({ state }) => state === 'running' || state === 'undoing'))
      throw new MailError('conflict', 'user', 'mail of this account is being classified');
  }

  #begin(id: AccountId): void {
    if (this.#stopped) return;
    if (this.#running.has(id)) {
      this.#again.add(id);
      return;
    }
    const work = this.#work(id)
      .catch((error: unknown) => {
        // Its account was removed, and what was to be done with it.
        if (error instanceof MailError && error.code === 'account-missing') return this.#open(id, false);
        throw error;
      })
      .catch((error: unknown) => this.#parts.log.error({ err: error, account: id }, 'classification stopped'))
      .finally(() => {
        this.#running.delete(id);
        if (this.#again.delete(id)) this.#begin(id);
      });
    this.#running.set(id, work);
  }

  async #work(id: AccountId): Promise<void> {
    using account = await this.#parts.store.open(INTAKE, id);
    await account.refresh();
    for (const run of await this.list(account)) {
      try {
        if (run.state === 'running') await this.#classify(account, run);
        else if (run.state === 'undoing') await this.#undo(account, run);
      } catch (error) {
        if (error instanceof MailError && (error.kind === 'temporary' || error.kind === 'bug')) throw error;
        const now = (await this.get(account, run.id)) ?? run;
        await account.putRecord(RUN, run.id, { ...now, state: 'failed', reason: String((error as Error).message) });
      }
    }
    await this.#turns.run(id, async () => {
      const left = (await this.list(account)).some(({ state }) => state === 'running' || state === 'undoing');
      if (!left) await this.#open(id, false);
    });
  }

  async #classify(account: MailAccount, begun: Classification): Promise<void> {
    let run = begun;
    const chosen = (await this.#parts.rules.list(account)).filter(
      (rule) => run.rules === null || run.rules.includes(rule.id),
    );
    const script = compileSieve(
      compileRules(chosen.map((rule) => (run.rules === null ? rule : { ...rule, enabled: true }))),
    );
    while (run.state === 'running' && !this.#stopped) {
      const key = `${run.id}.${run.steps}`;
      const before = run.preview ? undefined : await account.record<Step>(STEP, key);
      const step = before ?? (await this.#plan(account, script, run));
      if (this.#cancelled.delete(run.id)) run = { ...run, state: 'cancelled' };
      else if (step === undefined) run = { ...run, state: 'done', looked: run.total };
      else {
        if (!run.preview && before === undefined) await account.putRecord(STEP, key, step);
        if (!run.preview) await applyStep(account, step.changes, run.last);
        run = counted(run, step);
      }
      await account.putRecord(RUN, run.id, run);
    }
  }

  /** Undefined when there is nothing left to look at. */
  async #plan(account: MailAccount, script: SieveScript, run: Classification): Promise<Step | undefined> {
    const ids = candidates(account, run.folder, run, STEP_MESSAGES);
    const until = ids.at(-1);
    if (until === undefined) return undefined;
    const changes: Change[] = [];
    for (const id of ids) {
      const change = await this.#changeOf(account, script, id, run.tidy);
      if (change !== undefined) changes.push(change);
    }
    return { until, looked: ids.length, changes };
  }

  async #changeOf(
    account: MailAccount,
    script: SieveScript,
    id: MsgId,
    tidy: Tidying | undefined,
  ): Promise<Change | undefined> {
    const meta = account.meta(id);
    if (meta === undefined) return undefined;
    if (tidy !== undefined) return tidied(account, meta, tidy);
    const { details, body } = await account.getMessage(id);
    const input = {
      envelope: { from: '', to: '' },
      size: details.size,
      structure: details.structure,
      read: (start: number, end: number) => body.bytes(start, end),
    };
    const { actions } = await runSieve([script], input, blankHost(this.#parts.clock.now()));
    let stays = actions.some(({ type }) => type !== 'fileinto');
    let to: FolderId | null = null;
    const copies: FolderId[] = [];
    let flags: Flags = 0;
    const keywords = new Set<string>();
    for (const action of actions) {
      if (action.type !== 'keep' && action.type !== 'fileinto') continue;
      const given = flagsOf(action.flags);
      flags |= given.flags & ~meta.flags;
      for (const word of given.keywords) if (!meta.keywords.includes(word)) keywords.add(word);
      const target = action.type === 'fileinto' ? targetOf(account, action)?.id : undefined;
      if (target === meta.folder) stays = true;
      else if (target !== undefined) copies.push(target);
    }
    // The last place is where it goes; in the others it lies, too.
    if (!stays) to = copies.pop() ?? null;
    if (to === null && flags === 0 && keywords.size === 0 && copies.length === 0) return undefined;
    return { id, from: meta.folder, to, flags, keywords: [...keywords], copies, email: meta.email };
  }

  /** Backwards. */
  async #undo(account: MailAccount, begun: Classification): Promise<void> {
    let run = begun;
    // The step that a crash or an error interrupted was perhaps done, too.
    for (let number = run.steps; number >= 0 && !this.#stopped; number--) {
      const key = `${run.id}.${number}`;
      const step = await account.record<Step>(STEP, key);
      if (step !== undefined) await undoStep(account, step.changes, run.last);
      await account.putRecord(STEP, key, undefined);
      run = { ...run, steps: number, state: number === 0 ? 'undone' : 'undoing' };
      await account.putRecord(RUN, run.id, run);
    }
  }

  async #forget(account: MailAccount, run: Classification): Promise<void> {
    for (let number = 0; number <= run.steps; number++)
      if ((await account.record(STEP, `${run.id}.${number}`)) !== undefined)
        await account.putRecord(STEP, `${run.id}.${number}`, undefined);
    await account.putRecord(RUN, run.id, undefined);
  }

  async #open(account: AccountId, open: boolean): Promise<void> {
    const key = Buffer.from(account);
    await this.#transactions.run(OPEN, () => ({
      batch: open ? { put: [[key, new Uint8Array(0)]] } : { remove: [key] },
      result: undefined,
    }));
  }
}

/** What runs that are known moved to a folder: its owner did not do that himself. */
export async function movedByRules(
  account: Pick<MailAccount, 'record' | 'records'>,
  to: FolderId,
): Promise<ReadonlySet<MsgId>> {
  const found = new Set<MsgId>();
  for (const { value: run } of await account.records<Classification>(RUN)) {
    const open = run.state === 'running' || run.state === 'undoing' || run.state === 'failed';
    if (run.preview || !(open || run.folder === to || run.targets.some(([folder]) => folder === to))) continue;
    for (let number = 0; number <= run.steps; number++) {
      const step = await account.record<Step>(STEP, `${run.id}.${number}`);
      for (const change of step?.changes ?? []) if (change.to === to || change.from === to) found.add(change.id);
    }
  }
  return found;
}

/** What is looked at, the oldest first: all of it, or the next so many of a run. */
function candidates(
  account: MailAccount,
  folder: FolderId | null,
  { after, last }: Pick<Classification, 'after' | 'last'> = { after: 0, last: Number.POSITIVE_INFINITY },
  most = Number.POSITIVE_INFINITY,
): readonly MsgId[] {
  if (folder !== null && account.folder(folder) === undefined) return [];
  const all = account.getMessageIds({ ...(folder !== null && { folder }), sort: 'id' });
  const left = new Set(
    account
      .folders()
      .filter(({ role }) => LEFT_ALONE.has(role ?? ''))
      .map(({ id }) => id),
  );
  const found: MsgId[] = [];
  for (const id of all) {
    if (id <= after) continue;
    if (id > last || found.length >= most) break;
    if (folder !== null || !left.has(account.meta(id)?.folder as FolderId)) found.push(id);
  }
  return found;
}

function counted(run: Classification, { until, looked, changes }: Step): Classification {
  const targets = new Map(run.targets);
  for (const { to, copies } of changes)
    for (const folder of to === null ? copies : [to, ...copies]) targets.set(folder, (targets.get(folder) ?? 0) + 1);
  const examples = [...run.examples, ...changes.map(({ id, to }) => ({ id, to }))].slice(0, MOST_EXAMPLES);
  return {
    ...run,
    after: until,
    looked: run.looked + looked,
    matched: run.matched + changes.length,
    targets: [...targets],
    examples,
    steps: run.steps + 1,
  };
}
