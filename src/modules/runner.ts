/**
 * Brings events to modules. For each module and account there is a lane that walks the account's log from its own cursor; one operation
 * after the other, as often as it takes. Lanes wait for nobody but their module: one that hangs holds up itself in one account.
 */
import { SIGNED_IN } from '../directory/directory.ts';
import { MailError } from '../mail/error.ts';
import {
  ACCOUNT_CHANGED,
  type AccountChanged,
  type AccountId,
  type MailStore,
  type Principal,
} from '../mailstore/api.ts';
import type { Cursors } from '../mailstore/cursors.ts';
import type { Bus } from '../ports/bus.ts';
import type { Clock } from '../ports/clock.ts';
import type { Random } from '../ports/random.ts';
import type { Log } from '../telemetry/log.ts';
import type { Counter, Metrics } from '../telemetry/metrics.ts';
import type { DeadLetters } from './dead-letters.ts';
import { Lane } from './lane.ts';
import { CHANGE_OF, type ExtensionModule, readable, SIGN_IN } from './module.ts';

export interface RunnerParts {
  readonly modules: readonly ExtensionModule[];
  readonly store: Pick<MailStore, 'open' | 'changedSince'>;
  readonly cursors: Cursors;
  readonly dead: DeadLetters;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
}

export const RUNNER_LIMITS = {
  /** Default for one operation. */
  deadlineMs: 30_000,
  /** Then it is a dead letter. */
  attempts: 6,
  /** Before the second attempt; doubled each time, and up to half as much again by chance. */
  firstRetryMs: 5_000,
  /** Default: what comes in quick succession is taken up together. */
  gatherMs: 500,
  /** A cursor is written so long after it moved: after a crash a module hears these seconds again. */
  saveMs: 5_000,
  /** The same when there was nothing for the module in what it passed. */
  saveNothingMs: 60_000,
  /** Accounts at work at once, for each module; and as many again of those where it failed the last time. */
  lanes: 8,
  /** How often accounts that changed, and dead letters, are looked for: a wake-up that was lost delays. */
  lookMs: 60_000,
};
export type RunnerLimits = typeof RUNNER_LIMITS;

export const MODULE: Principal = { kind: 'system', role: 'module' };
const HOUR = 3_600_000;
const FIRST_LOOK_BACK = 30 * 24 * HOUR;
const LOOK_BACK = 3 * HOUR;

/** Of one module, for accounts where it works or for those where it fails. */
interface Places {
  used: number;
  readonly waiting: Set<() => void>;
}

export class ModuleRunner implements AsyncDisposable {
  readonly #parts: RunnerParts;
  readonly #limits: RunnerLimits;
  readonly #lanes = new Map<string, Lane>();
  readonly #places = new Map<string, Places>();
  readonly #events: Counter<'module' | 'outcome'>;
  readonly #subscriptions: Disposable[] = [];
  readonly #background = new Set<Promise<void>>();
  #timer: Disposable | undefined;
  #looking = false;
  #stopped = false;

  constructor(parts: RunnerParts, limits: Partial<RunnerLimits> = {}) {
    this.#parts = parts;
    this.#limits = { ...RUNNER_LIMITS, ...limits };
    const names = new Set<string>();
    for (const { name } of parts.modules) {
      if (!/^[a-z0-9-]{1,40}$/.test(name) || names.has(name))
        throw new MailError('bug', 'bug', `not a name of a module, or there twice: ${name}`);
      names.add(name);
    }
    this.#events = parts.metrics.counter('module_operations_total', 'Operations that modules heard of.', [
      'module',
      'outcome',
    ]);
    this.#subscriptions.push(
      parts.bus.subscribe(ACCOUNT_CHANGED, (message) => {
        const { account, changes } = message as AccountChanged;
        this.#wake(account, changes);
      }),
      parts.bus.subscribe(SIGNED_IN, (message) =>
        this.#inBackground(this.#signedIn((message as { account: AccountId }).account)),
      ),
    );
    this.#look(FIRST_LOOK_BACK);
  }

  get modules(): readonly ExtensionModule[] {
    return this.#parts.modules;
  }

  /** Resolves when nothing is under way but what waits for its time. */
  async idle(): Promise<void> {
    while (this.#background.size > 0 || [...this.#lanes.values()].some((lane) => lane.busy)) {
      await Promise.all(this.#background);
      await Promise.all([...this.#lanes.values()].map((lane) => lane.settled()));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Gives up what is under way: it comes again. Writes where the cursors are. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    this.#timer?.[Symbol.dispose]();
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]();
    for (const { waiting } of this.#places.values()) waiting.clear();
    await Promise.all([...this.#lanes.values()].map((lane) => lane[Symbol.asyncDispose]()));
    await Promise.all(this.#background);
  }

  /** What happened may be known; a module that does not listen to it passes it when it next has something to do. */
  #wake(account: AccountId, changes?: AccountChanged['changes']): void {
    if (this.#stopped) return;
    for (const module of this.#parts.modules)
      if (changes === undefined || module.events.some((event) => changes.includes(CHANGE_OF[event])))
        this.#lane(module, account).wake();
  }

  #lane(module: ExtensionModule, account: AccountId): Lane {
    const key = `${module.name} ${account}`;
    let lane = this.#lanes.get(key);
    if (lane === undefined) {
      lane = new Lane(module, account, {
        ...this.#parts,
        limits: this.#limits,
        count: (outcome, operations) => this.#events.inc({ module: module.name, outcome }, operations),
        enter: (failing, begin) => this.#enter(placesOf(module, failing), module.lanes ?? this.#limits.lanes, begin),
        leave: (failing) => this.#leave(placesOf(module, failing)),
        done: () => this.#lanes.delete(key),
      });
      this.#lanes.set(key, lane);
    }
    return lane;
  }

  /** At once, or when a place is free: in the order in which they came. */
  #enter(name: string, most: number, begin: () => void): void {
    const places = this.#places.get(name) ?? { used: 0, waiting: new Set() };
    this.#places.set(name, places);
    if (places.used >= most) {
      places.waiting.add(begin);
      return;
    }
    places.used++;
    begin();
  }

  #leave(name: string): void {
    const places = this.#places.get(name);
    if (places === undefined) return;
    const [next] = places.waiting;
    if (next === undefined) {
      places.used--;
      return;
    }
    places.waiting.delete(next);
    next();
  }

  /** From here on it is an event like any other. */
  async #signedIn(id: AccountId): Promise<void> {
    const listening = this.#parts.modules.filter(({ events }) => events.includes('login'));
    if (listening.length === 0) return;
    using account = await this.#parts.store.open(MODULE, id);
    const theirs = readable(account);
    const wanted = await Promise.all(listening.map(async (module) => (await module.wants?.(theirs)) ?? true));
    if (wanted.includes(true)) await account.putRecord(SIGN_IN, 'last', { at: this.#parts.clock.now() });
  }

  #look(back: number): void {
    const { clock } = this.#parts;
    // Redelivering may take longer than that: two at once would give a module the same letter twice.
    if (!this.#looking) {
      this.#looking = true;
      this.#inBackground(this.#lookForWork(clock.now() - back).finally(() => (this.#looking = false)));
    }
    this.#timer = clock.after(this.#limits.lookMs, () => this.#look(LOOK_BACK));
  }

  async #lookForWork(since: number): Promise<void> {
    const { store, dead, modules } = this.#parts;
    for await (const account of store.changedSince(since)) this.#wake(account);
    for await (const letter of dead.list()) {
      const module = modules.find(({ name }) => name === letter.module);
      if (!letter.again || module === undefined || this.#stopped) continue;
      const lane = this.#lane(module, letter.account);
      await lane.redeliver(letter);
    }
  }

  #inBackground(work: Promise<void>): void {
    const watched = work
      .catch((error: unknown) => this.#parts.log.error({ err: error }, 'the modules could not be served'))
      .finally(() => this.#background.delete(watched));
    this.#background.add(watched);
  }
}

/** Accounts where a module hangs or fails wait for each other, and not the others for them. */
function placesOf({ name }: ExtensionModule, failing: boolean): string {
  return failing ? `${name} failing` : name;
}
