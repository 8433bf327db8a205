/** A script at work on a mail: what it knows, what it has asked for, and how much it may still do. */
import type { Remember, SieveAction } from './actions.ts';
import type { Block, Branch, Call, CheckedTest, CheckedText, SieveScript } from './call.ts';
import type { Part } from '../message.ts';
import { type Position, problemAt, shown } from './error.ts';
import { listUri } from './extensions/extlists.ts';
import { inapplicable } from './extensions/imapsieve.ts';
import { flagList } from './flags.ts';
import type { SieveHeader } from './header.ts';
import type { Signal } from './language.ts';
import { SIEVE_LIMITS } from './limits.ts';
import type { Comparator } from './match.ts';
import type { SieveMessage } from './message.ts';
import { type Scope, Variables } from './variables.ts';

/** A list that is kept outside of scripts (RFC 6134). */
export interface SieveList {
  has(value: string): Promise<boolean>;
  /** At most so many. */
  members(most: number): Promise<readonly string[]>;
}

/** What a script may ask of the world around it. */
export interface SieveHost {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Minutes east of Greenwich of the place where the owner is taken to be. */
  readonly zone: number;
  mailboxExists(name: string): boolean;
  mailboxIdExists(id: string): boolean;
  /** Is there a mailbox for this use (`\Junk`), or is this one it? */
  specialUseExists(use: string, mailbox: string | undefined): boolean;
  /** Was this remembered, and not too long ago (RFC 7352)? */
  wasSeen(id: string): Promise<boolean>;
  /** Another script of the owner (RFC 6609); undefined when there is none. Throws `SieveError`. */
  script(name: string): Promise<SieveScript | undefined>;
  /** By its URI (RFC 6134); undefined when there is none. */
  list(uri: string): SieveList | undefined;
  /** RFC 5183 §4.1. Undefined for what is not known. */
  environment(name: string): string | undefined;
  /** RFC 5235: 1 (not spam) to 10, 0 to 100, and 1 (no virus) to 5; absent when nobody looked. */
  readonly spamtest?: number | undefined;
  readonly spamPercent?: number | undefined;
  readonly virustest?: number | undefined;
  /** What runs it happened to a message that is there (RFC 6785): it has these flags, and no envelope. */
  readonly event?: { readonly flags: readonly string[] };
  /** Lets others have their turn. */
  pause(): Promise<void>;
}

const NO_SCRIPT: SieveScript = { block: [], capabilities: new Set() };
/** Work after which others have their turn. */
const TURN = 400_000;
/** Texts as they are compared are kept from so many characters on, and so many of them. */
const LONG = 500;
const MOST_FOLDED = 4;
/** Characters that are compared without giving others a turn. */
const AT_ONCE = 20_000;

export class Machine {
  readonly message: SieveMessage;
  readonly host: SieveHost;
  readonly variables: Variables;
  header: SieveHeader;
  /** Cancelled by most actions (RFC 5228 §2.10.2). */
  implicitKeep = true;
  /** The flags that are given to whatever is kept (RFC 5232 §2). */
  flags: readonly string[];
  readonly remember: Remember[] = [];
  /** Included scripts, by name, and how deep we are in them. */
  readonly included = new Set<string>();
  includes = 0;
  depth = -1;
  addedFields = 0;
  /** The one that `foreverypart` is at (RFC 5703 §3). */
  part: Part | undefined;
  /** Names of the loops around what runs. */
  readonly loops: (string | undefined)[] = [];
  /** The loop that a `break` names, while it is being left. */
  breaking: string | undefined;
  #script: SieveScript = NO_SCRIPT;
  readonly #actions: SieveAction[] = [];
  readonly #folded: { readonly comparator: Comparator; readonly text: string; readonly folded: string }[] = [];
  #steps = 0;
  #work = 0;
  #turn = 0;
  #where: Position = { line: 1, column: 1 };

  constructor(message: SieveMessage, host: SieveHost) {
    this.message = message;
    this.host = host;
    this.header = message.original;
    this.flags = host.event?.flags ?? [];
    this.variables = new Variables();
  }

  /** May the script that runs use this? */
  has(capability: string): boolean {
    return this.#script.capabilities.has(capability);
  }

  get actions(): readonly SieveAction[] {
    return this.#actions;
  }

  async run(block: Block): Promise<Signal> {
    for (const command of block) {
      let signal: Signal | void;
      if (command.kind === 'if') {
        const chosen = await this.#choose(command.branches);
        signal = chosen && (await this.run(chosen));
      } else {
        this.#step(command.call);
        const running = command.spec.run(command.call, this);
        signal = running instanceof Promise ? await running : running;
      }
      if (this.#work - this.#turn > TURN) await this.#pause();
      if (signal !== undefined) return signal as Signal;
    }
    return undefined;
  }

  async #choose(branches: readonly Branch[]): Promise<Block | undefined> {
    for (const { test, block } of branches) {
      if (test === undefined) return block;
      const holds = this.test(test);
      if (holds instanceof Promise ? await holds : holds) return block;
      if (this.#work - this.#turn > TURN) await this.#pause();
    }
    return undefined;
  }

  test({ spec, call }: CheckedTest): boolean | Promise<boolean> {
    this.#step(call);
    return spec.evaluate(call, this);
  }

  /** What a string says now. */
  expand(text: CheckedText): string {
    if (!text.dynamic) return text.value;
    const expanded = this.variables.expand(text.value);
    this.charge(expanded.length);
    return expanded;
  }

  /** '' when the argument was not given. */
  string(call: Call, name: string): string {
    const text = call.text(name);
    return text === undefined ? '' : this.expand(text);
  }

  strings(call: Call, name: string): string[] {
    return call.texts(name).map((text) => this.expand(text));
  }

  /** Does any of the values match any of the keys? `split` makes several keys of one. At once, unless there is much to do. */
  matchAny(
    call: Call,
    values: readonly string[],
    split: (keys: readonly string[]) => readonly string[] = (keys) => keys,
  ): boolean | Promise<boolean> {
    const { type, keys } = call.matching!;
    const all = keys.map((key) => this.expand(key));
    if (type.asks) return this.#inLists(values, all);
    const expanded = type.counts ? all : split(all);
    const held = type.counts ? [String(values.length)] : values;
    const characters = held.reduce((sum, value) => sum + value.length, 0);
    if ((characters + held.length) * expanded.length > AT_ONCE) return this.#matchInTurns(call, held, expanded);
    return held.some((value) => expanded.some((key) => this.#matches(call, value, key)));
  }

  /** Of a list outside. A script that names one that is not there fails: `valid_ext_list` asks before. */
  list(name: string): SieveList {
    return this.host.list(listUri(name)) ?? this.fail(`there is no list ${quoted(name)}`);
  }

  async #inLists(values: readonly string[], names: readonly string[]): Promise<boolean> {
    const lists = names.map((name) => this.list(name));
    for (const value of values.slice(0, SIEVE_LIMITS.listed))
      for (const list of lists) {
        this.charge(1_000);
        if (await list.has(value)) return true;
      }
    return false;
  }

  async #matchInTurns(call: Call, values: readonly string[], keys: readonly string[]): Promise<boolean> {
    for (const value of values) {
      for (const key of keys) {
        if (this.#matches(call, value, key)) return true;
        if (this.#work - this.#turn > TURN) await this.#pause();
      }
    }
    return false;
  }

  #matches(call: Call, value: string, key: string): boolean {
    this.charge(1);
    const matching = call.matching!;
    const found = matching.type.match(value, key, matching, this);
    if (found === undefined) return false;
    if (found.length > 0) this.variables.matched(found);
    return true;
  }

  /** The flags that `keep` and `fileinto` give: those of the tag, else those of the message. */
  flagsOf(call: Call): readonly string[] {
    return call.has(':flags') ? flagList(this.strings(call, ':flags')) : this.flags;
  }

  /** The same again, a second keep or the same mailbox, is no other action (RFC 5228 §2.10.3); its flags are the last (RFC 5232 §2). */
  act(action: SieveAction): void {
    const known = this.#actions.findIndex((other) => isSame(action, other));
    if (known >= 0) {
      const before = this.#actions[known]!;
      if ('flags' in before && 'flags' in action) this.#actions[known] = { ...before, flags: action.flags };
      return;
    }
    const same = this.#actions.filter((other) => other.type === action.type);
    const most =
      action.type === 'redirect'
        ? SIEVE_LIMITS.redirects
        : action.type === 'notify'
          ? SIEVE_LIMITS.notifications
          : SIEVE_LIMITS.actions;
    if (same.length >= most) this.fail(`more than ${most} times ${action.type}`);
    if (this.#actions.length >= SIEVE_LIMITS.actions) this.fail(`more than ${SIEVE_LIMITS.actions} actions`);
    this.#actions.push(action);
  }

  /** What its comparator makes of a text. A long one is kept: test after test asks for the same body. */
  folded(comparator: Comparator, text: string): string {
    const fold = comparator.fold!;
    if (text.length < LONG) return fold(text);
    const known = this.#folded.find((one) => one.comparator === comparator && one.text === text);
    if (known !== undefined) return known.folded;
    const folded = fold(text);
    this.#folded.push({ comparator, text, folded });
    if (this.#folded.length > MOST_FOLDED) this.#folded.shift();
    return folded;
  }

  /** Characters that were looked at. */
  get work(): number {
    return this.#work;
  }

  /** Counts characters that are looked at. */
  charge(work: number): void {
    this.#work += work;
    if (this.#work > SIEVE_LIMITS.work) this.fail('the script compares too much');
  }

  /** Something that cannot be done now, at the command that runs. */
  fail(message: string, where: Position = this.#where): never {
    throw problemAt(where, message);
  }

  /** Runs another script within this one, with variables of its own (RFC 6609 §3.1). */
  async include(script: SieveScript): Promise<Signal> {
    const arrivals = this.host.event && inapplicable(script);
    if (arrivals !== undefined) this.fail(`'${arrivals}' is for mail that arrives`);
    const outer: Scope = this.variables.enter();
    const outerScript = this.#script;
    this.#script = script;
    this.depth += 1;
    try {
      const signal = await this.run(script.block);
      return signal === 'stop' ? 'stop' : undefined;
    } finally {
      this.depth -= 1;
      this.variables.leave(outer);
      this.#script = outerScript;
    }
  }

  /** After work that was not counted. */
  async breathe(work: number): Promise<void> {
    this.#turn -= work;
    if (this.#work - this.#turn > TURN) await this.#pause();
  }

  async #pause(): Promise<void> {
    this.#turn = this.#work;
    await this.host.pause();
  }

  #step(call: Call): void {
    this.#where = call;
    this.#steps += 1;
    this.charge(100);
    if (this.#steps > SIEVE_LIMITS.steps) this.fail(`more than ${SIEVE_LIMITS.steps} steps`);
  }
}

function isSame(action: SieveAction, other: SieveAction): boolean {
  if (action.type === 'keep') return other.type === 'keep';
  if (action.type === 'redirect') return other.type === 'redirect' && other.address === action.address;
  if (action.type !== 'fileinto' || other.type !== 'fileinto') return false;
  const { mailbox, mailboxId, specialUse } = action;
  return other.mailbox === mailbox && other.mailboxId === mailboxId && other.specialUse === specialUse;
}

/** As it may stand in an error. */
export function quoted(text: string): string {
  return JSON.stringify(shown(text));
}
