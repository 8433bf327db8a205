import { afterEach, expect, test } from 'vitest';
import { ALICE, aliceLab, SYSTEM } from '../../../test/support/mail-store.ts';
import { type PushService, startPushService } from '../../../test/support/push-service.ts';
import { MemoryCache } from '../../adapters/cache-memory.ts';
import { LocalBus } from '../../adapters/bus-local.ts';
import { SeededRandom } from '../../adapters/random-seeded.ts';
import { SystemRandom } from '../../adapters/random-system.ts';
import { StaticResolver } from '../../adapters/resolver-static.ts';
import { Flag, type FolderId } from '../../mailstore/api.ts';
import { Cursors } from '../../mailstore/cursors.ts';
import { createMailStore } from '../../mailstore/store.ts';
import { silentLog } from '../../telemetry/log.ts';
import { Metrics } from '../../telemetry/metrics.ts';
import { DeadLetters } from '../dead-letters.ts';
import { ModuleRunner } from '../runner.ts';
import { MOST_SUBSCRIPTIONS, subscribe, subscriptions, type WantedSubscription } from './subscriptions.ts';
import { Vapid } from './vapid.ts';
import { webPush } from './web-push.ts';

const INBOX = 1 as FolderId;
const ends: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of ends.splice(0).toReversed()) await one[Symbol.asyncDispose]();
});

async function lab() {
  const { kv, blobs, clock } = await aliceLab();
  const random = new SeededRandom(9);
  const bus = new LocalBus();
  const store = createMailStore({ kv, blobs, clock, random, bus });
  const alice = await store.open(SYSTEM, ALICE);
  const resolver = new StaticResolver({ 'push.test': { addresses: [{ address: '127.0.0.1', family: 4 }] } });
  const vapid = await Vapid.open({ kv, clock, random, contact: 'mailto:postmaster@example.test' });
  const options = { resolver, privateAddresses: true, clock, cache: new MemoryCache(clock) };
  const push = webPush({ ...options, vapid, random: new SystemRandom() });
  const parts = { store, cursors: new Cursors(kv, random), dead: new DeadLetters(kv, random), bus, clock, random };
  const runner = new ModuleRunner({ ...parts, modules: [push], log: silentLog, metrics: new Metrics() });
  const service = await startPushService(vapid.publicKey);
  ends.push(service, runner);
  const turn = async (ms = 600): Promise<void> => {
    await clock.advance(ms);
    await runner.idle();
  };
  const add = (subject: string, folder = INBOX) =>
    alice.addMessage(Buffer.from(`From: Kim <kim@remote.test>\r\nSubject: ${subject}\r\n\r\ntext\r\n`), { folder });
  const wants = (from: PushService, more: Partial<WantedSubscription> = {}, path = 'x') =>
    subscribe(
      alice,
      { endpoint: `http://push.test:${from.port}/${path}`, keys: from.keys, content: 'none', name: '', ...more },
      { now: clock.now(), privateAddresses: true },
    );
  return { kv, alice, clock, vapid, random, service, turn, add, wants };
}

test('a program is woken up for new mail in INBOX, and told no more than its owner wants', async () => {
  const { alice, clock, vapid, service, turn, add, wants } = await lab();
  await add('before');
  await turn();
  await wants(service);
  const { id, thread } = await add('회의');
  await turn();
  expect(service.pushed.map(({ text }) => JSON.parse(text) as unknown)).toEqual([
    { type: 'new-mail', mails: [{ id: String(id), thread }] },
  ]);
  const [{ headers, claims }] = service.pushed as [PushService['pushed'][0]];
  expect(headers).toMatchObject({ ttl: '86400', urgency: 'normal' });
  expect(claims).toMatchObject({ aud: `http://push.test:${service.port}`, sub: 'mailto:postmaster@example.test' });
  expect(claims.exp * 1000 - clock.now()).toBeLessThanOrEqual(86_400_000);
  expect(vapid.publicKey).toHaveLength(87);

  await wants(service, { content: 'summary' });
  await add('a secret');
  await turn();
  expect(JSON.parse(service.pushed.at(-1)!.text)).toMatchObject({ mails: [{ from: 'Kim', subject: 'a secret' }] });

  // What the owner reads, or has elsewhere, is no news.
  const other = await alice.createFolder('Other');
  await add('elsewhere', other.id);
  await alice.updateMessage([id], { mode: 'add', flags: Flag.seen, keywords: [] });
  await turn();
  expect(service.pushed).toHaveLength(2);
});

test('a subscription that is over goes, one whose service is ill waits, and others hear nothing twice', async () => {
  const { alice, clock, vapid, service, turn, add, wants } = await lab();
  const ill = await startPushService(vapid.publicKey);
  const gone = await startPushService(vapid.publicKey);
  ends.push(ill, gone);
  ill.answer = 503;
  gone.answer = 410;
  for (const one of [service, ill, gone]) await wants(one);
  await wants(service, { expires: clock.now() + 1 }, 'expired');
  await add('hello');
  await turn();
  expect(await subscriptions(alice)).toHaveLength(2);
  ill.answer = 201;
  await turn(20_000);
  expect([service, ill, gone].map(({ pushed }) => pushed.length)).toEqual([1, 1, 0]);
});

test('subjects of any length and letters fit', async () => {
  const { service, turn, add, wants } = await lab();
  await wants(service, { content: 'summary' });
  await add('\u{1f4ee}\u0001'.repeat(900));
  await turn();
  expect(service.pushed).toHaveLength(1);
});

test('the keys are made once, and pushing with others is refused', async () => {
  const { kv, clock, vapid, random, service, turn, add, wants } = await lab();
  const parts = { kv, clock, random, contact: 'mailto:x@example.test' };
  expect((await Vapid.open(parts)).publicKey).toBe(vapid.publicKey);
  const stranger = await startPushService((await Vapid.open({ ...parts, kv: (await aliceLab()).kv })).publicKey);
  ends.push(stranger);
  await wants(stranger);
  await wants(service);
  await add('hello');
  await turn();
  expect([stranger, service].map(({ pushed }) => pushed.length)).toEqual([0, 1]);
});

test('endpoints are public and use TLS, and there is an end to their number', async () => {
  const { alice, service, wants } = await lab();
  const wanted = { endpoint: 'http://push.test/', keys: service.keys, content: 'none', name: '' } as const;
  const strict = { now: 0, privateAddresses: false };
  await expect(subscribe(alice, wanted, strict)).rejects.toMatchObject({ code: 'syntax' });
  for (let i = 0; i < MOST_SUBSCRIPTIONS; i++) await wants(service, {}, String(i));
  await wants(service, {}, '0');
  await expect(wants(service, {}, 'more')).rejects.toMatchObject({ code: 'limit' });
});
