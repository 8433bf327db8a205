/**
 * DOWNMAIL: a mail to 10,000 people is stored once at its sender, costs the receiving side a notification each until somebody fetches it, and
 * is out of reach the moment it is recalled.
 */
import { letterOf, type Measured, measured, recipientsOf, sendToAll } from '../support/burden.ts';
import { byForm, type Goal, type GoalContext, type GoalResult, result, several } from './goal.ts';

/** An original that is stored apart, as any large one is. */
const BYTES = 100_000;
/** Of what the original takes, for whatever is beside it. */
const SLACK = 1.1;
/** Bytes of a notification with its header. */
const NOTIFICATION = 4_000;

export const goal: Goal = {
  id: 'DOWNMAIL',
  title:
    'a mail to 10,000 is stored once, costs its receivers a notification each, and is out of reach when it is recalled',

  /** Each recipient gets a mail of his own. */
  async control({ folder, seed }) {
    await using side = await measured(folder, 5, 'downmail');
    for (const [i, one] of recipientsOf(5).entries()) await sendToAll(side.run, [one], letterOf(BYTES, seed + i));
    return (await storedTwice(side))[0];
  },

  async run(context: GoalContext): Promise<GoalResult> {
    const count = byForm(context.form, { smoke: 40, quick: 1_000, full: 10_000 });
    await using side = await measured(context.folder, count, 'downmail');
    const sent = await sendToAll(side.run, recipientsOf(count), letterOf(BYTES, context.seed));
    const told = await side.burden();
    const originals = await side.originals();
    const violations = [...(await storedTwice(side))];
    if (told.received > count * NOTIFICATION)
      violations.push(`${told.received} bytes came to ${count} recipients who fetched nothing`);
    const some = Math.max(1, Math.floor(count / 10));
    await side.fetch(some);
    // From its commit on, whatever is still to be written for each of them.
    await side.run.submit.recall(side.run.alice, sent);
    const tries = await side.tries();
    violations.push(
      ...several(
        'could still fetch what was recalled',
        tries.filter((one) => one !== 'recalled'),
      ),
    );
    if (tries.length !== count - some) violations.push(`${tries.length} tried, not ${count - some}`);
    return result({
      runs: 1,
      acked: count,
      violations,
      figures: { recipients: count, originals, told, fetched: some, disk: await side.disk() },
    });
  },
};

async function storedTwice(side: Measured): Promise<readonly string[]> {
  const { count, bytes } = await side.originals();
  return count === 1 && bytes < SLACK * BYTES ? [] : [`${count} originals of ${bytes} bytes are stored`];
}
