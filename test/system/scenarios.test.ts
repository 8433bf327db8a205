/**
 * The five scenarios of Downmail between services of their own, step by step as the paper counts them (s1a ... s5d), with Postfix and Dovecot as the
 * conventional side, and its three phases.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Peer, peerMissing } from '../../bench/peer.ts';
import { BENCH_PASSWORD } from '../../bench/subject.ts';
import { readNotification } from '../../src/mail/downmail/fields.ts';
import { HeaderBlock } from '../../src/mail/header.ts';
import { type Api, arrived, signIn } from '../client/rest.ts';
import { SmtpClient, SmtpRefused } from '../client/smtp.ts';
import { DnsTestServer, type NameRecords } from '../dns/server.ts';
import { addAccounts, pabal, Service } from '../service.ts';
import { freePort } from '../support/free-port.ts';
import { until } from '../support/until.ts';
import { installed, run } from './run.ts';

const PASSWORD = 'a good password';
const LONG = `${'Something long.\r\n'.repeat(300)}The needle is at its end.\r\n`;
const missing = peerMissing();
if (missing !== undefined) console.warn(`skipped: ${missing}`);
const here = missing === undefined && installed('curl') && installed('fetchmail');

/** Of the paper: `yahoo.com` and `cntc.ac.kr` have Downmail, `olds.com` has not; and a gateway. */
const HOSTS = { news: 'mail.yahoo.com', newr: 'mail.cntc.ac.kr', gateway: 'gw.example.com', olds: 'mail.olds.com' };
type Name = keyof typeof HOSTS;
const PEOPLE = { news: 'kdhong@yahoo.com', newr: 'tjkim@cntc.ac.kr', olds: 'old_sender@olds.com' };
const OLD_RECEIVER = 'old_receiver@oldr.com';
const services = new Map<Name, Service>();
const ports = new Map<string, number>();
let dns: DnsTestServer;
let peer: Peer;
let kdhong: Api;
let tjkim: Api;

const at = (name: Name): Service => services.get(name)!;
const port = (name: string): number => ports.get(name)!;

async function start(name: Name, set: Readonly<Record<string, string>>): Promise<void> {
  const data = services.get(name)?.data;
  await services.get(name)?.stop();
  const routes = { 'yahoo.com': 'news', 'cntc.ac.kr': 'newr', 'gw.example.com': 'gateway', 'olds.com': 'olds' };
  const next = Object.entries(routes).map(([domain, to]) => `"${domain}" = "smtp://127.0.0.1:${port(`${to} smtp`)}"`);
  const service = await Service.start({
    ...(data !== undefined && { data }),
    sandbox: false,
    set: {
      hostname: HOSTS[name],
      'dns.servers': JSON.stringify([dns.address]),
      'tls.allow_plaintext_login': 'always',
      'authentication.loopback': 'true',
      'listen.smtp': `127.0.0.1:${port(`${name} smtp`)}`,
      'listen.http': `127.0.0.1:${port(`${name} http`)}`,
      'outbound.routes': `{ ${[...next, `"oldr.com" = "smtp://${peer.smtp}"`].join(', ')} }`,
      'downmail.public_url': `http://${HOSTS[name]}:${port(`${name} http`)}`,
      'downmail.private_addresses': 'true',
      ...set,
    },
  });
  services.set(name, service);
}

/** The Downmail servers in a phase, and the people signed in. */
async function phase(word: 'introduction' | 'diffusion' | 'maturity'): Promise<void> {
  const common = { 'downmail.mode': 'downmail', 'downmail.phase': word };
  await Promise.all([start('news', common), start('newr', { ...common, 'downmail.gateway': 'gw.example.com' })]);
  const people = [PEOPLE.news, PEOPLE.newr] as const;
  [kdhong, tjkim] = (await Promise.all(
    people.map((address, i) => signIn(at(i === 0 ? 'news' : 'newr'), address, PASSWORD)),
  )) as [Api, Api];
}

async function showKeys(name: Name, domain: string): Promise<void> {
  const { stdout } = await pabal(['domain', 'show', domain, '--json', '--data', at(name).data]);
  const { records } = JSON.parse(stdout) as { records: { name: string; type: string; value: string }[] };
  for (const record of records)
    if (record.type === 'TXT' && record.name.includes('._domainkey.'))
      dns.zones.set(record.name.replace(/\.$/, ''), { TXT: [record.value] });
}

beforeAll(async () => {
  if (!here) return;
  for (const name of Object.keys(HOSTS))
    for (const what of ['smtp', 'http']) ports.set(`${name} ${what}`, await freePort());
  const zones: Record<string, NameRecords> = {
    '_downmail.cntc.ac.kr': { TXT: ['v=DOWNMAIL1'] },
    '_dmarc.olds.com': { TXT: ['v=DMARC1; p=reject'] },
  };
  for (const host of Object.values(HOSTS)) zones[host] = { A: ['127.0.0.1'], TXT: ['v=spf1 ip4:127.0.0.1 -all'] };
  for (const domain of ['yahoo.com', 'cntc.ac.kr', 'olds.com'])
    zones[domain] = { A: ['127.0.0.1'], TXT: ['v=spf1 ip4:127.0.0.1 -all'] };
  dns = await DnsTestServer.start(zones);
  peer = await Peer.start({ people: [OLD_RECEIVER] });
  await Promise.all([
    start('olds', {}),
    start('gateway', {
      'downmail.mode': 'gateway',
      'downmail.gateway_domains': '["cntc.ac.kr"]',
      'authentication.loopback': 'true',
    }),
    start('news', {}),
    start('newr', {}),
  ]);
  await Promise.all(
    (['news', 'newr', 'olds'] as const).map((name) => addAccounts(at(name).data, [PEOPLE[name]], PASSWORD)),
  );
  // The mailbox at the gateway is the operator's to open, with a limit of its own.
  await pabal(['downmail', 'open', PEOPLE.newr, '--gateway', '--room', '60KB', '--data', at('gateway').data]);
  await Promise.all([
    showKeys('news', 'yahoo.com'),
    showKeys('newr', 'cntc.ac.kr'),
    showKeys('gateway', 'gateway.gw.example.com'),
  ]);
  await phase('introduction');
  await fetch(`http://${at('newr').at('http')}/v1/settings/downmail`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${await token('newr')}` },
    body: JSON.stringify({ send: 'system', receive: 'notifications' }),
  });
}, 120_000);
afterAll(async () => {
  await Promise.all([...services.values()].map((service) => service[Symbol.asyncDispose]()));
  await peer?.[Symbol.asyncDispose]();
  await dns?.[Symbol.asyncDispose]();
});

async function token(name: 'newr'): Promise<string> {
  const answer = await fetch(`http://${at(name).at('http')}/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ address: PEOPLE[name], password: PASSWORD }),
  });
  return ((await answer.json()) as { token: string }).token;
}

/** Step a: over submission, as mail programs do. */
async function submit(name: 'news' | 'olds', to: string, subject: string, text = LONG): Promise<void> {
  const from = PEOPLE[name];
  await using smtp = await SmtpClient.connect(at(name).at('submission'));
  await smtp.login(from, PASSWORD);
  const raw = `From: ${from}\r\nTo: ${to}\r\nSubject: ${subject}\r\n\r\n${text}`;
  const replies = await smtp.send(from, [to], Buffer.from(raw));
  expect(replies.map(({ code }) => code)).toEqual([250]);
}

/** How many there are in the conventional recipient's mailbox, and the last of them, by POP3. */
const inDovecot = (subject: string): Promise<string> =>
  until(`${subject} in Dovecot`, async () => {
    const user = `${OLD_RECEIVER}:${BENCH_PASSWORD}`;
    const list = await run('curl', ['-sS', '-u', user, `pop3://${peer.pop3}/`]);
    for (const line of list.stdout.toString().split('\r\n').filter(Boolean)) {
      const { stdout } = await run('curl', ['-sS', '-u', user, `pop3://${peer.pop3}/${line.split(' ')[0]}`]);
      if (stdout.includes(`Subject: ${subject}`)) return stdout.toString();
    }
    return undefined;
  });

/** Its traces, the latest first: who handed it to whom. */
const way = (raw: string): string[] =>
  [...raw.replaceAll(/\r\n[ \t]+/g, ' ').matchAll(/^Received: from (\S+).*? by (\S+)/gm)].map(
    ([, from, by]) => `${from} > ${by}`,
  );

const accessIn = (raw: string) => {
  const access = readNotification(HeaderBlock.parse(Buffer.from(raw)));
  if (access === undefined) throw new Error(`this is no notification: ${raw}`);
  return access;
};

const receipt = (subject: string) => arrived(kdhong, `Rd: ${subject}`);

const introduction = 'introduction: scenarios 1, 2, 3 and 4';
test.skipIf(!here)(`${introduction}: 1, from a conventional sender to a conventional recipient`, async () => {
  await submit('olds', OLD_RECEIVER, 'One'); // s1a
  const raw = await inDovecot('One'); // s1c
  expect(way(raw).at(-1)).toContain('mail.olds.com'); // s1b: to Postfix
  expect(way(raw)[1]).toBe('mail.olds.com > peer.test');
  expect(raw).toContain('The needle is at its end.');
});

test.skipIf(!here)(`${introduction}: 2 is the paper's example, kdhong@yahoo.com to tjkim@cntc.ac.kr`, async () => {
  await submit('news', PEOPLE.newr, 'The first');
  await submit('news', PEOPLE.newr, 'The second'); // s2a
  const raw = await arrived(tjkim, 'No: The second'); // s2c
  expect(way(raw)[0]).toBe('mail.yahoo.com > mail.cntc.ac.kr'); // s2b
  expect(raw).not.toContain('The needle is at its end.');
  const { user, password } = userIn(raw);
  expect(accessIn(raw)).toMatchObject({ server: 'mail.yahoo.com', userId: '/kdhong/tjkimcntcackr/2/' });
  // s2d, with fetchmail and nothing but what the notification says.
  const [host, pop] = at('news').at('pop3').split(':');
  const rc = `poll ${host} protocol pop3 port ${pop} user "${user}" password "${password}" no keep sslproto "" mda cat\n`;
  const ran = await run('fetchmail', ['-f', '-', '--nosyslog', '--pidfile', `${at('news').data}/run/fetchmail.pid`], {
    input: rc,
  });
  expect(ran.code, ran.stderr).toBe(0);
  expect(ran.stdout.toString()).toContain('The needle is at its end.');
  expect(await receipt('The second')).toContain('user=/kdhong/tjkimcntcackr/2/');
  const again = await run('fetchmail', ['-f', '-', '--nosyslog', '--pidfile', `${at('news').data}/run/fetchmail.pid`], {
    input: rc,
  });
  expect(again.stdout.toString()).not.toContain('The needle is at its end.');
});

const userIn = (raw: string) => ({
  user: /사용자: (\S+)/.exec(raw)?.[1] ?? '',
  password: /암호: (\S+)/.exec(raw)?.[1] ?? '',
});

async function scenario3(subject: string): Promise<void> {
  await submit('olds', PEOPLE.newr, subject); // s3a
  const raw = await arrived(tjkim, `No: ${subject}`); // s3e
  expect(way(raw)[0]).toBe('gw.example.com > mail.cntc.ac.kr'); // s3d
  expect(raw).toMatch(/dmarc=fail/);
  expect(accessIn(raw)).toMatchObject({
    server: 'gw.example.com',
    userId: expect.stringMatching(/^\/tjkimcntcackr\/oldsenderoldscom\/\d+\/$/),
  });
  const { items } = await tjkim.get('/v1/folders/inbox/messages');
  const { id } = (items as { id: string; subject: string }[]).find((one) => one.subject === `No: ${subject}`)!;
  expect((await tjkim.get(`/v1/messages/${id}`)).original).toMatchObject({ origin: 'gateway' });
  const { id: fetched } = await tjkim.post(`/v1/messages/${id}/original`, {}); // s3f
  const original = await tjkim.raw(fetched);
  expect(original).toContain('The needle is at its end.');
  // s3b and s3c.
  expect(way(original)).toEqual(
    expect.arrayContaining(['mail.olds.com > mail.cntc.ac.kr', 'mail.cntc.ac.kr > gw.example.com']),
  );
}

test.skipIf(!here)(`${introduction}: 3, from a conventional sender by the gateway`, async () => {
  await scenario3('Three');
  // Signal mail does not go that way.
  await submit('olds', PEOPLE.newr, 'Short', 'hello\r\n');
  expect(way(await arrived(tjkim, 'Short'))[0]).toBe('mail.olds.com > mail.cntc.ac.kr');
  // Without room the gateway refuses, and the sender is told.
  await submit('olds', PEOPLE.newr, 'Too much', 'x'.repeat(70).concat('\r\n').repeat(1_000));
  const old = await signIn(at('olds'), PEOPLE.olds, PASSWORD);
  const report = await arrived(old, (raw) => raw.includes('multipart/report'));
  expect(report).toMatch(/please\s+send\s+it\s+by\s+Downmail/);
});

test.skipIf(!here)(`${introduction}: 4, to a conventional recipient as it is`, async () => {
  await submit('news', OLD_RECEIVER, 'Four'); // s4a
  const raw = await inDovecot('Four'); // s4c
  expect(way(raw)[1]).toBe('mail.yahoo.com > peer.test'); // s4b
  expect(raw).toContain('The needle is at its end.');
});

test.skipIf(!here)('diffusion: 5, a notification to a conventional recipient; and 3 as before', async () => {
  await phase('diffusion');
  await submit('news', OLD_RECEIVER, 'Five'); // s5a
  const raw = await inDovecot('No: Five'); // s5c
  expect(way(raw)[1]).toBe('mail.yahoo.com > peer.test'); // s5b
  expect(raw).not.toContain('The needle is at its end.');
  const { user, password } = userIn(raw);
  const got = await run('curl', ['-sS', '-u', `${user}:${password}`, `imap://${at('news').at('imap')}/INBOX;UID=1`]);
  expect(got.stdout.toString()).toContain('The needle is at its end.'); // s5d
  await receipt('Five');
  await scenario3('Three again');
});

test.skipIf(!here)(
  'maturity: originals of conventional senders are refused, and their senders asked to use Downmail',
  async () => {
    await phase('maturity');
    await using smtp = await SmtpClient.connect(at('newr').at('smtp'));
    const raw = `From: ${PEOPLE.olds}\r\nSubject: Late\r\n\r\n${LONG}`;
    const [reply] = await smtp.send(PEOPLE.olds, [PEOPLE.newr], Buffer.from(raw)).catch((error: unknown) => {
      if (error instanceof SmtpRefused) return [error.reply];
      throw error;
    });
    expect(reply?.code).toBe(550);
    expect(reply?.lines.join()).toContain('5.7.1');
    const old = await signIn(at('olds'), PEOPLE.olds, PASSWORD);
    const asked = await arrived(old, (one) => one.includes('From: Pabal <postmaster@cntc.ac.kr>'));
    expect(asked).toContain('takes notifications only');
  },
);
