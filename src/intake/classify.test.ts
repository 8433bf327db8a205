/** Rules over mail that is there: what is done, stopped, undone, and what a crash leaves. */
import { expect, test } from 'vitest';
import { arrivals, inFolder } from '../../test/support/arriving.ts';
import { crashingKv } from '../../test/support/crashing-kv.ts';
import { problemsOf, SYSTEM } from '../../test/support/mail-store.ts';
import { BOB, INBOX } from '../../test/support/sending.ts';
import { SeededRandom } from '../adapters/random-seeded.ts';
import type { MailAccount } from '../mailstore/api.ts';
import { Flag } from '../mailstore/api.ts';
import type { Action, Rule } from '../mail/rules/rule.ts';
import { silentLog } from '../telemetry/log.ts';
import { Classifier } from './classify.ts';
import { Rules } from './rules.ts';

async function lab(mails: number) {
  const l = await arrivals();
  const rules = new Rules(l.scripts, new SeededRandom(1));
  const parts = { kv: l.kv, rules, clock: l.clock, random: new SeededRandom(2), log: silentLog };
  const folder = await l.bob.createFolder('회의');
  const other = await l.bob.createFolder('Copies');
  for (let i = 0; i < mails; i++) {
    const subject = i % 3 === 0 ? `=?utf-8?B?${Buffer.from(`회의 ${i}`).toString('base64')}?=` : `other ${i}`;
    await l.bob.addMessage(Buffer.from(`From: kim@remote.test\r\nSubject: ${subject}\r\n\r\ntext\r\n`), {
      folder: INBOX,
    });
  }
  const rule = (actions: readonly Action[]): Rule => ({
    id: 'r1',
    name: '',
    enabled: true,
    match: 'all',
    conditions: [{ field: 'subject', comparison: 'contains', value: '회의' }],
    actions,
    stop: true,
  });
  const move: Action = { do: 'move', folder: { id: folder.id, path: folder.path } };
  const copy: Action = { do: 'copy', folder: { id: other.id, path: other.path } };
  await rules.change(l.bob, () => [rule([{ do: 'flag' }, copy, move])]);
  return { ...l, rules, parts, classifier: new Classifier({ ...parts, store: l.mailstore }), folder, other, rule };
}

const ALL = { folder: null, rules: null, preview: false };

async function counts(account: MailAccount): Promise<number[]> {
  return Promise.all(['INBOX', '회의', 'Copies'].map(async (path) => (await inFolder(account, path)).length));
}

test('what the rules say of mail that is there is done, in steps, and undone', async () => {
  await using l = await lab(250);
  const preview = await l.classifier.start(l.bob, { ...ALL, preview: true });
  await l.classifier.idle();
  const shown = await l.classifier.get(l.bob, preview.id);
  expect(shown).toMatchObject({ state: 'done', total: 250, looked: 250, matched: 84 });
  expect(new Map(shown?.targets)).toEqual(
    new Map([
      [l.folder.id, 84],
      [l.other.id, 84],
    ]),
  ); // prettier-ignore
  expect(shown?.examples).toHaveLength(20);
  expect(await counts(l.bob)).toEqual([250, 0, 0]);

  const { id } = await l.classifier.start(l.bob, ALL);
  await expect(l.classifier.start(l.bob, ALL)).rejects.toMatchObject({ code: 'conflict' });
  await l.classifier.idle();
  expect(await l.classifier.get(l.bob, id)).toMatchObject({ state: 'done', matched: 84 });
  expect(await counts(l.bob)).toEqual([166, 84, 84]);
  const [first] = l.bob.getMessageIds({ folder: l.folder.id });
  expect(l.bob.meta(first!)?.flags).toBe(Flag.flagged);

  await l.classifier.undo(l.bob, id);
  await l.classifier.idle();
  expect(await l.classifier.get(l.bob, id)).toMatchObject({ state: 'undone' });
  expect(await counts(l.bob)).toEqual([250, 0, 0]);
  expect(l.bob.meta(first!)?.flags).toBe(0);
  expect((await l.bob.records('classification-step')).length).toBe(0);
  await expect(l.classifier.undo(l.bob, id)).rejects.toMatchObject({ code: 'conflict' });
  expect(await problemsOf(l.mailstore)).toEqual([]);
});

test('one folder, chosen rules, and nothing is sent', async () => {
  await using l = await lab(6);
  const forward: Action = { do: 'forward', address: 'carol@example.test', keep: false };
  await l.rules.change(l.bob, () => [
    { ...l.rule([forward]), enabled: true },
    { ...l.rule([{ do: 'read' }]), id: 'r2', enabled: false },
  ]);
  await l.classifier.start(l.bob, { ...ALL, folder: l.folder.id });
  await l.classifier.idle();
  await l.classifier.start(l.bob, { ...ALL, rules: ['r1'] });
  await l.classifier.idle();
  await l.quiet();
  expect([await l.sent(l.bob), await counts(l.bob)]).toEqual([[], [6, 0, 0]]);
  await l.classifier.start(l.bob, { ...ALL, rules: ['r2'] });
  await l.classifier.idle();
  expect(l.bob.getMessageIds({ folder: INBOX, unread: true })).toHaveLength(4);
});

test('who starts the next run as soon as one is done need not wait, and of two at once one runs', async () => {
  await using l = await lab(3);
  for (let i = 0; i < 5; i++) {
    const runs = await Promise.allSettled([l.classifier.start(l.bob, ALL), l.classifier.start(l.bob, ALL)]);
    expect(runs.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    const id = runs[0]?.status === 'fulfilled' ? runs[0].value.id : '';
    while ((await l.classifier.get(l.bob, id))?.state === 'running')
      await new Promise((resolve) => setImmediate(resolve));
    const { id: next } = await l.classifier.start(l.bob, { ...ALL, preview: true });
    await l.classifier.idle();
    expect((await l.classifier.get(l.bob, next))?.state).toBe('done');
  }
});

test('what is stopped stays as far as it came, and can be undone', async () => {
  await using l = await lab(250);
  const { id } = await l.classifier.start(l.bob, ALL);
  expect(await l.classifier.cancel(l.bob, id)).toBe(true);
  const stopped = await l.classifier.get(l.bob, id);
  expect(stopped?.state).toBe('cancelled');
  expect(stopped?.looked).toBeLessThan(250);
  expect(await l.classifier.cancel(l.bob, id)).toBe(false);
  await l.classifier.undo(l.bob, id);
  await l.classifier.idle();
  expect(await counts(l.bob)).toEqual([250, 0, 0]);
});

test('a crash at every write: gone on with, each message was changed once, and all of it can be undone', async () => {
  for (const applied of [false, true]) {
    for (let at = 1; ; at++) {
      await using l = await lab(4);
      const crashing = crashingKv(l.kv, { at, applied });
      const killed = await l.start(crashing.kv).catch(() => undefined);
      const first = killed && new Classifier({ ...l.parts, kv: crashing.kv, store: killed.mailstore });
      const begun = killed && (await killed.mailstore.open(SYSTEM, BOB).catch(() => undefined));
      if (begun) await first?.start(begun, ALL).catch(() => undefined);
      await first?.idle();
      killed?.stop();
      const again = new Classifier({ ...l.parts, store: l.mailstore });
      await l.bob.refresh();
      await again.resume();
      await again.idle();
      const when = `write ${at}, ${applied ? 'applied' : 'lost'}`;
      const [run] = await again.list(l.bob);
      if (run === undefined) {
        expect(await counts(l.bob), when).toEqual([4, 0, 0]);
        continue;
      }
      expect(run.state, when).toBe('done');
      expect(await counts(l.bob), when).toEqual([2, 2, 2]);
      await again.undo(l.bob, run.id);
      await again.idle();
      expect(await counts(l.bob), `undone, ${when}`).toEqual([4, 0, 0]);
      if (!crashing.dead) break;
    }
  }
});
