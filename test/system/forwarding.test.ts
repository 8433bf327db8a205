/** Two services on loopback, neither with a host name in its own domain: what one passes on comes back to the author when it fails, and what each
 * saw is reported to the other. Both domains ask others to refuse what is not theirs. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readDeliveryReport } from '../../src/mail/delivery-report.ts';
import { type Api, arrived, inStates, signIn } from '../client/rest.ts';
import { SmtpClient } from '../client/smtp.ts';
import { WireClient } from '../client/wire.ts';
import { DnsTestServer } from '../dns/server.ts';
import { addAccounts, pabal, Service } from '../service.ts';
import { freePort } from '../support/free-port.ts';
import { until } from '../support/until.ts';

const PASSWORD = 'a good password';
const HOSTS = { a: '127.0.0.12', b: '127.0.0.13' };
let dns: DnsTestServer;
let services: Service[] = [];
let alice: Api;
let dave: Api;

beforeAll(async () => {
  const port = await freePort(Object.values(HOSTS));
  dns = await DnsTestServer.start();
  for (const [name, address] of Object.entries(HOSTS)) {
    dns.zones.set(`mx.host-of-${name}.test`, { A: [address] });
    dns.zones.set(`${name}.test`, {
      MX: [{ preference: 10, exchange: `mx.host-of-${name}.test` }],
      TXT: [`v=spf1 ip4:${address} -all`],
    });
    dns.zones.set(`_dmarc.${name}.test`, { TXT: [`v=DMARC1; p=reject; rua=mailto:postmaster@${name}.test`] });
    dns.zones.set(`_smtp._tls.${name}.test`, { TXT: [`v=TLSRPTv1; rua=mailto:postmaster@${name}.test`] });
  }
  services = await Promise.all(Object.keys(HOSTS).map((name) => start(name as keyof typeof HOSTS, port)));
  const [a, b] = services as [Service, Service];
  await Promise.all([
    addAccounts(a.data, ['alice@a.test', 'dave@a.test', 'erin@a.test'], PASSWORD),
    addAccounts(b.data, ['bob@b.test', 'carl@b.test', 'frank@b.test'], PASSWORD),
  ]);
  await Promise.all(services.map((service, i) => publishKeys(service, ['a.test', 'b.test'][i]!)));
  await script(b, 'bob@b.test', 'redirect "dave@a.test";');
  await script(b, 'carl@b.test', 'redirect "erin@a.test";');
  const refuse = 'require "reject";\r\nreject "not for me";';
  await Promise.all([script(a, 'erin@a.test', refuse), script(b, 'frank@b.test', refuse)]);
  [alice, dave] = await Promise.all([signIn(a, 'alice@a.test', PASSWORD), signIn(a, 'dave@a.test', PASSWORD)]);
}, 120_000);
afterAll(async () => {
  await Promise.all([...services.map((service) => service[Symbol.asyncDispose]()), dns?.[Symbol.asyncDispose]()]);
});

function start(name: keyof typeof HOSTS, port: number): Promise<Service> {
  return Service.start({
    sandbox: false,
    set: {
      hostname: `mx.host-of-${name}.test`,
      'listen.smtp': `${HOSTS[name]}:${port}`,
      'dns.servers': `["${dns.address}"]`,
      'outbound.port': String(port),
      'outbound.private_addresses': 'true',
      'outbound.first_retry_seconds': '1',
      'authentication.loopback': 'true',
      'tls.allow_plaintext_login': 'always',
      'reports.organization': `Service ${name}`,
      'reports.from': `postmaster@${name}.test`,
    },
  });
}

async function publishKeys({ data }: Service, domain: string): Promise<void> {
  const { stdout } = await pabal(['domain', 'show', domain, '--json', '--data', data]);
  const { records } = JSON.parse(stdout) as { records: { name: string; type: string; value: string }[] };
  for (const { name, value } of records.filter((one) => one.name.includes('._domainkey.')))
    dns.zones.set(name.replace(/\.$/, ''), { TXT: [value] });
}

/** By ManageSieve. */
async function script(service: Service, user: string, text: string): Promise<void> {
  await using client = await WireClient.connect(service.at('managesieve'));
  const answer = async (): Promise<void> => {
    for (let line = ''; !/^(OK|NO|BYE)/.test(line); ) {
      line = await client.line();
      if (/^(NO|BYE)/.test(line)) throw new Error(line);
    }
  };
  await answer();
  const plain = Buffer.from(`\0${user}\0${PASSWORD}`).toString('base64');
  for (const command of [
    `AUTHENTICATE "PLAIN" "${plain}"`,
    `PUTSCRIPT "x" {${Buffer.byteLength(text)}+}\r\n${text}`,
    'SETACTIVE "x"',
  ]) {
    await client.write(`${command}\r\n`);
    await answer();
  }
}

test('mail that is passed on holds: the return path is the forwarder’s, and its seal says what it found', async () => {
  const { id } = await alice.post('/v1/messages', { to: ['bob@b.test'], subject: 'passed on', text: 'x' });
  await inStates(alice, id, ['sent']);
  const raw = await arrived(dave, 'passed on');
  expect(raw).toMatch(/^Return-Path: <SRS0=[a-z2-7]+=[a-z2-7]+=a\.test=alice@b\.test>/m);
  expect(raw.replaceAll(/\r\n[ \t]+/g, ' ')).toMatch(
    /^Authentication-Results: mx\.host-of-a\.test;.*arc=pass.*header\.d=b\.test.*dmarc=pass/m,
  );
  expect(raw).toMatch(/^ARC-Seal: i=1;/m);
});

test('what is refused behind the forwarder comes back to the author', async () => {
  await alice.post('/v1/messages', { to: ['carl@b.test'], subject: 'unwanted', text: 'x' });
  const raw = await arrived(alice, (text) => readDeliveryReport(Buffer.from(text)) !== undefined);
  const report = readDeliveryReport(Buffer.from(raw));
  expect(report?.recipients).toMatchObject([{ address: 'erin@a.test', action: 'failed' }]);
  expect(raw).toContain('not for me');
  // The host's own name would prove nothing to the forwarder, nor to the author's server behind it.
  expect(raw.replaceAll(/\r\n[ \t]+/g, ' ')).toMatch(
    /^Authentication-Results: .*dkim=pass header\.d=a\.test.*dmarc=pass/m,
  );
});

test.each([
  ['', 'frank@b.test'],
  // Its return path is as long as one may be: the forwarder keeps it, and gives its own a token.
  [', also behind a forwarder', 'carl@b.test'],
])('what is refused after it was taken counts as bounced, where it is a list’s%s', async (_where, to) => {
  // A list has a return path for each recipient (VERP).
  await using smtp = await SmtpClient.connect(services[0]!.at('submission'));
  await smtp.login('alice@a.test', PASSWORD);
  const news = `From: alice@a.test\r\nTo: ${to}\r\nSubject: news for ${to}\r\nList-Id: <news.a.test>\r\n\r\nx\r\n`;
  await smtp.send('alice@a.test', [to], Buffer.from(news));
  const { items } = (await alice.get('/v1/submissions')) as { items: { id: string; subject: string }[] };
  await inStates(alice, items.find(({ subject }) => subject === `news for ${to}`)!.id, ['bounced']);
});

test('and each tells the other what came in its name, and how TLS went', async () => {
  const [a, b] = services as [Service, Service];
  const { stdout } = await pabal(['reports', 'send', '--today', '--json', '--data', b.data]);
  expect((JSON.parse(stdout) as { sent: number }).sent).toBeGreaterThanOrEqual(2);
  interface Row {
    readonly kind: string;
    readonly organization: string;
    readonly parties: readonly string[];
    readonly total: number;
    readonly failed: number;
  }
  const rows = await until('reports of both kinds', async () => {
    const read = JSON.parse((await pabal(['domain', 'reports', 'a.test', '--json', '--data', a.data])).stdout) as Row[];
    return new Set(read.map(({ kind }) => kind)).size === 2 ? read : undefined;
  });
  const [dmarc, tls] = ['dmarc', 'tls'].map((kind) => rows.find((row) => row.kind === kind));
  expect(dmarc).toMatchObject({ organization: 'Service b', parties: ['b.test'], failed: 0 });
  expect(dmarc?.total).toBeGreaterThanOrEqual(2);
  expect(tls).toMatchObject({ organization: 'Service b', failed: 0 });
  expect((await pabal(['domain', 'reports', 'a.test', '--data', a.data])).stdout).toMatch(/127\.0\.0\.\d+ .*100 %/);
});
