/** Everything a script may not exceed. All of it is checked: when the script is stored, or while it runs. */
export const SIEVE_LIMITS = {
  /** Bytes of a script. */
  scriptBytes: 128 << 10,
  /** Blocks in blocks, tests in tests. */
  nesting: 32,
  /** Commands and tests of a script. */
  commands: 10_000,
  /** Characters of a string in a script, and of one that is made while it runs (RFC 5229 §6 asks for 4,000). */
  string: 64 << 10,
  /** Strings of a list. */
  list: 10_000,
  /** Mistakes that are reported at once. */
  problems: 20,
  /** Commands and tests carried out for a mail. */
  steps: 100_000,
  /** Characters looked at in comparisons for a mail. */
  work: 40_000_000,
  /** Actions for a mail. */
  actions: 32,
  /** Addresses that are looked up in lists outside, in one test. */
  listed: 100,
  redirects: 5,
  notifications: 5,
  /** Variables of a scope, and characters of them all. */
  variables: 1_000,
  variableCharacters: 1 << 20,
  /** Scripts in scripts, and how many for a mail in all (RFC 6609 §3.1). */
  includeDepth: 10,
  includes: 100,
  /** Fields that addheader makes. */
  addedFields: 50,
  /** Flags of a message, and characters of one. */
  flags: 100,
  flagCharacters: 100,
  /** Bytes of a body part that are looked at, and of all of them. */
  partBytes: 1 << 20,
  bodyBytes: 4 << 20,
  /** Body parts that are looked at. */
  parts: 200,
  /** Characters of a pattern of :regex, repetitions it may ask for, and states it may need. */
  pattern: 4_096,
  repetitions: 255,
  states: 4_000,
};
