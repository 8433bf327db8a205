/** Our service as the bench sees it: the shipped command line, the embedded store, every sync on. */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadAccounts } from '../test/load/message.ts';
import { Service, type ServiceOptions } from '../test/service.ts';
import { BENCH_DOMAIN, BENCH_PASSWORD, type Subject } from './subject.ts';

export class Ours implements Subject {
  readonly name = 'pabal';
  readonly version: string;
  readonly accounts: readonly string[];
  readonly password = BENCH_PASSWORD;
  readonly data: string;
  #service: Service;
  readonly #options: ServiceOptions;

  private constructor(data: string, accounts: readonly string[], service: Service, options: ServiceOptions) {
    this.data = data;
    this.accounts = accounts;
    this.#service = service;
    this.#options = options;
    this.version = pabalVersion();
  }

  static async start(options: ServiceOptions & { readonly accounts?: number } = {}): Promise<Ours> {
    const data = await mkdtemp(join(tmpdir(), 'bench-pabal-'));
    const serve: ServiceOptions = { ...options, data };
    const service = await Service.start(serve);
    return new Ours(data, loadAccounts(options.accounts ?? 100, BENCH_DOMAIN), service, serve);
  }

  pids(): readonly number[] {
    return [this.#service.pid];
  }
  get service(): Service {
    return this.#service;
  }
  get smtp(): string {
    return this.#service.at('smtp');
  }
  get lmtp(): string {
    return this.#service.at('lmtp');
  }
  get imap(): string {
    return this.#service.at('imap');
  }
  get imaps(): string {
    return this.#service.at('imaps');
  }
  get http(): string {
    return this.#service.at('http');
  }
  get pop3(): string {
    return this.#service.at('pop3');
  }

  async restart(): Promise<void> {
    await this.#service.stop();
    this.#service = await Service.start(this.#options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#service.stop();
    await this.#service[Symbol.asyncDispose]();
    await rm(this.data, { recursive: true, force: true });
  }
}

export function pabalVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return `pabal ${version}, node ${process.versions.node}`;
}
