/** Usual times to come back to a mail, in the reader's own time zone. */
export interface SnoozeTime {
  readonly name: 'later' | 'tomorrow' | 'weekend' | 'week';
  readonly at: Date;
}

const MORNING = 8;
const EVENING = 18;
const SATURDAY = 6;
const MONDAY = 1;

/** Those that make sense now, the nearest first. */
export function snoozeTimes(now: Date): readonly SnoozeTime[] {
  const day = (days: number, hour: number): Date =>
    new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, hour);
  const until = (weekday: number): number => (weekday - now.getDay() + 7) % 7 || 7;
  const evening = day(0, EVENING);
  const late = evening.getTime() - now.getTime() > 3_600_000;
  const times: readonly SnoozeTime[] = [
    ...(late ? [{ name: 'later' as const, at: evening }] : []),
    { name: 'tomorrow', at: day(1, MORNING) },
    { name: 'weekend', at: day(until(SATURDAY), MORNING) },
    { name: 'week', at: day(until(MONDAY), MORNING) },
  ];
  // On a Friday tomorrow is the weekend, on a Sunday the next week: said once.
  return times.filter(({ at }, i) => !times.slice(0, i).some((one) => one.at.getTime() === at.getTime()));
}
