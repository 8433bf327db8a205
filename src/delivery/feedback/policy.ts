/** What becomes of an address after bounces and complaints. Days of 0 are for ever. */
export const FEEDBACK_POLICY = {
  hardBounceDays: 90,
  complaintDays: 0,
  /** So many soft bounces within `softPeriodDays` put an address on the list for `softBounceDays`. */
  softBounces: 5,
  softPeriodDays: 7,
  softBounceDays: 7,
  /** Accounts for which an address must have failed for good before nobody here may write to it any more. */
  witnesses: 2,
};
export type FeedbackPolicy = typeof FEEDBACK_POLICY;

export const DAY_MS = 86_400_000;

/** When what begins now ends; undefined: never. */
export function endOf(days: number, now: number): number | undefined {
  return days === 0 ? undefined : now + days * DAY_MS;
}

/** Statuses (RFC 3463 §3) about the mailbox, its host or the way there. What is said of the mail itself, or of us, says nothing
 * about the address. */
export function isAboutAddress(status: string): boolean {
  return /^[45]\.[124]\./.test(status) || /^[45]\.3\.[0125]$/.test(status);
}
