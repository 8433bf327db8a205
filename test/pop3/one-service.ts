/** A POP3 service for each test of a file, with a mail store in memory: a port for all, one with TLS, and one without passwords in the open. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { selfSignedCertificate } from '../../src/net/certificate.ts';
import { Network } from '../../src/net/network.ts';
import { TlsIdentity } from '../../src/net/tls.ts';
import { pop3 } from '../../src/protocols/pop3/protocol.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { WireClient } from '../client/wire.ts';
import { memoryBackend } from '../support/backend.ts';
import { runTranscript } from '../transcript/run.ts';

export interface OnePop3Service {
  readonly backend: Awaited<ReturnType<typeof memoryBackend>>;
  readonly network: Network;
  readonly tls: TlsIdentity;
  readonly at: { readonly plain: string; readonly tls: string; readonly strict: string };
  /** Runs a transcript; sessions whose name begins with T speak TLS from the start. */
  run(script: string): Promise<void>;
}

export function onePop3Service(): OnePop3Service {
  let folder: string;
  let tls: TlsIdentity;
  let backend: OnePop3Service['backend'];
  let network: Network;
  let at: OnePop3Service['at'];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pabal-pop3-'));
    tls = new TlsIdentity(await selfSignedCertificate(folder, ['localhost']));
  });
  afterAll(() => rm(folder, { recursive: true }));
  beforeEach(async () => {
    backend = await memoryBackend();
    network = new Network({ log: silentLog, metrics: backend.metrics, clock: backend.clock });
    const protocol = pop3({ ...backend, tls, allowPlaintextLogin: 'loopback' });
    const strict = pop3({ ...backend, tls, allowPlaintextLogin: 'never' });
    const addresses = [{ host: '127.0.0.1', port: 0 }];
    const open = await network.listen({ protocol, addresses });
    const secure = await network.listen({ protocol, addresses, implicitTls: tls });
    const strictOpen = await network.listen({ protocol: strict, addresses });
    at = { plain: open.addresses[0] ?? '', tls: secure.addresses[0] ?? '', strict: strictOpen.addresses[0] ?? '' };
  });
  afterEach(async () => {
    await network.close(0);
    // Nothing outlives its session.
    expect(backend.handles.open).toBe(0);
  });
  return {
    get backend() {
      return backend;
    },
    get network() {
      return network;
    },
    get tls() {
      return tls;
    },
    get at() {
      return at;
    },
    run: (script) =>
      runTranscript(script, (name) =>
        WireClient.connect(name.startsWith('T') ? at.tls : at.plain, { tls: name.startsWith('T') }),
      ),
  };
}
