/** Every limit on what an IMAP client may send, in one table; smaller before login. Each has a test of its reply. */
export interface ImapLimits {
  /** Bytes of a command's text without its literals. Longer: BAD and the connection ends. */
  readonly line: number;
  /** Bytes of one literal that is kept in memory (everything but APPEND's message). */
  readonly literal: number;
  /** Bytes of all such literals of one command. */
  readonly literals: number;
  /** A non-synchronizing literal that is refused is read and thrown away up to this size; above it: BYE. */
  readonly discard: number;
  /** Parentheses in parentheses. */
  readonly depth: number;
  /** Elements of one list. */
  readonly list: number;
}

export const beforeLogin: ImapLimits = {
  line: 8 * 1024,
  literal: 8 * 1024,
  literals: 16 * 1024,
  discard: 8 * 1024,
  depth: 20,
  list: 100,
};

export const afterLogin: ImapLimits = {
  line: 64 * 1024,
  literal: 64 * 1024,
  literals: 256 * 1024,
  discard: 256 * 1024 * 1024,
  depth: 20,
  list: 1000,
};
