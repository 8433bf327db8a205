/**
 * SCANNERS: clamd, rspamd and spamd as Debian ships them, killed and started again while mail comes in. Each mail is where it
 * belongs in the end, once: none is lost, and none reaches anybody whom nobody has looked into, for the policy is to wait.
 */
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SeededRandom } from '../../src/adapters/random-seeded.ts';
import { connectControl } from '../../src/control/client.ts';
import { quarantineList } from '../../src/control/operations/quarantine.ts';
import { queueCounts } from '../../src/control/operations/queue.ts';
import type { HeldMail } from '../../src/intake/quarantine.ts';
import { EICAR } from '../../src/mail/malware/eicar.ts';
import { ImapClient } from '../client/imap.ts';
import { SmtpClient } from '../client/smtp.ts';
import { Service } from '../service.ts';
import type { Program } from '../support/program.ts';
import { GTUBE, hasClamd, hasRspamd, hasSpamd, startClamd, startRspamd, startSpamd } from '../support/scanners.ts'; // prettier-ignore
import { until } from '../support/until.ts';
import { type Goal, type GoalResult, result, several } from './goal.ts';

const KINDS = ['good', 'spam', 'virus'] as const;
type Kind = (typeof KINDS)[number];
const NOWHERE = '127.0.0.1:1';
/** An engine stays away while so many mails come. */
const AWAY = 4;

interface Plan {
  readonly mails: number;
  readonly kills: number;
  readonly seed: number;
  readonly policy: 'retry' | 'accept';
}

export const goal: Goal = {
  id: 'SCANNERS',
  title: 'no mail is lost and none passes unscanned while scanners are killed and started again',
  // Starting the engines takes too long for the shortest form; `test/system/scanners.test.ts` kills clamd once.
  forms: ['quick', 'full'],
  missing: () =>
    hasClamd && hasRspamd ? undefined : 'clamd or rspamd is not installed (Debian: clamav-daemon, rspamd)',

  /** Nobody scans, and mail passes all the same. */
  async control({ seed }) {
    const engines = { clamd: NOWHERE, rspamd: NOWHERE };
    const { violations } = await play({ mails: 6, kills: 0, seed, policy: 'accept' }, engines, []);
    return violations.find((violation) => violation.includes('unscanned'));
  },

  async run({ form, seed, folder, say }) {
    const mails = form === 'full' ? 1_000 : 60;
    const kills = form === 'full' ? 100 : 8;
    // spamd becomes another user before it reads its settings.
    await chmod(folder, 0o755);
    const own = async (name: string) => {
      await mkdir(join(folder, name));
      return join(folder, name);
    };
    await using rspamd = await startRspamd(await own('rspamd'));
    await using clamd = await startClamd(await own('clamd'));
    await using spamd = hasSpamd ? await startSpamd(await own('spamd')) : undefined;
    const running = [rspamd, clamd, ...(spamd ? [spamd] : [])];
    say(`${running.length} engines run`);
    const endpoints = { clamd: clamd.endpoint, rspamd: rspamd.endpoint, ...(spamd && { spamd: spamd.endpoint }) };
    const played = await play({ mails, kills, seed, policy: 'retry' }, endpoints, running);
    return { ...played, figures: { ...played.figures, engines: running.length } };
  },
};

async function play(
  { mails, kills, seed, policy }: Plan,
  endpoints: { readonly clamd: string; readonly rspamd: string; readonly spamd?: string },
  engines: readonly Program[],
): Promise<GoalResult> {
  const random = new SeededRandom(seed);
  await using service = await Service.start({
    set: {
      'viruses.clamd': endpoints.clamd,
      'viruses.on_failure': policy,
      'spam.rspamd': `http://${endpoints.rspamd}`,
      ...(endpoints.spamd !== undefined && { 'spam.spamd': endpoints.spamd }),
      'spam.on_failure': policy,
      'spam.loopback': 'true',
    },
  });
  const kindOf = (i: number) => KINDS[i % KINDS.length]!;
  const away = new Map<Program, number>();
  const back = async (now: number): Promise<void> => {
    for (const [engine, since] of away)
      if (now - since >= AWAY) {
        away.delete(engine);
        await engine.start();
      }
  };
  let killed = 0;
  let accepted = 0;
  for (let i = 0; i < mails; i++) {
    await back(i);
    const engine = engines[random.below(Math.max(1, engines.length))];
    if (engine !== undefined && killed < kills && !away.has(engine) && random.below(mails) < kills * 3) {
      killed++;
      away.set(engine, i);
      // While mails of before are being looked into.
      await engine.kill();
    }
    await using client = await SmtpClient.connect(service.at('smtp'));
    const replies = await client.send('kim@remote.test', ['user@mail.test'], mail(i, kindOf(i)));
    if (replies.every(({ code }) => code === 250)) accepted++;
  }
  await back(Number.POSITIVE_INFINITY);
  await using control = (await connectControl(join(service.data, 'run', 'control.sock')))!;
  const nothingWaits = async () => (await control.call(queueCounts, {})).intake.waiting === 0;
  await until('all mail is where it belongs', nothingWaits);

  await using imap = await ImapClient.connect(service.at('imap'));
  await imap.login('user@mail.test', 'pass');
  const held: HeldMail[] = [];
  await control.call(quarantineList, {}, { onItem: (one) => void held.push(one) });
  const found: Record<Kind, string[]> = {
    good: await subjects(imap, 'INBOX'),
    spam: await subjects(imap, 'Junk'),
    virus: [],
  };
  const there = [...found.good, ...found.spam];
  const wanted = (kind: Kind) => Array.from({ length: mails }, (_, i) => i).filter((i) => kindOf(i) === kind);
  const lost = mails - new Set(there).size - held.length;
  const unscanned = found.good.filter((subject) => !subject.startsWith('good'));
  const notSpam = found.spam.filter((subject) => !subject.startsWith('spam'));
  const strayed = held.length - wanted('virus').length;
  return result({
    runs: mails,
    faults: killed,
    acked: accepted,
    lost: Math.max(0, lost),
    duplicated: there.length - new Set(there).size,
    violations: [
      ...several('reached somebody unscanned', unscanned),
      ...several('are in Junk and are no spam', notSpam),
      ...(lost > 0 ? [`${lost} mails are nowhere`] : []),
      ...(there.length > new Set(there).size ? ['mails are there twice'] : []),
      ...(strayed > 0 ? [`${strayed} mails without a virus are held back`] : []),
      ...(accepted === mails ? [] : [`${mails - accepted} of ${mails} were not accepted`]),
    ],
    figures: { mails, killed, inbox: found.good.length, junk: found.spam.length, held: held.length },
  });
}

function mail(i: number, kind: Kind): Buffer {
  // Not at its beginning: what is caught without an engine must not answer for it.
  const body = { good: 'An ordinary text.', virus: `A text before it. ${EICAR}`, spam: `A text.\r\n\r\n${GTUBE}` }[
    kind
  ];
  const subject = `${kind} ${i}`;
  return Buffer.from(
    `From: Kim <kim@remote.test>\r\nTo: user@mail.test\r\nSubject: ${subject}\r\nDate: ${new Date().toUTCString()}\r\n` +
      `Message-ID: <${i}.${kind}@remote.test>\r\n\r\n${body}\r\n`,
  );
}

async function subjects(imap: ImapClient, folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { raw } of imap.messages(folder)) found.push(/^Subject: (.*?)\r$/m.exec(raw.toString())?.[1] ?? '');
  return found;
}
