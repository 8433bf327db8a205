import { afterEach, expect, test } from 'vitest';
import { aliceLab, mail } from '../../../test/support/mail-store.ts';
import { pipelineOf } from '../../../test/support/pipeline.ts';
import { settle } from '../../../test/support/settle.ts';
import { MemoryCache } from '../../adapters/cache-memory.ts';
import { openQueue } from '../../adapters/queue-kv.ts';
import { SeededRandom } from '../../adapters/random-seeded.ts';
import { StaticResolver, type StaticZone } from '../../adapters/resolver-static.ts';
import type { AccountId, FolderId } from '../../mailstore/api.ts';
import { ReverseNames } from '../../net/reverse-name.ts';
import { silentLog } from '../../telemetry/log.ts';
import { Metrics } from '../../telemetry/metrics.ts';
import type { Arrival, RawMail } from '../arrival.ts';
import { Intake } from '../intake.ts';
import { authentication } from '../stages/authentication.ts';
import { file } from '../stages/file.ts';
import { IntakeWorker } from '../worker.ts';
import { Authenticator } from './check.ts';

const ALICE = 'alice-1' as AccountId;
const INBOX = 1 as FolderId;

const workers: IntakeWorker[] = [];
afterEach(async () => {
  for (const worker of workers.splice(0)) await worker[Symbol.asyncDispose]();
});

async function lab(zones: Record<string, StaticZone>) {
  const { store, clock, kv, alice } = await aliceLab();
  const random = new SeededRandom(7);
  const queue = await openQueue({ kv, clock, random });
  const metrics = new Metrics();
  const resolver = new StaticResolver(zones);
  const authenticator = new Authenticator({
    resolver,
    reverseNames: new ReverseNames({ resolver, cache: new MemoryCache(clock), clock }),
    clock,
    log: silentLog,
    metrics,
    hostname: 'mx.test',
    loopback: false,
    rules: { mode: 'enforce', trustedSealers: new Set() },
  });
  const pipeline = pipelineOf([authentication(authenticator), file({ clock, log: silentLog })]);
  const intake = new Intake({ store, queue, clock, hostname: 'mx.test', log: silentLog, metrics, pipeline });
  workers.push(new IntakeWorker({ store, queue, pipeline, clock, random, log: silentLog, metrics }));
  const stored = async (folder: FolderId): Promise<string[]> => {
    await settle();
    return Promise.all(
      alice.getMessageIds({ folder }).map(async (id) => Buffer.from(await (await alice.body(id)).bytes()).toString()),
    );
  };
  return { intake, stored, queue, junk: alice.folderWithRole('junk')!.id };
}

function arrival(raw: RawMail, source: Arrival['source'] | 'user' = 'outside'): Arrival {
  return {
    sender: 'x@remote.test',
    recipients: [{ account: ALICE, address: 'alice@mx.test' }],
    origin: { protocol: 'ESMTP', hello: 'mail.remote.test', remote: '192.0.2.1', cipher: '' },
    ...(source !== 'user' && { source }),
    mail: raw,
  };
}

const GOOD = { 'remote.test': { txt: ['v=spf1 ip4:192.0.2.1 -all'] } };
const policy = (p: string) => ({ '_dmarc.remote.test': { txt: [`v=DMARC1; p=${p}`] } });

test('the results stand on top, below Return-Path, and the mail is as it came', async () => {
  const l = await lab({ ...GOOD, ...policy('reject') });
  const raw = mail('hi', 'text\r\n', ['Authentication-Results: other.test; spf=fail']);
  await l.intake.accept(arrival({ head: raw }));
  const [text = ''] = await l.stored(INBOX);
  expect(text).toMatch(/^Return-Path: <x@remote.test>\r\nAuthentication-Results: mx.test;\r\n\tiprev=permerror\r\n/);
  expect(text).toMatch(/spf=pass\r\n\t smtp\.mailfrom=remote\.test;/);
  expect(text.endsWith(`+0000\r\n${raw.toString()}`)).toBe(true);
});

test('a large mail is checked while it goes by', async () => {
  const l = await lab({ ...GOOD, ...policy('quarantine') });
  const raw = Buffer.concat([mail('hi'), Buffer.from('a line of text\r\n'.repeat(100_000))]);
  async function* rest(): AsyncGenerator<Uint8Array> {
    for (let at = 1 << 20; at < raw.length; at += 100_000) yield raw.subarray(at, at + 100_000);
  }
  await l.intake.accept(arrival({ head: raw.subarray(0, 1 << 20), rest: rest() }));
  const [text = ''] = await l.stored(INBOX);
  expect(text).toContain('spf=pass');
  expect(text.endsWith(raw.toString())).toBe(true);
});

test('what claims to be our result is taken out, other results stay', async () => {
  const l = await lab({});
  const forged = [
    'Authentication-Results: MX.test; dkim=pass header.d=bank.test',
    'authentication-results: (a comment) "mx.test" 1;\r\n dkim=pass',
    'Authentication-Results: mx.test.other; dkim=pass',
    'BIMI-Location: v=BIMI1; l=https://bank.test/logo.svg',
    'BIMI-Indicator: PHN2Zz4=',
  ];
  for (const source of ['outside', 'user', 'front'] as const)
    await l.intake.accept(arrival({ head: mail(source, 'text\r\n', forged) }, source));
  const texts = await l.stored(INBOX);
  const counts = new Map(
    texts.map((text) => [/Subject: (\w+)/.exec(text)?.[1], text.match(/^authentication-results:/gim)?.length]),
  );
  const logos = texts.map((text) => text.match(/^bimi-/gim)?.length ?? 0);
  expect(
    logos.toSorted((a, b) => a - b),
    'only a server of ours in front may say what the logo is',
  ).toEqual([0, 0, 2]);
  expect(counts).toEqual(
    new Map([
      ['outside', 2],
      ['user', 1],
      ['front', 3],
    ]),
  );
});

test('the policy of the author’s domain: Junk, or refused with nothing kept', async () => {
  const from = ['From: ceo@bank.test'];
  const forged = (): Buffer => Buffer.from(`${from[0]}\r\nSubject: money\r\n\r\ntext\r\n`);
  const suspect = await lab({ '_dmarc.bank.test': { txt: ['v=DMARC1; p=quarantine'] } });
  await suspect.intake.accept(arrival({ head: forged() }));
  expect(await suspect.stored(INBOX)).toHaveLength(0);
  expect(await suspect.stored(suspect.junk)).toHaveLength(1);
  const refused = await lab({ '_dmarc.bank.test': { txt: ['v=DMARC1; p=reject'] } });
  await expect(refused.intake.accept(arrival({ head: forged() }))).rejects.toMatchObject({ code: 'policy-refused' });
  async function* rest(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('more text\r\n');
  }
  await expect(refused.intake.accept(arrival({ head: forged(), rest: rest() }))).rejects.toMatchObject({
    code: 'policy-refused',
  });
  expect((await refused.queue.counts()).intake.waiting).toBe(0);
  // Our own users, and our own front server, are not asked.
  await refused.intake.accept(arrival({ head: forged() }, 'user'));
  await refused.intake.accept(arrival({ head: forged() }, 'front'));
  expect(await refused.stored(INBOX)).toHaveLength(2);
});
