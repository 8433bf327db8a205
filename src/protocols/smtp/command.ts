import type { SmtpSession } from './session.ts';

/** What a session is in the middle of. */
export type SmtpState =
  /** No greeting from the client yet. */
  | 'new'
  | 'ready'
  /** MAIL was accepted. */
  | 'sender'
  /** At least one RCPT was accepted. */
  | 'recipients'
  /** BDAT chunks were taken, the last one is to come. */
  | 'chunks';

export type SmtpRole = 'smtp' | 'submission' | 'lmtp';

export interface SmtpCommand {
  /** Upper case. */
  readonly name: string;
  /** Where it exists; default everywhere. */
  readonly roles?: readonly SmtpRole[];
  /** Where it may come; default anywhere. Elsewhere it is answered 503. */
  readonly states?: readonly SmtpState[];
  /** Leads nowhere: counts towards the junk limit. */
  readonly junk?: boolean;
  /** Takes an argument (`true`), takes none (`false`), or either (absent); else 501. */
  readonly argument?: boolean;
  /** EHLO lines that stand for it, as things are in this session. */
  readonly keywords?: (session: SmtpSession) => readonly string[];
  readonly run: (argument: string, session: SmtpSession) => void | Promise<void>;
}
