/** What a script wants to be done with a mail. */
import type { SieveError } from './error.ts';
import type { SieveHeader } from './header.ts';

/** The header is the mail's as it was when the action was asked for (RFC 5293 §6). */
interface WithHeader {
  readonly header: SieveHeader;
}

export interface KeepAction extends WithHeader {
  readonly type: 'keep';
  /** As in IMAP: `\Seen`, `$Forwarded` ... */
  readonly flags: readonly string[];
}

export interface FileintoAction extends WithHeader {
  readonly type: 'fileinto';
  readonly mailbox: string;
  readonly flags: readonly string[];
  /** Make the mailbox if it is not there (RFC 5490 §3.2). */
  readonly create: boolean;
  /** MAILBOXID (RFC 9042 §3) and special use (RFC 8579 §4), which go before the name when they are there. */
  readonly mailboxId: string | undefined;
  readonly specialUse: string | undefined;
}

export interface RedirectAction extends WithHeader {
  readonly type: 'redirect';
  readonly address: string;
}

export interface RejectAction {
  readonly type: 'reject';
  readonly reason: string;
}

export interface VacationAction {
  readonly type: 'vacation';
  /** Who was answered with the same handle is not answered again (RFC 5230 §4.2). */
  readonly handle: string;
  readonly seconds: number;
  /** '' when the script gives none. */
  readonly subject: string;
  /** '' when the script gives none. */
  readonly from: string;
  readonly addresses: readonly string[];
  /** Text, or with `mime` a whole MIME entity with its header. */
  readonly reason: string;
  readonly mime: boolean;
}

/** A mail (RFC 5436). */
export interface NotifyAction {
  readonly type: 'notify';
  readonly recipients: readonly string[];
  /** '' when the script gives none. */
  readonly from: string;
  readonly importance: 'high' | 'normal' | 'low';
  readonly subject: string;
  readonly message: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

export type SieveAction = KeepAction | FileintoAction | RedirectAction | RejectAction | VacationAction | NotifyAction; // prettier-ignore

/** To be known by when the same comes again (RFC 7352). */
export interface Remember {
  readonly id: string;
  readonly seconds: number;
}

export interface SieveOutcome {
  /** With the implicit keep, where it took effect, as a `keep`. */
  readonly actions: readonly SieveAction[];
  readonly remember: readonly Remember[];
  /** Why the script could not go on. Then the only action is a keep. */
  readonly error: SieveError | undefined;
  /** Which of the scripts that was, from 0. */
  readonly failed?: number;
  /** Characters that were looked at. */
  readonly work: number;
}
