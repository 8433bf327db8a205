/** CORPUS: messages of all shapes come out of every protocol as they went in, and a large attachment is stored once. */
import { roundTrip } from '../corpus/round-trip.ts';
import { byForm, type Goal, result, several } from './goal.ts';

export const goal: Goal = {
  id: 'CORPUS',
  title: 'messages of all shapes come out byte for byte, attachments are stored once',

  /** One byte of one message is changed on its way in. */
  async control({ seed }) {
    const { problems } = await roundTrip({ messages: 10, seed, damage: 3 });
    return problems.find((problem) => problem.includes('what nobody sent'))?.slice(0, 60);
  },

  async run({ form, seed }) {
    // `npm test` has a longer run of its own: test/system/corpus.test.ts.
    const messages = byForm(form, { smoke: 20, quick: 2_000, full: 10_000 });
    const { problems, ...figures } = await roundTrip({ messages, seed });
    const { blobFiles, largeContents } = figures;
    return result({
      runs: messages,
      acked: figures.copies,
      violations: [
        ...several('findings', problems),
        ...(blobFiles === largeContents ? [] : [`${blobFiles} files for ${largeContents} large attachments`]),
      ],
      figures,
    });
  },
};
