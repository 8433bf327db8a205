/** The two that are compared in passing mail on: our service, and Postfix alone, each with the sink as its smarthost, both with DKIM or both without. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addAccounts, Service, type ServiceOptions } from '../test/service.ts';
import { WireClient } from '../test/client/wire.ts';
import { Postfix } from '../test/postfix.ts';
import { until } from '../test/support/until.ts';
import type { Relay } from './cases/relay.ts';
import { pabalVersion } from './ours.ts';

const DOMAIN = 'relay.test';
const PASSWORD = 'a good password';

/** Submission with sign-in; signs, as it ships, each mail with two keys. */
export async function ourRelay(sink: string, users: number, signs: boolean, options: ServiceOptions): Promise<Relay> {
  const service = await Service.start({
    ...options,
    sandbox: false,
    set: { ...options.set, hostname: `mx.${DOMAIN}`, 'outbound.relay': sink, 'outbound.sign': String(signs) },
  });
  const addresses = Array.from({ length: users }, (_, i) => `user${i}@${DOMAIN}`);
  await addAccounts(service.data, addresses, PASSWORD);
  return {
    name: 'pabal',
    version: pabalVersion(),
    pids: () => [service.pid],
    smtp: service.at('submission'),
    users: addresses.map((address) => ({ address, password: PASSWORD })),
    sender: addresses[0] as string,
    async [Symbol.asyncDispose]() {
      await service.stop();
      await service[Symbol.asyncDispose]();
    },
  };
}

const OPENDKIM = '/usr/sbin/opendkim';

/** Why the peer cannot sign; undefined when it can. */
export function signerMissing(): string | undefined {
  return existsSync(OPENDKIM) ? undefined : `${OPENDKIM}: run test/install.sh --bench`;
}

/** OpenDKIM as a milter, with one RSA key of 2048 bits: Debian's knows no other kind. */
class OpenDkim implements AsyncDisposable {
  readonly pid: number;
  readonly #folder: string;
  readonly #end: () => Promise<unknown>;

  private constructor(folder: string, pid: number, end: () => Promise<unknown>) {
    this.#folder = folder;
    this.pid = pid;
    this.#end = end;
  }

  static async start(address: string): Promise<OpenDkim> {
    const folder = mkdtempSync(join(tmpdir(), 'bench-opendkim-'));
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const key = join(folder, 'key.pem');
    writeFileSync(key, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    const colon = address.lastIndexOf(':');
    const settings = {
      Mode: 's',
      Domain: DOMAIN,
      Selector: 'bench',
      KeyFile: key,
      Canonicalization: 'relaxed/relaxed',
      SignatureAlgorithm: 'rsa-sha256',
      InternalHosts: '127.0.0.1',
      Socket: `inet:${address.slice(colon + 1)}@${address.slice(0, colon)}`,
      Background: 'no',
      Syslog: 'no',
      // The key is in a folder that everybody may write to, as temporary folders are.
      RequireSafeKeys: 'no',
    };
    const file = join(folder, 'opendkim.conf');
    writeFileSync(
      file,
      Object.entries(settings)
        .map((pair) => `${pair.join(' ')}\n`)
        .join(''),
    );
    const child = spawn(OPENDKIM, ['-f', '-x', file], { stdio: 'inherit' });
    const exited = once(child, 'exit');
    // It waits for Postfix to speak first.
    await until(`OpenDKIM at ${address}`, () => {
      if (child.exitCode !== null) throw new Error(`OpenDKIM ended with ${child.exitCode}`);
      return WireClient.connect(address).then(
        (wire) => wire[Symbol.asyncDispose]().then(() => true),
        () => false,
      );
    });
    return new OpenDkim(folder, child.pid ?? 0, async () => {
      child.kill('SIGTERM');
      await exited;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Takes mail from this machine without sign-in; signs each where `milter` is an address for its signer. */
export async function peerRelay(sink: string, smtp: string, milter?: string): Promise<Relay> {
  const colon = sink.lastIndexOf(':');
  const signer = milter === undefined ? undefined : await OpenDkim.start(milter);
  const postfix = await Postfix.start({
    smtp,
    settings: `myhostname = mx.${DOMAIN}
relayhost = [${sink.slice(0, colon)}]:${sink.slice(colon + 1)}
smtpd_relay_restrictions = permit_mynetworks, reject
initial_destination_concurrency = 20
in_flow_delay = 0
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
default_process_limit = 100
${milter === undefined ? '' : `smtpd_milters = inet:${milter}\nmilter_default_action = tempfail\n`}`,
  });
  return {
    name: 'peer',
    version: `postfix ${Postfix.version()}`,
    pids: () => [postfix.pid, ...(signer ? [signer.pid] : [])],
    smtp,
    sender: `user0@${DOMAIN}`,
    async [Symbol.asyncDispose]() {
      await postfix[Symbol.asyncDispose]();
      await signer?.[Symbol.asyncDispose]();
    },
  };
}
