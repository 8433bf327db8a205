/** A report about TLS with the servers of a domain (TLS-RPT, RFC 8460 §4) as JSON. */

export interface TlsReportFacts {
  readonly organization: string;
  readonly contact: string;
  readonly reportId: string;
  /** Seconds since 1970, both included. */
  readonly begin: number;
  readonly end: number;
  readonly domain: string;
  readonly policies: readonly TlsPolicyFacts[];
}

export interface TlsPolicyFacts {
  readonly type: 'tlsa' | 'sts' | 'no-policy-found';
  /** The policy as it was published, a line or a record each. */
  readonly lines: readonly string[];
  readonly mxHosts: readonly string[];
  readonly succeeded: number;
  readonly failures: readonly TlsFailureFacts[];
}

export interface TlsFailureFacts {
  /** RFC 8460 §4.3. */
  readonly result: string;
  readonly sessions: number;
  readonly sendingIp: string;
  readonly receivingHost: string;
  readonly receivingIp: string;
  readonly reason: string;
}

export function tlsReportJson(facts: TlsReportFacts): string {
  return JSON.stringify({
    'organization-name': facts.organization,
    'date-range': { 'start-datetime': instant(facts.begin), 'end-datetime': instant(facts.end) },
    'contact-info': facts.contact,
    'report-id': facts.reportId,
    policies: facts.policies.map((policy) => ({
      policy: {
        'policy-type': policy.type,
        ...(policy.lines.length > 0 && { 'policy-string': policy.lines }),
        'policy-domain': facts.domain,
        ...(policy.mxHosts.length > 0 && { 'mx-host': policy.mxHosts }),
      },
      summary: {
        'total-successful-session-count': policy.succeeded,
        'total-failure-session-count': policy.failures.reduce((sum, { sessions }) => sum + sessions, 0),
      },
      ...(policy.failures.length > 0 && { 'failure-details': policy.failures.map(failureOf) }),
    })),
  });
}

function failureOf({ result, sessions, sendingIp, receivingHost, receivingIp, reason }: TlsFailureFacts): object {
  return {
    'result-type': result,
    ...(sendingIp !== '' && { 'sending-mta-ip': sendingIp }),
    ...(receivingHost !== '' && { 'receiving-mx-hostname': receivingHost }),
    ...(receivingIp !== '' && { 'receiving-ip': receivingIp }),
    'failed-session-count': sessions,
    ...(reason !== '' && { 'failure-reason-code': reason }),
  };
}

/** RFC 3339, without fractions. */
function instant(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}
