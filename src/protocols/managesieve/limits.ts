/** What a client may send. */
import { SASL_LINE_LIMIT } from '../../net/sasl.ts';
import { SIEVE_LIMITS } from '../../mail/sieve/limits.ts';

export const MANAGESIEVE_LIMITS = {
  /** Bytes of a line: an initial response of SASL stands in one. */
  line: SASL_LINE_LIMIT + 256,
  /** Bytes of a literal before sign-in. */
  literalBefore: SASL_LINE_LIMIT,
  /** Bytes of a literal afterwards; one that is larger is read over. */
  literal: SIEVE_LIMITS.scriptBytes,
  /** Bytes that are read over before the connection ends. */
  skipped: 16 << 20,
  arguments: 8,
  failedSignIns: 5,
  badCommands: 20,
};
