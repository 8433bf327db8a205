/** What one SMTP session may do; each with the reply that tells of it. */
export interface SmtpLimits {
  /** Bytes of a message (RFC 1870). 552 5.3.4. */
  readonly messageSize: number;
  /** Bytes of memory for messages of more than 32 KiB while they come in, over all sessions. 451 4.3.2. */
  readonly incomingMemory: number;
  /** Recipients of one transaction (RFC 5321 §4.5.3.1.8 asks for 100 at least). 452 4.5.3. */
  readonly recipients: number;
  /** Refused commands of a session, before 421 4.7.0. */
  readonly errors: number;
  /** Commands that lead nowhere since the last accepted mail, before 421 4.7.0. */
  readonly junk: number;
  /** Bytes of a command line without CRLF: the 512 of old, and what AUTH and SMTPUTF8 add. 500 5.5.2. */
  readonly line: number;
  /** For each command (RFC 5321 §4.5.3.2.7). 421 4.4.2. */
  readonly commandTimeoutMs: number;
  /** The same for strangers while connections are scarce (C1). */
  readonly stressTimeoutMs: number;
}

export const SMTP_LIMITS: SmtpLimits = {
  messageSize: 50_000_000,
  incomingMemory: 128 << 20,
  recipients: 1000,
  errors: 20,
  junk: 100,
  line: 4096,
  commandTimeoutMs: 300_000,
  stressTimeoutMs: 10_000,
};

/** A message that goes on for so long after it was too large is cut off. */
export const OVERRUN = 64 << 20;
