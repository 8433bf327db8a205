/**
 * An ACME server for tests (RFC 8555): it checks signatures, nonces and proofs as a real one does, and gives certificates of an
 * authority of its own, made with OpenSSL. It fetches proofs over HTTP from a port of this machine, whatever the host.
 */
import { execFile } from 'node:child_process';
import { createHash, createPublicKey, type KeyObject, randomBytes, verify } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

interface Order {
  readonly hosts: readonly string[];
  status: 'pending' | 'ready' | 'valid' | 'invalid';
  certificate: string;
}

interface Authorization {
  readonly order: string;
  readonly host: string;
  readonly token: string;
  status: 'pending' | 'valid' | 'invalid';
}

interface Request {
  readonly payload: Record<string, unknown> | undefined;
  readonly thumbprint: string;
}

export interface AcmeAuthorityOptions {
  /** Where proofs are fetched ("host:port"). */
  readonly http?: () => string;
  /** TXT records of that name; proofs are looked for there when it is given. */
  readonly records?: (name: string) => Promise<readonly string[]>;
  /** For how long certificates are. */
  readonly days?: number;
  /** What to answer instead, once for each: 'badNonce', 'rateLimited', 'invalid' (the proof). */
  readonly faults?: ('badNonce' | 'rateLimited' | 'invalid')[];
  /** Absent: it has no opinion about renewal. */
  readonly renewalWindow?: { readonly start: Date; readonly end: Date };
}

class Refusal extends Error {
  readonly status: number;
  readonly type: string;
  constructor(status: number, type: string, detail: string) {
    super(detail);
    this.status = status;
    this.type = type;
  }
}

export class AcmeAuthority implements AsyncDisposable {
  readonly #folder: string;
  readonly #server: Server;
  readonly #options: AcmeAuthorityOptions;
  readonly #nonces = new Set<string>();
  readonly #accounts = new Map<string, { key: KeyObject; thumbprint: string }>();
  readonly #orders = new Map<string, Order>();
  readonly #authorizations = new Map<string, Authorization>();
  /** What the last orders said they replace. */
  readonly replaced: string[] = [];
  readonly asked: string[] = [];
  issued = 0;

  private constructor(folder: string, options: AcmeAuthorityOptions) {
    this.#folder = folder;
    this.#options = options;
    this.#server = createServer((request, response) => {
      this.#answer(request)
        .catch((error: unknown): Reply => {
          const refusal = error instanceof Refusal ? error : new Refusal(500, 'serverInternal', String(error));
          const { status, type, message } = refusal;
          const headers = type === 'rateLimited' ? { 'retry-after': '7200' } : {};
          return [status, { type: `urn:ietf:params:acme:error:${type}`, detail: message }, headers];
        })
        .then(([status, body, headers = {}]) => {
          const text = typeof body === 'string' ? body : JSON.stringify(body);
          response.writeHead(status, { 'replay-nonce': this.#nonce(), 'content-type': 'application/json', ...headers });
          response.end(text);
        })
        .catch(() => response.destroy());
    });
  }

  static async start(options: AcmeAuthorityOptions): Promise<AcmeAuthority> {
    const folder = await mkdtemp(join(tmpdir(), 'pabal-acme-'));
    const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=test ACME authority'];
    await openssl(
      'req',
      '-x509',
      ...made,
      '-days',
      '3650',
      '-keyout',
      join(folder, 'ca.key'),
      '-out',
      join(folder, 'ca'),
    );
    const one = new AcmeAuthority(folder, options);
    await new Promise<void>((resolve) => one.#server.listen(0, '127.0.0.1', resolve));
    return one;
  }

  get base(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }
  get directory(): string {
    return `${this.base}/directory`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    await rm(this.#folder, { recursive: true, force: true });
  }

  #nonce(): string {
    const nonce = randomBytes(12).toString('base64url');
    this.#nonces.add(nonce);
    return nonce;
  }

  async #answer(message: IncomingMessage): Promise<Reply> {
    const [, what = '', id = ''] = (message.url ?? '').split('/');
    this.asked.push(what);
    if (what === 'directory')
      return [
        200,
        {
          newNonce: `${this.base}/nonce`,
          newAccount: `${this.base}/account`,
          newOrder: `${this.base}/new-order`,
          ...(this.#options.renewalWindow && { renewalInfo: `${this.base}/renewal` }),
          meta: { termsOfService: `${this.base}/terms` },
        },
      ];
    if (what === 'nonce') return [200, ''];
    if (what === 'renewal') return [200, { suggestedWindow: this.#options.renewalWindow }];
    const request = await this.#verified(message);
    const { payload, thumbprint } = request;
    switch (what) {
      case 'account':
        if (payload?.['termsOfServiceAgreed'] !== true)
          throw new Refusal(403, 'userActionRequired', 'the terms are not agreed to');
        return [201, { status: 'valid' }, { location: `${this.base}/accounts/${thumbprint}` }];
      case 'new-order': {
        if (this.#fault('rateLimited')) throw new Refusal(429, 'rateLimited', 'too many certificates already');
        if (typeof payload?.['replaces'] === 'string') this.replaced.push(payload['replaces']);
        const hosts = ((payload?.['identifiers'] ?? []) as { value: string }[]).map(({ value }) => value);
        const order = randomBytes(6).toString('hex');
        this.#orders.set(order, { hosts, status: 'pending', certificate: '' });
        for (const host of hosts)
          this.#authorizations.set(randomBytes(6).toString('hex'), {
            order,
            host,
            token: randomBytes(18).toString('base64url'),
            status: 'pending',
          });
        return [201, this.#order(order), { location: `${this.base}/order/${order}` }];
      }
      case 'authorization':
        return [200, this.#authorization(id)];
      case 'challenge':
        await this.#prove(id, thumbprint);
        return [200, {}];
      case 'order':
        return [200, this.#order(id)];
      case 'finalize':
        await this.#finalize(id, String(payload?.['csr']));
        return [200, this.#order(id)];
      case 'certificate':
        return [200, this.#orders.get(id)?.certificate ?? ''];
      default:
        throw new Refusal(404, 'malformed', 'there is no such thing');
    }
  }

  async #verified(message: IncomingMessage): Promise<Request> {
    if (message.method !== 'POST' || message.headers['content-type'] !== 'application/jose+json')
      throw new Refusal(405, 'malformed', 'only signed requests');
    const body = Buffer.concat(await message.toArray()).toString();
    const jws = JSON.parse(body) as { protected: string; payload: string; signature: string };
    const header = JSON.parse(Buffer.from(jws.protected, 'base64url').toString()) as Record<string, unknown>;
    if (header['url'] !== `${this.base}${message.url}`) throw new Refusal(403, 'unauthorized', 'for another URL');
    if (!this.#nonces.delete(String(header['nonce'])) || this.#fault('badNonce'))
      throw new Refusal(400, 'badNonce', 'the nonce is not known');
    const known = this.#accounts.get(String(header['kid']).slice(`${this.base}/accounts/`.length));
    let account = known;
    if (header['jwk'] !== undefined && message.url === '/account') {
      const { crv, kty, x, y } = header['jwk'] as Record<'crv' | 'kty' | 'x' | 'y', string>;
      const thumbprint = createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
      account = { key: createPublicKey({ key: { crv, kty, x, y }, format: 'jwk' }), thumbprint };
      this.#accounts.set(thumbprint, account);
    }
    if (account === undefined) throw new Refusal(403, 'accountDoesNotExist', 'there is no such account');
    const signed = Buffer.from(`${jws.protected}.${jws.payload}`);
    const signature = Buffer.from(jws.signature, 'base64url');
    if (!verify('sha256', signed, { key: account.key, dsaEncoding: 'ieee-p1363' }, signature))
      throw new Refusal(403, 'unauthorized', 'the signature is wrong');
    const payload =
      jws.payload === ''
        ? undefined
        : (JSON.parse(Buffer.from(jws.payload, 'base64url').toString()) as Record<string, unknown>);
    return { payload, thumbprint: account.thumbprint };
  }

  #order(id: string): object {
    const order = this.#orders.get(id);
    if (order === undefined) throw new Refusal(404, 'malformed', 'there is no such order');
    const authorizations = [...this.#authorizations].filter(([, one]) => one.order === id);
    if (order.status === 'pending' && authorizations.every(([, { status }]) => status === 'valid'))
      order.status = 'ready';
    return {
      status: order.status,
      authorizations: authorizations.map(([one]) => `${this.base}/authorization/${one}`),
      finalize: `${this.base}/finalize/${id}`,
      ...(order.status === 'valid' && { certificate: `${this.base}/certificate/${id}` }),
    };
  }

  #authorization(id: string): object {
    const one = this.#authorizations.get(id);
    if (one === undefined) throw new Refusal(404, 'malformed', 'there is no such authorization');
    const { host, token, status } = one;
    const failed = status === 'invalid' && {
      error: { type: 'unauthorized', detail: `${host} does not show the proof` },
    };
    const types = host.startsWith('*.') ? ['dns-01'] : ['http-01', 'dns-01'];
    return {
      status,
      identifier: { type: 'dns', value: host.replace('*.', '') },
      challenges: types.map((type) => ({ type, status, token, url: `${this.base}/challenge/${id}`, ...failed })),
    };
  }

  async #prove(id: string, thumbprint: string): Promise<void> {
    const one = this.#authorizations.get(id);
    if (one === undefined) throw new Refusal(404, 'malformed', 'there is no such challenge');
    const proof = `${one.token}.${thumbprint}`;
    const { http, records } = this.#options;
    let shown = false;
    if (records !== undefined) {
      const name = `_acme-challenge.${one.host.replace('*.', '')}`;
      shown = (await records(name)).includes(createHash('sha256').update(proof).digest('base64url'));
    } else if (http !== undefined) {
      const answer = await fetch(`http://${http()}/.well-known/acme-challenge/${one.token}`, {
        headers: { host: one.host },
      });
      shown = answer.ok && (await answer.text()) === proof;
    }
    one.status = shown && !this.#fault('invalid') ? 'valid' : 'invalid';
  }

  async #finalize(id: string, csr: string): Promise<void> {
    const order = this.#orders.get(id);
    this.#order(id);
    if (order?.status !== 'ready') throw new Refusal(403, 'orderNotReady', 'not everything is proved');
    const file = (name: string) => join(this.#folder, `${id}.${name}`);
    await writeFile(file('csr'), Buffer.from(csr, 'base64url'));
    const { stdout } = await openssl('req', '-in', file('csr'), '-inform', 'DER', '-verify', '-noout', '-text');
    const names = [...stdout.matchAll(/DNS:([^,\s]+)/g)].map(([, name]) => name);
    if (JSON.stringify(names) !== JSON.stringify(order.hosts))
      throw new Refusal(400, 'badCSR', 'that is not what was ordered');
    const hosts = order.hosts.map((host) => `DNS:${host}`).join(',');
    await writeFile(file('ext'), `subjectAltName=${hosts}\nauthorityKeyIdentifier=keyid\n`);
    const by = ['-CA', join(this.#folder, 'ca'), '-CAkey', join(this.#folder, 'ca.key'), '-extfile', file('ext')];
    const days = String(this.#options.days ?? 90);
    await openssl('x509', '-req', '-in', file('csr'), '-inform', 'DER', ...by, '-days', days, '-out', file('cert'));
    order.certificate = `${await readFile(file('cert'), 'utf8')}${await readFile(join(this.#folder, 'ca'), 'utf8')}`;
    order.status = 'valid';
    this.issued++;
  }

  #fault(name: 'badNonce' | 'rateLimited' | 'invalid'): boolean {
    const at = this.#options.faults?.indexOf(name) ?? -1;
    if (at === -1) return false;
    this.#options.faults?.splice(at, 1);
    return true;
  }
}

function openssl(...args: readonly string[]): Promise<{ stdout: string }> {
  return promisify(execFile)('openssl', args);
}

type Reply = readonly [status: number, body: object | string, headers?: Readonly<Record<string, string>>];
