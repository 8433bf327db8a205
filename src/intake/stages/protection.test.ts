/** Mail that passes itself off as something else, on its way into a mailbox. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { aliceLab } from '../../../test/support/mail-store.ts';
import { pipelineOf } from '../../../test/support/pipeline.ts';
import { until } from '../../../test/support/until.ts';
import { openQueue } from '../../adapters/queue-kv.ts';
import { SeededRandom } from '../../adapters/random-seeded.ts';
import type { AccountId } from '../../mailstore/api.ts';
import { silentLog } from '../../telemetry/log.ts';
import { Metrics } from '../../telemetry/metrics.ts';
import { Intake } from '../intake.ts';
import { BadHosts } from '../protection/bad-hosts.ts';
import { SEEN_DOMAIN, warningsAbout } from '../protection/warnings.ts';
import { noteSent } from '../spam/correspondents.ts';
import { IntakeWorker } from '../worker.ts';
import { file } from './file.ts';
import { ProtectionStage } from './protection.ts';

const ALICE = 'alice-1' as AccountId;

const ends: AsyncDisposable[] = [];
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pabal-protection-'));
});
afterEach(async () => {
  for (const one of ends.splice(0)) await one[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

async function lab(badHosts = '') {
  const { store, clock, kv, alice } = await aliceLab();
  const random = new SeededRandom(7);
  const queue = await openQueue({ kv, clock, random });
  const metrics = new Metrics();
  const log = silentLog;
  const path = join(folder, 'bad-hosts');
  if (badHosts !== '') await writeFile(path, badHosts);
  const bad = new BadHosts(badHosts === '' ? '' : path, log);
  const stages = [new ProtectionStage({ bad, loopback: false, clock, metrics }), file({ clock, log })];
  const pipeline = pipelineOf(stages);
  const intake = new Intake({ store, queue, clock, hostname: 'mail.example.test', log, metrics, pipeline });
  ends.push(new IntakeWorker({ store, queue, pipeline, clock, random, log, metrics }));
  let came = 0;
  const arrives = async (raw: string, remote = '192.0.2.9') => {
    await intake.accept({
      sender: 'x@remote.test',
      recipients: [{ account: ALICE, address: 'alice@example.test' }],
      origin: { protocol: 'ESMTP', hello: 'remote.test', remote, cipher: '' },
      source: 'outside',
      mail: { head: Buffer.from(raw) },
    });
    came++;
    await until('a mail', async () => {
      await alice.refresh();
      return alice.getMessageIds({}).length === came;
    });
    const id = alice.getMessageIds({ descending: true })[0]!;
    const { meta, body } = await alice.getMessage(id);
    const text = Buffer.from(await body.bytes()).toString();
    return { warnings: await warningsAbout(alice, meta.email), text };
  };
  return { alice, arrives, metrics };
}

const PHISH = [
  'Pabal-Warning: forged; what="x"',
  'From: "PayPal Service" <service@paypa1.com>',
  'To: alice@example.test',
  'Subject: Your account',
  'Content-Type: text/html; charset=utf-8',
  '',
  '<a href="https://login.elsewhere.test/x">www.kbstar.com</a>',
].join('\r\n');

describe('a mail that passes itself off as something else', () => {
  test('is delivered with its warnings beside it and in its header, and with none that it brought', async () => {
    const { arrives, metrics } = await lab();
    const { warnings, text } = await arrives(PHISH);
    expect(warnings.map(({ code, what, like }) => [code, what, like])).toEqual([
      ['sender-imitates', 'paypa1.com', 'paypal.com'],
      ['name-imitates', 'service@paypa1.com', 'PayPal'],
      ['link-elsewhere', 'login.elsewhere.test', 'www.kbstar.com'],
      ['new-domain', 'paypa1.com', ''],
    ]);
    expect(text.match(/^Pabal-Warning: .*/gm)).toEqual([
      'Pabal-Warning: sender-imitates; what="paypa1.com"; like="paypal.com"',
      'Pabal-Warning: name-imitates; what="service@paypa1.com"; like="PayPal"',
      'Pabal-Warning: link-elsewhere; what="login.elsewhere.test";',
    ]);
    expect(text.endsWith(PHISH.slice(PHISH.indexOf('From:')))).toBe(true);
    expect(await metrics.exposition()).toContain('mail_warnings_total{code="link-elsewhere"} 1');
  });

  test('from this machine itself is not looked at', async () => {
    const { arrives } = await lab();
    expect((await arrives(PHISH, '127.0.0.1')).warnings).toEqual([]);
  });
});

test('the first mail of a domain is noted, the next one is not, and neither is changed', async () => {
  const { arrives, alice } = await lab();
  const mail = 'From: a@news.remote.test\r\nSubject: x\r\n\r\nhello';
  const first = await arrives(mail);
  expect(first.warnings).toEqual([{ code: 'new-domain', level: 'note', what: 'remote.test', like: '' }]);
  expect(first.text).not.toContain('Pabal-Warning');
  expect(await alice.record(SEEN_DOMAIN, 'remote.test')).toBe(1);
  expect((await arrives(mail)).warnings).toEqual([]);
});

test('who has the name of somebody that the owner writes to, and another address, is told of', async () => {
  const { arrives, alice } = await lab();
  await noteSent(alice, 'minsu@partner-trade.test', [{ messageId: 'a@b', at: 1, name: '김민수' }]);
  const from = (field: string) => arrives(`From: ${field}\r\nSubject: x\r\n\r\nPlease send gift cards.`);
  const codes = async (field: string) => (await from(field)).warnings.map(({ code, level }) => `${code} ${level}`);
  expect(await codes('"김민수" <minsu@mail.test>')).toContain('known-name warning');
  expect(await codes('"김민수" <minsu@partner-trade.test>')).toEqual(['new-domain note']);
  expect(await codes('"김민수" <kim@partner-trabe.test>')).toContain('sender-imitates warning');
});

test('places that the operator knows to be bad are named, with what is below them', async () => {
  const { arrives } = await lab('# known\n0.0.0.0 evil.test\n*.worse.test\n');
  const to = (host: string) => arrives(`From: a@remote.test\r\nSubject: x\r\n\r\nsee https://${host}/x`);
  const bad = async (host: string) =>
    (await to(host)).warnings.filter(({ code }) => code === 'known-bad').map(({ what }) => what);
  expect(await bad('evil.test')).toEqual(['evil.test']);
  expect(await bad('a.b.worse.test')).toEqual(['a.b.worse.test']);
  expect(await bad('notevil.test')).toEqual([]);
});
