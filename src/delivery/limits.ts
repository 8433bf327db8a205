/** How long a mail is tried, how often, and how much at once. Times in milliseconds. */
export const OUTBOUND_LIMITS = {
  /** Pause after the first attempt; doubled each time, up to the longest, and up to half as much again by chance. */
  firstRetryMs: 60_000,
  longestRetryMs: 4 * 3_600_000,
  /** After this the sender is told that it takes longer. */
  warnMs: 4 * 3_600_000,
  /** After this it comes back. */
  expireMs: 5 * 86_400_000,
  /** Entries at work or parked in memory. */
  entries: 2_000,
  /** Attempts at one destination at once; a destination begins with few. */
  perDestination: 20,
  firstPerDestination: 4,
  /** Entries in memory that wait for their turn at one destination that is slow. */
  parked: 10,
  /** Of one attempt, whatever the other side does. */
  attemptMs: 30 * 60_000,
  /** Attempts that fail on our side before an entry goes to the error queue. */
  faults: 5,
};
export type OutboundLimits = typeof OUTBOUND_LIMITS;
