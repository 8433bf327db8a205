/** What both labs do around a fault: load before it, and afterwards everything that must hold. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type CheckReport, checkLedger, isClean } from '../load/check.ts';
import { Ledger, type LedgerEntry, readLedger } from '../load/ledger.ts';
import { loadAccounts } from '../load/message.ts';
import { smtpLoad, type SmtpLoadReport } from '../load/smtp-load.ts';
import { pabal, type Service } from '../service.ts';
import { PATIENCE_MS } from '../support/until.ts';
import { SeededRandom } from '../../src/adapters/random-seeded.ts';
import { MailboxUser } from './mailbox-user.ts';

/** What was accepted before the fault is filed soon after the restart. Of a sabotaged service nobody expects that much: it has so long. */
const FILED_BY_THE_SABOTAGED_MS = 3_000;

/** Of each message. */
export const RECIPIENTS = 3;

export interface Findings {
  faults: number;
  /** Acknowledged over SMTP. */
  messages: number;
  /** Acknowledged: messages times recipients, and changes over IMAP. */
  acked: number;
  lost: number;
  duplicated: number;
  readonly violations: string[];
}

export class FaultRun {
  readonly findings: Findings = { faults: 0, messages: 0, acked: 0, lost: 0, duplicated: 0, violations: [] };
  readonly random: SeededRandom;
  /** Where the service is; undefined while it is away. */
  service: Service | undefined;
  readonly #folder: string;
  readonly #patienceMs: number;
  readonly #users: readonly MailboxUser[];
  readonly #entries: LedgerEntry[] = [];
  #round = 0;
  #ledger: Ledger | undefined;

  constructor(folder: string, seed: number, sabotaged: boolean) {
    this.#patienceMs = sabotaged ? FILED_BY_THE_SABOTAGED_MS : PATIENCE_MS;
    this.#folder = folder;
    this.random = new SeededRandom(seed);
    this.#users = [1, 2, 3].map((n) => new MailboxUser(`lab${n}@mail.test`, () => this.random.fraction()));
  }

  /** Load with new recipients, until `until` resolves. */
  async load(until: Promise<unknown>): Promise<{ entries: LedgerEntry[]; report: SmtpLoadReport }> {
    const round = ++this.#round;
    const path = join(this.#folder, `ledger-${round}`);
    using ledger = new Ledger(path);
    this.#ledger = ledger;
    const stop = new AbortController();
    const signal = stop.signal;
    const users = this.#users.map((user) => user.work(this.service?.at('imap') ?? '', signal));
    const load = smtpLoad(
      {
        address: () => this.service?.at('smtp'),
        recipients: loadAccounts(9, 'mail.test').map((address) => `r${round}${address}`),
        recipientsPerMessage: RECIPIENTS,
        connections: 8,
        // Most are small; some have a part that becomes a blob.
        size: (number) => (number % 25 === 24 ? 150_000 : 1_000 + ((number * 733) % 6_000)),
        seed: round,
        ledger,
      },
      signal,
    );
    await until;
    stop.abort();
    const [report] = await Promise.all([load, ...users]);
    const entries = readLedger(path);
    this.findings.messages += report.messages;
    this.findings.acked += entries.length;
    this.#entries.push(...entries);
    return { entries, report };
  }

  /** Resolves when the load under way has so many acknowledgements, one for each recipient, or makes no progress. */
  async acknowledged(count: number): Promise<void> {
    const until = performance.now() + PATIENCE_MS;
    while ((this.#ledger?.entries ?? 0) < count && performance.now() < until) await sleep(1);
  }

  /** Everything that must hold of these entries, and of the store as a whole. */
  async check(what: string, entries: readonly LedgerEntry[]): Promise<void> {
    const { findings, service } = this;
    if (!service) throw new Error('there is no service to check');
    const imap = service.at('imap');
    let report: CheckReport;
    for (const until = performance.now() + this.#patienceMs; ; await sleep(100)) {
      report = await checkLedger(entries, { imap, password: 'pass' });
      if (report.lost.length === 0 || performance.now() > until) break;
    }
    findings.lost += report.lost.length;
    findings.duplicated += report.duplicated.length;
    if (!isClean(report)) {
      const { lost, duplicated, changed, disorder } = report;
      const some = (name: string, list: readonly string[]) =>
        list.length > 0 ? ` ${list.length} ${name} (${list.slice(0, 3).join(', ')})` : '';
      findings.violations.push(
        `${what}:${some('lost', lost)}${some('twice', duplicated)}${some('changed', changed)}${some('out of order', disorder)}`,
      );
    }
    for (const user of this.#users) {
      await user.check(imap);
      findings.violations.push(...user.problems.splice(0).map((problem) => `${what}: ${problem}`));
      findings.acked += user.acked;
      user.acked = 0;
    }
    const verified = await pabal(['verify', '--json', '--data', service.data]);
    if (verified.code !== 0)
      findings.violations.push(`${what}: verify says ${(verified.stdout + verified.stderr).slice(0, 300)}`);
  }

  /** Once more over everything that was ever acknowledged. */
  async checkAll(): Promise<void> {
    await this.check('at the end', this.#entries);
  }
}
