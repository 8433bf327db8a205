/** A DMARC aggregate report (RFC 9990 §3, schema of its appendix A) as XML. */

export interface AggregateFacts {
  readonly organization: string;
  readonly contact: string;
  readonly reportId: string;
  /** Seconds since 1970, both included. */
  readonly begin: number;
  readonly end: number;
  readonly generator: string;
  /** Where the record is, and its tags. */
  readonly policyDomain: string;
  readonly tags: ReadonlyMap<string, string>;
  /** At least one. */
  readonly records: readonly AggregateRecord[];
}

export interface AggregateRecord {
  readonly sourceIp: string;
  readonly count: number;
  readonly disposition: 'none' | 'pass' | 'quarantine' | 'reject';
  readonly dkimAligned: boolean;
  readonly spfAligned: boolean;
  readonly reason?: 'trusted_forwarder' | 'mailing_list' | 'local_policy';
  readonly headerFrom: string;
  /** '' for the null sender. */
  readonly envelopeFrom: string;
  readonly spf: { readonly domain: string; readonly result: string };
  readonly dkim: readonly { readonly domain: string; readonly selector: string; readonly result: string }[];
}

/** Pieces, so that whoever joins them can let others have a turn. */
export function* aggregateXml(facts: AggregateFacts): Generator<string> {
  const { tags } = facts;
  const policy = choice(tags.get('p'), POLICIES) ?? 'none';
  const subdomains = choice(tags.get('sp'), POLICIES) ?? policy;
  yield [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<feedback xmlns="urn:ietf:params:xml:ns:dmarc-2.0">',
    ' <version>1.0</version>',
    ' <report_metadata>',
    `  ${element('org_name', facts.organization)}`,
    `  ${element('email', facts.contact)}`,
    `  ${element('report_id', facts.reportId)}`,
    `  <date_range><begin>${facts.begin}</begin><end>${facts.end}</end></date_range>`,
    `  ${element('generator', facts.generator)}`,
    ' </report_metadata>',
    ' <policy_published>',
    `  ${element('domain', facts.policyDomain)}`,
    '  <discovery_method>treewalk</discovery_method>',
    `  ${element('p', policy)}`,
    `  ${element('sp', subdomains)}`,
    ...optional('np', choice(tags.get('np'), POLICIES)),
    ...optional('adkim', choice(tags.get('adkim'), ALIGNMENTS)),
    ...optional('aspf', choice(tags.get('aspf'), ALIGNMENTS)),
    `  ${element('testing', tags.get('t')?.toLowerCase() === 'y' ? 'y' : 'n')}`,
    ' </policy_published>',
    '',
  ].join('\n');
  for (const record of facts.records) yield recordXml(record);
  yield '</feedback>\n';
}

const POLICIES: ReadonlySet<string> = new Set(['none', 'quarantine', 'reject']);
const ALIGNMENTS: ReadonlySet<string> = new Set(['r', 's']);

function recordXml(record: AggregateRecord): string {
  const { sourceIp, count, disposition, dkimAligned, spfAligned, reason, headerFrom, envelopeFrom, spf, dkim } = record;
  const verdict = (aligned: boolean): string => (aligned ? 'pass' : 'fail');
  return [
    ' <record>',
    '  <row>',
    `   ${element('source_ip', sourceIp)}<count>${count}</count>`,
    `   <policy_evaluated>${element('disposition', disposition)}${element('dkim', verdict(dkimAligned))}` +
      `${element('spf', verdict(spfAligned))}${reason === undefined ? '' : `<reason>${element('type', reason)}</reason>`}` +
      '</policy_evaluated>',
    '  </row>',
    `  <identifiers>${element('envelope_from', envelopeFrom)}${element('header_from', headerFrom)}</identifiers>`,
    '  <auth_results>',
    ...dkim.map(
      ({ domain, selector, result }) =>
        `   <dkim>${element('domain', domain)}${element('selector', selector)}${element('result', result)}</dkim>`,
    ),
    `   <spf>${element('domain', spf.domain)}<scope>mfrom</scope>${element('result', spf.result)}</spf>`,
    '  </auth_results>',
    ' </record>',
    '',
  ].join('\n');
}

function choice(value: string | undefined, choices: ReadonlySet<string>): string | undefined {
  const lower = value?.toLowerCase();
  return lower !== undefined && choices.has(lower) ? lower : undefined;
}

function optional(name: string, value: string | undefined): readonly string[] {
  return value === undefined ? [] : [`  ${element(name, value)}`];
}

function element(name: string, text: string): string {
  return `<${name}>${escaped(text)}</${name}>`;
}

const ENTITIES = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
]);

/** Also without what XML 1.0 cannot hold at all. */
function escaped(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[\0-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]/g, '')
    .replaceAll(/[&<>]/g, (sign) => ENTITIES.get(sign) ?? '');
}
