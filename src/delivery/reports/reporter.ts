/**
 * Sends what was counted of a day once it is over: DMARC aggregate reports (RFC 9990) and TLS reports (RFC 8460), as ordinary mail of the postmaster. A report
 * that was handed over is not made again; what cannot be made now, because DNS does not tell who wants it, is tried for three days.
 */
import { hash } from 'node:crypto';
import type { Directory } from '../../directory/api.ts';
import type { AutomaticMail } from '../../intake/automatic.ts';
import { dmarcTags, type ReportUri, tlsReportUris } from '../../mail/reports/report-uri.ts';
import type { AccountId } from '../../mailstore/api.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Resolver } from '../../ports/resolver.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Counter, Metrics } from '../../telemetry/metrics.ts';
import { type Counted, type DailyCounts, DAY_MS, dayOf } from './daily-counts.ts';
import { textsAt, willingReceivers } from './destinations.ts';
import { aggregateRecords } from './dmarc-results.ts';
import type { ReportHistory, ReportSummary } from './history.ts';
import { dmarcReport, type MadeReport, type Reporter, tlsReport } from './make.ts';
import { tlsPolicies } from './tls-results.ts';

type Kind = ReportSummary['kind'];

export interface DailyReportsParts {
  /** What is counted; absent: no such reports. */
  readonly counts: Readonly<Partial<Record<Kind, DailyCounts>>>;
  readonly history: ReportHistory;
  readonly automatic: Pick<AutomaticMail, 'send'>;
  readonly directory: Pick<Directory, 'route'>;
  readonly resolver: Resolver;
  /** Posts to a public address; answers the status. */
  readonly post: (
    url: string,
    body: Uint8Array,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ) => Promise<number>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly organization: string;
  /** '': the postmaster of the domain that the host is in. */
  readonly from: string;
  readonly hostname: string;
  readonly version: string;
}

/** What a run came to. */
export interface ReportsSent {
  readonly sent: number;
  /** Nobody asks for them. */
  readonly unwanted: number;
  /** Tried again later. */
  readonly postponed: number;
}

const LOOK_MS = 3_600_000;
/** After midnight, so that not all services report at once: up to three hours, by the name of the host. */
const SPREAD_MS = 3 * 3_600_000;
const PATIENCE_DAYS = 3;
/** For the questions and requests about one domain. */
const DOMAIN_MS = 60_000;

export class DailyReports implements AsyncDisposable {
  readonly #parts: DailyReportsParts;
  readonly #after: number;
  readonly #closed = new AbortController();
  readonly #reports: Counter<'kind' | 'outcome'>;
  #timer: Disposable | undefined;
  #running: Promise<unknown> = Promise.resolve();

  constructor(parts: DailyReportsParts) {
    this.#parts = parts;
    this.#after = parseInt(hash('sha256', parts.hostname, 'hex').slice(0, 8), 16) % SPREAD_MS;
    this.#reports = parts.metrics.counter('reports_total', 'DMARC and TLS reports made.', ['kind', 'outcome']);
    this.#schedule();
  }

  /** What is not sent yet, domain by domain: how many mails or sessions. */
  async *waiting(): AsyncIterable<{ kind: Kind; day: number; domain: string; count: number }> {
    for (const [kind, counts] of this.#kinds()) {
      await counts.write();
      for (const day of await counts.days())
        for (let one = await counts.next(day); one !== undefined; one = await counts.next(day, one.subject))
          yield { kind, day, domain: one.subject, count: [...one.facts.values()].reduce((sum, n) => sum + n, 0) };
    }
  }

  /** Those of all days that are over; with `today` also of the one that is not. Throws `not-allowed` when nobody can be their sender. */
  send({ today = false }: { readonly today?: boolean } = {}): Promise<ReportsSent> {
    const run = (): Promise<ReportsSent> => this.#send(today);
    const running = this.#running.then(run, run);
    this.#running = running.catch(() => undefined);
    return running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#timer?.[Symbol.dispose]();
    this.#closed.abort(new Error('the service is stopping'));
    await this.#running;
  }

  #kinds(): readonly (readonly [Kind, DailyCounts])[] {
    const { dmarc, tls } = this.#parts.counts;
    return [...(dmarc ? [['dmarc', dmarc] as const] : []), ...(tls ? [['tls', tls] as const] : [])];
  }

  #schedule(): void {
    this.#timer = this.#parts.clock.after(LOOK_MS, () => {
      this.#schedule();
      const { clock, log } = this.#parts;
      if (clock.now() % DAY_MS < this.#after) return;
      this.send().catch((error: unknown) => log.warn({ err: error }, 'reports could not be sent'));
    });
  }

  async #send(today: boolean): Promise<ReportsSent> {
    const { clock, history, log } = this.#parts;
    const result = { sent: 0, unwanted: 0, postponed: 0 };
    const now = dayOf(clock.now());
    for (const [kind, counts] of this.#kinds()) {
      await (today ? counts.turn() : counts.write());
      const days = (await counts.days()).filter((day) => day < now || today);
      const sender = days.length === 0 ? undefined : await this.#sender();
      if (sender === undefined) continue;
      for (const day of days)
        for (let one = await counts.next(day); one !== undefined; one = await counts.next(day, one.subject)) {
          if (this.#closed.signal.aborted) return result;
          const outcome = await this.#report(kind, day, one, sender).catch((error: unknown) => {
            log.info({ err: error, kind, domain: one?.subject, day }, 'a report waits');
            return day + PATIENCE_DAYS < now ? 'unwanted' : 'postponed';
          });
          result[outcome]++;
          this.#reports.inc({ kind, outcome });
          if (outcome !== 'postponed') await counts.forget(one);
        }
    }
    await history.sweep();
    return result;
  }

  /** Undefined, and said in the log, when no address of ours can be the sender. */
  async #sender(): Promise<(Reporter & { readonly account: AccountId }) | undefined> {
    const { organization, from, hostname, version, directory, log } = this.#parts;
    const labels = hostname.split('.');
    // The host itself may be a domain, too: whoever reports is the one above it.
    const above = labels.map((_, i) => `postmaster@${labels.slice(i).join('.')}`).toReversed();
    const addresses = from === '' ? above : [from];
    for (const address of addresses) {
      const route = await directory.route(address);
      if (route.kind !== 'account') continue;
      const domain = address.slice(address.lastIndexOf('@') + 1).toLowerCase();
      return { organization, from: address, domain, version, account: route.account };
    }
    log.warn({ addresses }, 'no reports are sent: none of these addresses is ours (reports.from)');
    return undefined;
  }

  /** Throws what may be otherwise later. */
  async #report(
    kind: Kind,
    day: number,
    counted: Counted,
    sender: Reporter & { readonly account: AccountId },
  ): Promise<'sent' | 'unwanted'> {
    const late = new AbortController();
    using _deadline = this.#parts.clock.after(DOMAIN_MS, () => late.abort(new Error('it takes too long')));
    const signal = AbortSignal.any([late.signal, this.#closed.signal]);
    const made = await (kind === 'dmarc'
      ? this.#dmarc(day, counted, sender, signal)
      : this.#tls(day, counted, sender, signal));
    if (made === undefined) return 'unwanted';
    const { report, receivers } = made;
    const reached: string[] = [];
    let failure: unknown;
    for (const uri of receivers)
      try {
        if (await this.#deliver(report, uri, sender, signal)) reached.push(uri.to);
      } catch (error) {
        failure = error;
      }
    // Whoever was reached would get it twice if it were tried again for the others.
    if (reached.length === 0 && failure !== undefined) throw failure;
    if (reached.length === 0) return 'unwanted';
    await this.#parts.history.add({ ...report.summary, parties: reached });
    this.#parts.log.info({ kind, domain: counted.subject, day, to: reached }, 'a report was sent');
    return 'sent';
  }

  async #dmarc(day: number, { subject, facts }: Counted, sender: Reporter, signal: AbortSignal) {
    const { resolver, clock } = this.#parts;
    const records = aggregateRecords(facts);
    if (records === undefined) return undefined;
    const tags = dmarcTags(await textsAt(resolver, `_dmarc.${subject}`, signal));
    const receivers = await willingReceivers(subject, tags?.get('rua') ?? '', resolver, signal);
    if (tags === undefined || receivers.length === 0) return undefined;
    return { report: await dmarcReport(sender, { domain: subject, day, now: clock.now() }, tags, records), receivers };
  }

  async #tls(day: number, { subject, facts }: Counted, sender: Reporter, signal: AbortSignal) {
    const { resolver, clock } = this.#parts;
    const receivers = tlsReportUris(await textsAt(resolver, `_smtp._tls.${subject}`, signal));
    if (receivers.length === 0) return undefined;
    return {
      report: await tlsReport(sender, { domain: subject, day, now: clock.now() }, tlsPolicies(facts)),
      receivers,
    };
  }

  /** Answers whether it was handed over: not where it is larger than is taken. */
  async #deliver(
    report: MadeReport,
    { kind, to, most = Infinity }: ReportUri,
    { account }: { readonly account: AccountId },
    signal: AbortSignal,
  ): Promise<boolean> {
    const { automatic, post } = this.#parts;
    if (kind === 'https') {
      if (report.content.length > most) return false;
      const status = await post(to, report.content, { 'content-type': 'application/tlsrpt+gzip' }, signal);
      if (status < 200 || status > 299) throw new Error(`${to} was answered with ${status}`);
      return true;
    }
    const mail = report.mailTo(to);
    if (mail.length > most) return false;
    // Nobody hears of it when it cannot be delivered: it is not worth a report.
    await automatic.send({
      account,
      sender: '',
      recipient: to,
      mail: { head: mail },
      key: `report ${hash('sha256', `${report.reportId} ${to}`, 'hex')}`,
      requireTls: undefined,
    });
    return true;
  }
}
