/** Mail comes in from programs that nobody here wrote, and lies in the mailbox as they sent it. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createTransport } from 'nodemailer';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ImapClient } from '../client/imap.ts';
import { SmtpClient } from '../client/smtp.ts';
import { hostAndPort, WireClient } from '../client/wire.ts';
import { Service } from '../service.ts';
import { until } from '../support/until.ts';

const run = promisify(execFile);
const PASSWORD = 'pass';
let service: Service;
let folder: string;

beforeAll(async () => {
  service = await Service.start();
  folder = await mkdtemp(join(tmpdir(), 'pabal-smtp-'));
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

/** The newest mail of somebody's INBOX, once there are `count`. */
async function inbox(user: string, count = 1): Promise<string> {
  await using imap = await ImapClient.connect(service.at('imap'));
  await imap.login(`${user}@mail.test`, PASSWORD);
  await until(`mail number ${count} of ${user}`, async () => (await imap.count('INBOX')) >= count);
  await imap.ok('SELECT INBOX');
  const { untagged } = await imap.ok(`FETCH ${count} BODY.PEEK[]`);
  return untagged[0]?.literals[0]?.toString() ?? '';
}

const mail = (subject: string): string =>
  `From: Sender <sender@mail.test>\r\nTo: someone@mail.test\r\nSubject: ${subject}\r\nMessage-ID: <${subject}@mail.test>\r\n\r\n.dot\r\n안녕하세요\r\n`;

describe('curl', () => {
  test.each([
    ['submission', 'smtp', ['--ssl-reqd']],
    ['submissions', 'smtps', []],
    ['submission', 'smtp', ['--login-options', 'AUTH=LOGIN']],
  ] as const)('over %s (%s %j)', async (listener, scheme, more) => {
    const user = `curl-${scheme}-${more.length}`;
    const path = join(folder, user);
    await writeFile(path, mail(user));
    await run('curl', [
      '-sSk',
      `${scheme}://${service.at(listener)}/client.test`,
      '--user',
      `sender@mail.test:${PASSWORD}`,
      '--mail-from',
      'sender@mail.test',
      '--mail-rcpt',
      `${user}@mail.test`,
      '-T',
      path,
      ...more,
    ]); // prettier-ignore
    const text = await inbox(user);
    expect(text).toMatch(new RegExp(`^Return-Path: <sender@mail.test>\\r\\nReceived: from client.test `));
    expect(text).toContain(`with ESMTP${scheme === 'smtps' || more[0] === '--ssl-reqd' ? 'S' : ''}A id `);
    expect(text).toMatch(/Date: .*\r\nFrom: Sender/);
    expect(text.endsWith(mail(user).slice(mail(user).indexOf('From:')))).toBe(true);
  }); // prettier-ignore

  test('is told when the password is wrong', async () => {
    const path = join(folder, 'wrong');
    await writeFile(path, mail('wrong'));
    const failed = await run('curl', [
      '-sSk',
      `smtps://${service.at('submissions')}`,
      '--user',
      'sender@mail.test:wrong',
      '--mail-from',
      'sender@mail.test',
      '--mail-rcpt',
      'a@mail.test',
      '-T',
      path,
    ]).catch((error: unknown) => error); // prettier-ignore
    expect(failed).toMatchObject({ code: 67, stderr: expect.stringMatching(/denied|535/) });
  });
});

describe('swaks', () => {
  test('as another server, as a user, and over LMTP', async () => {
    const swaks = async (
      listener: 'smtp' | 'submission' | 'lmtp',
      user: string,
      ...more: string[]
    ): Promise<string> => {
      const { host, port } = hostAndPort(service.at(listener));
      const { stdout } = await run('swaks', [
        '--server',
        host,
        '--port',
        String(port),
        '--from',
        'sender@mail.test',
        '--to',
        `${user}@mail.test`,
        '--h-Subject',
        user,
        ...more,
      ]); // prettier-ignore
      return stdout;
    };
    await swaks('smtp', 'swaks-relay', '--tls');
    expect(await inbox('swaks-relay')).toMatch(/with ESMTPS id [\s\S]*Subject: swaks-relay/);
    const auth = ['--auth-user', 'sender@mail.test', '--auth-password', PASSWORD];
    await swaks('submission', 'swaks-plain', '--tls', '--auth', 'PLAIN', ...auth);
    await swaks('submission', 'swaks-login', '--tls', '--auth', 'LOGIN', ...auth);
    for (const user of ['swaks-plain', 'swaks-login']) expect(await inbox(user)).toContain('with ESMTPSA id ');
    await swaks('lmtp', 'swaks-lmtp', '--protocol', 'LMTP');
    expect(await inbox('swaks-lmtp')).toContain('with LMTP id ');
  });

  test('hears why', async () => {
    const { host, port } = hostAndPort(service.at('smtp'));
    for (const [to, reply] of [
      ['550@mail.test', '550 5.1.1'],
      ['temperror@mail.test', '451 4.3.0'],
      ['x@elsewhere.test', '550 5.7.1 Relaying denied'],
    ] as const) {
      // prettier-ignore
      const failed = await run('swaks', [
        '--server',
        host,
        '--port',
        String(port),
        '--from',
        'a@b.test',
        '--to',
        to,
      ]).catch((error: unknown) => error); // prettier-ignore
      expect((failed as { stdout: string }).stdout).toContain(reply);
    }
  });
});

test("Python's smtplib: STARTTLS, AUTH, SMTPUTF8, several recipients, one refused", async () => {
  const { host, port } = hostAndPort(service.at('submission'));
  const script = `
import smtplib, ssl
context = ssl._create_unverified_context()
with smtplib.SMTP('${host}', ${port}, local_hostname='py.test') as s:
    s.starttls(context=context)
    s.login('sender@mail.test', '${PASSWORD}')
    refused = s.sendmail('sender@mail.test', ['py-one@mail.test', '550@mail.test', '\\ud30c\\uc774@mail.test'],
        'From: sender@mail.test\\r\\nSubject: \\uc548\\ub155\\r\\n\\r\\n.leading dot\\r\\n'.encode(), mail_options=['SMTPUTF8', 'BODY=8BITMIME'])
    print(sorted(refused.items()))
`;
  const { stdout } = await run('python3', ['-c', script]);
  expect(stdout).toContain("('550@mail.test', (550, b'5.1.1");
  const text = await inbox('py-one');
  expect(text).toContain('with UTF8SMTPSA id ');
  expect(text.endsWith('Subject: 안녕\r\n\r\n.leading dot\r\n')).toBe(true);
  expect(await inbox('파이')).toContain('for <파이@mail.test>');
});

test('nodemailer: a pool, attachments of megabytes, bodies full of dots', async () => {
  const { host, port } = hostAndPort(service.at('submissions'));
  const transport = createTransport({
    host,
    port,
    secure: true,
    pool: true,
    tls: { rejectUnauthorized: false },
    auth: { user: 'sender@mail.test', pass: PASSWORD },
  }); // prettier-ignore
  const large = Buffer.alloc(3_000_000, '.\r\n..\r\n');
  await Promise.all(
    [1, 2, 3].map(
      (n) =>
        transport.sendMail({
          from: 'sender@mail.test',
          to: 'nodemailer@mail.test',
          subject: `n${n}`,
          text: '.\n..\n.x\n',
          attachments: [{ filename: 'dots', content: large }],
        }), // prettier-ignore
    ),
  );
  transport.close();
  const text = await inbox('nodemailer', 3);
  expect(text.length).toBeGreaterThan(4_000_000);
  expect(text).toContain('\r\n.\r\n..\r\n.x\r\n');
});

test('an accepted mail reaches an IMAP client that waits within 100 ms', async () => {
  await using imap = await ImapClient.connect(service.at('imap'));
  await imap.login('idle@mail.test', PASSWORD);
  await imap.ok('SELECT INBOX');
  await imap.wire.write('I1 IDLE\r\n');
  await imap.wire.skipToLine('+');
  await using smtp = await SmtpClient.connect(service.at('smtp'));
  for (let i = 1; i <= 20; i++) {
    const seen = imap.wire.skipToLine(`* ${i} EXISTS`);
    await smtp.send('a@b.test', ['idle@mail.test'], Buffer.from(mail(`idle-${i}`)));
    // If that waited for a timer it would take longer than a test may. G9 measures how long it takes.
    await seen;
  }
});

test('out of file descriptors: refused with 421 while those inside go on, and nothing breaks (A16)', async () => {
  await using small = await Service.start({ under: ['prlimit', '--nofile=256:256'] });
  // Signed in: while connections are scarce, strangers who do nothing are sent away early.
  const inside = await SmtpClient.connect(small.at('submission'));
  await inside.login('inside@mail.test', PASSWORD);
  const others: WireClient[] = [];
  let refused = 0;
  for (let i = 0; i < 300; i++) {
    const wire = await WireClient.connect(small.at('smtp')).catch(() => undefined);
    if (wire === undefined) continue;
    others.push(wire);
    const line = await wire.line().catch(() => '421');
    if (line.startsWith('421')) refused++;
  }
  expect(refused).toBeGreaterThan(0);
  await inside.send('inside@mail.test', ['inside@mail.test'], Buffer.from(mail('inside')));
  for (const wire of others) wire.destroy();
  await using again = await until('there is room again', () =>
    SmtpClient.connect(small.at('smtp')).catch(() => undefined),
  );
  await again.send('a@b.test', ['inside@mail.test'], Buffer.from(mail('again')));
  expect(await small.stop()).toBe(0);
});
