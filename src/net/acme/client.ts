/** An ACME client (RFC 8555): an account, an order, the proof that its names are ours, the certificate. */
import { createHash, createHmac, createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import type { Clock } from '../../ports/clock.ts';
import { contextOf, type KeyPair } from '../tls.ts';
import { certificateRequest, renewalName } from './request.ts';
import { type AcmeAnswer, AcmeError, AcmeKey, AcmeTransport, encoded, jsonOf, retryAfterOf } from './transport.ts';

/** How a name is proved to be ours. */
export interface Proof {
  readonly type: 'http-01' | 'dns-01';
  /** `value` is what is fetched (http-01) or the text of the record (dns-01). Resolves when it is there. */
  show(host: string, token: string, value: string): Promise<void>;
  hide(host: string, token: string, value: string): Promise<void>;
}

export interface AcmeSettings {
  readonly directory: string;
  readonly agree: boolean;
  readonly contact: string;
  /** '' for none. */
  readonly externalAccount: string;
  readonly externalKey: string;
}

interface Directory {
  readonly newNonce: string;
  readonly newAccount: string;
  readonly newOrder: string;
  readonly renewalInfo: string | undefined;
  readonly terms: string | undefined;
}

/** When the authority wants a certificate to be renewed (RFC 9773 §4.2); milliseconds since 1970. */
export interface RenewalWindow {
  readonly start: number;
  readonly end: number;
}

const FIRST_LOOK_MS = 1000;
const LATER_LOOK_MS = 5000;

export class AcmeClient {
  readonly #transport: AcmeTransport;
  readonly #key: AcmeKey;
  readonly #settings: AcmeSettings;
  readonly #clock: Clock;
  #directory: Promise<Directory> | undefined;

  /** `keyPem`: the account's, as `newAccountKey` makes it. */
  constructor(keyPem: string, settings: AcmeSettings, clock: Clock, ca?: string) {
    this.#key = new AcmeKey(keyPem);
    this.#transport = new AcmeTransport(this.#key, ca);
    this.#settings = settings;
    this.#clock = clock;
  }

  /** For `hosts`, with a new key. `replaced` is the one that it takes the place of. Throws `AcmeError`, or the signal's reason. */
  async certificate(
    hosts: readonly string[],
    proof: Proof,
    signal: AbortSignal,
    replaced?: X509Certificate,
  ): Promise<KeyPair> {
    const directory = await this.#open(signal);
    await this.#signIn(directory, signal);
    const replaces = directory.renewalInfo === undefined || replaced === undefined ? undefined : renewalName(replaced);
    const identifiers = hosts.map((value) => ({ type: 'dns', value }));
    const order = await this.#order(directory, { identifiers, ...(replaces && { replaces }) }, signal);
    const url = locationOf(order);
    for (const authorization of urlsOf(jsonOf(order), 'authorizations'))
      await this.#authorize(authorization, proof, signal);

    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const csr = certificateRequest(hosts, privateKey).toString('base64url');
    await this.#transport.post(urlOf(jsonOf(order), 'finalize'), { csr }, signal);
    const done = await this.#until(url, signal, ({ status }) => status === 'valid');
    const { body } = await this.#transport.post(urlOf(done, 'certificate'), undefined, signal);
    const pair = {
      cert: body.toString('utf8'),
      key: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    };
    contextOf(pair);
    const certificate = new X509Certificate(pair.cert);
    const missing = hosts.find((host) => certificate.checkHost(host.replace('*', 'any')) === undefined);
    if (missing !== undefined) throw new AcmeError(`the certificate that was given is not for ${missing}`);
    return pair;
  }

  /** Undefined where the authority has no opinion. */
  async renewalWindow(certificate: X509Certificate, signal: AbortSignal): Promise<RenewalWindow | undefined> {
    const { renewalInfo } = await this.#open(signal);
    const name = renewalName(certificate);
    if (renewalInfo === undefined || name === undefined) return undefined;
    const answer = await this.#transport.get(`${renewalInfo}/${name}`, signal);
    const suggested = jsonOf(answer)['suggestedWindow'] as { start?: unknown; end?: unknown } | undefined;
    const start = Date.parse(String(suggested?.start));
    const end = Date.parse(String(suggested?.end));
    return Number.isFinite(start) && Number.isFinite(end) && start < end ? { start, end } : undefined;
  }

  /** One certificate may no longer be known, or be replaced already: that is no reason not to give another. */
  async #order(
    directory: Directory,
    wanted: { identifiers: readonly object[]; replaces?: string },
    signal: AbortSignal,
  ): Promise<AcmeAnswer> {
    try {
      return await this.#transport.post(directory.newOrder, wanted, signal);
    } catch (error) {
      if (wanted.replaces === undefined || !(error instanceof AcmeError) || error.type === 'rateLimited') throw error;
      const { replaces: _, ...rest } = wanted;
      return await this.#transport.post(directory.newOrder, rest, signal);
    }
  }

  #open(signal: AbortSignal): Promise<Directory> {
    this.#directory ??= this.#readDirectory(signal).catch((error: unknown) => {
      this.#directory = undefined;
      throw error;
    });
    return this.#directory;
  }

  async #readDirectory(signal: AbortSignal): Promise<Directory> {
    const found = jsonOf(await this.#transport.get(this.#settings.directory, signal));
    const meta = found['meta'] as { termsOfService?: unknown } | undefined;
    const directory = {
      newNonce: urlOf(found, 'newNonce'),
      newAccount: urlOf(found, 'newAccount'),
      newOrder: urlOf(found, 'newOrder'),
      renewalInfo: typeof found['renewalInfo'] === 'string' ? found['renewalInfo'] : undefined,
      terms: typeof meta?.termsOfService === 'string' ? meta.termsOfService : undefined,
    };
    this.#transport.nonceUrl = directory.newNonce;
    return directory;
  }

  /** An account that is there is found by its key (§7.3). */
  async #signIn({ newAccount, terms }: Directory, signal: AbortSignal): Promise<void> {
    if (this.#transport.account !== '') return;
    const { agree, contact, externalAccount, externalKey } = this.#settings;
    if (terms !== undefined && !agree)
      throw new AcmeError(`read the terms of service (${terms}) and set acme.agree to true`);
    const binding = externalAccount !== '' && this.#binding(newAccount, externalAccount, externalKey);
    const answer = await this.#transport.post(
      newAccount,
      {
        termsOfServiceAgreed: agree,
        ...(contact !== '' && { contact: [`mailto:${contact}`] }),
        ...(binding && { externalAccountBinding: binding }),
      },
      signal,
    );
    this.#transport.account = locationOf(answer);
  }

  /** §7.3.4: signed with the key that the authority gave to its customer. */
  #binding(url: string, kid: string, key: string): object {
    const header = encoded({ alg: 'HS256', kid, url });
    const payload = encoded(this.#key.jwk);
    const signature = createHmac('sha256', Buffer.from(key, 'base64url')).update(`${header}.${payload}`);
    return { protected: header, payload, signature: signature.digest('base64url') };
  }

  async #authorize(url: string, proof: Proof, signal: AbortSignal): Promise<void> {
    const authorization = jsonOf(await this.#transport.post(url, undefined, signal));
    // One that was proved not long ago.
    if (authorization['status'] === 'valid') return;
    const host = String((authorization['identifier'] as { value?: unknown } | undefined)?.value);
    const challenges = Array.isArray(authorization['challenges']) ? authorization['challenges'] : [];
    const challenge = (challenges as Record<string, unknown>[]).find(({ type }) => type === proof.type);
    const token = challenge?.['token'];
    if (challenge === undefined || typeof token !== 'string' || !/^[A-Za-z0-9_-]{1,200}$/.test(token))
      throw new AcmeError(
        `${host} cannot be proved over ${proof.type === 'http-01' ? 'HTTP: set acme.dns_hook' : 'DNS'}`,
      );
    const authority = `${token}.${this.#key.thumbprint}`;
    const value = proof.type === 'http-01' ? authority : createHash('sha256').update(authority).digest('base64url');
    await proof.show(host, token, value);
    try {
      await this.#transport.post(urlOf(challenge, 'url'), {}, signal);
      await this.#until(url, signal, ({ status }) => status === 'valid');
    } finally {
      await proof.hide(host, token, value);
    }
  }

  /** Asks until `done`. What is invalid never will be. */
  async #until(
    url: string,
    signal: AbortSignal,
    done: (seen: Record<string, unknown>) => boolean,
  ): Promise<Record<string, unknown>> {
    for (let look = 0; ; look++) {
      const answer = await this.#transport.post(url, undefined, signal);
      const seen = jsonOf(answer);
      if (done(seen)) return seen;
      if (seen['status'] === 'invalid') throw new AcmeError(reasonOf(seen));
      const usual = look < 5 ? FIRST_LOOK_MS : LATER_LOOK_MS;
      await this.#clock.sleep(Math.min(retryAfterOf(answer) ?? usual, 60_000), signal);
    }
  }
}

export function newAccountKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
}

/** Whether a file holds such a key. */
export function isAccountKey(pem: string): boolean {
  try {
    return createPrivateKey(pem).asymmetricKeyDetails?.namedCurve === 'prime256v1';
  } catch {
    return false;
  }
}

/** Of an order, or of the challenge of an authorisation that failed. */
function reasonOf(seen: Record<string, unknown>): string {
  const challenges = Array.isArray(seen['challenges']) ? (seen['challenges'] as Record<string, unknown>[]) : [];
  for (const { error } of [seen, ...challenges]) {
    const detail = (error as { detail?: unknown } | undefined)?.detail;
    if (typeof detail === 'string') return detail.slice(0, 500);
  }
  return 'the server finds the names not to be ours';
}

function urlOf(from: Record<string, unknown>, name: string): string {
  const url = from[name];
  if (typeof url !== 'string' || !URL.canParse(url)) throw new AcmeError(`the server names no ${name}`);
  return url;
}

function urlsOf(from: Record<string, unknown>, name: string): readonly string[] {
  const urls = from[name];
  if (!Array.isArray(urls) || urls.length === 0 || urls.length > 100)
    throw new AcmeError(`the server names no ${name}`);
  return urls.map((_, i) => urlOf(urls as unknown as Record<string, unknown>, String(i)));
}

function locationOf({ headers }: AcmeAnswer): string {
  const { location } = headers;
  if (typeof location !== 'string' || !URL.canParse(location)) throw new AcmeError('the server does not say where');
  return location;
}
