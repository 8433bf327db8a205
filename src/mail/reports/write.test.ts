import { expect, test } from 'vitest';
import { aggregateXml } from './write-aggregate.ts';
import { tlsReportJson } from './write-tls.ts';
import { parseXml } from './xml.ts';

const COMMON = {
  organization: 'A <&> B\u0001',
  contact: 'postmaster@ours.test',
  reportId: '1.a@ours.test',
  begin: 1795132800,
  end: 1795219199,
};

test('an aggregate report has what the schema asks for, in its words and its order (RFC 9990 appendix A)', async () => {
  const tags = new Map([
    ['p', 'Reject'],
    ['np', 'quarantine'],
    ['adkim', 's'],
    ['aspf', 'x'],
    ['t', 'y'],
  ]);
  const record = {
    sourceIp: '192.0.2.1',
    count: 2,
    disposition: 'quarantine' as const,
    dkimAligned: false,
    spfAligned: true,
    reason: 'mailing_list' as const,
    headerFrom: 'a.author.test',
    envelopeFrom: '',
    spf: { domain: 'helo.test', result: 'softfail' },
    dkim: [{ domain: 'd.test', selector: 's<1>', result: 'permerror' }],
  };
  const facts = { ...COMMON, generator: 'Pabal', policyDomain: 'author.test', tags, records: [record] };
  const xml = [...aggregateXml(facts)].join('');
  expect(xml.replaceAll(/\n */g, '')).toBe(
    '<?xml version="1.0" encoding="UTF-8"?><feedback xmlns="urn:ietf:params:xml:ns:dmarc-2.0"><version>1.0</version>' +
      '<report_metadata><org_name>A &lt;&amp;&gt; B</org_name><email>postmaster@ours.test</email>' +
      '<report_id>1.a@ours.test</report_id><date_range><begin>1795132800</begin><end>1795219199</end></date_range>' +
      '<generator>Pabal</generator></report_metadata>' +
      '<policy_published><domain>author.test</domain><discovery_method>treewalk</discovery_method><p>reject</p><sp>reject</sp>' +
      '<np>quarantine</np><adkim>s</adkim><testing>y</testing></policy_published>' +
      '<record><row><source_ip>192.0.2.1</source_ip><count>2</count><policy_evaluated><disposition>quarantine</disposition>' +
      '<dkim>fail</dkim><spf>pass</spf><reason><type>mailing_list</type></reason></policy_evaluated></row>' +
      '<identifiers><envelope_from></envelope_from><header_from>a.author.test</header_from></identifiers>' +
      '<auth_results><dkim><domain>d.test</domain><selector>s&lt;1&gt;</selector><result>permerror</result></dkim>' +
      '<spf><domain>helo.test</domain><scope>mfrom</scope><result>softfail</result></spf></auth_results></record></feedback>',
  );
  expect((await parseXml(xml))?.name).toBe('feedback');
});

test('a TLS report has the members of RFC 8460 §4.4, and none that are empty', () => {
  const failure = {
    result: 'validation-failure',
    sessions: 3,
    sendingIp: '',
    receivingHost: 'mx.dest.test',
    receivingIp: '192.0.2.9',
    reason: 'no',
  };
  const policies = [
    { type: 'tlsa' as const, lines: ['3 1 1 00'], mxHosts: ['mx.dest.test'], succeeded: 5, failures: [failure] },
    { type: 'no-policy-found' as const, lines: [], mxHosts: [], succeeded: 1, failures: [] },
  ];
  expect(JSON.parse(tlsReportJson({ ...COMMON, domain: 'dest.test', policies }))).toEqual({
    'organization-name': COMMON.organization,
    'date-range': { 'start-datetime': '2026-11-20T00:00:00Z', 'end-datetime': '2026-11-20T23:59:59Z' },
    'contact-info': 'postmaster@ours.test',
    'report-id': '1.a@ours.test',
    policies: [
      {
        policy: {
          'policy-type': 'tlsa',
          'policy-string': ['3 1 1 00'],
          'policy-domain': 'dest.test',
          'mx-host': ['mx.dest.test'],
        },
        summary: { 'total-successful-session-count': 5, 'total-failure-session-count': 3 },
        'failure-details': [
          {
            'result-type': 'validation-failure',
            'receiving-mx-hostname': 'mx.dest.test',
            'receiving-ip': '192.0.2.9',
            'failed-session-count': 3,
            'failure-reason-code': 'no',
          },
        ],
      },
      {
        policy: { 'policy-type': 'no-policy-found', 'policy-domain': 'dest.test' },
        summary: { 'total-successful-session-count': 1, 'total-failure-session-count': 0 },
      },
    ],
  });
});
