/** Certificates that come by ACME: kept in a folder, asked for when they are missing, renewed long before they end. */
import { execFile } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../telemetry/log.ts';
import { splitPem } from '../certificate.ts';
import type { CertificateSource } from '../certificates.ts';
import { writeWholeFile } from '../whole-file.ts';
import { AcmeClient, type AcmeSettings, isAccountKey, newAccountKey, type Proof } from './client.ts';
import { AcmeError } from './transport.ts';

export interface RenewalOptions extends AcmeSettings {
  /** Of each certificate its hosts. */
  readonly certificates: readonly (readonly string[])[];
  /** The program; '' for HTTP. */
  readonly dnsHook: string;
  /** Where account and certificates are kept. */
  readonly folder: string;
  /** PEM; the roots that the authority itself is trusted by. */
  readonly ca?: string;
}

export interface RenewalParts {
  readonly clock: Clock;
  readonly log: Log;
}

export interface RenewalFacts {
  readonly name: string;
  readonly hosts: readonly string[];
  /** When it is asked for next; milliseconds since 1970. */
  readonly dueAt: number;
  /** Attempts that failed one after the other, and why the last one did. */
  readonly failures: number;
  readonly problem: string | undefined;
}

/** Kept beside the certificate: who starts again and again must not ask again and again. */
interface Kept {
  failures: number;
  notBefore: number;
  problem: string | undefined;
}

const LOOK_MS = 10 * 60_000;
const ORDER_MS = 10 * 60_000;
const HOOK_MS = 5 * 60_000;
const FIRST_PAUSE_MS = 5 * 60_000;
const LONGEST_PAUSE_MS = 86_400_000;
/** Of its lifetime. */
const RENEW_AT = 2 / 3;

export class Renewals implements AsyncDisposable {
  readonly #options: RenewalOptions;
  readonly #parts: RenewalParts;
  readonly #challenges = new Map<string, string>();
  readonly #ended = new AbortController();
  readonly #kept = new Map<string, Kept>();
  /** What the authority would like, by serial number. */
  readonly #windows = new Map<string, number>();
  #client: Promise<AcmeClient> | undefined;
  #timer: Disposable | undefined;
  #running: Promise<unknown> = Promise.resolve();
  /** Hears of each new certificate. */
  onRenewed: () => Promise<unknown> = () => Promise.resolve();

  constructor(options: RenewalOptions, parts: RenewalParts) {
    this.#options = options;
    this.#parts = parts;
  }

  /** In the order of the certificates. */
  get sources(): readonly CertificateSource[] {
    return this.#options.certificates.map((hosts) => ({
      name: nameOf(hosts),
      read: async () => {
        const text = await this.#read(`${nameOf(hosts)}.pem`);
        return text === undefined ? undefined : splitPem(text);
      },
    }));
  }

  /** What `/.well-known/acme-challenge/TOKEN` answers; undefined for a token that nobody waits for. */
  challenge(token: string): string | undefined {
    return this.#challenges.get(token);
  }

  start(): void {
    this.#timer?.[Symbol.dispose]();
    void this.#look().finally(() => {
      if (!this.#ended.signal.aborted) this.#timer = this.#parts.clock.after(LOOK_MS, () => this.start());
    });
  }

  async facts(): Promise<readonly RenewalFacts[]> {
    return await Promise.all(
      this.#options.certificates.map(async (hosts) => {
        const { failures, problem } = await this.#state(hosts);
        return { name: nameOf(hosts), hosts, dueAt: await this.#dueAt(hosts), failures, problem };
      }),
    );
  }

  /** Now, whatever was planned; of all, or of those of that name. Answers why each failed, if it did. */
  async renew(name?: string): Promise<readonly { readonly name: string; readonly problem: string | undefined }[]> {
    const chosen = this.#options.certificates.filter((hosts) => name === undefined || nameOf(hosts) === name);
    const done = [];
    for (const hosts of chosen)
      done.push({ name: nameOf(hosts), problem: await this.#inTurn(() => this.#renew(hosts)) });
    return done;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort(new Error('the service ends'));
    this.#timer?.[Symbol.dispose]();
    await this.#running;
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#running.then(act);
    this.#running = turn.catch(() => undefined);
    return turn;
  }

  async #look(): Promise<void> {
    for (const hosts of this.#options.certificates)
      await this.#inTurn(async () => {
        await this.#askWindow(hosts);
        if ((await this.#dueAt(hosts)) <= this.#parts.clock.now()) await this.#renew(hosts);
      }).catch((error: unknown) => this.#parts.log.error({ err: error }, 'certificates could not be looked after'));
  }

  /** What is missing or damaged is due at once, unless the last attempt was not long ago. */
  async #dueAt(hosts: readonly string[]): Promise<number> {
    const { notBefore } = await this.#state(hosts);
    const certificate = await this.#certificate(hosts);
    if (certificate === undefined) return notBefore;
    const [from, to] = [certificate.validFromDate.getTime(), certificate.validToDate.getTime()];
    const planned = from + RENEW_AT * (to - from);
    return Math.max(notBefore, Math.min(planned, this.#windows.get(certificate.serialNumber) ?? Infinity));
  }

  /** Undefined also when it is not for those hosts. */
  async #certificate(hosts: readonly string[]): Promise<X509Certificate | undefined> {
    const text = await this.#read(`${nameOf(hosts)}.pem`);
    if (text === undefined) return undefined;
    try {
      const certificate = new X509Certificate(splitPem(text).cert);
      return hosts.every((host) => certificate.checkHost(host.replace('*', 'any')) !== undefined)
        ? certificate
        : undefined;
    } catch {
      return undefined;
    }
  }

  /** Once for each certificate and start; an authority that does not answer changes nothing. */
  async #askWindow(hosts: readonly string[]): Promise<void> {
    const certificate = await this.#certificate(hosts);
    if (certificate === undefined || this.#windows.has(certificate.serialNumber)) return;
    const { serialNumber } = certificate;
    try {
      const client = await this.#open();
      const window = await client.renewalWindow(certificate, this.#ended.signal);
      // Somewhere in it, always the same place: not all of the world at its beginning (RFC 9773 §4.2).
      const share = createHash('sha256').update(serialNumber).digest().readUInt32BE() / 2 ** 32;
      this.#windows.set(serialNumber, window ? window.start + share * (window.end - window.start) : Infinity);
    } catch (error) {
      this.#parts.log.debug({ reason: (error as Error).message }, 'the authority does not say when to renew');
    }
  }

  async #renew(hosts: readonly string[]): Promise<string | undefined> {
    const { clock, log } = this.#parts;
    const name = nameOf(hosts);
    const state = await this.#state(hosts);
    try {
      const client = await this.#open();
      const signal = AbortSignal.any([this.#ended.signal, AbortSignal.timeout(ORDER_MS)]);
      const pair = await client.certificate(hosts, this.#proof(), signal, await this.#certificate(hosts));
      await writeWholeFile(this.#file(`${name}.pem`), `${pair.cert.trim()}\n${pair.key.trim()}\n`);
      Object.assign(state, { failures: 0, notBefore: 0, problem: undefined });
      log.info({ certificate: name, hosts }, 'a certificate has come');
    } catch (error) {
      if (this.#ended.signal.aborted) return (this.#ended.signal.reason as Error).message;
      state.failures++;
      state.problem = (error as Error).message;
      const pause = Math.min(FIRST_PAUSE_MS * 2 ** (state.failures - 1), LONGEST_PAUSE_MS);
      const asked = error instanceof AcmeError ? (error.retryAfterMs ?? 0) : 0;
      state.notBefore = clock.now() + Math.max(pause, asked);
      log.error({ certificate: name, reason: state.problem, failures: state.failures }, 'no certificate has come');
    }
    await writeWholeFile(this.#file(`${name}.json`), `${JSON.stringify(state)}\n`);
    if (state.problem === undefined) await this.onRenewed();
    return state.problem;
  }

  #proof(): Proof {
    const { dnsHook } = this.#options;
    if (dnsHook !== '') {
      const run = (word: string) => (host: string, _token: string, value: string) =>
        runHook(dnsHook, [word, `_acme-challenge.${host}`, value], this.#ended.signal);
      return { type: 'dns-01', show: run('add'), hide: run('remove') };
    }
    return {
      type: 'http-01',
      show: async (_host, token, value) => void this.#challenges.set(token, value),
      hide: async (_host, token) => void this.#challenges.delete(token),
    };
  }

  #open(): Promise<AcmeClient> {
    this.#client ??= this.#openClient().catch((error: unknown) => {
      this.#client = undefined;
      throw error;
    });
    return this.#client;
  }

  async #openClient(): Promise<AcmeClient> {
    let key = await this.#read('account.pem');
    if (key === undefined || !isAccountKey(key)) {
      key = newAccountKey();
      await writeWholeFile(this.#file('account.pem'), key);
    }
    return new AcmeClient(key, this.#options, this.#parts.clock, this.#options.ca);
  }

  async #state(hosts: readonly string[]): Promise<Kept> {
    const name = nameOf(hosts);
    let state = this.#kept.get(name);
    if (state === undefined) {
      state = keptOf(await this.#read(`${name}.json`));
      this.#kept.set(name, state);
    }
    return state;
  }

  async #read(name: string): Promise<string | undefined> {
    try {
      return await readFile(this.#file(name), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  #file(name: string): string {
    return join(this.#options.folder, name);
  }
}

/** Its first host; a file may be called so. */
function nameOf([first = '']: readonly string[]): string {
  return first.toLowerCase().replace('*', '_');
}

function keptOf(text: string | undefined): Kept {
  try {
    const { failures, notBefore, problem } = JSON.parse(text ?? '{}') as Partial<Kept>;
    return { failures: Number(failures ?? 0), notBefore: Number(notBefore ?? 0), problem };
  } catch {
    return { failures: 0, notBefore: 0, problem: undefined };
  }
}

function runHook(program: string, args: readonly string[], signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(program, args, { signal, timeout: HOOK_MS, maxBuffer: 1 << 20 }, (error, _out, err) => {
      if (error === null) resolve();
      else reject(new AcmeError(`acme.dns_hook ${args[0]}: ${err.trim().slice(0, 300) || error.message}`));
    });
  });
}
