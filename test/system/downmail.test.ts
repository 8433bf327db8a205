/**
 * Downmail between two services (scenarios 2 and 5 of the paper): a mail that is submitted to the one stays there, the other gets its notification, and the
 * original is picked up with nothing but what that says: by a button, by curl, and by mail programs nobody here wrote.
 */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Api, arrived, signIn } from '../client/rest.ts';
import { hostAndPort } from '../client/wire.ts';
import { DnsTestServer } from '../dns/server.ts';
import { addAccounts, pabal, Service } from '../service.ts';
import { freePort } from '../support/free-port.ts';
import { until } from '../support/until.ts';
import { installed, run } from './run.ts';

const PASSWORD = 'a good password';
const LONG = `${'Something long.\n'.repeat(300)}The needle is at its end.`;
let dns: DnsTestServer;
let here: Service;
let there: Service;
let folder: string;
let alice: Api;
let bob: Api;

beforeAll(async () => {
  dns = await DnsTestServer.start({
    'there.test': { MX: [{ preference: 10, exchange: 'mx.there.test' }] },
    'mx.there.test': { A: ['127.0.0.1'] },
    'here.test': { A: ['127.0.0.1'], TXT: ['v=spf1 ip4:127.0.0.1 -all'] },
    'mail.here.test': { A: ['127.0.0.1'] },
  });
  folder = await mkdtemp(join(tmpdir(), 'pabal-downmail-'));
  const common = { 'dns.servers': JSON.stringify([dns.address]), 'tls.allow_plaintext_login': 'always' };
  there = await Service.start({
    sandbox: false,
    set: {
      ...common,
      hostname: 'mx.there.test',
      'authentication.loopback': 'true',
      'downmail.private_addresses': 'true',
    },
  });
  // The port stands in what is sent.
  const port = await freePort();
  here = await Service.start({
    sandbox: false,
    set: {
      ...common,
      hostname: 'mail.here.test',
      'outbound.port': String(hostAndPort(there.at('smtp')).port),
      'outbound.private_addresses': 'true',
      'listen.http': `127.0.0.1:${port}`,
      'downmail.public_url': `http://mail.here.test:${port}`,
      'downmail.mode': 'downmail',
      'downmail.phase': 'diffusion',
    },
  });
  await addAccounts(here.data, ['alice@here.test'], PASSWORD);
  await addAccounts(there.data, ['bob@there.test'], PASSWORD);
  const { stdout } = await pabal(['domain', 'show', 'here.test', '--json', '--data', here.data]);
  const { records } = JSON.parse(stdout) as { records: { name: string; type: string; value: string }[] };
  for (const { name, type, value } of records)
    if (type === 'TXT' && name.includes('._domainkey.')) dns.zones.set(name.replace(/\.$/, ''), { TXT: [value] });
  alice = await signIn(here, 'alice@here.test', PASSWORD);
  bob = await signIn(there, 'bob@there.test', PASSWORD);
}, 120_000);
afterAll(async () => {
  await Promise.all([here?.[Symbol.asyncDispose](), there?.[Symbol.asyncDispose](), dns?.[Symbol.asyncDispose]()]);
  await rm(folder, { recursive: true, force: true });
});

interface Notified {
  readonly link: string;
  readonly user: string;
  readonly password: string;
  readonly id: string;
}

/** Alice sends it, and Bob gets its notification. */
async function send(subject: string): Promise<Notified> {
  const text = `${subject}: the beginning.\n${LONG}`;
  await alice.post('/v1/messages', { to: ['bob@there.test'], subject, text });
  const raw = await arrived(bob, `No: ${subject}`);
  expect(raw).not.toContain('needle');
  // As somebody reads it.
  const body = raw.slice(raw.indexOf('\r\n\r\n'));
  const link = /^http\S+\/downmail\/\S+$/m.exec(body)?.[0] ?? '';
  const user = /사용자: (\S+)/.exec(body)?.[1] ?? '';
  const password = /암호: (\S+)/.exec(body)?.[1] ?? '';
  expect(link).toBe(`http://mail.here.test:${hostAndPort(here.at('http')).port}/downmail${user}${password}`);
  const { items } = await bob.get('/v1/folders/inbox/messages');
  const found = (items as { id: string; subject: string }[]).find((one) => one.subject === `No: ${subject}`);
  return { link, user, password, id: found?.id ?? '' };
}

const receipt = (subject: string, by: string) =>
  arrived(alice, (raw) => raw.includes(`Subject: Rd: ${subject}\r\n`) && raw.includes(`by=${by};`));

/** The link by curl, to which the name of the host means nothing. */
const curl = (link: string, ...args: string[]) => {
  const { port } = new URL(link);
  return run('curl', ['-sS', '--resolve', `mail.here.test:${port}:127.0.0.1`, ...args, link]);
};

test('the button: the notification is proven, its original takes its place, and the sender gets a receipt', async () => {
  const { id, link } = await send('By button');
  const port = new URL(link).port;
  expect((await bob.get(`/v1/messages/${id}`)).original).toMatchObject({ origin: 'proven', host: 'mail.here.test' });
  const { id: fetched } = await bob.post(`/v1/messages/${id}/original`, {});
  const shown = await bob.get(`/v1/messages/${fetched}`);
  expect(shown).toMatchObject({ subject: 'By button', original: null });
  expect(shown.text).toContain('The needle is at its end.');
  const { items } = await bob.get('/v1/search?q=needle');
  expect(items).toHaveLength(1);
  await receipt('By button', 'fetch');
  // It is gone at its sender, and the link with it.
  const again = await curl(link, '-o', '/dev/null', '-w', '%{http_code}');
  expect([port !== '', String(again.stdout)]).toEqual([true, '410']);
});

test.skipIf(!installed('curl'))('a browser without scripts: a look fetches nothing, a button does', async () => {
  const { link } = await send('By browser');
  const looked = String((await curl(link, '-H', 'Accept-Language: ko')).stdout);
  expect(looked).toContain('보낸 쪽에 보관됩니다');
  expect(looked).not.toContain('needle');
  expect(String((await curl(link, '--data', 'do=show')).stdout)).toContain('The needle is at its end.');
  await receipt('By browser', 'web');
  expect(String((await curl(link, '--data', 'do=delete')).stdout)).toContain('deleted at its sender');
  expect(String((await curl(link, '-o', '/dev/null', '-w', '%{http_code}')).stdout)).toBe('410');
  const wrong = `${link.slice(0, -1)}${link.endsWith('a') ? 'b' : 'a'}`;
  expect(String((await curl(wrong, '-o', '/dev/null', '-w', '%{http_code}')).stdout)).toBe('404');
});

test.skipIf(!installed('curl'))('IMAP with the user and the password of the notification', async () => {
  const { user, password } = await send('By IMAP');
  const ran = await run('curl', ['-sS', '-u', `${user}:${password}`, `imap://${here.at('imap')}/INBOX;UID=1`]);
  expect(ran.code, ran.stderr).toBe(0);
  expect(String(ran.stdout)).toContain('The needle is at its end.');
  await receipt('By IMAP', 'imap');
});

test.skipIf(!installed('neomutt'))('mutt, with nothing but what the notification says', async () => {
  const { user, password, link } = await send('By mutt');
  const { host, port } = hostAndPort(here.at('imap'));
  const rc = join(folder, 'muttrc');
  const settings = [
    `imap_user="${user}"`,
    `imap_pass="${password}"`,
    'imap_authenticators=plain',
    `folder="imap://${host}:${port}"`,
    'spoolfile="+INBOX"',
    'ssl_starttls=no',
    'ssl_force_tls=no',
    'header_cache=""',
    'sleep_time=0',
    'delete=yes',
    'quit=yes',
    'wait_key=no',
    'pipe_decode=yes',
  ];
  await writeFile(rc, settings.map((one) => `set ${one}\n`).join(''), { mode: 0o600 });
  const read = join(folder, 'mutt-read');
  const keys = `<first-entry><pipe-message>cat > ${read}<enter><delete-message><sync-mailbox><quit>`;
  // It wants a terminal.
  const ran = await run('script', ['-qec', `TERM=vt100 neomutt -n -F ${rc} -e 'push "${keys}"'`, '/dev/null']);
  expect(ran.code, ran.stderr).toBe(0);
  expect(await readFile(read, 'utf8')).toContain('The needle is at its end.');
  await receipt('By mutt', 'imap');
  const again = await curl(link, '-o', '/dev/null', '-w', '%{http_code}');
  expect(String(again.stdout)).toBe('410');
});

test.skipIf(!installed('mpop'))('POP3 with mpop, which deletes what it has', async () => {
  const { user, password, link } = await send('By POP3');
  const { host, port } = hostAndPort(here.at('pop3'));
  const maildir = join(folder, 'mpop');
  for (const part of ['cur', 'new', 'tmp']) await mkdir(join(maildir, part), { recursive: true });
  const rc = join(folder, 'mpoprc');
  await writeFile(
    rc,
    `account default\nhost ${host}\nport ${port}\nuser ${user}\npassword ${password}\nauth user\ntls off\nkeep off\n` +
      `delivery maildir ${maildir}\nuidls_file ${join(folder, 'uidls')}\n`,
    { mode: 0o600 },
  );
  const ran = await run('mpop', ['-C', rc]);
  expect(ran.code, ran.stderr).toBe(0);
  const [name = ''] = await readdir(join(maildir, 'new'));
  expect(await readFile(join(maildir, 'new', name), 'utf8')).toContain('The needle is at its end.');
  await receipt('By POP3', 'pop3');
  await until('it is gone at its sender', async () => {
    const { stdout } = await curl(link, '-o', '/dev/null', '-w', '%{http_code}');
    return String(stdout) === '410';
  });
});

test('by itself, when its recipient wants that of people they know', async () => {
  const set = (path: string, body: object) =>
    fetch(`http://${there.at('http')}${path}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${bobToken}` },
      body: JSON.stringify(body),
    });
  const session = await fetch(`http://${there.at('http')}/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ address: 'bob@there.test', password: PASSWORD }),
  });
  const { token: bobToken } = (await session.json()) as { token: string };
  expect((await set('/v1/people/alice@here.test', {})).status).toBe(200);
  expect((await set('/v1/settings/originals', { automatic: 'known' })).status).toBe(200);
  await alice.post('/v1/messages', { to: ['bob@there.test'], subject: 'By itself', text: LONG });
  expect(await arrived(bob, 'By itself')).toContain('The needle is at its end.');
  await receipt('By itself', 'fetch');
});

test.skipIf(!installed('curl'))(
  'confidential: short as it is it stays, and its page wants the code that Alice was told',
  async () => {
    const tomorrow = new Date(Date.now() + 86_400_000).toISOString();
    const sendConfidential = async (subject: string) => {
      const mail = { to: ['bob@there.test'], subject, text: 'The needle.', confidential: { until: tomorrow } };
      const { id, passCode } = (await alice.post('/v1/messages', mail)) as { id: string; passCode: string };
      const raw = await arrived(bob, `No: ${subject}`);
      expect(raw).not.toContain('needle');
      expect(raw).not.toContain(passCode);
      const link = /^http\S+\/downmail\/\S+$/m.exec(raw)?.[0] ?? '';
      const [, user = '', password = ''] = /\/downmail(\/.+\/)([^/]+)$/.exec(link) ?? [];
      const page = async (...args: string[]) => String((await curl(link, '-w', '\n%{http_code}', ...args)).stdout);
      const read = (code: string) => page('--data', `do=show&code=${code}`);
      const wrong = passCode === '00000000' ? '00000001' : '00000000';
      return { id, passCode, link, user, password, page, read, wrong };
    };

    const { id, passCode, link, user, password, page, read, wrong } = await sendConfidential('For you alone');
    const { items } = await bob.get('/v1/folders/inbox/messages');
    const notice = (items as { id: string; subject: string }[]).find((one) => one.subject === 'No: For you alone');
    const { original } = await bob.get(`/v1/messages/${notice?.id}`);
    expect(original).toMatchObject({ origin: 'proven', confidential: true, page: link });
    const waits = await page();
    expect(waits).toMatch(/name="code"[^]*\n200$/);
    expect(waits).not.toContain('needle');
    expect(await read(wrong)).toMatch(/not its pass code[^]*\n403$/);
    // Without the code nothing of it leaves, by whatever way.
    expect(await page('--data', 'do=raw')).not.toContain('needle');
    expect(await page('-X', 'POST', '-H', 'Accept: message/rfc822')).toMatch(/"detail":"confidential"[^]*\n403$/);
    for (const [scheme, at, path] of [
      ['imap', here.at('imap'), '/INBOX;UID=1'],
      ['pop3', here.at('pop3'), '/1'],
    ]) {
      const ran = await run('curl', ['-sSv', '-u', `${user}:${password}`, `${scheme}://${at}${path}`]);
      expect(ran.code).not.toBe(0);
      expect(ran.stderr).toContain('The mail is confidential');
      expect(String(ran.stdout)).not.toContain('needle');
    }
    const shown = await read(passCode);
    expect(shown).toMatch(/The needle\.[^]*\n200$/);
    expect(shown).not.toContain('value="raw"');
    expect(await page('--data', `do=raw&code=${passCode}`)).toMatch(/\n403$/);
    expect(await page('-o', '/dev/null', '-D', '-', '--data', `do=show&code=${passCode}`)).toMatch(
      /cache-control: no-store/i,
    );
    await receipt('For you alone', 'web');
    // Taken back it is, also from who has seen it.
    await alice.post(`/v1/submissions/${id}/recall`, {});
    await until('its page is gone', async () => (await read(passCode)).endsWith('\n410'));

    const locked = await sendConfidential('Guessed at');
    for (let tries = 0; tries < 5; tries++) expect(await locked.read(locked.wrong)).toMatch(/\n403$/);
    expect(await locked.read(locked.passCode)).toMatch(/the mail is locked[^]*\n403$/);
    const { items: waiting } = await alice.get(`/v1/sender-mailbox/copies?mail=${locked.id}`);
    expect(waiting).toMatchObject([{ locked: true, passCode: locked.passCode }]);
  },
);
