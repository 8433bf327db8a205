/** One module in one account: where it is in the log, and what it is given next. */
import { printable } from '../telemetry/log.ts';
import { MailError } from '../mail/error.ts';
import type { AccountId, MailAccount, VersionChanges } from '../mailstore/api.ts';
import type { DeadLetter } from './dead-letters.ts';
import { type ExtensionModule, eventsOf, readable } from './module.ts';
import { MODULE, type RunnerLimits, type RunnerParts } from './runner.ts';

export interface LaneParts extends RunnerParts {
  readonly limits: RunnerLimits;
  readonly count: (outcome: 'done' | 'retry' | 'dead', operations?: number) => void;
  /** Runs it at once, or when fewer accounts are at work; `failing` when the last operation did. */
  readonly enter: (failing: boolean, begin: () => void) => void;
  readonly leave: (failing: boolean) => void;
  /** Nothing is to be done any more, and the cursor is written. */
  readonly done: () => void;
}

export class Lane implements AsyncDisposable {
  readonly #module: ExtensionModule;
  readonly #account: AccountId;
  readonly #parts: LaneParts;
  /** Undefined until it was read. */
  #cursor: number | undefined;
  #saved: number | undefined;
  #attempts = 0;
  /** The last operation that was for it failed, or was given up. */
  #failing = false;
  #again = false;
  #timer: Disposable | undefined;
  /** It waits for a place. */
  #waits = false;
  #save: Disposable | undefined;
  #soon = false;
  #running: Promise<void> | undefined;
  #abort = new AbortController();

  constructor(module: ExtensionModule, account: AccountId, parts: LaneParts) {
    this.#module = module;
    this.#account = account;
    this.#parts = parts;
  }

  get busy(): boolean {
    return this.#running !== undefined;
  }

  async settled(): Promise<void> {
    await this.#running;
  }

  wake(): void {
    this.#again = true;
    // A retry has its own time: a mail that comes meanwhile does not hurry it.
    if (this.#running === undefined && this.#timer === undefined && !this.#waits) this.#later(this.#gatherMs);
  }

  get #gatherMs(): number {
    return this.#module.gatherMs ?? this.#parts.limits.gatherMs;
  }

  /** Once, out of turn. What fails again stays where it is. */
  async redeliver(letter: DeadLetter): Promise<void> {
    const { store, dead, log } = this.#parts;
    try {
      using account = await store.open(MODULE, this.#account);
      await this.#handle(account, [letter.changes]);
      await dead.drop(letter.id);
      this.#parts.count('done');
    } catch (error) {
      log.warn({ err: error, letter: letter.id }, 'a dead letter could not be redelivered');
      if (error instanceof MailError && error.code === 'account-missing') await dead.drop(letter.id);
      else await dead.add({ ...letter, reason: reasonOf(error) });
    } finally {
      this.#rest();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#timer?.[Symbol.dispose]();
    this.#save?.[Symbol.dispose]();
    this.#abort.abort(new Error('the service is being stopped'));
    await this.#running;
    await this.#write();
  }

  #later(ms: number): void {
    this.#timer = this.#parts.clock.after(ms, () => {
      this.#timer = undefined;
      this.#waits = true;
      const failing = this.#failing;
      this.#parts.enter(failing, () => this.#begin(failing));
    });
  }

  #begin(failing: boolean): void {
    this.#waits = false;
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
      this.#parts.leave(failing);
      if (this.#abort.signal.aborted) return;
      if (this.#again && this.#timer === undefined) this.#later(this.#gatherMs);
      else this.#rest();
    });
  }

  async #run(): Promise<void> {
    const { limits, log, random, cursors } = this.#parts;
    const facts = { module: this.#module.name, account: this.#account };
    try {
      this.#again = false;
      using account = await this.#parts.store.open(MODULE, this.#account, { records: 'known' });
      if (this.#cursor === undefined) this.#cursor = this.#saved = await cursors.read(this.#account, this.#module.name);
      if (this.#module.wants && !(await this.#module.wants(readable(account)))) return await this.#forget();
      await this.#walk(account);
    } catch (error) {
      if (this.#abort.signal.aborted) return;
      if (error instanceof MailError && error.code === 'account-missing') return await this.#forget();
      const base = limits.firstRetryMs * 2 ** Math.max(0, this.#attempts - 1);
      log.warn({ ...facts, err: error, attempts: this.#attempts }, 'a module failed, and is tried again');
      this.#parts.count('retry');
      this.#again = true;
      this.#later(Math.round(base * (1 + random.fraction() / 2)));
    }
  }

  /** Throws when an operation failed that is to be tried again. */
  async #walk(account: MailAccount): Promise<void> {
    const { limits, log, dead, clock } = this.#parts;
    const changes = account.changesSince(this.#cursor ?? 0);
    if (changes === undefined) {
      // A new module in an old account, or one that was away for longer than anything is kept.
      log.info({ module: this.#module.name, account: account.id }, 'a module begins with what happens from now on');
      this.#moved(account.version, false);
      return;
    }
    // One that fails must not take others with it.
    const most = this.#attempts > 0 ? 1 : (this.#module.together ?? 1);
    for await (const operations of inGroups(changes, most)) {
      this.#abort.signal.throwIfAborted();
      const [operation] = operations;
      const { version } = operations.at(-1)!;
      let handled = 1;
      try {
        handled = await this.#handle(account, operations);
        this.#parts.count('done', handled);
        if (handled > 0) this.#failing = false;
      } catch (error) {
        this.#abort.signal.throwIfAborted();
        this.#failing = true;
        if (++this.#attempts < limits.attempts || operations.length > 1) throw error;
        const reason = reasonOf(error);
        await dead.add({ module: this.#module.name, account: account.id, changes: operation, reason, at: clock.now() });
        log.error({ module: this.#module.name, account: account.id, version, reason }, 'a module gave up an operation');
        this.#parts.count('dead');
      }
      this.#attempts = 0;
      this.#moved(version, handled > 0);
    }
  }

  /** Answers how many of them had something for it. */
  async #handle(account: MailAccount, operations: readonly VersionChanges[]): Promise<number> {
    const { clock, limits, log } = this.#parts;
    const { name, events: types, scope, deadlineMs = limits.deadlineMs } = this.#module;
    const wanted = operations
      .map((operation) => eventsOf(account.id, operation, types))
      .filter((one) => one.length > 0);
    if (wanted.length === 0) return 0;
    const events = wanted.flat();
    const context = {
      account: readable(account),
      change: scope === 'change' ? account : undefined,
      version: operations.at(-1)!.version,
      log,
    };
    const late = new AbortController();
    const over = Promise.withResolvers<never>();
    over.promise.catch(() => undefined);
    const end = (error: Error): void => {
      late.abort(error);
      over.reject(error);
    };
    using _deadline = clock.after(deadlineMs, () =>
      end(new MailError('timeout', 'temporary', `${name} took too long`)),
    );
    const stop = (): void => end(this.#abort.signal.reason as Error);
    this.#abort.signal.addEventListener('abort', stop, { once: true });
    try {
      const handled = (async () => this.#module.handle(events, context, late.signal))();
      handled.catch(() => undefined);
      await Promise.race([handled, over.promise]);
    } finally {
      this.#abort.signal.removeEventListener('abort', stop);
    }
    return wanted.length;
  }

  /** Nobody minds hearing nothing twice: then there is time to write it down. */
  #moved(version: number, handled: boolean): void {
    this.#cursor = version;
    if (this.#save !== undefined && (this.#soon || !handled)) return;
    this.#save?.[Symbol.dispose]();
    this.#soon = handled;
    const { saveMs, saveNothingMs } = this.#parts.limits;
    this.#save = this.#parts.clock.after(handled ? saveMs : saveNothingMs, () => {
      this.#save = undefined;
      this.#write().then(
        () => this.#rest(),
        (error: unknown) => this.#parts.log.warn({ err: error }, 'a cursor could not be written'),
      );
    });
  }

  async #write(): Promise<void> {
    const cursor = this.#cursor;
    if (cursor === undefined || cursor === this.#saved) return;
    await this.#parts.cursors.write(this.#account, this.#module.name, cursor);
    this.#saved = cursor;
  }

  /** Nothing is kept for a module that has nothing to do here. */
  async #forget(): Promise<void> {
    if (this.#saved !== undefined) await this.#parts.cursors.write(this.#account, this.#module.name, undefined);
    this.#cursor = this.#saved = undefined;
  }

  #rest(): void {
    if (this.#running || this.#timer || this.#waits || this.#save || this.#again || this.#cursor !== this.#saved)
      return;
    this.#parts.done();
  }
}

type Operations = [VersionChanges, ...VersionChanges[]];

async function* inGroups(changes: AsyncIterable<VersionChanges>, most: number): AsyncGenerator<Operations> {
  let group: VersionChanges[] = [];
  for await (const operation of changes) {
    group.push(operation);
    if (group.length < most) continue;
    yield group as Operations;
    group = [];
  }
  if (group.length > 0) yield group as Operations;
}

function reasonOf(error: unknown): string {
  return printable(error instanceof Error ? error.message : String(error), 300);
}
