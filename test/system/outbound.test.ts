/** Mail from one Pabal to another over loopback, found by DNS: what arrives, what comes back, what a kill leaves. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { arrived, inStates, signIn } from '../client/rest.ts';
import { SmtpClient } from '../client/smtp.ts';
import { hostAndPort } from '../client/wire.ts';
import { DnsTestServer } from '../dns/server.ts';
import { addAccounts, pabal, Service } from '../service.ts';
import { until } from '../support/until.ts';

const PASSWORD = 'a good password';
let dns: DnsTestServer;
let there: Service;
let here: Service;
let data: string;

const options = (): Parameters<typeof Service.start>[0] => ({
  data,
  sandbox: false,
  set: {
    hostname: 'mx.here.test',
    'dns.servers': `["${dns.address}"]`,
    'outbound.port': String(hostAndPort(there.at('smtp')).port),
    'outbound.private_addresses': 'true',
    'tls.allow_plaintext_login': 'always',
  },
});

beforeAll(async () => {
  dns = await DnsTestServer.start({
    'there.test': { MX: [{ preference: 10, exchange: 'mx.there.test' }] },
    'mx.there.test': { A: ['127.0.0.1'] },
    'dead.test': { fails: 'servfail' },
  });
  data = await mkdtemp(join(tmpdir(), 'pabal-outbound-'));
  there = await Service.start({ sandbox: false, set: { hostname: 'mx.there.test' } });
  here = await Service.start(options());
  await Promise.all([
    addAccounts(there.data, ['bob@there.test'], PASSWORD),
    addAccounts(data, ['alice@here.test'], PASSWORD),
  ]);
}, 120_000);
afterAll(async () => {
  await Promise.all([here?.[Symbol.asyncDispose](), there?.[Symbol.asyncDispose](), dns?.[Symbol.asyncDispose]()]);
  await rm(data, { recursive: true, force: true });
});

describe('mail to another server', () => {
  test('goes by MX, encrypted and signed, and its sender sees that it went', async () => {
    const alice = await signIn(here, 'alice@here.test', PASSWORD);
    const bob = await signIn(there, 'bob@there.test', PASSWORD);
    const { id } = await alice.post('/v1/messages', {
      to: ['bob@there.test'],
      subject: 'over there',
      text: '안녕\n.\nx',
    });
    const raw = await arrived(bob, 'over there');
    expect(raw).toMatch(/^Return-Path: <alice@here.test>\r\nReceived: from mx\.here\.test /);
    expect(raw).toMatch(/with ESMTPS/);
    expect(raw).toMatch(/\r\nDKIM-Signature: /);
    expect(raw).toMatch(/\r\nReceived: .*by mx\.here\.test with HTTP/s);
    await inStates(alice, id, ['sent']);
  });

  test('from a mail program: one is taken, one is nobody there and comes back with its reason, one waits', async () => {
    const alice = await signIn(here, 'alice@here.test', PASSWORD);
    const bob = await signIn(there, 'bob@there.test', PASSWORD);
    await using smtp = await SmtpClient.connect(here.at('submission'));
    expect(smtp.capabilities).toContain('DSN');
    await smtp.login('alice@here.test', PASSWORD);
    await smtp.command('MAIL FROM:<alice@here.test> RET=HDRS ENVID=e1', 250);
    for (const to of ['bob@there.test', 'nobody@there.test', 'x@dead.test'])
      await smtp.command(`RCPT TO:<${to}> NOTIFY=FAILURE ORCPT=rfc822;${to}`, 250);
    await smtp.command('DATA', 354);
    await smtp.command('From: alice@here.test\r\nSubject: to three\r\n\r\nx\r\n.', 250);
    await arrived(bob, 'to three');
    const report = await arrived(alice, 'Undelivered mail returned to sender');
    expect(report).toMatch(
      /Original-Recipient: rfc822; nobody@there\.test\r\nFinal-Recipient: rfc822; nobody@there\.test\r\nAction: failed\r\nStatus: 5\.1\.1\r\nRemote-MTA: dns; mx\.there\.test\r\n/,
    );
    // Each may be under attempt just then.
    const eventually = (args: readonly string[]): Promise<string> =>
      until(`pabal ${args.join(' ')}`, async () => {
        const { code, stdout } = await pabal([...args, '--data', data]);
        return code === 0 && stdout;
      });
    const stdout = await eventually(['queue', 'list', 'outbound', '--json']);
    const [waiting] = JSON.parse(stdout) as { id: string; reason: string; payload: { destination: string } }[];
    expect(waiting?.payload.destination).toBe('dead.test');
    await eventually(['queue', 'retry', waiting!.id]);
    await eventually(['queue', 'drop', waiting!.id]);
    const { items } = (await alice.get('/v1/submissions')) as { items: { id: string; subject: string }[] };
    await inStates(alice, items.find(({ subject }) => subject === 'to three')!.id, ['sent', 'bounced', 'dropped']);
  });

  test('port 25 relays for nobody', async () => {
    await using smtp = await SmtpClient.connect(here.at('smtp'));
    expect(smtp.capabilities).not.toContain('DSN');
    await smtp.command('MAIL FROM:<alice@here.test>', 250);
    expect((await smtp.command('RCPT TO:<bob@there.test>')).lines).toEqual(['5.7.1 Relaying denied']);
  });

  test('what was taken before a kill arrives after it', async () => {
    const bob = await signIn(there, 'bob@there.test', PASSWORD);
    const before = await signIn(here, 'alice@here.test', PASSWORD);
    await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        before.post('/v1/messages', { to: ['bob@there.test'], subject: `storm ${i}`, text: 'x' }),
      ),
    );
    await here.kill();
    here = await Service.start(options());
    for (let i = 0; i < 10; i++) await arrived(bob, `storm ${i}`);
    const after = await signIn(here, 'alice@here.test', PASSWORD);
    await until('all are remembered', async () => {
      const { items } = (await after.get('/v1/submissions?limit=100')) as { items: { subject: string }[] };
      return items.filter(({ subject }) => subject.startsWith('storm')).length === 10;
    });
    expect((await pabal(['verify', '--data', data])).code).toBe(0);
  });
});
