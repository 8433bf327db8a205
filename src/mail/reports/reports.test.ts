import { deflateRawSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { MOST_REPORT_BYTES, unpackReport } from './unpack.ts';
import { readDomainReport } from './read.ts';
import { parseXml } from './xml.ts';

const XML = `<?xml version="1.0" encoding="UTF-8" ?>
<!-- made by hand -->
<f:feedback xmlns:f="urn:ietf:params:xml:ns:dmarc-2.0">
  <report_metadata>
    <org_name>Receiver &amp; Sons</org_name><email>dmarc@receiver.test</email><report_id><![CDATA[r<1>]]></report_id>
    <date_range><begin>1795132800</begin><end>1795219199</end></date_range>
  </report_metadata>
  <policy_published><domain>Ours.TEST</domain><p>quarantine</p></policy_published>
  <record>
    <row><source_ip>192.0.2.1</source_ip><count>12</count>
      <policy_evaluated><disposition>none</disposition><dkim>pass</dkim><spf>fail</spf></policy_evaluated></row>
    <identifiers><header_from>ours.test</header_from><envelope_from>bounce.test</envelope_from></identifiers>
    <auth_results><spf><domain>bounce.test</domain><result>pass</result></spf></auth_results>
  </record>
  <record>
    <row><source_ip>2001:db8::1</source_ip><count>3</count>
      <policy_evaluated><disposition>quarantine</disposition><dkim>fail</dkim><spf>fail</spf></policy_evaluated></row>
    <identifiers><header_from>ours.test</header_from></identifiers>
  </record>
</f:feedback>`;

const JSON_REPORT = JSON.stringify({
  'organization-name': 'Receiver',
  'date-range': { 'start-datetime': '2026-11-20T00:00:00Z', 'end-datetime': '2026-11-20T23:59:59Z' },
  'contact-info': 'tls@receiver.test',
  'report-id': '2026-11-20T00:00:00Z_ours.test',
  policies: [
    {
      policy: { 'policy-type': 'sts', 'policy-domain': 'ours.test', 'policy-string': ['version: STSv1'] },
      summary: { 'total-successful-session-count': 100, 'total-failure-session-count': 2 },
      'failure-details': [
        {
          'result-type': 'certificate-expired',
          'sending-mta-ip': '192.0.2.1',
          'receiving-mx-hostname': 'mx.ours.test',
          'failed-session-count': 2,
        },
      ],
    },
  ],
});

function mailWith(type: string, content: Buffer): Buffer {
  return Buffer.from(
    `From: dmarc@receiver.test\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhello\r\n--b\r\n` +
      `Content-Type: ${type}\r\nContent-Transfer-Encoding: base64\r\n\r\n${content.toString('base64')}\r\n--b--\r\n`,
  );
}

/** An archive of one file, as `zip` writes it. */
function zip(name: string, content: Buffer): Buffer {
  const packed = deflateRawSync(content);
  const sizes = Buffer.alloc(12);
  sizes.writeUInt32LE(packed.length, 4);
  sizes.writeUInt32LE(content.length, 8);
  const common = Buffer.concat([Buffer.from([20, 0, 0, 0, 8, 0, 0, 0, 0, 0]), sizes]);
  const lengths = Buffer.from([name.length, 0, 0, 0]);
  const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, lengths, Buffer.from(name), packed]);
  const central = Buffer.concat([
    Buffer.from('PK\x01\x02\x14\x00', 'latin1'),
    common,
    lengths,
    Buffer.alloc(14),
    Buffer.from(name),
  ]);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, central, end]);
}

describe('a report about a domain', () => {
  test.each([
    ['application/gzip', gzipSync(XML)],
    ['application/zip', zip('receiver!ours.xml', Buffer.from(XML))],
    ['text/xml', Buffer.from(XML)],
  ])('of DMARC is read, %s', async (type, content) => {
    expect(await readDomainReport(mailWith(type, content))).toEqual({
      kind: 'dmarc',
      organization: 'Receiver & Sons',
      contact: 'dmarc@receiver.test',
      reportId: 'r<1>',
      begin: 1795132800_000,
      end: 1795219199_000,
      domain: 'ours.test',
      policy: 'quarantine',
      messages: 15,
      failed: 3,
      rows: [
        {
          sourceIp: '192.0.2.1',
          count: 12,
          disposition: 'none',
          dkim: 'pass',
          spf: 'fail',
          headerFrom: 'ours.test',
          envelopeFrom: 'bounce.test',
        },
        {
          sourceIp: '2001:db8::1',
          count: 3,
          disposition: 'quarantine',
          dkim: 'fail',
          spf: 'fail',
          headerFrom: 'ours.test',
          envelopeFrom: '',
        },
      ],
    });
  });

  test.each([
    ['application/tlsrpt+gzip', gzipSync(JSON_REPORT)],
    ['application/tlsrpt+json', Buffer.from(JSON_REPORT)],
  ])('of TLS is read, %s', async (type, content) => {
    expect(await readDomainReport(mailWith(type, content))).toMatchObject({
      kind: 'tls',
      organization: 'Receiver',
      policies: [
        {
          type: 'sts',
          domain: 'ours.test',
          succeeded: 100,
          failed: 2,
          failures: [{ result: 'certificate-expired', sessions: 2, receivingHost: 'mx.ours.test' }],
        },
      ],
    });
  });

  test('is none where there is none, or where it is broken', async () => {
    expect(await readDomainReport(Buffer.from('Subject: x\r\n\r\nhello\r\n'))).toBeUndefined();
    for (const text of ['', '{', '{}', '[]', 'null', '<a>', '<feedback/>', '<a/><b/>', XML.slice(0, 300)])
      expect(await readDomainReport(mailWith('text/xml', Buffer.from(text))), text).toBeUndefined();
    for (const content of [gzipSync(XML).subarray(0, 100), zip('a', Buffer.from(XML)).subarray(0, 200)])
      expect(await readDomainReport(mailWith('application/gzip', content))).toBeUndefined();
  });

  test('that counts and dates without measure is read as far as numbers and years go', async () => {
    const record = '<record><row><count>999999999999</count></row></record>';
    const many = XML.replace('</f:feedback>', `${record.repeat(9_990)}</f:feedback>`);
    const read = await readDomainReport(mailWith('text/xml', Buffer.from(many)));
    expect(read).toMatchObject({ messages: Number.MAX_SAFE_INTEGER, failed: Number.MAX_SAFE_INTEGER });
    for (const year of ['+010000', '-000001']) {
      const late = JSON_REPORT.replace('2026-11-20T00:00:00Z', `${year}-01-01T00:00:00Z`);
      expect(await readDomainReport(mailWith('application/tlsrpt+json', Buffer.from(late)))).toBeUndefined();
    }
  });

  test('that grows without measure is not unpacked', async () => {
    const bomb = Buffer.alloc(MOST_REPORT_BYTES + 1, 0x20);
    expect(await unpackReport(gzipSync(bomb))).toBeUndefined();
    expect(await unpackReport(zip('bomb.xml', bomb))).toBeUndefined();
    expect(await unpackReport(bomb)).toBeUndefined();
    const most = bomb.subarray(1);
    expect((await unpackReport(gzipSync(most)))?.length).toBe(MOST_REPORT_BYTES);
  });

  test('has no document type, no depth without end and no entities of its own', async () => {
    expect(await parseXml('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')).toBeUndefined();
    expect(await parseXml('<a>'.repeat(1_000) + '</a>'.repeat(1_000))).toBeUndefined();
    expect(await parseXml(`<r>${'<a/>'.repeat(300_000)}</r>`)).toBeUndefined();
    expect((await parseXml('<a b="c">&lt;&#65;&#x42;&unknown;</a>'))?.text).toBe('<AB&unknown;');
    expect((await parseXml('<__proto__><x>1</x></__proto__>'))?.children[0]?.text).toBe('1');
  });
});
