/** The whole service beside a name server: what another server's mail is checked for, and what follows. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SmtpClient } from '../client/smtp.ts';
import { DnsTestServer } from '../dns/server.ts';
import { Service } from '../service.ts';
import { until } from '../support/until.ts';

let dns: DnsTestServer;
let service: Service;
beforeAll(async () => {
  const speaksForUs = ['v=spf1 ip4:127.0.0.1 -all'];
  dns = await DnsTestServer.start({
    'good.test': { TXT: speaksForUs, A: ['192.0.2.1'] },
    '_dmarc.good.test': { TXT: ['v=DMARC1; p=reject'] },
    'bank.test': { TXT: ['v=spf1 -all'], A: ['192.0.2.1'] },
    '_dmarc.bank.test': { TXT: ['v=DMARC1; p=reject'] },
    'shop.test': { TXT: ['v=spf1 -all'], A: ['192.0.2.1'] },
    '_dmarc.shop.test': { TXT: ['v=DMARC1; p=quarantine'] },
    'broken.test': { fails: 'servfail' },
    '_dmarc.broken.test': { fails: 'servfail' },
  });
  service = await Service.start({
    set: { 'dns.servers': JSON.stringify([dns.address]), 'authentication.loopback': 'true', hostname: 'mx.mail.test' },
  });
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await dns[Symbol.asyncDispose]();
});

/** The reply to a mail by this author. */
async function send(author: string, to: string): Promise<string> {
  await using smtp = await SmtpClient.connect(service.at('smtp'));
  const raw = `From: <${author}>\r\nTo: <${to}>\r\nSubject: hi\r\nAuthentication-Results: mx.mail.test; dkim=pass\r\n\r\ntext\r\n`;
  const [reply] = await smtp.send(author, [to], Buffer.from(raw));
  return `${reply?.code} ${reply?.lines.at(-1) ?? ''}`;
}

interface Message {
  readonly id: string;
  readonly authentication: unknown;
}

/** The one mail of somebody's folder, once it is there. */
async function only(user: string, role: string): Promise<Message> {
  const base = `http://${service.at('http')}/v1`;
  const json = { 'content-type': 'application/json' };
  const body = JSON.stringify({ address: user, password: 'pass' });
  const session = (await (await fetch(`${base}/session`, { method: 'POST', headers: json, body })).json()) as {
    token: string;
  };
  const headers = { authorization: `Bearer ${session.token}` };
  const { id } = await until(`a mail in ${role}`, async () => {
    const page = (await (await fetch(`${base}/folders/${role}/messages`, { headers })).json()) as { items: Message[] };
    return page.items[0];
  });
  return (await (await fetch(`${base}/messages/${id}`, { headers })).json()) as Message;
}

test('mail whose author’s domain stands behind it is in INBOX, and the API says who does', async () => {
  expect(await send('kim@good.test', 'one@mail.test')).toMatch(/^250 /);
  expect((await only('one@mail.test', 'inbox')).authentication).toEqual({
    spf: { result: 'pass', domain: 'good.test' },
    dkim: [],
    dmarc: { result: 'pass', domain: 'good.test' },
    arc: { result: 'none', domain: '' },
  });
});

test('mail that nobody stands behind is refused, or lies in Junk, as the domain asks', async () => {
  expect(await send('ceo@bank.test', 'two@mail.test')).toMatch(/^550 .*5\.7\.1 .*DMARC/);
  expect(await send('ad@shop.test', 'two@mail.test')).toMatch(/^250 /);
  expect((await only('two@mail.test', 'junk')).authentication).toMatchObject({
    spf: { result: 'fail' },
    dmarc: { result: 'fail', domain: 'shop.test' },
  });
});

test('DNS that fails holds up nothing', async () => {
  expect(await send('kim@broken.test', 'three@mail.test')).toMatch(/^250 /);
  expect((await only('three@mail.test', 'inbox')).authentication).toMatchObject({
    spf: { result: 'temperror' },
    dmarc: { result: 'temperror' },
  });
});
