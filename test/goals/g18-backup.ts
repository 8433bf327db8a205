/**
 * G18: a backup taken under load, restored into an empty folder, has every message acknowledged before it began; and a service starts
 * with all of that as it does with nothing.
 */
import { join } from 'node:path';
import { ImapClient } from '../client/imap.ts';
import { type CheckReport, checkLedger } from '../load/check.ts';
import { Ledger, readLedger } from '../load/ledger.ts';
import { loadAccounts } from '../load/message.ts';
import { smtpLoad } from '../load/smtp-load.ts';
import { addAccounts, pabal, Service } from '../service.ts';
import { byForm, inTime, type Goal, type GoalContext, type GoalResult, result, several } from './goal.ts';
import { costOf, START_MORE, type StartCost } from './start-cost.ts';

const RESTORE_MS = 600_000;
const PASSWORD = 'Long enough 4 a mailbox';

interface Rehearsal {
  readonly check: CheckReport;
  readonly problems: readonly string[];
  readonly backupSeconds: number;
  readonly restoreSeconds: number;
  readonly start: StartCost;
  readonly ackedWhileSaving: number;
  readonly uids: readonly string[];
}

export const goal: Goal = {
  id: 'G18',
  title: 'a backup under load restores everything acknowledged before it began',

  /** The backup is complete, but the ledger claims messages that came after it. */
  async control(context) {
    const { check } = await rehearse(context, 200, true);
    return check.lost.length > 0 ? `${check.lost.length} missing` : undefined;
  },

  async run(context: GoalContext): Promise<GoalResult> {
    const messages = byForm(context.form, { smoke: 300, quick: 5_000, full: 100_000 });
    const done = await rehearse(context, messages, false);
    const { check, problems, uids, backupSeconds, restoreSeconds, start, ackedWhileSaving } = done;
    const empty = await emptyStart();
    const violations = [
      ...several('acknowledged before the backup and missing', check.lost),
      ...several('twice', check.duplicated),
      ...several('changed', check.changed),
      ...several('problems found by verify', problems),
      ...several('UIDs that may mean another message', uids),
      ...(!inTime(context.form, restoreSeconds * 1000, RESTORE_MS) ? [`the restore took ${restoreSeconds} s`] : []),
      ...(!inTime(context.form, start.cpuSeconds - empty.cpuSeconds, START_MORE.cpuSeconds)
        ? [`a start took ${start.cpuSeconds} s of the processor, ${empty.cpuSeconds} with nothing in the store`]
        : []),
      ...(start.memoryMiB - empty.memoryMiB > START_MORE.memoryMiB
        ? [`a start took ${start.memoryMiB} MiB, ${empty.memoryMiB} with nothing in the store`]
        : []),
      // A backup that waits until nobody writes is not the one that was promised.
      ...(ackedWhileSaving === 0 ? ['nothing was acknowledged while the backup ran'] : []),
    ];
    return result({
      runs: 1,
      acked: check.acked,
      lost: check.lost.length,
      duplicated: check.duplicated.length,
      violations,
      figures: { messages, found: check.found, backupSeconds, restoreSeconds, ackedWhileSaving, start, empty },
    });
  },
};

async function rehearse(context: GoalContext, messages: number, lie: boolean): Promise<Rehearsal> {
  const { folder, form, seed } = context;
  // A real service with real sign-ins: what a sandbox keeps is not meant to be restored.
  const recipients = loadAccounts(byForm(form, { smoke: 4, quick: 20, full: 20 }), 'mail.test');
  const backup = join(folder, 'backup');
  const restored = join(folder, 'restored');
  const path = join(folder, 'ledger');
  using ledger = new Ledger(path);
  let backupSeconds = 0;
  let ackedWhileSaving = 0;
  let before: ReadonlyMap<string, Uids> = new Map();
  {
    await using service = await Service.start({ data: join(folder, 'data'), sandbox: false });
    await addAccounts(service.data, recipients, PASSWORD);
    const load = { address: () => service.at('smtp'), recipients, ledger, seed };
    await smtpLoad({ ...load, messages });
    if (!lie) ledger.mark('backup');
    using stop = new Stopper();
    const during = smtpLoad({ ...load, first: messages, rate: 200 }, stop.signal);
    const acked = ledger.entries;
    const begun = performance.now();
    const saved = await pabal(['backup', backup, '--data', service.data]);
    backupSeconds = seconds(begun);
    ackedWhileSaving = ledger.entries - acked;
    stop.stop();
    await during;
    if (saved.code !== 0) throw new Error(`backup failed: ${saved.stderr}`);
    if (lie) {
      await smtpLoad({ ...load, first: messages + 1_000_000, messages: 50 });
      ledger.mark('backup');
    }
    before = await uidsOf(service.at('imap'), recipients);
    await service.stop();
  }
  const begun = performance.now();
  const put = await pabal(['restore', backup, '--data', restored]);
  const restoreSeconds = seconds(begun);
  if (put.code !== 0) throw new Error(`restore failed: ${put.stderr}`);
  const verified = await pabal(['verify', '--data', restored]);
  await using service = await Service.start({ data: restored, sandbox: false });
  const start = costOf(service);
  const check = await checkLedger(readLedger(path, 'backup'), {
    imap: service.at('imap'),
    password: PASSWORD,
    accounts: recipients,
  });
  const after = await uidsOf(service.at('imap'), recipients);
  return {
    check,
    problems: verified.code === 0 ? [] : [`${verified.stdout}${verified.stderr}`.trim()],
    backupSeconds,
    restoreSeconds,
    start,
    ackedWhileSaving,
    // RFC 9051 §2.3.1.1: a client that saw the messages after the backup must not find others under their UIDs.
    uids: [...before].flatMap(([account, old]) => {
      const now = after.get(account);
      const safe = now !== undefined && (now.validity > old.validity || now.next >= old.next);
      return safe ? [] : [`${account}: ${JSON.stringify(old)} became ${JSON.stringify(now)}`];
    }),
  };
}

async function emptyStart(): Promise<StartCost> {
  await using service = await Service.start({ sandbox: false });
  return costOf(service);
}

interface Uids {
  readonly validity: number;
  readonly next: number;
}

async function uidsOf(imap: string, accounts: readonly string[]): Promise<ReadonlyMap<string, Uids>> {
  const all = new Map<string, Uids>();
  for (const account of accounts) {
    await using session = await ImapClient.connect(imap);
    await session.login(account, PASSWORD);
    const answer = await session.ok('STATUS INBOX (UIDVALIDITY UIDNEXT)');
    const text = answer.untagged.map((response) => response.text).join('\n');
    const field = (name: string): number => Number(new RegExp(`${name} (\\d+)`).exec(text)?.[1]);
    all.set(account, { validity: field('UIDVALIDITY'), next: field('UIDNEXT') });
    await session.logout();
  }
  return all;
}

class Stopper implements Disposable {
  readonly #controller = new AbortController();

  get signal(): AbortSignal {
    return this.#controller.signal;
  }
  stop(): void {
    this.#controller.abort();
  }
  [Symbol.dispose](): void {
    this.stop();
  }
}

function seconds(since: number): number {
  return Math.round((performance.now() - since) / 10) / 100;
}
