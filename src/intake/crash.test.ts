/** A process that dies at any write while a mail comes in: whoever sent it hears the truth, and it goes through all stages once. */
import { expect, test } from 'vitest';
import { type ArrivingMail, arrivals, inFolder } from '../../test/support/arriving.ts';
import { crashingKv } from '../../test/support/crashing-kv.ts';
import { problemsOf, SYSTEM } from '../../test/support/mail-store.ts';
import { BOB, CAROL, type Sending } from '../../test/support/sending.ts';
import { ScriptedScanner } from '../../test/support/scripted-scanner.ts';
import { settle } from '../../test/support/settle.ts';
import type { MailAccount } from '../mailstore/api.ts';
import { assessment } from './spam/assessment.ts';

const SCRIPT = `require ["fileinto", "copy", "mailbox", "vacation", "duplicate", "editheader", "enotify"];
  if duplicate { discard; stop; }
  fileinto :copy :create "A"; redirect :copy "carol@example.test"; vacation "away";
  notify :message "look" "mailto:eve@remote.test"; addheader "X" "1"; keep;`;

const MAIL = { subject: 'once', id: 'one', source: 'outside' } as const;

const spam = () =>
  new ScriptedScanner('spam', (raw) => ({
    points: [{ name: 'TEST', points: raw.includes('pills') ? 9 : 1, why: 'as the test says' }],
    malware: [],
  }));

/** What it was given points for, as its owner reads it. */
async function verdicts(account: MailAccount): Promise<(boolean | undefined)[]> {
  const found = [];
  for (const { id } of account.folders())
    for (const message of account.getMessageIds({ folder: id }))
      found.push((await assessment(account, account.meta(message)!.email))?.spam);
  return found;
}

test.each([false, true])(
  'at every write of spam (applied: %s): it is in Junk, once, with its reasons',
  async (applied) => {
    await atEveryWrite({ ...MAIL, body: 'pills\r\n' }, 'keep;', applied, async (l, next, where) => {
      using bob = await next.mailstore.open(SYSTEM, BOB);
      expect(await inFolder(bob, 'Junk'), where).toEqual(['once']);
      expect(await inFolder(bob, 'INBOX'), where).toEqual([]);
      expect(await verdicts(bob), where).toEqual([true]);
      expect(await l.sent(bob), where).toEqual([]);
    });
  },
);

test.each([false, true])('at every write of it (applied: %s)', async (applied) => {
  await atEveryWrite(MAIL, SCRIPT, applied, async (l, next, where) => {
    using bob = await next.mailstore.open(SYSTEM, BOB);
    using carol = await next.mailstore.open(SYSTEM, CAROL);
    expect(await inFolder(bob, 'A'), where).toEqual(['once']);
    expect(await inFolder(bob, 'INBOX'), where).toEqual(['once']);
    expect(await inFolder(carol, 'INBOX'), where).toEqual(['once']);
    // Both of bob's are the same mail.
    expect(await verdicts(bob), where).toEqual([false, false]);
    const sent = (await l.sent(bob)).map(({ to }) => to).toSorted();
    expect(sent, where).toEqual(['carol@example.test', 'dave@remote.test', 'eve@remote.test']);
  });
});

type Arrivals = Awaited<ReturnType<typeof arrivals>>;

async function atEveryWrite(
  mail: ArrivingMail,
  script: string,
  applied: boolean,
  check: (l: Arrivals, next: Sending, where: string) => Promise<void>,
): Promise<void> {
  let crashes = 0;
  for (let at = 1; ; at++) {
    await using l = await arrivals({ spam: spam() });
    await l.script(l.bob, script);
    const crashing = crashingKv(l.kv, { at, applied });
    const killed = await l.start(crashing.kv).catch(() => undefined);
    const accepted =
      killed &&
      (await l.accept(mail, killed).then(
        () => true,
        () => false,
      ));
    for (let clean = 0; accepted && clean < 2 && !crashing.dead; ) {
      await killed.dispatcher.idle();
      await settle();
      const counts = await killed.queue.counts().catch(() => undefined);
      clean = counts?.intake.due === 0 ? clean + 1 : 0;
    }
    killed?.stop();
    await killed?.dispatcher[Symbol.asyncDispose]();
    if (crashing.dead) crashes++;
    await using next = await l.start();
    // Who was not told that it was taken sends it again.
    if (!accepted) await l.accept(mail, next);
    await next.quiet();
    const where = `write ${at}`;
    await check(l, next, where);
    expect((await next.queue.counts()).error.waiting, where).toBe(0);
    expect(await problemsOf(next.mailstore), where).toEqual([]);
    if (!crashing.dead) break;
  }
  expect(crashes).toBeGreaterThan(4);
}
