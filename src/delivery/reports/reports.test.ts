/** Reports as they leave, and as they are read by whoever gets them: here, by ourselves. */
import { beforeEach, describe, expect, test } from 'vitest';
import { ManualClock } from '../../adapters/clock-manual.ts';
import { MemoryKv } from '../../adapters/kv-memory.ts';
import { SeededRandom } from '../../adapters/random-seeded.ts';
import { StaticResolver, type StaticZone } from '../../adapters/resolver-static.ts';
import type { CheckedOrigin } from '../../intake/authentication/check.ts';
import { readDomainReport } from '../../mail/reports/read.ts';
import type { AccountId } from '../../mailstore/api.ts';
import { partition } from '../../ports/kv.ts';
import { silentLog } from '../../telemetry/log.ts';
import { Metrics } from '../../telemetry/metrics.ts';
import type { TlsResult } from '../smtp-transfer.ts';
import { DailyCounts, DAY_MS } from './daily-counts.ts';
import { dmarcResults } from './dmarc-results.ts';
import { ReportHistory } from './history.ts';
import { DailyReports } from './reporter.ts';
import { summaries } from './stage.ts';
import { tlsResults } from './tls-results.ts';

const DAY = 20_413;
const zones = (more: Record<string, StaticZone> = {}): Record<string, StaticZone> => ({
  '_dmarc.author.test': { txt: ['v=DMARC1; p=reject; sp=none; adkim=s; rua=mailto:dmarc@author.test'] },
  '_smtp._tls.dest.test': { txt: ['v=TLSRPTv1; rua=mailto:tls@dest.test,https://reports.test/tls'] },
  ...more,
});

const EVALUATED: CheckedOrigin = {
  sender: 'bounce@mail.author.test',
  remote: '192.0.2.1',
  isReport: false,
  reportsTo: 'mailto:dmarc@author.test',
  spf: { result: 'pass', identity: 'mailfrom', domain: 'mail.author.test' },
  dkim: [{ result: 'fail', domain: 'author.test', selector: 's1', algorithm: 'rsa-sha256', signature: '' }],
  dmarc: {
    result: 'pass',
    domain: 'author.test',
    policyDomain: 'author.test',
    policy: 'reject',
    disposition: 'none',
    spfAligned: true,
    dkimAligned: false,
  },
};
const failing = (remote: string): CheckedOrigin => ({
  ...EVALUATED,
  remote,
  dmarc: { ...EVALUATED.dmarc, result: 'fail', disposition: 'quarantine', override: 'mailing-list', spfAligned: false },
});
const TLS: TlsResult = {
  domain: 'dest.test',
  policy: 'sts',
  sts: { mode: 'testing', mx: ['mx.dest.test'], maxAgeMs: 1, lines: ['version: STSv1', 'mode: testing'] },
  host: 'mx.dest.test',
  address: '192.0.2.9',
  sourceAddress: '192.0.2.7',
  result: 'success',
  reason: undefined,
};

interface Sent {
  readonly recipient: string;
  readonly sender: string;
  readonly key: string;
  readonly raw: Buffer;
}

let clock: ManualClock;
let sent: Sent[];
let posted: { url: string; headers: Readonly<Record<string, string>>; bytes: Uint8Array }[];
beforeEach(() => {
  clock = new ManualClock(DAY * DAY_MS + 1000);
  sent = [];
  posted = [];
});

function lab(names: Record<string, StaticZone> = zones(), options: { readonly from?: string } = {}) {
  const random = new SeededRandom(1);
  const parts = { kv: new MemoryKv(), clock, random, log: silentLog };
  const dmarc = new DailyCounts(parts, partition('c', 'dmarc-results'));
  const tls = new DailyCounts(parts, partition('c', 'tls-results'));
  const history = new ReportHistory(parts.kv, clock, random);
  const reports = new DailyReports({
    counts: { dmarc, tls },
    history,
    automatic: {
      send: async ({ recipient, sender, key, mail }) =>
        void sent.push({ recipient: String(recipient), sender, key, raw: mail.head }),
    },
    directory: {
      route: async (address) =>
        address === 'postmaster@ours.test'
          ? { kind: 'account', account: 'admin' as AccountId, address, detail: undefined }
          : { kind: 'remote', domain: '' },
    },
    resolver: new StaticResolver(names),
    post: async (url, bytes, headers) => {
      posted.push({ url, headers, bytes });
      return 201;
    },
    clock,
    log: silentLog,
    metrics: new Metrics(),
    organization: 'Ours & Co',
    from: '',
    hostname: 'mx.ours.test',
    version: '1.0',
    ...options,
  });
  return { dmarc, tls, history, reports, evaluated: dmarcResults(dmarc), onTls: tlsResults(tls) };
}

describe('DMARC aggregate reports', () => {
  test('leave a day later, and say what was seen', async () => {
    const { evaluated, reports, history } = lab();
    for (let i = 0; i < 3; i++) evaluated(EVALUATED);
    evaluated(failing('2001:db8::1'));
    expect(await reports.send()).toEqual({ sent: 0, unwanted: 0, postponed: 0 });
    await clock.advance(DAY_MS);
    expect(await reports.send()).toEqual({ sent: 1, unwanted: 0, postponed: 0 });
    expect(await reports.send()).toEqual({ sent: 0, unwanted: 0, postponed: 0 });
    const [{ recipient, sender, raw } = { recipient: '', sender: 'x', raw: Buffer.alloc(0) }] = sent;
    expect([recipient, sender]).toEqual(['dmarc@author.test', '']);
    const text = raw.toString('latin1');
    expect(text).toMatch(/^From: Ours & Co <postmaster@ours\.test>\r\nTo: dmarc@author\.test\r\n/m);
    const unfolded = text.replaceAll('\r\n ', ' ');
    expect(unfolded).toMatch(
      /^Subject: Report Domain: author\.test Submitter: ours\.test Report-ID: <[\x21-\x7e]+@ours\.test>\r$/m,
    );
    expect(unfolded).toContain(`filename="ours.test!author.test!${DAY * 86_400}!${DAY * 86_400 + 86_399}!`);
    const report = await readDomainReport(raw);
    expect(report).toMatchObject({
      kind: 'dmarc',
      organization: 'Ours & Co',
      contact: 'postmaster@ours.test',
      begin: DAY * DAY_MS,
      end: (DAY + 1) * DAY_MS - 1000,
      domain: 'author.test',
      policy: 'reject',
      messages: 4,
      failed: 1,
      rows: [
        {
          sourceIp: '192.0.2.1',
          count: 3,
          disposition: 'pass',
          dkim: 'fail',
          spf: 'pass',
          headerFrom: 'author.test',
          envelopeFrom: 'mail.author.test',
        },
        { sourceIp: '2001:db8::1', count: 1, disposition: 'quarantine', dkim: 'fail', spf: 'fail' },
      ],
    });
    expect(await history.list({ domain: 'author.test', days: 10 })).toMatchObject([
      {
        direction: 'sent',
        kind: 'dmarc',
        parties: ['dmarc@author.test'],
        total: 4,
        failed: 1,
        parts: [{ name: '192.0.2.1' }, {}],
      },
    ]);
    // Who gets it notes the same.
    expect(summaries(report!, 'ours.test', 1)).toMatchObject([
      { direction: 'received', domain: 'author.test', total: 4, failed: 1, parties: ['ours.test'] },
    ]);
  });

  test('go to others only where these agree, and no larger than they take', async () => {
    const rua = (text: string) => ({ '_dmarc.author.test': { txt: [`v=DMARC1; p=none; rua=${text}`] } });
    const yes = { 'author.test._report._dmarc.other.test': { txt: ['v=DMARC1'] } };
    const instead = { 'author.test._report._dmarc.other.test': { txt: ['v=DMARC1; rua=mailto:in@other.test'] } };
    const elsewhere = { 'author.test._report._dmarc.other.test': { txt: ['v=DMARC1; rua=mailto:victim@third.test'] } };
    for (const [names, receivers] of [
      [rua('mailto:x@other.test'), []],
      [{ ...rua('mailto:x@other.test'), ...yes }, ['x@other.test']],
      [{ ...rua('mailto:x@other.test'), ...instead }, ['in@other.test']],
      [{ ...rua('mailto:x@other.test'), ...elsewhere }, []],
      [rua('mailto:x@reports.author.test'), ['x@reports.author.test']],
      [rua('mailto:x@author.test!1k, mailto:y@author.test!10m'), ['y@author.test']],
      [rua('https://author.test/'), []],
    ] as const) {
      sent = [];
      const { evaluated, reports } = lab(zones(names));
      evaluated(EVALUATED);
      await clock.advance(DAY_MS);
      await reports.send();
      expect(
        sent.map(({ recipient }) => recipient),
        JSON.stringify(names),
      ).toEqual(receivers);
    }
  });

  test('are not about reports alone, nor where nobody asked for any', async () => {
    const { evaluated, reports } = lab();
    evaluated({ ...EVALUATED, isReport: true });
    evaluated({ ...EVALUATED, reportsTo: '', dmarc: { ...EVALUATED.dmarc, policyDomain: 'quiet.test' } });
    await clock.advance(DAY_MS);
    expect(await reports.send()).toEqual({ sent: 0, unwanted: 1, postponed: 0 });
    expect(sent).toEqual([]);
  });

  test('wait while DNS does not tell, and are given up after some days', async () => {
    const { evaluated, reports } = lab({ '_dmarc.author.test': { fails: 'servfail' } });
    evaluated(EVALUATED);
    await clock.advance(DAY_MS);
    expect(await reports.send()).toEqual({ sent: 0, unwanted: 0, postponed: 1 });
    await clock.advance(3 * DAY_MS);
    expect(await reports.send()).toEqual({ sent: 0, unwanted: 1, postponed: 0 });
    expect(await reports.send()).toEqual({ sent: 0, unwanted: 0, postponed: 0 });
  });

  test('need a sender of ours; until there is one they are kept', async () => {
    const { evaluated, reports } = lab(zones(), { from: 'nobody@ours.test' });
    evaluated(EVALUATED);
    await clock.advance(DAY_MS);
    expect(await reports.send()).toEqual({ sent: 0, unwanted: 0, postponed: 0 });
    expect(await Array.fromAsync(reports.waiting())).toMatchObject([
      { kind: 'dmarc', domain: 'author.test', count: 1 },
    ]);
  });

  test('leave by themselves once a day is over', async () => {
    const { evaluated, reports, dmarc } = lab();
    evaluated(EVALUATED);
    await dmarc.write();
    await clock.advance(DAY_MS);
    for (let hour = 0; hour < 5 && sent.length === 0; hour++) {
      await clock.advance(3_600_000);
      // What is under way, if anything.
      await reports.send();
    }
    expect(sent).toHaveLength(1);
    await reports[Symbol.asyncDispose]();
  });
});

describe('TLS reports', () => {
  test('leave by mail and by HTTPS, and say what went wrong', async () => {
    const { onTls, reports } = lab();
    onTls(TLS);
    onTls(TLS);
    onTls({ ...TLS, result: 'certificate-expired', reason: 'CERT_HAS_EXPIRED' });
    onTls({ ...TLS, domain: 'silent.test' });
    await clock.advance(DAY_MS);
    expect(await reports.send()).toEqual({ sent: 1, unwanted: 1, postponed: 0 });
    const [mail] = sent;
    const text = mail?.raw.toString('latin1') ?? '';
    expect(text).toMatch(/^TLS-Report-Domain: dest\.test\r\nTLS-Report-Submitter: ours\.test\r\nTLS-Required: No\r$/m);
    expect(text).toContain('Content-Type: multipart/report; report-type="tlsrpt";\r\n');
    const read = await readDomainReport(mail!.raw);
    expect(read).toMatchObject({
      kind: 'tls',
      organization: 'Ours & Co',
      policies: [
        {
          type: 'sts',
          domain: 'dest.test',
          succeeded: 2,
          failed: 1,
          failures: [
            { result: 'certificate-expired', sessions: 1, sendingIp: '192.0.2.7', receivingHost: 'mx.dest.test' },
          ],
        },
      ],
    });
    expect(posted).toMatchObject([
      { url: 'https://reports.test/tls', headers: { 'content-type': 'application/tlsrpt+gzip' } },
    ]);
    expect(summaries(read!, 'ours.test', 1)).toMatchObject([
      { kind: 'tls', domain: 'dest.test', total: 3, failed: 1, parts: [{ name: 'certificate-expired', total: 1 }] },
    ]);
  });
});
