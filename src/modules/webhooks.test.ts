import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { createServer as createTcp } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { aliceLab, SYSTEM } from '../../test/support/mail-store.ts';
import { MemoryCache } from '../adapters/cache-memory.ts';
import { LocalBus } from '../adapters/bus-local.ts';
import { SeededRandom } from '../adapters/random-seeded.ts';
import { StaticResolver } from '../adapters/resolver-static.ts';
import { type AccountId, Flag, type FolderId } from '../mailstore/api.ts';
import { Cursors } from '../mailstore/cursors.ts';
import { createMailStore } from '../mailstore/store.ts';
import { silentLog } from '../telemetry/log.ts';
import { Metrics } from '../telemetry/metrics.ts';
import { DeadLetters } from './dead-letters.ts';
import { checkedUrl, post } from './post.ts';
import { ModuleRunner } from './runner.ts';
import { filled, PAGER, pager } from './pager.ts';
import type { ExtensionModule } from './module.ts';
import type { Random } from '../ports/random.ts';
import { addWebhook, webhooks, type WebhooksParts } from './webhooks.ts';

const ALICE = 'alice-1' as AccountId;
const INBOX = 1 as FolderId;

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

async function receiver(status: () => number) {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (piece) => (body += piece));
    request.on('end', () => {
      const code = status();
      if (code < 300) received.push({ headers: request.headers, body });
      response.writeHead(code).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(() => new Promise((resolve) => server.close(resolve)));
  return { received, port: (server.address() as { port: number }).port };
}

type LabOptions = WebhooksParts & { readonly random: Random };

async function lab(more: (options: LabOptions) => ExtensionModule[] = () => []) {
  const { kv, blobs, clock } = await aliceLab();
  const random = new SeededRandom(9);
  const bus = new LocalBus();
  const store = createMailStore({ kv, blobs, clock, random, bus });
  const alice = await store.open(SYSTEM, ALICE);
  const resolver = new StaticResolver({ 'hooks.test': { addresses: [{ address: '127.0.0.1', family: 4 }] } });
  const options = { resolver, privateAddresses: true, clock, random };
  const parts = { store, cursors: new Cursors(kv, random), dead: new DeadLetters(kv, random), bus, clock, random };
  const runner = new ModuleRunner({
    ...parts,
    modules: [webhooks(options), ...more(options)],
    log: silentLog,
    metrics: new Metrics(),
  });
  ends.push(() => runner[Symbol.asyncDispose]());
  const turn = async (ms = 600): Promise<void> => {
    await clock.advance(ms);
    await runner.idle();
  };
  const add = (subject: string) =>
    alice.addMessage(Buffer.from(`From: Kim <kim@remote.test>\r\nSubject: ${subject}\r\n\r\ntext\r\n`), {
      folder: INBOX,
    });
  return { alice, options, turn, add, clock };
}

test('a webhook hears what it asked for, from its making on, signed, in order, and again until it was taken', async () => {
  const { alice, options, turn, add } = await lab();
  let code = 200;
  const { received, port } = await receiver(() => code);
  await add('before');
  await turn();
  const { id, secret } = await addWebhook(
    alice,
    { url: `http://hooks.test:${port}/x?y=1`, events: ['message-added', 'flags-changed'] },
    options,
  );
  const placed = await add('회의');
  await turn();
  code = 500;
  await alice.updateMessage([placed.id], { mode: 'add', flags: Flag.seen, keywords: [] });
  await add('late');
  await turn();
  code = 204;
  await turn(60_000);
  const bodies = received.map(
    ({ body }) => JSON.parse(body) as { webhook: string; events: { id: string; type: string }[] },
  );
  expect(bodies.map((body) => body.events.map(({ type }) => type))).toEqual([
    ['message-added'],
    ['flags-changed'],
    ['message-added'],
  ]);
  expect(bodies[0]).toMatchObject({
    webhook: id,
    events: [
      {
        message: {
          id: String(placed.id),
          subject: '회의',
          from: [{ name: 'Kim', address: 'kim@remote.test' }],
          preview: 'text',
          read: false,
        },
      },
    ],
  });
  expect(new Set(bodies.flatMap((body) => body.events.map((event) => event.id))).size).toBe(3);
  for (const { headers, body } of received) {
    const [, at = '', mac] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['pabal-signature'])) ?? [];
    expect(createHmac('sha256', secret).update(`${at}.${body}`).digest('hex')).toBe(mac);
  }
});

test('it reaches no place that only we can reach, however that is written (F16)', async () => {
  let connections = 0;
  const canary = createTcp((socket) => {
    connections++;
    socket.destroy();
  });
  await new Promise<void>((resolve) => canary.listen(0, '127.0.0.1', resolve));
  ends.push(() => new Promise((resolve) => canary.close(resolve)));
  const { port } = canary.address() as { port: number };
  const zones = Object.fromEntries(
    ['localhost', 'rebind.test', '127.0.0.1.nip.test', 'localtest.test', 'a.localhost'].map((name) => [
      name,
      { addresses: [{ address: '127.0.0.1', family: 4 as const }] },
    ]),
  );
  const six = { addresses: [{ address: '::1', family: 6 as const }] };
  const resolver = new StaticResolver({ ...zones, 'six.test': six });
  const hosts = `
    127.0.0.1 127.1 127.0.1 0 0.0.0.0 2130706433 0x7f000001 0x7f.1 017700000001 0177.0.0.1
    127.127.127.127 127.0.0.1. 10.0.0.1 172.16.0.1 192.168.0.1 169.254.169.254 100.64.0.1 2852039166
    [::1] [::] [::ffff:127.0.0.1] [::ffff:7f00:1] [0:0:0:0:0:ffff:127.0.0.1] [fe80::1] [fd00::1]
    [64:ff9b:1::7f00:1] [2002:7f00:1::] [::127.0.0.1] localhost LOCALHOST a.localhost rebind.test
    127.0.0.1.nip.test six.test %6c%6f%63alhost ①②⑦.⓪.⓪.① 127。0。0。1 224.0.0.1 255.255.255.255 192.0.2.1
    198.18.0.1 0xa9fea9fe [::ffff:a9fe:a9fe]
  `
    .trim()
    .split(/\s+/);
  const others = [
    'file:///etc/passwd',
    'gopher://127.0.0.1/',
    'ftp://127.0.0.1/',
    'data:text/plain,x',
    'javascript:1',
    'unix:/x',
    '',
  ];
  const urls = [
    ...hosts.flatMap((host) => [`https://${host}:${port}/`, `http://${host}:${port}/`]),
    ...others,
    `https://public.test@127.0.0.1:${port}/`,
    `https://127.0.0.1:${port}@public.test/`,
  ];
  expect(urls.length).toBeGreaterThan(60);
  const options = { resolver, privateAddresses: false };
  for (const text of urls) {
    const attempt = async (): Promise<number> =>
      post(checkedUrl(text, options), Buffer.from('{}'), {}, options, new AbortController().signal);
    await expect(attempt(), text).rejects.toThrow();
  }
  expect(connections).toBe(0);
});

test('the pager tells of mail that arrives in INBOX, of those who count, so many an hour, through a template that nothing in it leaves (H10)', async () => {
  const { received, port } = await receiver(() => 200);
  const gateway = {
    url: `http://hooks.test:${port}/sms`,
    format: 'form' as const,
    template: 'n={to}&t={text}',
    authorization: 'Basic eA==',
  };
  const { alice, add, turn } = await lab((options) => [
    pager({ ...options, cache: new MemoryCache(options.clock), gateway, perHour: 2 }),
  ]);
  await add('before anybody asked');
  await turn();
  await alice.putRecord(PAGER.kind, PAGER.id, { to: '+82 10', senders: ['remote.test'], since: alice.version });
  await turn();
  await add('회의 & more');
  const junk = alice.folderWithRole('junk')!.id;
  await alice.addMessage(Buffer.from('From: x@remote.test\r\nSubject: spam\r\n\r\n'), { folder: junk });
  await alice.addMessage(Buffer.from('From: x@other.test\r\nSubject: other\r\n\r\n'), { folder: INBOX });
  await turn();
  expect(received.map(({ body }) => body)).toEqual([`n=%2B82%2010&t=${encodeURIComponent('Kim: 회의 & more')}`]);
  expect(received[0]?.headers['authorization']).toBe('Basic eA==');
  await add('two');
  await add('three');
  await turn();
  expect(received.length).toBe(2);
  const nasty = { to: '1', text: '"},{"to":"{to}' };
  expect(JSON.parse(filled('{"to":"{to}","text":"{text}"}', 'json', nasty))).toEqual(nasty);
});
