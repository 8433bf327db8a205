/** How long an SMTP server may take (RFC 5321 §4.5.3.2), and how much of it we use at once. */
export interface ClientTimeouts {
  readonly connectMs: number;
  readonly greetingMs: number;
  /** EHLO, HELO, STARTTLS, AUTH, RSET. */
  readonly helloMs: number;
  readonly tlsMs: number;
  readonly mailMs: number;
  readonly rcptMs: number;
  /** From DATA to 354. */
  readonly dataMs: number;
  /** To take one block of the body. */
  readonly blockMs: number;
  /** From the end of the body to the reply. */
  readonly endMs: number;
}

const MINUTE = 60_000;

export const CLIENT_TIMEOUTS: ClientTimeouts = {
  connectMs: MINUTE / 2,
  greetingMs: 5 * MINUTE,
  helloMs: 5 * MINUTE,
  tlsMs: MINUTE,
  mailMs: 5 * MINUTE,
  rcptMs: 5 * MINUTE,
  dataMs: 2 * MINUTE,
  blockMs: 3 * MINUTE,
  endMs: 10 * MINUTE,
};

/** Slower than this, beside the time that one block may take, nobody is sent a body: bytes a second. */
export const SLOWEST_BODY = 1000;

export interface PoolLimits {
  /** Connections to one server at once. */
  readonly perServer: number;
  /** Unused connections that are kept, of all servers together, and for how long. */
  readonly idle: number;
  readonly idleMs: number;
  /** Transactions of one connection. */
  readonly transactions: number;
}

export const POOL_LIMITS: PoolLimits = { perServer: 20, idle: 200, idleMs: 5_000, transactions: 100 };
