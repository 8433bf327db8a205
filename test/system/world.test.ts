/** A small world on loopback: three domains on three Pabals, Postfix as the server of a fourth, and servers that refuse. */
import { type ChildProcess, spawn } from 'node:child_process';
import { hash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readDeliveryReport } from '../../src/mail/delivery-report.ts';
import { type Api, arrived, inStates, signIn } from '../client/rest.ts';
import { SmtpClient } from '../client/smtp.ts';
import { hostAndPort, WireClient } from '../client/wire.ts';
import { DnsTestServer, type NameRecords } from '../dns/server.ts';
import { answering, Postfix, postfixMissing } from '../postfix.ts';
import { addAccounts, Service } from '../service.ts';
import { TestAuthority } from '../support/certificates.ts';
import { freePort } from '../support/free-port.ts';
import { until } from '../support/until.ts';
import { run } from './run.ts';

const PASSWORD = 'a good password';
/** One port for all, as port 25 is, and an address of its own for each. */
const HOSTS = {
  a: '127.0.0.2',
  b: '127.0.0.3',
  c: '127.0.0.4',
  postfix: '127.0.0.5',
  soft: '127.0.0.6',
  hard: '127.0.0.7',
};
const noPostfix = postfixMissing();
if (noPostfix !== undefined) console.warn(`skipped: ${noPostfix}`);

let port: number;
let dns: DnsTestServer;
const pabals: Service[] = [];
let alice: Api;
let bob: Api;
let carol: Api;

beforeAll(async () => {
  port = await freePort(Object.values(HOSTS));
  const zones: Record<string, NameRecords> = {};
  for (const [name, address] of Object.entries(HOSTS)) {
    zones[`${name}.test`] = { MX: [{ preference: 10, exchange: `mx.${name}.test` }] };
    zones[`mx.${name}.test`] = { A: [address] };
  }
  dns = await DnsTestServer.start(zones);
  const people = ['alice@a.test', 'bob@b.test', 'carol@c.test'] as const;
  pabals.push(...(await Promise.all(people.map((address) => startPabal(address.slice(-6, -5) as 'a')))));
  await Promise.all(people.map((address, i) => addAccounts(pabals[i]!.data, [address], PASSWORD)));
  [alice, bob, carol] = (await Promise.all(people.map((address, i) => signIn(pabals[i]!, address, PASSWORD)))) as [
    Api,
    Api,
    Api,
  ];
}, 120_000);
afterAll(async () => {
  await Promise.all([...pabals.map((service) => service[Symbol.asyncDispose]()), dns?.[Symbol.asyncDispose]()]);
});

function startPabal(name: 'a' | 'b' | 'c'): Promise<Service> {
  return Service.start({
    sandbox: false,
    set: {
      hostname: `mx.${name}.test`,
      'listen.smtp': `${HOSTS[name]}:${port}`,
      'dns.servers': `["${dns.address}"]`,
      'outbound.port': String(port),
      'outbound.private_addresses': 'true',
      'outbound.first_retry_seconds': '1',
      'tls.allow_plaintext_login': 'always',
    },
  });
}

/** Over submission, so that it can say what it wants to be told; answers the id of the submission. */
async function submit(subject: string, to: readonly string[], parameters = ''): Promise<string> {
  await using smtp = await SmtpClient.connect(pabals[0]!.at('submission'));
  await smtp.login('alice@a.test', PASSWORD);
  await smtp.command('MAIL FROM:<alice@a.test> RET=HDRS ENVID=e1', 250);
  for (const address of to) await smtp.command(`RCPT TO:<${address}>${parameters}`, 250);
  await smtp.command('DATA', 354);
  await smtp.command(`From: alice@a.test\r\nTo: ${to.join(', ')}\r\nSubject: ${subject}\r\n\r\nx\r\n.`, 250);
  const { items } = (await alice.get('/v1/submissions')) as { items: { id: string; subject: string }[] };
  return items.find((item) => item.subject === subject)!.id;
}

/** What came back about a mail to this address, as our own reader of reports understands it. */
async function reported(to: Api, address: string, action: string) {
  const raw = await arrived(to, (text) => {
    const report = readDeliveryReport(Buffer.from(text));
    return report?.recipients.some((one) => one.address === address && one.action === action) === true;
  });
  const report = readDeliveryReport(Buffer.from(raw))!;
  return { raw, report, recipient: report.recipients.find((one) => one.address === address)! };
}

describe('three domains on three Pabals', () => {
  test('a mail to the two others goes to each, who answer all', async () => {
    const id = await submit('to both', ['bob@b.test', 'carol@c.test'], ' NOTIFY=SUCCESS');
    await inStates(alice, id, ['sent', 'sent']);
    await Promise.all([bob, carol].map((one) => arrived(one, 'to both')));
    // None of us offers DSN to strangers, so the first server on the way tells how far it went (RFC 3461 §6.2.5).
    expect((await reported(alice, 'bob@b.test', 'relayed')).report.envelopeId).toBe('e1');
    const answer = await carol.post('/v1/messages', {
      to: ['alice@a.test', 'bob@b.test', 'nobody@b.test'],
      subject: 'Re: to both',
      text: '모두에게',
    });
    for (const [one, host] of [
      [alice, 'mx.a.test'],
      [bob, 'mx.b.test'],
    ] as const)
      expect(await arrived(one, 'Re: to both')).toMatch(
        new RegExp(`Received: from mx\\.c\\.test [^]*by ${host} [^]*with ESMTPS`),
      );
    await inStates(carol, answer.id, ['sent', 'sent', 'bounced']);
    const { recipient } = await reported(carol, 'nobody@b.test', 'failed');
    expect(recipient).toMatchObject({ status: '5.1.1', remoteMta: 'mx.b.test' });
  });
});

describe('REQUIRETLS', () => {
  test('a mail that needs TLS goes on so from server to server, and comes back where nothing proves the next one', async () => {
    await using smtp = await SmtpClient.connect(pabals[0]!.at('submission'));
    expect(smtp.capabilities).not.toContain('REQUIRETLS');
    await smtp.startTls();
    expect(smtp.capabilities).toContain('REQUIRETLS');
    await smtp.login('alice@a.test', PASSWORD);
    // Bob's script sends it on to Carol, under the same condition.
    await script(pabals[1]!, 'bob@b.test', 'redirect :copy "carol@c.test";', '"copy"');
    for (const name of ['b', 'c'] as const) showCertificate(name);
    await smtp.command('MAIL FROM:<alice@a.test> REQUIRETLS', 250);
    await smtp.command('RCPT TO:<bob@b.test>', 250);
    await smtp.command('DATA', 354);
    await smtp.command('From: alice@a.test\r\nTo: bob@b.test\r\nSubject: for us alone\r\n\r\nx\r\n.', 250);
    await Promise.all([bob, carol].map((one) => arrived(one, 'for us alone')));
    hideCertificate('c');
    await alice.post('/v1/messages', { to: ['carol@c.test'], subject: 'for you', text: 'x', requireTls: true });
    const { recipient } = await reported(alice, 'carol@c.test', 'failed');
    expect(recipient.status).toBe('5.7.10');
  });

  /** By DANE (RFC 7672). */
  function showCertificate(name: 'b' | 'c'): void {
    const pem = readFileSync(join(pabals[name === 'b' ? 1 : 2]!.data, 'tls', 'self-signed.pem'));
    const key = new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'der' });
    const certificate = hash('sha256', key, 'buffer');
    for (const zone of [`${name}.test`, `mx.${name}.test`])
      dns.zones.set(zone, { ...dns.zones.get(zone), authenticated: true });
    dns.zones.set(`_${port}._tcp.mx.${name}.test`, {
      TLSA: [{ usage: 3, selector: 1, matchingType: 1, certificate }],
      authenticated: true,
    });
  }

  function hideCertificate(name: 'c'): void {
    for (const zone of [`${name}.test`, `mx.${name}.test`])
      dns.zones.set(zone, { ...dns.zones.get(zone), authenticated: false });
  }
});

/** Puts a Sieve script in force, over ManageSieve. */
async function script(service: Service, user: string, text: string, requires: string): Promise<void> {
  await using wire = await WireClient.connect(service.at('managesieve'));
  const ok = async (command = ''): Promise<void> => {
    if (command !== '') await wire.write(command);
    let line = await wire.line();
    while (!/^(OK|NO|BYE)/.test(line)) line = await wire.line();
    expect(line).toMatch(/^OK/);
  };
  const source = `require ${requires}; ${text}`;
  await ok();
  await ok(`AUTHENTICATE "PLAIN" "${Buffer.from(`\0${user}\0${PASSWORD}`).toString('base64')}"\r\n`);
  await ok(`PUTSCRIPT "main" {${source.length}+}\r\n${source}\r\n`);
  await ok('SETACTIVE "main"\r\n');
}

describe.skipIf(noPostfix !== undefined)('Postfix', () => {
  let postfix: Postfix;
  beforeAll(async () => {
    const { cert, key } = await (await TestAuthority.make()).issue('mx.postfix.test');
    postfix = await Postfix.start({
      smtp: `${HOSTS.postfix}:${port}`,
      settings: `myhostname = mx.postfix.test
virtual_mailbox_domains = postfix.test
virtual_mailbox_maps = texthash:FOLDER/postfix/people
virtual_alias_domains =
virtual_alias_maps = texthash:FOLDER/postfix/aliases
transport_maps = texthash:FOLDER/postfix/routes
smtpd_tls_chain_files = FOLDER/postfix/key.pem
smtpd_tls_security_level = may
smtp_tls_security_level = encrypt
smtpd_relay_restrictions = permit_mynetworks, reject
notify_classes =
`,
      files: {
        people: 'kim@postfix.test kim/\n',
        aliases: 'moved@postfix.test nobody@b.test\n',
        routes: ['a', 'b', 'c'].map((name) => `${name}.test smtp:[${HOSTS[name as 'a']}]:${port}\n`).join(''),
        'key.pem': `${key}\n${cert}`,
      },
    });
  });
  afterAll(async () => {
    await postfix?.[Symbol.asyncDispose]();
  });

  const inKims = (is: (raw: string) => boolean): Promise<string> =>
    until("a mail in Kim's mailbox", () =>
      postfix
        .maildir('kim')
        .map((raw) => raw.toString())
        .find(is),
    );

  test('takes our mail over TLS, and what it reports is understood', async () => {
    const id = await submit('to Postfix', ['kim@postfix.test', 'moved@postfix.test'], ' NOTIFY=SUCCESS,FAILURE');
    await inStates(alice, id, ['sent', 'sent']);
    const got = await inKims((raw) => raw.includes('Subject: to Postfix'));
    expect(got).toMatch(/Received: from mx\.a\.test [^]*by mx\.postfix\.test \(Postfix\) with ESMTPS/);
    expect(got).toMatch(/\nDKIM-Signature: /);
    const delivered = await reported(alice, 'kim@postfix.test', 'delivered');
    expect(delivered.report).toMatchObject({ reportingMta: 'mx.postfix.test', envelopeId: 'e1' });
    // It took the mail, and found only then that the next server knows nobody of that name.
    const failed = await reported(alice, 'moved@postfix.test', 'failed');
    expect(failed.recipient).toMatchObject({ status: '5.1.1', finalAddress: 'nobody@b.test' });
    expect(failed.report.messageId).toMatch(/^<.+@mx\.a\.test>$/);
  });

  test('sends to us over TLS, and our report comes back to its user', async () => {
    await script(pabals[2]!, 'carol@c.test', 'reject "not here";', '"reject"');
    await swaks('kim@postfix.test', 'alice@a.test,carol@c.test', 'from Postfix');
    expect(await arrived(alice, 'from Postfix')).toMatch(
      /^Return-Path: <kim@postfix\.test>\r\nReceived: from mx\.postfix\.test [^]*by mx\.a\.test with ESMTPS/,
    );
    const report = await inKims((raw) => raw.includes('multipart/report'));
    // Python reads it as any other program would.
    const read = await run('python3', ['-c', READ_REPORT], { input: report });
    expect(JSON.parse(read.stdout.toString())).toEqual({
      type: 'multipart/report',
      parts: ['text/plain', 'message/delivery-status', 'text/rfc822-headers'],
      reporter: 'dns; mx.c.test',
      action: 'failed',
      status: '5.7.1',
      recipient: 'rfc822; carol@c.test',
      returnPath: '<>',
    });
  });

  async function swaks(from: string, to: string, subject: string): Promise<void> {
    const { host } = hostAndPort(postfix.smtp);
    const words = ['--server', host, '--port', String(port), '--from', from, '--to', to, '--tls'];
    const { code, stdout } = await run('swaks', [...words, '--header', `Subject: ${subject}`, '--body', 'text']);
    if (code !== 0) throw new Error(stdout.toString());
  }
});

const READ_REPORT = `
import email, json, sys
mail = email.message_from_file(sys.stdin)
parts = mail.get_payload()
about, recipient = parts[1].get_payload()
print(json.dumps({'type': mail.get_content_type(), 'parts': [p.get_content_type() for p in parts], 'reporter': about['Reporting-MTA'],
  'action': recipient['Action'], 'status': recipient['Status'], 'recipient': recipient['Final-Recipient'], 'returnPath': mail['Return-Path']}))
`;

describe.skipIf(noPostfix !== undefined)('smtp-sink', () => {
  test('that refuses for now is asked again until it takes the mail, one that refuses for good is not', async () => {
    await using soft = await Sink.start('soft', ['-r', 'RCPT']);
    await using _hard = await Sink.start('hard', ['-f', 'DATA', '-B', '554 5.7.1 We do not want it']);
    const id = await submit('to the sinks', ['x@soft.test', 'x@hard.test']);
    await inStates(alice, id, ['delayed', 'bounced']);
    const { recipient } = await reported(alice, 'x@hard.test', 'failed');
    expect(recipient).toMatchObject({ status: '5.7.1', remoteMta: 'mx.hard.test' });
    expect(recipient.diagnostic).toContain('We do not want it');
    await soft[Symbol.asyncDispose]();
    await using _better = await Sink.start('soft', []);
    await inStates(alice, id, ['sent', 'bounced']);
  });
});

/** Postfix's program that takes mail and forgets it, or does not take it. */
class Sink implements AsyncDisposable {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(name: 'soft' | 'hard', args: readonly string[]): Promise<Sink> {
    const address = `${HOSTS[name]}:${port}`;
    const child = spawn(
      '/usr/sbin/smtp-sink',
      ['-u', 'nobody', ...args, '-h', `mx.${name}.test`, `inet:${address}`, '20'],
      {
        stdio: 'inherit',
      },
    );
    const sink = new Sink(child);
    await answering(address, 'nowhere');
    return sink;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }
}
