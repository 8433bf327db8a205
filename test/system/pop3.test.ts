/** The real service, read over POP3 by programs nobody here wrote. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Pop3Client } from '../client/pop3.ts';
import { SmtpClient } from '../client/smtp.ts';
import { hostAndPort } from '../client/wire.ts';
import { corpus } from '../corpus/corpus.ts';
import { Service } from '../service.ts';
import { installed, run } from './run.ts';

let service: Service;
let folder: string;
beforeAll(async () => {
  service = await Service.start();
  folder = await mkdtemp(join(tmpdir(), 'pabal-pop3-'));
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** Sends the messages over SMTP and waits until all are in the mailbox; answers them as they lie there. */
async function fill(user: string, raws: readonly Buffer[]): Promise<readonly Buffer[]> {
  await using smtp = await SmtpClient.connect(service.at('smtp'));
  for (const raw of raws) expect((await smtp.send('sender@elsewhere.test', [user], raw))[0]?.code).toBe(250);
  for (;;) {
    await using pop = await Pop3Client.connect(service.at('pop3'));
    await pop.login(user, 'pass');
    const { messages } = await pop.stat();
    if (messages < raws.length) {
      await pop.quit();
      continue;
    }
    const stored: Buffer[] = [];
    for (let n = 1; n <= messages; n++) stored.push(await pop.retrieve(n));
    await pop.quit();
    return stored;
  }
}

/** Every shape of mail there is; the trace lines are put on top, and below them nothing changes. */
async function fillWithCorpus(user: string, count: number): Promise<readonly Buffer[]> {
  const raws = [...corpus(count)].map(({ raw }) => raw);
  const stored = await fill(user, raws);
  const left = new Set(raws);
  for (const message of stored) for (const raw of left) if (message.subarray(-raw.length).equals(raw)) left.delete(raw);
  expect(left.size, 'messages that did not come out as they went in').toBe(0);
  return stored;
}

test('70 messages of all shapes come out byte for byte', async () => {
  await fillWithCorpus('corpus@mail.test', 70);
});

const POPLIB = `
import hashlib, json, poplib, ssl, sys
host, port, tls_port, user = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
context = ssl._create_unverified_context()
plain = poplib.POP3(host, port, timeout=30)
capabilities = sorted(plain.capa())
plain.stls(context)
try:
    plain.user(user); plain.pass_('wrong')
    refused = None
except poplib.error_proto as error:
    refused = str(error)
plain.quit()
pop = poplib.POP3_SSL(host, tls_port, context=context, timeout=30)
pop.user(user); pop.pass_('pass')
count, size = pop.stat()
hashes = []
for n in range(1, count + 1):
    lines = pop.retr(n)[1]
    hashes.append(hashlib.sha256(b''.join(line + b'\\r\\n' for line in lines)).hexdigest())
top = pop.top(1, 0)[1]
uidl = [line.decode().split()[1] for line in pop.uidl()[1]]
sizes = [int(line.split()[1]) for line in pop.list()[1]]
pop.dele(1); pop.rset(); pop.dele(2)
pop.quit()
again = poplib.POP3_SSL(host, tls_port, context=context, timeout=30)
again.user(user); again.pass_('pass')
left = [line.decode().split()[1] for line in again.uidl()[1]]
again.quit()
print(json.dumps(dict(capabilities=capabilities, refused=refused, count=count, size=size, hashes=hashes, top=top[-1].decode(), uidl=uidl, sizes=sizes, left=left)))
`;

test.skipIf(!installed('python3'))("Python's poplib reads, lists and deletes, over STLS and over TLS", async () => {
  const stored = await fillWithCorpus('poplib@mail.test', 20);
  const plain = hostAndPort(service.at('pop3'));
  const secure = hostAndPort(service.at('pop3s'));
  const args = [plain.host, String(plain.port), String(secure.port), 'poplib@mail.test'];
  const { code, stdout, stderr } = await run('python3', ['-c', POPLIB, ...args]);
  expect(code, stderr).toBe(0);
  const got = JSON.parse(stdout.toString());
  expect(got.capabilities).toEqual([
    'AUTH-RESP-CODE',
    'EXPIRE',
    'IMPLEMENTATION',
    'LANG',
    'PIPELINING',
    'RESP-CODES',
    'SASL',
    'STLS',
    'TOP',
    'UIDL',
    'USER',
    'UTF8',
  ]);
  expect(got.refused).toContain('-ERR [AUTH]');
  expect(got.count).toBe(20);
  expect(got.hashes).toEqual(stored.map(sha256));
  expect(got.sizes).toEqual(stored.map((s) => s.length));
  expect(got.size).toBe(stored.reduce((sum, s) => sum + s.length, 0));
  expect(got.top).toBe('');
  expect(new Set(got.uidl).size).toBe(20);
  expect(got.left).toEqual(got.uidl.filter((_: string, i: number) => i !== 1));
});

describe.skipIf(!installed('curl'))('curl', () => {
  test('reads over plain, STLS and TLS, by USER and by SASL', async () => {
    const [stored] = await fill('curl@mail.test', [Buffer.from('Subject: x\r\n\r\n.\r\n..\r\nlast\r\n')]);
    const ways = [
      [`pop3://${service.at('pop3')}/1`],
      [`pop3://${service.at('pop3')}/1`, '--ssl-reqd'],
      [`pop3s://${service.at('pop3s')}/1`],
      [`pop3s://${service.at('pop3s')}/1`, '--login-options', 'AUTH=PLAIN'],
      [`pop3s://${service.at('pop3s')}/1`, '--login-options', 'AUTH=PLAIN', '--sasl-ir'],
    ];
    for (const way of ways) {
      const { code, stdout, stderr } = await run('curl', ['-sSk', '-u', 'curl@mail.test:pass', ...way]);
      expect(code, `${way.join(' ')}: ${stderr}`).toBe(0);
      expect(stdout.equals(stored ?? Buffer.alloc(0)), way.join(' ')).toBe(true);
    }
    const wrong = await run('curl', ['-sSk', '-u', 'curl@mail.test:wrong', `pop3s://${service.at('pop3s')}/`]);
    expect(wrong.code).toBe(67);
  });
});

test.skipIf(!installed('fetchmail'))('fetchmail gets each message once, and takes them away when told to', async () => {
  await fillWithCorpus('fetch@mail.test', 15);
  const { host, port } = hostAndPort(service.at('pop3'));
  const rc = join(folder, 'fetchmailrc');
  const fetch = async (options: string) => {
    await writeFile(
      rc,
      `poll ${host} protocol pop3 port ${port} uidl\n` +
        `  user "fetch@mail.test" password "pass" sslproto "" ${options}\n` +
        `  mda "cat > ${folder}/$$.${options.replaceAll(' ', '-')}.eml"\n`,
      { mode: 0o600 },
    );
    const ran = await run('fetchmail', ['-f', rc, '-i', join(folder, 'ids'), '--pidfile', join(folder, 'pid'), '-v']);
    return { ...ran, mails: (await readdir(folder)).filter((name) => name.endsWith('.eml')).length };
  };
  const first = await fetch('keep');
  expect(first.code, first.stderr + first.stdout.toString()).toBe(0);
  expect(first.mails).toBe(15);
  const second = await fetch('keep');
  expect([second.code, second.mails]).toEqual([1, 15]);
  const third = await fetch('fetchall nokeep');
  expect([third.code, third.mails]).toEqual([0, 30]);
  await using pop = await Pop3Client.connect(service.at('pop3'));
  await pop.login('fetch@mail.test', 'pass');
  expect((await pop.stat()).messages).toBe(0);
  const [name = ''] = (await readdir(folder)).filter((n) => n.endsWith('.eml'));
  expect((await readFile(join(folder, name), 'latin1')).length).toBeGreaterThan(100);
});

test.skipIf(!installed('mpop'))('mpop gets what is new, and nothing twice', async () => {
  const user = 'mpop@mail.test';
  const stored = await fillWithCorpus(user, 15);
  const { host, port } = hostAndPort(service.at('pop3'));
  const maildir = join(folder, 'mpop');
  for (const part of ['cur', 'new', 'tmp']) await mkdir(join(maildir, part), { recursive: true });
  const rc = join(folder, 'mpoprc');
  await writeFile(
    rc,
    `account default\nhost ${host}\nport ${port}\nuser ${user}\npassword pass\nauth plain\ntls off\nkeep on\n` +
      `received_header off\ndelivery maildir ${maildir}\nuidls_file ${join(folder, 'mpop-uidls')}\n`,
    { mode: 0o600 },
  );
  const fetch = async (...options: string[]) => {
    const ran = await run('mpop', ['-C', rc, ...options]);
    expect(ran.code, ran.stderr).toBe(0);
    const names = await readdir(join(maildir, 'new'));
    return Promise.all(names.map((name) => readFile(join(maildir, 'new', name), 'latin1')));
  };
  const first = await fetch();
  // It writes them with the line ends of Unix.
  const wanted = stored.map((raw) => raw.toString('latin1').replaceAll('\r\n', '\n'));
  expect(first.toSorted()).toEqual(wanted.toSorted());
  expect(await fetch()).toHaveLength(15);
  const starttls = ['--tls=on', '--tls-starttls=on', '--tls-certcheck=off', '--auth=user'];
  await fetch(...starttls, '--keep=off');
  await using pop = await Pop3Client.connect(service.at('pop3'));
  await pop.login(user, 'pass');
  expect((await pop.stat()).messages).toBe(0);
});
