/** What is counted of TLS with other servers, and what a report makes of it (RFC 8460 §4). */
import type { TlsFailureFacts, TlsPolicyFacts } from '../../mail/reports/write-tls.ts';
import type { TlsResult } from '../smtp-transfer.ts';
import type { DailyCounts } from './daily-counts.ts';

const MOST_REASON = 200;
const MOST_LINES = 50;

/** In this order, as JSON: it is the key by which equal results are counted together. */
type Fact = readonly [
  policy: TlsPolicyFacts['type'],
  lines: readonly string[],
  mxHosts: readonly string[],
  ...failure:
    | readonly []
    | readonly [result: string, sendingIp: string, host: string, receivingIp: string, reason: string],
];

export function tlsResults(counts: Pick<DailyCounts, 'add'>): (result: TlsResult) => void {
  return ({ domain, policy, sts, tlsa = [], host, address, sourceAddress, result, reason = '' }) => {
    const lines = policy === 'sts' ? (sts?.lines ?? []) : tlsa;
    const mxHosts = policy === 'sts' ? (sts?.mx ?? []) : policy === 'tlsa' ? [host] : [];
    const failure =
      result === 'success'
        ? ([] as const)
        : ([result, sourceAddress, host, address, reason.slice(0, MOST_REASON)] as const);
    const fact: Fact = [policy, lines.slice(0, MOST_LINES), mxHosts.slice(0, MOST_LINES), ...failure];
    counts.add(domain.toLowerCase(), JSON.stringify(fact));
  };
}

/** One for each policy that was seen. */
export function tlsPolicies(facts: ReadonlyMap<string, number>): readonly TlsPolicyFacts[] {
  const found = new Map<string, TlsPolicyFacts & { succeeded: number; failures: TlsFailureFacts[] }>();
  for (const [text, sessions] of facts) {
    const [type, lines, mxHosts, result, sendingIp, receivingHost, receivingIp, reason] = JSON.parse(text) as Fact;
    const key = JSON.stringify([type, lines, mxHosts]);
    let policy = found.get(key);
    if (policy === undefined) found.set(key, (policy = { type, lines, mxHosts, succeeded: 0, failures: [] }));
    if (result === undefined) policy.succeeded += sessions;
    else
      policy.failures.push({
        result,
        sessions,
        sendingIp: sendingIp ?? '',
        receivingHost: receivingHost ?? '',
        receivingIp: receivingIp ?? '',
        reason: reason ?? '',
      });
  }
  return [...found.values()];
}
