/** Reading what others report of TLS with our servers (TLS-RPT, RFC 8460 §4). */

export interface TlsReport {
  readonly kind: 'tls';
  readonly organization: string;
  readonly contact: string;
  readonly reportId: string;
  /** Milliseconds since 1970. */
  readonly begin: number;
  readonly end: number;
  readonly policies: readonly TlsPolicyReport[];
}

export interface TlsPolicyReport {
  /** `sts`, `tlsa` or `no-policy-found`. */
  readonly type: string;
  readonly domain: string;
  readonly succeeded: number;
  readonly failed: number;
  readonly failures: readonly TlsFailure[];
}

export interface TlsFailure {
  /** RFC 8460 §4.3. */
  readonly result: string;
  readonly sessions: number;
  readonly sendingIp: string;
  readonly receivingHost: string;
  readonly reason: string;
}

const MOST_POLICIES = 100;
const MOST_FAILURES = 1_000;
const MOST_TEXT = 300;
/** Years of four digits end before it. */
const YEAR_10000 = Date.UTC(10_000, 0);

/** Undefined when this is no such report. Never throws. */
export function readTlsReport(json: string): TlsReport | undefined {
  let report: Json;
  try {
    report = JSON.parse(json) as Json;
  } catch {
    return undefined;
  }
  const range = at(report, 'date-range');
  const begin = time(at(range, 'start-datetime'));
  const end = time(at(range, 'end-datetime'));
  if (!Array.isArray(at(report, 'policies')) || begin === undefined || end === undefined) return undefined;
  return {
    kind: 'tls',
    organization: text(at(report, 'organization-name')),
    contact: text(at(report, 'contact-info')),
    reportId: text(at(report, 'report-id')),
    begin,
    end,
    policies: list(at(report, 'policies'), MOST_POLICIES).map(policyOf),
  };
}

type Json = unknown;

function policyOf(one: Json): TlsPolicyReport {
  const policy = at(one, 'policy');
  const summary = at(one, 'summary');
  return {
    type: text(at(policy, 'policy-type')),
    domain: text(at(policy, 'policy-domain')).toLowerCase(),
    succeeded: count(at(summary, 'total-successful-session-count')),
    failed: count(at(summary, 'total-failure-session-count')),
    failures: list(at(one, 'failure-details'), MOST_FAILURES).map((failure) => ({
      result: text(at(failure, 'result-type')),
      sessions: count(at(failure, 'failed-session-count')),
      sendingIp: text(at(failure, 'sending-mta-ip')),
      receivingHost: text(at(failure, 'receiving-mx-hostname')),
      reason: text(at(failure, 'failure-reason-code')),
    })),
  };
}

/** Own members only: names come from outside. */
function at(value: Json, name: string): Json {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, Json>>)[name]
    : undefined;
}

function list(value: Json, most: number): readonly Json[] {
  return Array.isArray(value) ? value.slice(0, most) : [];
}

function text(value: Json): string {
  return typeof value === 'string' ? value.replaceAll(/[\0-\x1f\x7f]+/g, ' ').slice(0, MOST_TEXT) : '';
}

function count(value: Json): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : 0;
}

function time(value: Json): number | undefined {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return ms >= 0 && ms < YEAR_10000 ? ms : undefined;
}
