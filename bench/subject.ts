/** What is measured: our service, or the peer. Both listen on loopback and have the same accounts and password. */
export interface Subject extends AsyncDisposable {
  readonly name: 'pabal' | 'peer';
  /** Of everything that serves mail. */
  readonly version: string;
  readonly pids: () => readonly number[];
  /** `host:port` of each protocol. */
  readonly smtp: string;
  readonly lmtp: string;
  readonly imap: string;
  readonly imaps: string;
  readonly pop3: string;
  readonly accounts: readonly string[];
  readonly password: string;
  /** Stops everything and starts it again on the same data. */
  restart(): Promise<void>;
}

export const BENCH_DOMAIN = 'mail.test';
/** The sandbox's password for everybody. */
export const BENCH_PASSWORD = 'pass';
