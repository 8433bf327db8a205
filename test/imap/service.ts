/** IMAP alone, on the real mail store in memory, with a directory that knows one password: for unit tests. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalBus } from '../../src/adapters/bus-local.ts';
import { SystemClock } from '../../src/adapters/clock-system.ts';
import { MemoryKv } from '../../src/adapters/kv-memory.ts';
import { SeededRandom } from '../../src/adapters/random-seeded.ts';
import type { Directory } from '../../src/directory/api.ts';
import { MailError } from '../../src/mail/error.ts';
import type { AccountId, MailAccount, MailStore, NewPlacement, Placed } from '../../src/mailstore/api.ts';
import { createMailStore, type MailStoreOptions } from '../../src/mailstore/store.ts';
import { selfSignedCertificate } from '../../src/net/certificate.ts';
import { Network } from '../../src/net/network.ts';
import { TlsIdentity } from '../../src/net/tls.ts';
import { createImapServer, type ImapServices } from '../../src/protocols/imap/server.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { Metrics } from '../../src/telemetry/metrics.ts';
import { WireClient } from '../client/wire.ts';
import { MemoryBlobs } from '../support/mail-store.ts';
import { runTranscript } from '../transcript/run.ts';
import { offerFor } from '../support/scram-client.ts';

const PASSWORD = 'pass';
export const MESSAGE_SIZE = 1_000_000;

export interface ImapServiceOptions {
  readonly plaintextLogin: boolean;
  readonly messageSize?: number;
  readonly overrides?: Partial<ImapServices>;
  readonly store?: Partial<MailStoreOptions>;
}

/** A machine that stands still for a minute makes no command take long, and no idle session one that must be kept alive. */
class UnhurriedClock extends SystemClock {
  override monotonic(): number {
    return 0;
  }
}

export class ImapService implements AsyncDisposable {
  readonly store: MailStore;
  readonly address: string;
  readonly secureAddress: string;
  readonly services: ImapServices;
  readonly blobs: MemoryBlobs;
  readonly kv: MemoryKv;
  readonly #network: Network;
  readonly #folder: string;
  readonly #handles: Disposable[] = [];

  private constructor(
    services: ImapServices,
    kv: MemoryKv,
    blobs: MemoryBlobs,
    network: Network,
    addresses: readonly string[],
    folder: string,
  ) {
    this.kv = kv;
    this.blobs = blobs;
    this.services = services;
    this.store = services.store;
    this.#network = network;
    this.address = addresses[0] as string;
    this.secureAddress = addresses[1] as string;
    this.#folder = folder;
  }

  static async start({
    plaintextLogin,
    messageSize = MESSAGE_SIZE,
    overrides = {},
    store: storeOptions = {},
  }: ImapServiceOptions): Promise<ImapService> {
    const clock = new SystemClock();
    const blobs = new MemoryBlobs(clock);
    const kv = new MemoryKv();
    const store = createMailStore({
      kv,
      blobs,
      clock,
      random: new SeededRandom(1),
      bus: new LocalBus(),
      ...storeOptions,
    });
    const folder = await mkdtemp(join(tmpdir(), 'pabal-imap-'));
    const tls = new TlsIdentity(await selfSignedCertificate(folder, ['localhost']));
    const metrics = new Metrics();
    const network = new Network({ log: silentLog, metrics, clock });
    const services: ImapServices = {
      store,
      directory: oneDirectory(store),
      clock: new UnhurriedClock(),
      tls,
      plaintextLogin: () => plaintextLogin,
      messageSize,
      errors: 20,
      metrics,
      version: '0.0.0',
      ...overrides,
    };
    const protocol = createImapServer(services);
    const addresses = [{ host: '127.0.0.1', port: 0 }];
    const plain = await network.listen({ protocol, addresses });
    const secure = await network.listen({ protocol, addresses, implicitTls: tls });
    return new ImapService(services, kv, blobs, network, [...plain.addresses, ...secure.addresses], folder);
  }

  connect(): Promise<WireClient> {
    return WireClient.connect(this.address);
  }

  /** A connection as a transcript names it: `new...` is fresh, any other is signed in, `A2` as `a@example.test`. */
  async session(name: string): Promise<WireClient> {
    const wire = await this.connect();
    if (name.startsWith('new')) return wire;
    await wire.line();
    await wire.write(`login LOGIN ${addressOf(name)} ${PASSWORD}\r\n`);
    const answer = await wire.line();
    if (!answer.startsWith('login OK')) throw new Error(answer);
    return wire;
  }

  transcript(script: string): Promise<void> {
    return runTranscript(script, (name) => this.session(name));
  }

  /** The account behind a session's name. */
  async account(name: string): Promise<MailAccount> {
    const account = await openAccount(this.store, addressOf(name));
    this.#handles.push(account);
    return account;
  }

  /** Puts messages into a folder, made if missing. */
  async deliver(
    name: string,
    folder: string,
    messages: readonly string[],
    to: Partial<NewPlacement> = {},
  ): Promise<Placed[]> {
    const account = await this.account(name);
    const { id } = account.folderAt(folder) ?? (await account.createFolder(folder));
    const placed: Placed[] = [];
    for (const message of messages)
      placed.push(await account.addMessage(Buffer.from(message, 'latin1'), { ...to, folder: id }));
    return placed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#network.close(0);
    for (const handle of this.#handles) handle[Symbol.dispose]();
    await this.store[Symbol.asyncDispose]();
    await rm(this.#folder, { recursive: true });
  }
}

/** Sessions `A`, `A2`, `A3` are Alice's devices; another letter is another account. */
function addressOf(name: string): string {
  return name === 'A' || /^A\d+$/.test(name)
    ? 'alice@example.test'
    : `${name.toLowerCase().replace(/\d+$/, '')}@example.test`;
}

async function openAccount(store: MailStore, address: string): Promise<MailAccount & Disposable> {
  const account = address as AccountId;
  const who = { kind: 'user', account, address, admin: false } as const;
  try {
    return await store.open(who, account);
  } catch (error) {
    if (!(error instanceof MailError) || error.code !== 'account-missing') throw error;
    await store.createAccount(account);
    return store.open(who, account);
  }
}

/** Everybody of example.test but `nobody` exists. */
function oneDirectory(store: MailStore): Directory {
  const one = {
    /** Whoever signed in once. */
    async account(addressOrId: string) {
      const id = addressOrId.toLowerCase() as AccountId;
      for await (const known of store.accounts()) if (known === id) return { id, address: id };
      return undefined;
    },
    async authenticate(address: string, password: string) {
      if (password !== PASSWORD || address.startsWith('nobody') || !address.endsWith('@example.test')) {
        throw new MailError('auth-failed', 'user', 'wrong');
      }
      (await openAccount(store, address))[Symbol.dispose]();
      return { kind: 'user', account: address as AccountId, address, admin: false };
    },
    async scram(address: string) {
      const by = (password: string) => () => one.authenticate(address, password);
      return offerFor(PASSWORD, by(PASSWORD), by(''));
    },
  };
  return one as unknown as Directory;
}
