/** Who takes notifications only, and what those hear who send originals all the same. */
import { expect, test } from 'vitest';
import { SYSTEM } from '../../test/support/mail-store.ts';
import { BOB, CAROL, sendingWorld } from '../../test/support/sending.ts';
import { DOWNMAIL } from '../../test/support/downmail.ts';
import type { AutomaticMail } from '../intake/automatic.ts';
import type { Arrived, Delivery } from '../intake/pipeline.ts';
import { HeaderBlock } from '../mail/header.ts';
import { replyTo } from '../protocols/smtp/reply.ts';
import { silentLog } from '../telemetry/log.ts';
import { OriginalsStage } from './originals-stage.ts';
import { type DownmailPolicy, type DownmailSetting, putDownmailSetting } from './policy.ts';

const LONG = 'a line of an original\r\n'.repeat(100);
const PROVEN = { dmarc: { result: 'pass', spfAligned: true, dkimAligned: true } } as Arrived['authentication'];

async function lab(
  policy: Partial<DownmailPolicy>,
  settings: readonly (readonly [typeof BOB, DownmailSetting])[] = [],
) {
  const world = await sendingWorld();
  const run = await world.start();
  for (const [id, setting] of settings) {
    using account = await run.mailstore.open(SYSTEM, id);
    await putDownmailSetting(account, setting);
  }
  const told: string[] = [];
  const automatic: AutomaticMail = {
    reach: () => Promise.resolve('remote'),
    send: (mail) => Promise.resolve(void told.push(`${String(mail.recipient)} ${mail.mail.head.toString()}`)),
  };
  const stage = new OriginalsStage({
    store: run.mailstore,
    directory: world.directory,
    automatic,
    clock: world.clock,
    log: silentLog,
    hostname: 'mx.example.test',
    policy: { ...DOWNMAIL, mode: 'downmail', ...policy },
    gateway: {
      serves: () => false,
      usable: false,
      check: () => Promise.reject(new Error('there is none')),
      take: () => Promise.reject(new Error('there is none')),
    },
  });
  const arrived = async (body: string, more: Partial<Arrived> = {}, to = [BOB], field = ''): Promise<Arrived> => {
    const raw = Buffer.from(`From: dave@remote.test\r\nSubject: hi\r\n${field}\r\n${body}`);
    return {
      sender: 'dave@remote.test',
      recipients: to.map((account) => ({ account, address: `${account}@example.test` })),
      origin: { protocol: 'ESMTP', hello: 'remote.test', remote: '192.0.2.1', cipher: '' },
      source: 'outside',
      header: HeaderBlock.parse(raw),
      staged: await run.mailstore.stage(
        to.map((account) => ({ account })),
        raw,
      ),
      authentication: PROVEN,
      ...more,
    };
  };
  return { stage, told, arrived, [Symbol.asyncDispose]: () => run[Symbol.asyncDispose]() };
}

test('in maturity an original is refused with a reply that says why, and a proven sender is written to', async () => {
  await using world = await lab({ phase: 'maturity' });
  const refusal = await world.stage.content(await world.arrived(LONG)).catch((error: unknown) => error);
  expect(replyTo(refusal)).toMatchObject({ code: 550, status: '5.7.1' });
  expect(world.told).toHaveLength(1);
  expect(world.told[0]).toContain('dave@remote.test From: Pabal <postmaster@example.test>');
  expect(world.told[0]).toContain('다운메일 방식으로 다시');
  // Signal mail, reports, signals of Downmail and mail of our own pass.
  await world.stage.content(await world.arrived('short'));
  await world.stage.content(await world.arrived(LONG, { sender: '' }));
  await world.stage.content(await world.arrived(LONG, { source: undefined }));
  await world.stage.content(await world.arrived(LONG, {}, [BOB], 'Downmail-Notification: x\r\n'));
  // Nobody is written to in somebody else's name.
  await expect(world.stage.content(await world.arrived(LONG, { authentication: undefined }))).rejects.toThrow();
  expect(world.told).toHaveLength(1);
});

test('before maturity originals are taken, unless their recipient wants notifications only', async () => {
  await using world = await lab({ phase: 'diffusion' }, [[BOB, { send: 'system', receive: 'notifications' }]]);
  await world.stage.content(await world.arrived(LONG, {}, [CAROL]));
  await expect(world.stage.content(await world.arrived(LONG))).rejects.toMatchObject({ code: 'originals-refused' });
  // One of several goes without it: its sender is told, or it is put aside.
  const both = await world.arrived(LONG, {}, [BOB, CAROL]);
  await world.stage.content(both);
  const delivery = (authentication: Arrived['authentication']): Delivery =>
    ({
      mail: {
        sender: both.sender,
        received: 0,
        recipients: [],
        id: 'x',
        client: { address: '192.0.2.1', hello: 'x' },
        ...(authentication && { authentication }),
      },
      recipient: { address: 'bob@example.test', deliveryId: 'x', staged: both.staged[0]! },
      findings: {},
    }) as unknown as Delivery;
  expect(await world.stage.deliver(delivery(PROVEN))).toBe(true);
  const unproven = delivery(undefined);
  expect(await world.stage.deliver(unproven)).toBe(false);
  expect(unproven.findings.junk).toContain('notifications only');
});

test('a conventional or sending hybrid server takes everything', async () => {
  await using world = await lab({ mode: 'hybrid-send', phase: 'maturity' });
  await world.stage.content(await world.arrived(LONG));
});
