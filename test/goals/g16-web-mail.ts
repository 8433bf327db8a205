/** G16: hostile mails in a real browser against the real service: nothing runs, nothing is told to anybody, nothing gets out of its frame. */
import { existsSync } from 'node:fs';
import { errors, type Page } from 'playwright-core';
import { compose } from '../../src/demo/compose.ts';
import { DEMO_MAILS } from '../../src/demo/mails.ts';
import type { Person } from '../../src/demo/people.ts';
import { SmtpClient } from '../client/smtp.ts';
import { hostileMails } from '../support/hostile/all.ts';
import type { HostileMail } from '../support/hostile/bait.ts';
import { tryAttachments, tryPlaces, tryQuoting } from '../support/hostile/places.ts';
import { type Seen, Witness } from '../support/hostile/witness.ts';
import { until } from '../support/until.ts';
import { byForm, type Form, type Goal, type GoalContext, type GoalResult, result, several } from './goal.ts';
import { openFrames } from './sabotage/open-frame.ts';

const USER = 'target@mail.test';
const FEWEST = 400;
/** So many mails for one that is answered, too. */
const QUOTED = { smoke: 20, quick: 10, full: 4 } as const;

export const goal: Goal = {
  id: 'G16',
  title: 'hostile mails in a browser: nothing runs, nothing leaves, nothing gets out of its frame (W1 to W8, W10)',

  missing: () => (existsSync('/usr/bin/chromium') ? undefined : 'there is no chromium'),

  async control({ folder }) {
    await using witness = await Witness.start(folder);
    const mails = hostileMails(witness.canaryPort)
      .filter(({ family }) => ['scripts', 'handlers', 'loads'].includes(family))
      .filter((_, i) => i % 9 === 0);
    const places = await arrived(witness, mails);
    const page = await witness.page(USER);
    await openFrames(page);
    for (const one of mails) await witness.look(page, one, places.get(one.number) ?? '').catch(() => undefined);
    await until('a mail that runs', () => witness.seen.ran.length > 0);
    const { ran, asked, hits, reaches } = witness.seen;
    const all = [ran, asked, hits, reaches];
    return all.every((list) => list.length > 0)
      ? `${new Set(ran).size} of ${mails.length} ran, ${asked.length} requests left, ${reaches.length} ways out of the frame`
      : undefined;
  },

  async run({ form, folder, say }: GoalContext): Promise<GoalResult> {
    await using witness = await Witness.start(folder);
    const most = byForm(form, { smoke: 60, quick: 60, full: Number.POSITIVE_INFINITY });
    const mails = hostileMails(witness.canaryPort, most);
    const places = await arrived(witness, mails);
    const page = await witness.page(USER);
    const figures: Record<string, unknown> = {
      mails: mails.length,
      families: Object.keys(Object.groupBy(mails, ({ family }) => family)).length,
    };
    for (const [i, one] of mails.entries()) {
      await twice(page, one, witness.seen, async () => {
        await witness.look(page, one, places.get(one.number) ?? '');
        if (i % QUOTED[form] === 0) await tryQuoting(page, witness.seen);
      });
      if (i % 50 === 49) say(`${i + 1} of ${mails.length} looked at`);
    }
    figures['attachments'] = await tryAttachments(page, [...places.values()], witness.seen);
    // Each is a page loaded anew, for which a smoke run has no time.
    if (form !== 'smoke') figures['places'] = await tryPlaces(page, witness.client.base, 9_999);
    const violations = verdict(witness.seen, form, mails.length);
    figures['cleanMails'] = await cleanMails(witness, violations, byForm(form, { smoke: 4, quick: 15, full: 1_000 }));
    violations.push(...several('names were looked up', await witness.lookedUp()));
    return result({
      runs: 1,
      faults: mails.length,
      violations,
      figures: { ...figures, stopped: witness.seen.stopped.length },
    });
  },
};

/** A machine that stands still for longer than anybody waits looks like a mail that hangs the client; such a mail does so a second time, too. */
async function twice(
  page: Page,
  { number, family }: HostileMail,
  seen: Seen,
  look: () => Promise<void>,
): Promise<void> {
  for (let attempt = 1; ; attempt++)
    try {
      return await look();
    } catch (error) {
      if (!(error instanceof errors.TimeoutError)) throw error;
      // With whatever form is still open.
      await page.reload();
      if (attempt === 2) return void seen.broken.push(`${family} ${number}: ${error.message.split('\n', 1)[0]}`);
    }
}

function verdict({ ran, asked, hits, windows, left, reaches, broken }: Seen, form: Form, mails: number): string[] {
  return [
    ...(form === 'full' && mails < FEWEST ? [`only ${mails} mails`] : []),
    ...several('mails ran', ran.map(String)),
    ...several('requests left', asked),
    ...several('requests came to those who are not to be told', hits),
    ...several('windows were opened', windows),
    ...several('things were left that should have been cleaned away', left),
    ...several('frames reached something', reaches),
    ...several('things broke', broken),
  ];
}

/** Over SMTP, and filed. Answers where each is shown, by its number. */
async function arrived({ client }: Witness, mails: readonly HostileMail[]): Promise<ReadonlyMap<number, string>> {
  await using smtp = await SmtpClient.connect(client.service.at('smtp'));
  for (const { raw } of mails) await smtp.send('hostile@elsewhere.test', [USER], raw);
  const call = await signedIn(client.base);
  const places = new Map<number, string>();
  await until('the mails in the mailbox', async () => {
    for (const { id } of (await call('/v1/folders')).items) {
      for (let next: string | undefined = ''; next !== undefined; ) {
        const page = await call(`/v1/folders/${id}/messages?limit=200${next && `&cursor=${next}`}`);
        for (const one of page.items) places.set(Number(/\d+/.exec(one.subject)?.[0]), `#/f/${id}/${one.id}`);
        next = page.next;
      }
    }
    return places.size === mails.length;
  });
  return places;
}

/** Mail as it should be, the demo's, in which there is nothing to complain about. Answers how many. */
async function cleanMails({ client }: Witness, violations: string[], most: number): Promise<number> {
  const user = 'reader@mail.test';
  const mails = DEMO_MAILS.filter(({ html }) => html !== undefined)
    .concat(DEMO_MAILS.filter(({ html }) => html === undefined))
    .slice(0, most);
  await using smtp = await SmtpClient.connect(client.service.at('smtp'));
  for (const [i, letter] of mails.entries()) {
    const stamp = { date: Date.now(), messageId: `<clean-${i}@elsewhere.test>` };
    await smtp.send(
      'friend@elsewhere.test',
      [user],
      compose({ ...letter, from: { name: '', address: 'friend@elsewhere.test' } as Person }, stamp),
    );
  }
  const { page, faults } = await client.signedIn(user);
  await page.locator('.list-title', { hasText: `${mails.length} messages` }).waitFor();
  await page.keyboard.press('j');
  await page.keyboard.press('o');
  for (let i = 0; i < mails.length; i++) {
    await page.locator('.message h1').waitFor();
    const frame = page.locator('.body-frame');
    if ((await frame.count()) > 0) await frame.contentFrame().locator('body').waitFor();
    await page.keyboard.press('j');
  }
  violations.push(...several('complaints about clean mail', faults));
  await page.context().close();
  return mails.length;
}

interface Listed {
  readonly items: readonly { readonly id: string; readonly subject: string }[];
  readonly next?: string;
}

async function signedIn(base: string): Promise<(path: string) => Promise<Listed>> {
  const answer = await fetch(`${base}/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ address: USER, password: 'pass' }),
  });
  const { token } = (await answer.json()) as { token: string };
  const headers = { authorization: `Bearer ${token}` };
  return async (path) => (await (await fetch(base + path, { headers })).json()) as Listed;
}
