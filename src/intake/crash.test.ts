/** A process that dies at any write while a mail comes in: whoever sent it hears the truth, and it goes through all stages once. */
import { expect, test } from 'vitest';
import { arrivals, inFolder } from '../../test/support/arriving.ts';
import { crashingKv } from '../../test/support/crashing-kv.ts';
import { problemsOf, SYSTEM } from '../../test/support/mail-store.ts';
import { BOB, CAROL } from '../../test/support/sending.ts';
import { settle } from '../../test/support/settle.ts';

const SCRIPT = `require ["fileinto", "copy", "mailbox", "vacation", "duplicate", "editheader", "enotify"];
  if duplicate { discard; stop; }
  fileinto :copy :create "A"; redirect :copy "carol@example.test"; vacation "away";
  notify :message "look" "mailto:eve@remote.test"; addheader "X" "1"; keep;`;

const MAIL = { subject: 'once', id: 'one' };

test.each([false, true])('at every write of it (applied: %s)', async (applied) => {
  let crashes = 0;
  for (let at = 1; ; at++) {
    await using l = await arrivals();
    await l.script(l.bob, SCRIPT);
    const crashing = crashingKv(l.kv, { at, applied });
    const killed = await l.start(crashing.kv).catch(() => undefined);
    const accepted =
      killed &&
      (await l.accept(MAIL, killed).then(
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
    if (!accepted) await l.accept(MAIL, next);
    await next.quiet();
    using bob = await next.mailstore.open(SYSTEM, BOB);
    using carol = await next.mailstore.open(SYSTEM, CAROL);
    const where = `write ${at}`;
    expect(await inFolder(bob, 'A'), where).toEqual(['once']);
    expect(await inFolder(bob, 'INBOX'), where).toEqual(['once']);
    expect(await inFolder(carol, 'INBOX'), where).toEqual(['once']);
    const sent = (await l.sent(bob)).map(({ to }) => to).toSorted();
    expect(sent, where).toEqual(['carol@example.test', 'dave@remote.test', 'eve@remote.test']);
    expect((await next.queue.counts()).error.waiting, where).toBe(0);
    expect(await problemsOf(next.mailstore), where).toEqual([]);
    if (!crashing.dead) break;
  }
  expect(crashes).toBeGreaterThan(10);
});
