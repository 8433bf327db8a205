/**
 * A goal: a figure this project promises, and the program that measures it. Every goal has a control, the same
 * measurement on something sabotaged: a control that passes means that the goal's program cannot see, and then its
 * result is worth nothing.
 */

/** smoke: at most 15 s, in `npm test`. quick: `npm run test:goals`. full: `npm run test:long`. */
export type Form = 'smoke' | 'quick' | 'full';

export interface GoalContext {
  readonly form: Form;
  readonly seed: number;
  /** An empty folder, removed afterwards. */
  readonly folder: string;
  /** For people who watch. */
  readonly say: (text: string) => void;
}

export interface GoalResult {
  readonly runs: number;
  /** Faults injected, inputs sent, or whatever the goal counts as an attempt to break something. */
  readonly faults: number;
  /** Acknowledged writes, and what became of them. */
  readonly acked: number;
  readonly lost: number;
  readonly duplicated: number;
  /** Each in one sentence. None: the goal is met. */
  readonly violations: readonly string[];
  /** What was measured. */
  readonly figures: Readonly<Record<string, unknown>>;
}

export interface Goal {
  /** `G7`. */
  readonly id: string;
  readonly title: string;
  /** Absent: all. */
  readonly forms?: readonly Form[];
  /** Why it cannot be measured on this machine; undefined when it can. */
  missing?(): string | undefined;
  /** Resolves with what gave the sabotage away; undefined when nothing did. */
  control(context: GoalContext): Promise<string | undefined>;
  run(context: GoalContext): Promise<GoalResult>;
}

/** The value for the form at hand. */
export function byForm<T>(form: Form, values: { readonly smoke: T; readonly quick: T; readonly full: T }): T {
  return values[form];
}

export const NOTHING: GoalResult = {
  runs: 0,
  faults: 0,
  acked: 0,
  lost: 0,
  duplicated: 0,
  violations: [],
  figures: {},
};

export function result(part: Partial<GoalResult>): GoalResult {
  return { ...NOTHING, ...part };
}

/** A time, against what is promised. A smoke run has any machine, which others use as well: how long it takes there says nothing about us. */
export function inTime(form: Form, ms: number, promised: number): boolean {
  return form === 'smoke' || ms <= promised;
}

/**
 * Any other figure that depends on the machine, against what is promised. A smoke run meets code that is not compiled yet:
 * there only ten times as much is a violation, so that what broke is seen.
 */
export function atMost(form: Form, figure: number, promised: number): boolean {
  return figure <= (form === 'smoke' ? promised * 10 : promised);
}

/** A list as one violation: how many, and the first few. */
export function several(what: string, list: readonly string[]): readonly string[] {
  return list.length === 0 ? [] : [`${list.length} ${what}: ${list.slice(0, 5).join('; ')}`];
}
