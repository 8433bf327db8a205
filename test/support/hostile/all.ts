/**
 * Mails that try to run something, to tell somebody that they are read, to look like something else, or to leave their frame: families
 * of them, and in each the ways to spell it.
 */
import { baitOf, type HostileMail, htmlMail } from './bait.ts';
import { ENVELOPE, type Whole } from './envelope.ts';
import { REACHING } from './reaching.ts';
import { RUNNING } from './running.ts';

const FAMILIES: Readonly<Record<string, readonly Whole[]>> = {
  ...Object.fromEntries(
    Object.entries({ ...RUNNING, ...REACHING }).map(([family, all]) => [
      family,
      all.map(
        (markup): Whole =>
          (bait, number) =>
            htmlMail(number, markup(bait)),
      ),
    ]),
  ),
  ...ENVELOPE,
};

/** All of them, or of each family so many that there are `most` in all; their numbers stay the same. */
export function hostileMails(port: number, most = Number.POSITIVE_INFINITY): HostileMail[] {
  const all: HostileMail[] = [];
  let number = 0;
  for (const [family, mails] of Object.entries(FAMILIES))
    for (const make of mails) all.push({ number: ++number, family, raw: make(baitOf(number, port), number) });
  if (all.length <= most) return all;
  const families = Object.groupBy(all, ({ family }) => family);
  const chosen: HostileMail[] = [];
  for (let turn = 0; chosen.length < most; turn++)
    for (const mails of Object.values(families)) {
      // From all over the family, not its first ones.
      const [one] = mails?.splice((turn * 7) % mails.length, 1) ?? [];
      if (one !== undefined && chosen.length < most) chosen.push(one);
    }
  return chosen.toSorted((a, b) => a.number - b.number);
}
