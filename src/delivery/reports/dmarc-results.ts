/** What is counted of a mail's DMARC evaluation, and what a report makes of it (RFC 9990 §3). */
import type { CheckedOrigin } from '../../intake/authentication/check.ts';
import type { AggregateRecord } from '../../mail/reports/write-aggregate.ts';
import type { DailyCounts } from './daily-counts.ts';

/** Signatures of a mail that a report names. */
const MOST_SIGNATURES = 10;
/** No name and no selector is longer. */
const MOST_NAME = 253;

/** In this order, as JSON: it is the key by which equal results are counted together. */
type Fact = readonly [
  isReport: 0 | 1,
  sourceIp: string,
  headerFrom: string,
  envelopeFrom: string,
  disposition: AggregateRecord['disposition'],
  reason: string,
  dkimAligned: 0 | 1,
  spfAligned: 0 | 1,
  spfDomain: string,
  spfResult: string,
  ...dkim: readonly (readonly [domain: string, selector: string, result: string])[],
];

/** Counts where the author's domain asks for reports; nothing else. */
export function dmarcResults(counts: Pick<DailyCounts, 'add'>): (checked: CheckedOrigin) => void {
  return ({ sender, remote, isReport, reportsTo, spf, dkim, dmarc }) => {
    if (reportsTo === '' || dmarc.policyDomain === '') return;
    const passed = dmarc.result === 'pass';
    const fact: Fact = [
      isReport ? 1 : 0,
      remote,
      dmarc.domain.slice(0, MOST_NAME),
      sender.slice(sender.lastIndexOf('@') + 1).slice(0, MOST_NAME),
      passed && dmarc.policy !== 'none' ? 'pass' : dmarc.disposition,
      dmarc.override?.replaceAll('-', '_') ?? '',
      dmarc.dkimAligned ? 1 : 0,
      dmarc.spfAligned ? 1 : 0,
      spf.domain.slice(0, MOST_NAME),
      spf.result,
      ...dkim
        .filter(({ domain }) => domain !== '')
        .toSorted((a, b) => Number(b.result === 'pass') - Number(a.result === 'pass'))
        .slice(0, MOST_SIGNATURES)
        .map(
          ({ domain, selector, result }) => [domain.slice(0, MOST_NAME), selector.slice(0, MOST_NAME), result] as const,
        ),
    ];
    counts.add(dmarc.policyDomain.toLowerCase(), JSON.stringify(fact));
  };
}

/** Most first. Undefined when all of it was reports themselves: about these nobody reports, or it would never end. */
export function aggregateRecords(facts: ReadonlyMap<string, number>): readonly AggregateRecord[] | undefined {
  const all = [...facts].map(([fact, count]) => ({ fact: JSON.parse(fact) as Fact, count }));
  if (all.every(({ fact: [isReport] }) => isReport === 1)) return undefined;
  return all.map(({ fact, count }) => recordOf(fact, count)).sort((a, b) => b.count - a.count);
}

function recordOf(
  [, sourceIp, headerFrom, envelopeFrom, disposition, reason, dkimAligned, spfAligned, domain, result, ...dkim]: Fact,
  count: number,
): AggregateRecord {
  return {
    sourceIp,
    count,
    disposition,
    dkimAligned: dkimAligned === 1,
    spfAligned: spfAligned === 1,
    ...(reason !== '' && { reason: reason as NonNullable<AggregateRecord['reason']> }),
    headerFrom,
    envelopeFrom,
    spf: { domain, result },
    dkim: dkim.map(([signer, selector, verdict]) => ({ domain: signer, selector, result: verdict })),
  };
}
