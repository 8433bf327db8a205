/** The real service: scripts that a client nobody here wrote brings decide where mail goes that comes over SMTP. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ImapClient } from '../client/imap.ts';
import { SmtpClient } from '../client/smtp.ts';
import { hostAndPort } from '../client/wire.ts';
import { Service } from '../service.ts';
import { installed, run } from './run.ts';

let service: Service;
let folder: string;
beforeAll(async () => {
  service = await Service.start();
  folder = await mkdtemp(join(tmpdir(), 'pabal-sieve-'));
  await writeFile(join(folder, 'password'), 'pass\n');
  await writeFile(join(folder, 'wrong'), 'wrong\n');
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** Signs in over STARTTLS. */
async function sieveConnect(user: string, args: readonly string[], password = 'password') {
  const { host, port } = hostAndPort(service.at('managesieve'));
  const common = ['--server', host, '--port', String(port), '--user', user, '--notlsverify', '--passwordfd', '3'];
  const script = 'exec sieve-connect "$@" 3<"$0"';
  const { code, stdout, stderr } = await run('sh', ['-c', script, join(folder, password), ...common, ...args]);
  return { code, out: stdout.toString() + stderr };
}

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

const SCRIPT = `require ["fileinto", "mailbox", "imap4flags", "vacation", "variables"];
# 회의는 따로
if header :matches "subject" "*회의*" {
  setflag "\\\\Flagged";
  fileinto :create "Work/Meetings";
} elsif address :domain "from" "ads.example" {
  discard;
} else {
  vacation :subject "부재중" "자리를 비웠습니다.";
}
`;

describe.runIf(installed('sieve-connect'))('sieve-connect', () => {
  test('checks, uploads, activates, lists, downloads and removes scripts', async () => {
    const user = 'manage@mail.test';
    const good = await file('good.sieve', SCRIPT);
    const bad = await file('bad.sieve', 'keep;\nfly;\n');
    const refused = await sieveConnect(user, ['--upload', '--localsieve', bad, '--remotesieve', 'main']);
    expect(refused.out).toContain("line 2, column 1: there is no command 'fly'");
    expect(refused.code).not.toBe(0);
    for (const args of [['--upload', '--localsieve', good], ['--activate']]) {
      const { code, out } = await sieveConnect(user, [...args, '--remotesieve', 'main']);
      expect([code, out]).toEqual([0, '']);
    }
    expect(await sieveConnect(user, ['--list'])).toEqual({ code: 0, out: '"main" ACTIVE\n' });
    const down = join(folder, 'down.sieve');
    await sieveConnect(user, ['--download', '--remotesieve', 'main', '--localsieve', down]);
    expect(await readFile(down, 'utf8')).toBe(SCRIPT);
    await sieveConnect(user, ['--deactivate']);
    expect((await sieveConnect(user, ['--delete', '--remotesieve', 'main'])).code).toBe(0);
    expect(await sieveConnect(user, ['--list'])).toEqual({ code: 0, out: '' });
    const wrong = await sieveConnect(user, ['--list'], 'wrong');
    expect(wrong.out).toContain('The address or the password is wrong');
    expect(wrong.code).not.toBe(0);
  });

  test('what it brought decides where mail goes, and answers for who is away', async () => {
    const user = 'away@mail.test';
    const good = await file('away.sieve', SCRIPT);
    await sieveConnect(user, ['--upload', '--localsieve', good, '--remotesieve', 'main']);
    await sieveConnect(user, ['--activate', '--remotesieve', 'main']);
    await using smtp = await SmtpClient.connect(service.at('smtp'));
    const send = async (from: string, subject: string, id: string): Promise<void> => {
      const encoded = `=?utf-8?b?${Buffer.from(subject).toString('base64')}?=`;
      const raw = `From: <${from}>\r\nTo: ${user}\r\nSubject: ${encoded}\r\nMessage-ID: <${id}@mail.test>\r\n\r\ntext\r\n`;
      expect((await smtp.send(from, [user], Buffer.from(raw)))[0]?.code).toBe(250);
    };
    await send('friend@mail.test', '다음 회의 안건', 'one');
    await send('shop@ads.example', '광고', 'two');
    await send('friend@mail.test', '안녕', 'three');
    await using friend = await ImapClient.connect(service.at('imap'));
    await friend.login('friend@mail.test', 'pass');
    await until(async () => (await friend.count('INBOX')) > 0);
    await send('friend@mail.test', '또 안녕', 'four');
    await using imap = await ImapClient.connect(service.at('imap'));
    await imap.login(user, 'pass');
    await until(async () => (await imap.count('INBOX')) === 2);
    const [meeting] = await Array.fromAsync(imap.messages('Work/Meetings'));
    expect(meeting?.flags).toBe('\\Flagged');
    expect(meeting?.raw.toString()).toContain('<one@mail.test>');
    const answers = await Array.fromAsync(friend.messages('INBOX'));
    const lines = answers.map(({ raw }) => raw.toString().split('\r\n'));
    expect(lines).toHaveLength(1);
    for (const line of [
      'Return-Path: <>',
      'Subject: =?utf-8?b?67aA7J6s7KSR?=',
      'Auto-Submitted: auto-replied',
      'In-Reply-To: <three@mail.test>',
    ])
      expect(lines[0]).toContain(line);
  });
});

/** The condition is awaited; the test's own deadline ends it. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(50);
}
