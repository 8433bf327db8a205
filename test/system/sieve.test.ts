/** The real service: scripts that a client nobody here wrote brings decide where mail goes that comes over SMTP. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ImapClient } from '../client/imap.ts';
import { SmtpClient } from '../client/smtp.ts';
import { hostAndPort } from '../client/wire.ts';
import { Service } from '../service.ts';
import { until } from '../support/until.ts';
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

/** Keeps a copy of what comes, and passes on what is flagged. */
const EVENTS = `require ["imapsieve", "environment", "variables", "imap4flags", "fileinto", "copy", "mailbox"];
if environment :matches "imap.cause" "*" { set "cause" "\${1}"; }
if not string "\${cause}" "FLAG" {
  fileinto :copy :create "Log/\${cause}";
} elsif allof (hasflag "\\\\Flagged", environment :contains "imap.changedflags" "Flagged") {
  redirect :copy "events-friend@mail.test";
}
`;

interface Api {
  (method: string, path: string, body?: object): Promise<{ status: number; json: Record<string, unknown> }>;
}

async function api(address: string): Promise<Api> {
  const ask = async (method: string, path: string, body?: object, token = '') => {
    const headers = { 'content-type': 'application/json', ...(token !== '' && { authorization: `Bearer ${token}` }) };
    const answer = await fetch(`http://${service.at('http')}${path}`, {
      method,
      ...(body && { body: JSON.stringify(body) }),
      headers,
    });
    return { status: answer.status, json: (await answer.json()) as Record<string, unknown> };
  };
  const { json } = await ask('POST', '/v1/session', { address, password: 'pass' });
  return (method, path, body) => ask(method, path, body, String(json['token']));
}

describe('what people set up over the API', () => {
  test('rules, reject list, people and absence decide about mail that comes over SMTP', async () => {
    const user = 'owner@mail.test';
    const owner = await api(user);
    const { json: folder } = await owner('POST', '/v1/folders', { name: 'Meetings', description: '회의록' });
    const meeting = { field: 'subject', comparison: 'contains', value: '회의' };
    const move = { do: 'move', folder: folder['id'] };
    expect((await owner('POST', '/v1/rules', { conditions: [meeting], actions: [{ do: 'flag' }, move] })).status).toBe(
      201,
    );
    await owner('PUT', '/v1/reject-list', {
      items: [{ sender: 'ads.example' }, { sender: '*@junk.example', action: 'junk' }],
    });
    await owner('PUT', '/v1/people/boss@mail.test', { importance: 'high' });
    await owner('PUT', '/v1/settings/time-zone', { timeZone: 'Asia/Seoul' });
    await owner('PUT', '/v1/settings/absence', {
      enabled: true,
      from: '2026-01-01T00:00',
      subject: '부재',
      text: '부재중입니다.',
    });

    await using smtp = await SmtpClient.connect(service.at('smtp'));
    const send = async (from: string, subject: string): Promise<number | undefined> => {
      const encoded = `=?utf-8?b?${Buffer.from(subject).toString('base64')}?=`;
      const raw = Buffer.from(`From: <${from}>\r\nTo: ${user}\r\nSubject: ${encoded}\r\n\r\ntext\r\n`);
      return (await smtp.send(from, [user], raw))[0]?.code;
    };
    await expect(send('shop@ads.example', '광고')).rejects.toThrow('The recipient takes no mail from this sender');
    await smtp.command('RSET');
    expect(await send('friend2@mail.test', '주간회의')).toBe(250);
    expect(await send('x@junk.example', 'junk')).toBe(250);
    expect(await send('boss@mail.test', '보고')).toBe(250);
    expect(await send('friend2@mail.test', '또')).toBe(250);

    await using imap = await ImapClient.connect(service.at('imap'));
    await imap.login(user, 'pass');
    await until(
      'two in INBOX and one in Junk',
      async () => (await imap.count('INBOX')) === 2 && (await imap.count('Junk')) === 1,
    );
    const [first] = await Array.fromAsync(imap.messages('Meetings'));
    expect(first?.flags).toBe('\\Flagged');
    const flags = (await Array.fromAsync(imap.messages('INBOX'))).map((message) => message.flags);
    expect(flags.toSorted()).toEqual(['', '$Important']);
    await using friend = await ImapClient.connect(service.at('imap'));
    await friend.login('friend2@mail.test', 'pass');
    await until('an answer', async () => (await friend.count('INBOX')) > 0);
    const [answer, ...more] = await Array.fromAsync(friend.messages('INBOX'));
    expect(answer?.raw.toString()).toContain('Auto-Submitted: auto-replied');
    expect(more).toEqual([]);

    // The same rules over what is there.
    const run = await owner('POST', '/v1/classifications', { preview: true });
    expect(run.status).toBe(202);
    const shown = async () => (await owner('GET', `/v1/classifications/${String(run.json['id'])}`)).json;
    await until('it is done', async () => (await shown())['state'] === 'done');
    expect(await shown()).toMatchObject({ looked: 3, matched: 0 });
  });
});

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
    await until('an answer', async () => (await friend.count('INBOX')) > 0);
    await send('friend@mail.test', '또 안녕', 'four');
    await using imap = await ImapClient.connect(service.at('imap'));
    await imap.login(user, 'pass');
    await until('two in INBOX', async () => (await imap.count('INBOX')) === 2);
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

  test('what it brought runs on what a mail program does in a mailbox to which it is bound (RFC 6785)', async () => {
    const user = 'events@mail.test';
    const events = await file('events.sieve', EVENTS);
    await sieveConnect(user, ['--upload', '--localsieve', events, '--remotesieve', 'events']);
    await using imap = await ImapClient.connect(service.at('imap'));
    await imap.login(user, 'pass');
    const { port } = hostAndPort(service.at('managesieve'));
    const { untagged } = await imap.ok('CAPABILITY');
    expect(untagged[0]?.text).toMatch(new RegExp(`METADATA .*IMAPSIEVE=sieve://[^ :]+:${port} `));
    await imap.ok('SETMETADATA INBOX (/shared/imapsieve/script "events")');
    const mail = (subject: string): Buffer => Buffer.from(`From: <${user}>\r\nSubject: ${subject}\r\n\r\ntext\r\n`);
    await imap.ok('APPEND INBOX ', mail('draft'));
    await imap.ok('APPEND Archive ', mail('elsewhere'));
    const isFiled = async (path: string): Promise<boolean> =>
      (await imap.folders()).includes(path) && (await imap.count(path)) === 1;
    await until('what is appended is filed', () => isFiled('Log/APPEND'));
    await imap.ok('SELECT INBOX');
    // The first says that the script passes mail on.
    await imap.ok('STORE 2 +FLAGS (\\Flagged)');
    await until('what is flagged is sent on', async () => {
      await using friend = await ImapClient.connect(service.at('imap'));
      await friend.login('events-friend@mail.test', 'pass');
      return (await friend.count('INBOX')) === 1;
    });
    await imap.ok('SELECT Archive');
    await imap.ok('COPY 1 INBOX');
    await until('what is copied is filed', () => isFiled('Log/COPY'));
    expect(await imap.count('Log/APPEND')).toBe(1);
    expect(await imap.count('INBOX')).toBe(3);
  });
});
