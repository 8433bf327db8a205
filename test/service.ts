/** Starts the real service (`bin/pabal serve`) for a test, on free loopback ports and in a folder of its own. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectControl } from '../src/control/client.ts';
import { accountAdd } from '../src/control/operations/account.ts';
import { domainAdd } from '../src/control/operations/domain.ts';
import { PATIENCE_MS } from './support/until.ts';

const PABAL = new URL('../bin/pabal', import.meta.url).pathname;

/** Where each protocol listens: the first address of each. */
export type Listening = Readonly<
  Partial<
    Record<
      | 'smtp'
      | 'submission'
      | 'submissions'
      | 'imap'
      | 'imaps'
      | 'pop3'
      | 'pop3s'
      | 'managesieve'
      | 'lmtp'
      | 'http'
      | 'https'
      | 'admin',
      string
    >
  >
>;

export interface ServiceOptions {
  /** Kept after the end when given, else a folder that goes away with the service. */
  readonly data?: string;
  /** Every address of mail.test signs in with the password `pass`; default true. */
  readonly sandbox?: boolean;
  /** `--demo` instead. */
  readonly demo?: boolean;
  /** `--set` of these. */
  readonly set?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Instead of `bin/pabal`: the labs' compositions. */
  readonly program?: readonly string[];
  /** Put before the command: `strace`, `prlimit` ... */
  readonly under?: readonly string[];
}

const FREE_PORTS: Readonly<Record<string, string>> = Object.fromEntries(
  ['smtp', 'submission', 'submissions', 'imap', 'imaps', 'pop3', 'pop3s', 'managesieve', 'lmtp', 'http'].map((name) => [
    `listen.${name}`,
    '127.0.0.1:0',
  ]),
);

export class Service implements AsyncDisposable {
  readonly data: string;
  readonly #child: ChildProcess;
  readonly #temporary: boolean;
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  #output = '';
  #listening: Listening = {};

  private constructor(data: string, temporary: boolean, child: ChildProcess) {
    this.data = data;
    this.#temporary = temporary;
    this.#child = child;
    this.exited = new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output = (this.#output + text).slice(-200_000);
      });
    }
  }

  static async start(options: ServiceOptions = {}): Promise<Service> {
    const service = await Service.launch(options);
    await service.ready();
    return service;
  }

  /** Without waiting until it listens: it may stand by first. */
  static async launch(options: ServiceOptions = {}): Promise<Service> {
    const data = options.data ?? (await mkdtemp(join(tmpdir(), 'pabal-test-')));
    // A service that was killed leaves its file: the new one's ports must not be mistaken for the old one's.
    rmSync(join(data, 'run', 'listen.json'), { force: true });
    const args = ['serve', '--data', data];
    if (options.demo === true) args.push('--demo');
    else if (options.sandbox !== false) args.push('--sandbox');
    for (const [key, value] of Object.entries({ ...FREE_PORTS, ...options.set })) args.push('--set', `${key}=${value}`);
    const words = [...(options.under ?? []), ...(options.program ?? [PABAL]), ...args];
    const child = spawn(words[0] as string, words.slice(1), {
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new Service(data, options.data === undefined, child);
  }

  /** Until it listens. */
  async ready(): Promise<void> {
    const file = join(this.data, 'run', 'listen.json');
    const until = performance.now() + PATIENCE_MS;
    while (!existsSync(file)) {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null)
        throw new Error(`the service ended before it was ready:\n${this.#output}`);
      if (performance.now() > until) {
        this.#child.kill('SIGKILL');
        throw new Error(`the service was not ready after ${PATIENCE_MS} ms:\n${this.#output}`);
      }
      await sleep(10);
    }
    const addresses = JSON.parse(readFileSync(file, 'utf8')) as Record<string, readonly string[]>;
    this.#listening = Object.fromEntries(Object.entries(addresses).map(([name, list]) => [name, list[0]]));
  }

  get pid(): number {
    return this.#child.pid as number;
  }
  /** The end of what it wrote to stdout and stderr. */
  get output(): string {
    return this.#output;
  }
  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }
  get listening(): Listening {
    return this.#listening;
  }
  /** Throws when that listener is off. */
  at(protocol: keyof Listening): string {
    const address = this.#listening[protocol];
    if (address === undefined) throw new Error(`the service does not listen for ${protocol}`);
    return address;
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (this.running) this.#child.kill(signal);
    await this.exited;
  }

  /** SIGTERM, and SIGKILL if that does not end it; answers the exit code. */
  async stop(withinMs = PATIENCE_MS): Promise<number | null> {
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), withinMs);
    try {
      await this.kill('SIGTERM');
      return (await this.exited).code;
    } finally {
      clearTimeout(timer);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    if (this.#temporary) await rm(this.data, { recursive: true, force: true });
  }
}

/** Runs a command of the command line to its end. */
export function pabal(args: readonly string[], input = ''): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child = execFile(PABAL, args, { maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
      resolve({ code: error ? (typeof error.code === 'number' ? error.code : 1) : 0, stdout, stderr });
    });
    // It may end before it has read anything: its exit code says what it thought of that.
    child.stdin?.on('error', () => undefined).end(input);
  });
}

/** Makes the domains and the accounts of a service that runs and is no sandbox, all with one password. */
export async function addAccounts(data: string, addresses: readonly string[], password: string): Promise<void> {
  await using control = await connectControl(join(data, 'run', 'control.sock'));
  if (control === undefined) throw new Error(`no service runs on ${data}`);
  const domains = new Set(addresses.map((address) => address.slice(address.indexOf('@') + 1)));
  for (const name of domains) await control.call(domainAdd, { name });
  for (const address of addresses) await control.call(accountAdd, { address, password });
}
