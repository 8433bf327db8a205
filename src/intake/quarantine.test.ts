import { afterEach, expect, test } from 'vitest';
import { ALICE, aliceLab } from '../../test/support/mail-store.ts';
import { pipelineOf } from '../../test/support/pipeline.ts';
import { openQueue } from '../adapters/queue-kv.ts';
import { SeededRandom } from '../adapters/random-seeded.ts';
import type { Queue } from '../ports/queue.ts';
import { silentLog } from '../telemetry/log.ts';
import { Metrics } from '../telemetry/metrics.ts';
import { Intake } from './intake.ts';
import { Quarantine } from './quarantine.ts';
import { Engines } from './scan/engines.ts';
import { file } from './stages/file.ts';
import { VirusStage } from './stages/virus.ts';
import { IntakeWorker } from './worker.ts';

const MAIL =
  'From: Kim <kim@remote.test>\r\nSubject: the installer\r\nMessage-ID: <1@remote.test>\r\nMIME-Version: 1.0\r\n' +
  'Content-Type: application/octet-stream; name=setup.exe\r\nContent-Disposition: attachment; filename=setup.exe\r\n\r\nMZ\r\n';

const ends: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of ends.splice(0)) await one[Symbol.asyncDispose]();
});

async function lab() {
  const { store, clock, kv, alice } = await aliceLab();
  const random = new SeededRandom(7);
  const metrics = new Metrics();
  const log = silentLog;
  const engines = new Engines({ scanners: [], deadlineMs: 1_000, clock, log, metrics });
  const rules = { malware: 'error-queue', executables: 'error-queue', archives: 'accept', onFailure: 'retry' } as const;
  const virus = new VirusStage({ engines, rules, log, metrics: new Metrics() });
  const pipeline = pipelineOf([virus, file({ clock, log })]);
  const openOn = async () => {
    const queue = await openQueue({ kv, clock, random });
    return { queue, quarantine: new Quarantine({ queue, store }) };
  };
  const work = async (queue: Queue) => {
    const worker = new IntakeWorker({ store, queue, pipeline, clock, random, log, metrics: new Metrics() });
    ends.push(worker);
    const busy = async () => (await queue.counts()).intake.waiting > 0;
    while (await busy()) await new Promise((resolve) => setImmediate(resolve));
    return worker;
  };
  const first = await openOn();
  const intake = new Intake({ store, queue: first.queue, clock, hostname: 'mx.test', log, metrics, pipeline });
  const recipients = [{ account: ALICE, address: 'alice@example.test' }];
  const origin = { protocol: 'ESMTP', hello: 'mx.remote.test', remote: '192.0.2.1', cipher: '' };
  const mail = { head: Buffer.from(MAIL) };
  await intake.accept({ sender: 'kim@remote.test', recipients, origin, source: 'outside', mail });
  await (await work(first.queue))[Symbol.asyncDispose]();
  const inbox = async () => {
    await alice.refresh();
    return alice.getMessageIds({}).map((id) => alice.meta(id)?.keywords);
  };
  return { ...first, openOn, work, inbox };
}

test('what is held is shown with its reason and its header', async () => {
  const { quarantine } = await lab();
  const [held] = await quarantine.list();
  expect(held).toMatchObject({ heldFor: 'infected', sender: 'kim@remote.test', client: '192.0.2.1' });
  expect(held?.reason).toContain('setup.exe');
  const shown = await quarantine.show(held!.id);
  expect(shown).toMatchObject({ subject: 'the installer', attachments: ['setup.exe'] });
  expect(shown.header).toContain('Message-ID: <1@remote.test>');
});

test('what is released is delivered once, with a mark, whoever else releases it and whenever the process ends', async () => {
  const { queue, quarantine, openOn, work, inbox } = await lab();
  const { id } = (await quarantine.list())[0]!;
  const asked = await Promise.allSettled([quarantine.release(id), quarantine.release(id), quarantine.release(id)]);
  expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  await expect(quarantine.release(id)).rejects.toMatchObject({ code: 'message-missing' });
  // Filed, and killed before the queue heard of it: the next process files it again, under the same id.
  const [entry] = await queue.list('intake');
  const first = await openOn();
  await work(first.queue);
  expect(await inbox()).toEqual([['$Quarantined']]);
  await first.queue.add('intake', [{ payload: entry!.payload }]);
  await work(first.queue);
  expect(await inbox()).toEqual([['$Quarantined']]);
  expect(await first.quarantine.list()).toEqual([]);
});

test('what is dropped is gone, and what lies there for another reason is not touched', async () => {
  const { queue, quarantine, inbox } = await lab();
  const [other] = await queue.add('error', [{ payload: { recipients: [] }, reason: 'it cannot be read' }]);
  const [held, ...more] = await quarantine.list();
  expect(more).toEqual([]);
  await quarantine.drop(held!.id);
  await expect(quarantine.drop(held!.id)).rejects.toMatchObject({ code: 'message-missing' });
  await expect(quarantine.release(other!)).rejects.toMatchObject({ code: 'message-missing' });
  expect(await quarantine.list()).toEqual([]);
  expect(await queue.list('error')).toHaveLength(1);
  expect(await inbox()).toEqual([]);
});
