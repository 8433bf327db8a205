/** A fault of ours in one session, in each line protocol: what its client hears, and that nobody else notices. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SystemClock } from '../../src/adapters/clock-system.ts';
import type { LineProtocol } from '../../src/net/network.ts';
import { Network } from '../../src/net/network.ts';
import { createImapServer } from '../../src/protocols/imap/server.ts';
import { manageSieve } from '../../src/protocols/managesieve/protocol.ts';
import { pop3 } from '../../src/protocols/pop3/protocol.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { Metrics } from '../../src/telemetry/metrics.ts';
import { WireClient } from '../client/wire.ts';
import { startSmtp, testIdentity } from '../smtp/harness.ts';
import { memoryBackend } from '../support/backend.ts';

let protocols: Readonly<Record<string, LineProtocol>>;
const owned = new AsyncDisposableStack();

beforeAll(async () => {
  const backend = await memoryBackend();
  const tls = await testIdentity();
  const smtp = owned.use(await startSmtp());
  const submission = owned.use(await startSmtp({ role: 'submission' }));
  const lmtp = owned.use(await startSmtp({ role: 'lmtp' }));
  protocols = {
    smtp: smtp.protocol,
    submission: submission.protocol,
    lmtp: lmtp.protocol,
    imap: createImapServer({
      ...backend,
      store: backend.mailstore,
      tls,
      plaintextLogin: () => true,
      messageSize: 1000,
      errors: 20,
      version: '0',
    }),
    pop3: pop3({ ...backend, tls, allowPlaintextLogin: 'loopback' }),
    managesieve: manageSieve({ ...backend, tls, allowPlaintextLogin: 'loopback' }),
  };
});
afterAll(() => owned.disposeAsync());

test.each([
  ['smtp', '421 4.3.0 ', 'NOOP', '250 '],
  ['submission', '421 4.3.0 ', 'NOOP', '250 '],
  ['lmtp', '421 4.3.0 ', 'NOOP', '250 '],
  ['imap', '* BYE [SERVERBUG] ', 'a NOOP', 'a OK '],
  ['pop3', '-ERR [SYS/TEMP] ', 'CAPA', '+OK '],
  ['managesieve', 'BYE (TRYLATER) ', 'NOOP', 'OK '],
])(
  '%s: an exception ends its own session with %s, is counted, and others go on (C30)',
  async (name, farewell, command, answer) => {
    const protocol = protocols[name]!;
    const metrics = new Metrics();
    await using stack = new AsyncDisposableStack();
    const network = new Network({ log: silentLog, metrics, clock: new SystemClock() });
    stack.defer(() => network.close(0));
    let fault = false;
    const failing: LineProtocol = {
      ...protocol,
      async serve(connection) {
        if (!fault) return protocol.serve(connection);
        fault = false;
        await connection.readLine();
        throw new TypeError('a fault of ours');
      },
    };
    const { addresses } = await network.listen({ protocol: failing, addresses: [{ host: '127.0.0.1', port: 0 }] });
    const connect = async (): Promise<WireClient> => {
      const wire = await WireClient.connect(addresses[0]!);
      stack.defer(() => wire.destroy());
      return wire;
    };
    /** It is served: whatever its greeting has, the command is answered. */
    const works = async (wire: WireClient): Promise<void> => {
      await wire.write(`${command}\r\n`);
      for (;;) if ((await wire.line()).startsWith(answer)) return;
    };
    const other = await connect();
    await works(other);
    fault = true;
    const unlucky = await connect();
    await unlucky.write(`${command}\r\n`);
    expect((await unlucky.rest()).toString().startsWith(farewell)).toBe(true);
    await works(other);
    await works(await connect());
    expect(await metrics.exposition()).toContain(
      `pabal_connections_failed_total{protocol="${protocol.name}",reason="bug"} 1`,
    );
  },
);
