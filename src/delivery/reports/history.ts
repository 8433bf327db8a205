/**
 * Reports that were sent, and those that came about our domains: what was in each, in short, for as long as somebody may ask. Rows of `c/reports`, by domain
 * and day; those that come again take the place of the first.
 */
import { hash } from 'node:crypto';
import { Transactions } from '../../directory/transact.ts';
import type { Clock } from '../../ports/clock.ts';
import { type Key, type KeyValueStore, partition } from '../../ports/kv.ts';
import type { Random } from '../../ports/random.ts';
import { DAY_MS } from './daily-counts.ts';

export interface ReportSummary {
  readonly direction: 'sent' | 'received';
  readonly kind: 'dmarc' | 'tls';
  /** The domain that it is about. */
  readonly domain: string;
  /** Milliseconds since 1970: the time it covers. */
  readonly begin: number;
  readonly end: number;
  readonly reportId: string;
  /** Who reports. */
  readonly organization: string;
  /** When it was sent, or came. */
  readonly at: number;
  /** To whom it went, or the domain whose signature it has. */
  readonly parties: readonly string[];
  /** Mails, or sessions. */
  readonly total: number;
  /** Of these, those that neither SPF nor DKIM stood behind, or without the TLS that was asked for. */
  readonly failed: number;
  /** By source address, or by what went wrong; most first. */
  readonly parts: readonly { readonly name: string; readonly total: number; readonly failed: number }[];
}

/** Of a summary. */
export const MOST_PARTS = 100;
const KEPT_DAYS = 90;
const MOST_TEXT = 255;
/** Rows that one question reads. */
const MOST_ROWS = 20_000;
/** Reports that came in a day; more are not noted. */
const MOST_RECEIVED = 5_000;
const HERE = partition('c', 'reports');

export class ReportHistory {
  readonly #kv: KeyValueStore;
  readonly #clock: Clock;
  readonly #transactions: Transactions;
  #today = 0;
  #received = 0;

  constructor(kv: KeyValueStore, clock: Clock, random: Random) {
    this.#kv = kv;
    this.#clock = clock;
    this.#transactions = new Transactions(kv, clock, random);
  }

  async add(summary: ReportSummary): Promise<void> {
    if (summary.direction === 'received' && !this.#counted()) return;
    const short = {
      ...summary,
      organization: summary.organization.slice(0, MOST_TEXT),
      reportId: summary.reportId.slice(0, MOST_TEXT),
      parts: summary.parts.slice(0, MOST_PARTS),
    };
    const put = [[keyOf(short), Buffer.from(JSON.stringify(short))] as const];
    await this.#transactions.run(HERE, () => ({ batch: { put }, result: undefined }));
  }

  /** Whether one more may be noted today. */
  #counted(): boolean {
    const today = Math.floor(this.#clock.now() / DAY_MS);
    if (today !== this.#today) this.#received = 0;
    this.#today = today;
    return this.#received++ < MOST_RECEIVED;
  }

  /** Of the last days, of one domain or of all, newest first. */
  async list({ domain, days }: { readonly domain?: string; readonly days: number }): Promise<readonly ReportSummary[]> {
    const since = this.#clock.now() - days * DAY_MS;
    const range =
      domain === undefined ? {} : { start: domainKey(domain), end: Buffer.from(`${domain.toLowerCase()}\u0001`) };
    const found: ReportSummary[] = [];
    for await (const page of this.#kv.scan(HERE, { ...range, limit: MOST_ROWS }))
      for (const [, value] of page) {
        const row = JSON.parse(Buffer.from(value).toString()) as ReportSummary;
        if (row.end >= since) found.push(row);
      }
    return found.sort((a, b) => b.end - a.end || (a.domain < b.domain ? -1 : 1));
  }

  /** What is older than anybody asks for. */
  async sweep(): Promise<void> {
    const before = this.#clock.now() - KEPT_DAYS * DAY_MS;
    for await (const page of this.#kv.scan(HERE, {})) {
      const remove = page.flatMap(([key, value]) =>
        (JSON.parse(Buffer.from(value).toString()) as ReportSummary).at < before ? [key] : [],
      );
      if (remove.length > 0) await this.#transactions.run(HERE, () => ({ batch: { remove }, result: undefined }));
    }
  }
}

function domainKey(domain: string): Buffer {
  return Buffer.from(`${domain.toLowerCase()}\0`);
}

/** Domain, NUL, end in days, and a digest of what makes it this report. */
function keyOf({ domain, end, direction, kind, organization, parties, reportId }: ReportSummary): Key {
  const day = Math.max(0, Math.floor(end / DAY_MS))
    .toString(16)
    .padStart(8, '0');
  const digest = hash('sha256', JSON.stringify([direction, kind, organization, parties, reportId]), 'hex').slice(0, 32);
  return Buffer.concat([domainKey(domain.slice(0, MOST_TEXT)), Buffer.from(`${day}${digest}`)]);
}
