/** Renewed, broken and several certificates. */
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:tls';
import { beforeAll, expect, test } from 'vitest';
import { TestAuthority } from '../../test/support/certificates.ts';
import { ManualClock } from '../adapters/clock-manual.ts';
import { createLog } from '../telemetry/log.ts';
import { Metrics } from '../telemetry/metrics.ts';
import { Certificates, type CertificateSource } from './certificates.ts';
import type { KeyPair } from './tls.ts';

let first: KeyPair;
let second: KeyPair;
let ended: KeyPair;
let other: KeyPair;
beforeAll(async () => {
  const authority = await TestAuthority.make();
  const soon = new Date(Date.now() + 5 * 86_400_000);
  first = await authority.issue('mail.example.test', soon);
  second = await authority.issue('mail.example.test', soon);
  ended = await authority.issue('mail.example.test', new Date(Date.now() - 1000));
  other = await authority.issue('*.other.test', soon);
});

async function world(given: KeyPair | undefined = first) {
  const lines: string[] = [];
  const log = createLog({ level: 'info', destination: { write: (line) => void lines.push(line) } });
  const clock = new ManualClock(Date.now());
  const metrics = new Metrics();
  const there: { given: KeyPair | undefined; more: KeyPair | undefined } = { given, more: undefined };
  const sources: CertificateSource[] = [
    { name: 'given', read: () => Promise.resolve(there.given) },
    { name: 'more', read: () => Promise.resolve(there.more) },
  ];
  return { certificates: await Certificates.open(sources, { clock, log, metrics }), clock, lines, metrics, there };
}

/** Of the certificate that a handshake shows. */
async function shown({ identity }: Certificates, servername?: string): Promise<string | undefined> {
  const server = createServer(identity.serverOptions).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...(servername && { servername }) });
  await once(socket, 'secureConnect');
  const { serialNumber } = socket.getPeerX509Certificate() as X509Certificate;
  socket.destroy();
  server.close();
  return serialNumber;
}
const serialOf = ({ cert }: KeyPair): string => new X509Certificate(cert).serialNumber;

test('a renewed certificate is in use a moment later, without anybody asking', async () => {
  const { certificates, clock, there } = await world();
  using _ = certificates;
  expect(await shown(certificates)).toBe(serialOf(first));
  there.given = second;
  await clock.advance(30_000);
  await expect.poll(() => shown(certificates)).toBe(serialOf(second));
});

test('one that is no good leaves the one before in use, and says why; what is good again is used', async () => {
  const { certificates, lines, metrics, there } = await world();
  using _ = certificates;
  const broken: readonly (KeyPair | undefined)[] = [
    { cert: 'none', key: first.key },
    { cert: second.cert, key: first.key },
    ended,
    undefined,
  ];
  for (const pair of broken) {
    there.given = pair;
    expect(await certificates.reload()).toEqual([]);
    expect(certificates.facts()[0]?.problem).toBeTruthy();
    expect(await shown(certificates)).toBe(serialOf(first));
  }
  expect(lines.filter((line) => line.includes('no good'))).toHaveLength(broken.length);
  await certificates.reload();
  expect(
    lines.filter((line) => line.includes('no good')),
    'it is said once',
  ).toHaveLength(broken.length);
  expect(await metrics.exposition()).toContain('pabal_tls_certificate_refused{certificate="given"} 1');
  there.given = first;
  await certificates.reload();
  expect(certificates.facts()[0]).toMatchObject({ hosts: ['mail.example.test'], problem: undefined });
  there.given = second;
  expect(await certificates.reload()).toEqual(['given']);
  expect(await shown(certificates)).toBe(serialOf(second));
});

test('a host has its own, who names none gets the first', async () => {
  const { certificates, there } = await world();
  using _ = certificates;
  there.more = other;
  expect(await certificates.reload()).toEqual(['more']);
  expect(await shown(certificates, 'IMAP.other.test')).toBe(serialOf(other));
  for (const name of ['other.test', 'a.b.other.test', 'mail.example.test', undefined])
    expect(await shown(certificates, name), name).toBe(serialOf(first));
});

test('its end is warned of once a day, and told in the metrics', async () => {
  const { certificates, clock, lines, metrics } = await world();
  using _ = certificates;
  const warned = () => lines.filter((line) => line.includes('ends soon')).length;
  expect(warned()).toBe(1);
  await clock.advance(86_400_000 + 30_000);
  expect(warned()).toBe(2);
  const until = new X509Certificate(first.cert).validToDate.getTime() / 1000;
  expect(await metrics.exposition()).toContain(`expiry_timestamp_seconds{certificate="given"} ${until}`);
});

test('without any there is no service', async () => {
  await expect(world({ cert: 'none', key: '' })).rejects.toThrow();
});
