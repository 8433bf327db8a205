import { expect, test } from 'vitest';
import { DnsTestServer } from '../../test/dns/server.ts';
import { ScriptedServer } from '../../test/smtp/scripted-server.ts';
import { SystemClock } from '../adapters/clock-system.ts';
import { SeededRandom } from '../adapters/random-seeded.ts';
import { SystemResolver } from '../adapters/resolver-system.ts';
import { MemoryKv } from '../adapters/kv-memory.ts';
import { loadConfig } from '../config/load.ts';
import { Senders } from '../delivery/senders.ts';
import type { WarmUpState } from '../delivery/sources/warm-up.ts';
import type { OutgoingMail, Outcome } from '../delivery/transfer.ts';
import { silentLog } from '../telemetry/log.ts';
import { Metrics } from '../telemetry/metrics.ts';
import { sendersOptions } from './outbound.ts';
import { openTransfer } from './transfer.ts';

const MAIL: OutgoingMail = {
  sender: 'alice@pabal.test',
  size: 3,
  body: async function* () {
    yield Buffer.from('a\r\n');
  },
  needs: { smtputf8: false, eightBit: false, binary: false },
  requireTls: false,
};

/** One attempt of a service that is configured so, with DNS of its own. */
async function attempt(
  domain: string,
  port: number,
  set: readonly string[],
): Promise<{
  readonly outcome: Outcome | undefined;
  readonly metrics: string;
  readonly asked: readonly string[];
  readonly warm: readonly WarmUpState[];
}> {
  await using dns = await DnsTestServer.start({
    'dest.test': { MX: [{ preference: 10, exchange: 'mx.dest.test' }] },
    'mx.dest.test': { A: ['127.0.0.1'] },
    'null.test': { MX: [{ preference: 0, exchange: '' }] },
    'late.test': { fails: 'servfail' },
    'ours.test': { MX: [{ preference: 10, exchange: 'pabal.test' }] },
  });
  const { config } = await loadConfig({
    file: '/dev/null',
    set: ['hostname=pabal.test', `outbound.port=${port}`, `dns.servers=["${dns.address}"]`, ...set],
  });
  await using resolver = new SystemResolver({ servers: config.dns.servers });
  const metrics = new Metrics();
  const signer = { sign: async () => Buffer.alloc(0) };
  const kv = new MemoryKv();
  const parts = { kv, resolver, clock: new SystemClock(), random: new SeededRandom(1), log: silentLog, metrics };
  await using senders = await Senders.open(parts, sendersOptions(config));
  const sealer = { seal: async () => Buffer.alloc(0) };
  const transfer = openTransfer(config, { ...parts, signer, sealer, sources: senders.sources });
  try {
    const { signal } = new AbortController();
    const [outcome] = await transfer.transfer(domain, MAIL, [{ address: `bob@${domain}` }], signal);
    const warm = await Array.fromAsync(senders.warmUp.all());
    return { outcome, metrics: await metrics.exposition(), asked: dns.asked, warm };
  } finally {
    await transfer.close();
  }
}

test('mail goes where DNS says, or the operator', async () => {
  await using server = await ScriptedServer.start();
  const { port } = server;
  const there = await attempt('dest.test', port, ['outbound.private_addresses=true']);
  expect(there.outcome).toMatchObject({ kind: 'delivered', host: 'mx.dest.test' });
  expect(there.asked).toEqual(expect.arrayContaining(['MX dest.test', 'A mx.dest.test', 'TXT _mta-sts.dest.test']));
  expect(there.metrics).toContain(
    'pabal_outbound_tls_total{policy="no-policy-found",result="starttls-not-supported"} 1',
  );
  const routed = await attempt('dest.test', 9, [`outbound.routes={".test" = "smtp://127.0.0.1:${port}"}`]);
  expect(routed.outcome).toMatchObject({ kind: 'delivered', host: '127.0.0.1' });
  const relayed = await attempt('null.test', 9, [`outbound.relay=127.0.0.1:${port}`]);
  expect(relayed.outcome).toMatchObject({ kind: 'delivered' });
  expect(relayed.asked).toEqual([]);
  expect(server.mails).toHaveLength(3);
});

test('mail leaves from the address of its category, under its name, as much a day as a new one may', async () => {
  await using server = await ScriptedServer.start();
  const there = await attempt('dest.test', server.port, [
    'outbound.private_addresses=true',
    'outbound.sources=[{address="127.0.0.3", categories=["marketing"]}, {address="127.0.0.2", name="out.pabal.test"}]',
  ]);
  expect(there.outcome).toMatchObject({ kind: 'delivered', source: '127.0.0.2' });
  expect(server.sessions[0]).toMatchObject({ remote: '127.0.0.2' });
  expect(server.sessions[0]?.lines).toContain('EHLO out.pabal.test');
  expect(there.warm).toEqual([{ source: '127.0.0.2', provider: 'dest.test', step: 0, limit: 50, used: 1 }]);
});

test.each([
  ['dest.test', 'permanent', '5.4.4'],
  ['null.test', 'permanent', '5.1.10'],
  ['gone.test', 'permanent', '5.1.2'],
  ['late.test', 'temporary', '4.4.3'],
  ['ours.test', 'permanent', '5.4.6'],
])('%s: %s %s', async (domain, kind, status) => {
  expect((await attempt(domain, 9, [])).outcome).toMatchObject({ kind, status });
});
