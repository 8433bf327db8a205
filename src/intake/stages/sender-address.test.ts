/** The stage sender-address: what cannot be right goes to Junk, or is refused; what DNS does not know now passes. */
import { expect, test } from 'vitest';
import { StaticResolver } from '../../adapters/resolver-static.ts';
import { MailError } from '../../mail/error.ts';
import { HeaderBlock } from '../../mail/header.ts';
import { parseMessage } from '../../mail/parse.ts';
import { silentLog } from '../../telemetry/log.ts';
import type { Arrived, Delivery } from '../pipeline.ts';
import { SenderAddressStage, type SenderAddressParts } from './sender-address.ts';

const resolver = new StaticResolver({
  'good.test': { mx: [{ exchange: 'mx.good.test', preference: 1 }] },
  'plain.test': { addresses: [{ address: '192.0.2.1', family: 4 }] },
  'null.test': { mx: [{ exchange: '', preference: 0 }] },
  'empty.test': { txt: ['x'] },
  'broken.test': { fails: 'servfail' },
});
const directory: SenderAddressParts['directory'] = {
  route(address) {
    const domain = address.slice(address.lastIndexOf('@') + 1);
    if (domain !== 'ours.test') return Promise.resolve({ kind: 'remote', domain });
    if (address === 'ghost@ours.test') return Promise.resolve({ kind: 'unknown' });
    return Promise.resolve({ kind: 'suspended' });
  },
};

function stageOf(action: 'junk' | 'refuse'): SenderAddressStage {
  return new SenderAddressStage({ directory, resolver, log: silentLog, action, loopback: false });
}

async function junked(sender: string, from: string, more: { client?: string; own?: true; proven?: true } = {}) {
  const { client = '192.0.2.9' } = more;
  const delivery = {
    mail: {
      sender,
      client: { address: client, hello: '' },
      ...(more.proven && { authentication: { dmarc: { result: 'pass' } } }),
    },
    recipient: { address: 'bob@ours.test', staged: { account: 'bob' } },
    findings: {},
    content: async () => ({ details: parseMessage(Buffer.from(`From: ${from}\r\n\r\n`)) }),
  } as unknown as Delivery;
  const stage = stageOf('junk');
  if (stage.applies(delivery)) await stage.deliver(delivery, AbortSignal.timeout(60_000));
  return delivery.findings.junk;
}

test.each([
  ['x@good.test', '', 'it names no author'],
  ['x@good.test', 'kim', 'kim is no address'],
  ['x@good.test', 'kim@gone.test', 'there is no domain gone.test'],
  ['x@gone.test', 'kim@good.test', 'there is no domain gone.test'],
  ['x@good.test', 'kim@null.test', 'null.test takes no mail'],
  ['x@good.test', 'kim@empty.test', 'empty.test takes no mail'],
  ['x@good.test', 'kim@laptop', 'there is no domain laptop'],
  ['x@good.test', 'kim@mail.invalid', 'there is no domain mail.invalid'],
  ['x@good.test', 'kim@good.test, ghost@ours.test', 'nobody here is ghost@ours.test'],
])('from <%s>, by %s: %s', async (sender, from, why) => {
  expect(await junked(sender, from)).toBe(why);
});

test('what can be right, and what DNS does not tell now, passes; so does what comes from this machine', async () => {
  for (const from of ['kim@good.test', 'kim@plain.test', 'kim@broken.test', 'kim@[192.0.2.1]', 'bob@ours.test'])
    expect(await junked('', from), from).toBeUndefined();
  expect(await junked('x@good.test', 'kim@gone.test', { client: '127.0.0.1' })).toBeUndefined();
  // A domain of ours that lets others send for it.
  expect(await junked('x@good.test', 'ghost@ours.test', { proven: true })).toBeUndefined();
});

test('where the operator wants that it is refused while its client can be told', async () => {
  const arrived = (from: string, source?: 'outside') =>
    ({
      source,
      sender: 'x@good.test',
      origin: { remote: '192.0.2.9' },
      header: HeaderBlock.parse(Buffer.from(`From: ${from}\r\n`)),
      authentication: undefined,
    }) as unknown as Arrived;
  const stage = stageOf('refuse');
  await expect(stage.content(arrived('kim@gone.test', 'outside'))).rejects.toThrow(MailError);
  await expect(stage.content(arrived('kim@gone.test', 'outside'))).rejects.toMatchObject({ code: 'wrong-sender' });
  await stage.content(arrived('kim@good.test', 'outside'));
  // Our own users are told by other means.
  await stage.content(arrived('kim@gone.test'));
  await stageOf('junk').content(arrived('kim@gone.test', 'outside'));
});
