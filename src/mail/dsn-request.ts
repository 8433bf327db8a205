/** What a sender asked to be told of a mail's way (RFC 3461). */

/** When to be told (§4.1). */
export type Notify = 'NEVER' | 'SUCCESS' | 'FAILURE' | 'DELAY';

/** MAIL's parameters (§4.3, §4.4). */
export interface DsnRequest {
  /** The sender's own name for the mail, as it came: xtext. */
  readonly envid?: string;
  /** How much of the mail a failure report brings back. */
  readonly ret?: 'FULL' | 'HDRS';
}

/** RCPT's parameters (§4.1, §4.2). */
export interface RecipientDsn {
  readonly notify?: readonly Notify[];
  /** As it came: `rfc822;xtext`, or `utf-8;…` (RFC 6533 §3). */
  readonly orcpt?: string;
}

/** Absent, failures and delays are told (§5.2.1: a delay report is then ours to decide). */
export function wants(dsn: RecipientDsn | undefined, what: Exclude<Notify, 'NEVER'>): boolean {
  return dsn?.notify === undefined ? what !== 'SUCCESS' : dsn.notify.includes(what);
}
