/** A rule that a person makes in a form: when it holds, and what is done then. */

/** Where a text is looked for. `sender` is a name or an address; `list` the mailing list (RFC 2919). */
export const TEXT_FIELDS = ['sender', 'recipient', 'subject', 'body', 'anywhere', 'list'] as const;
/** `matches`: `*` is any text, `?` any character, `\` takes the next one as it is. All without regard to case. */
export const COMPARISONS = ['contains', 'is', 'matches'] as const;

export interface TextCondition {
  readonly field: (typeof TEXT_FIELDS)[number];
  readonly comparison: (typeof COMPARISONS)[number];
  readonly value: string;
}

export type Condition = (
  | TextCondition
  /** Bytes of the whole mail. */
  | { readonly field: 'size'; readonly comparison: 'over' | 'under'; readonly bytes: number }
  /** There is one. */
  | { readonly field: 'attachment' }
) & { readonly not?: boolean };

export interface RuleFolder {
  /** It survives that the folder is renamed; absent in what was written by hand. */
  readonly id?: number;
  /** From the top, joined by '/'. */
  readonly path: string;
}

export type Action =
  | { readonly do: 'move' | 'copy'; readonly folder: RuleFolder }
  | { readonly do: 'flag' | 'read' | 'delete' }
  | { readonly do: 'keyword'; readonly keyword: string }
  | { readonly do: 'importance'; readonly importance: 'high' | 'low' }
  /** `keep`: it stays here, too. */
  | { readonly do: 'forward'; readonly address: string; readonly keep: boolean }
  | { readonly do: 'reject'; readonly reason: string };

export interface Rule {
  /** Of letters, digits, '-' and '_'. */
  readonly id: string;
  readonly name: string;
  readonly enabled: boolean;
  readonly match: 'all' | 'any';
  /** None: it holds for every mail. */
  readonly conditions: readonly Condition[];
  readonly actions: readonly Action[];
  /** No rule after it, and no script, looks at a mail for which it holds. */
  readonly stop: boolean;
}

/** Keywords that say how important a mail is to its owner; the first is that of RFC 8457. */
export const IMPORTANCE = { high: '$Important', low: '$Unimportant' } as const;

export const RULE_LIMITS = {
  rules: 500,
  conditions: 100,
  actions: 20,
  /** Characters. */
  name: 200,
  value: 1_000,
  reason: 2_000,
};
