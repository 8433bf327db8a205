/** Reading what others saw of mail in the name of one of our domains: DMARC aggregate reports (RFC 9990, RFC 7489 appendix C). */
import { parseXml, textAt, type XmlElement } from './xml.ts';

export interface AggregateReport {
  readonly kind: 'dmarc';
  /** Who reports. */
  readonly organization: string;
  readonly contact: string;
  readonly reportId: string;
  /** Milliseconds since 1970. */
  readonly begin: number;
  readonly end: number;
  readonly domain: string;
  /** `none`, `quarantine` or `reject`. */
  readonly policy: string;
  /** Mails of all rows. */
  readonly messages: number;
  /** Of these, those that neither SPF nor DKIM stood behind. */
  readonly failed: number;
  readonly rows: readonly AggregateRow[];
}

export interface AggregateRow {
  readonly sourceIp: string;
  readonly count: number;
  readonly disposition: string;
  /** Aligned results, as the policy counts them. */
  readonly dkim: string;
  readonly spf: string;
  readonly headerFrom: string;
  readonly envelopeFrom: string;
}

const MOST_ROWS = 10_000;
const MOST_TEXT = 300;

/** Undefined when this is no such report. Never rejects. */
export async function readAggregate(xml: string): Promise<AggregateReport | undefined> {
  const root = await parseXml(xml);
  if (root?.name !== 'feedback') return undefined;
  const domain = short(textAt(root, 'policy_published', 'domain')).toLowerCase();
  const begin = seconds(textAt(root, 'report_metadata', 'date_range', 'begin'));
  const end = seconds(textAt(root, 'report_metadata', 'date_range', 'end'));
  if (domain === '' || begin === undefined || end === undefined) return undefined;
  const rows = root.children
    .filter(({ name }) => name === 'record')
    .slice(0, MOST_ROWS)
    .map(rowOf);
  const failed = rows.filter(({ dkim, spf }) => dkim !== 'pass' && spf !== 'pass');
  return {
    kind: 'dmarc',
    organization: short(textAt(root, 'report_metadata', 'org_name')),
    contact: short(textAt(root, 'report_metadata', 'email')),
    reportId: short(textAt(root, 'report_metadata', 'report_id')),
    begin,
    end,
    domain,
    policy: short(textAt(root, 'policy_published', 'p')),
    messages: total(rows),
    failed: total(failed),
    rows,
  };
}

function rowOf(record: XmlElement): AggregateRow {
  const of = (...path: readonly string[]): string => short(textAt(record, ...path));
  return {
    sourceIp: of('row', 'source_ip'),
    count: Number(/^\d{1,12}$/.exec(of('row', 'count'))?.[0] ?? 0),
    disposition: of('row', 'policy_evaluated', 'disposition'),
    dkim: of('row', 'policy_evaluated', 'dkim'),
    spf: of('row', 'policy_evaluated', 'spf'),
    headerFrom: of('identifiers', 'header_from'),
    envelopeFrom: of('identifiers', 'envelope_from'),
  };
}

function total(rows: readonly AggregateRow[]): number {
  return Math.min(
    Number.MAX_SAFE_INTEGER,
    rows.reduce((sum, { count }) => sum + count, 0),
  );
}

function seconds(text: string): number | undefined {
  return /^\d{1,11}$/.test(text) ? Number(text) * 1000 : undefined;
}

/** One line, and no longer than anybody reads. */
function short(text: string): string {
  return text.replaceAll(/[\0-\x1f\x7f]+/g, ' ').slice(0, MOST_TEXT);
}
