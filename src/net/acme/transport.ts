/** Requests to an ACME server (RFC 8555 §6): signed, with a nonce each, and small answers. */
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { isLoopback } from '../address.ts';

/** What the server says is wrong (RFC 8555 §6.7), or that it cannot be understood. */
export class AcmeError extends Error {
  override readonly name = 'AcmeError';
  /** The last part of its URN: `badNonce`, `rateLimited` ...; '' when it has none. */
  readonly type: string;
  /** Before that the server does not want to be asked again. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, type = '', retryAfterMs?: number) {
    super(message);
    this.type = type;
    this.retryAfterMs = retryAfterMs;
  }
}

export interface AcmeAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

const MOST_BYTES = 1 << 20;
const ANSWER_MS = 30_000;
/** Of one request whose nonce the server has forgotten (§6.5). */
const NONCES = 4;

/** An ES256 key of an account, as PEM. */
export class AcmeKey {
  readonly #key: KeyObject;
  readonly jwk: Readonly<Record<'crv' | 'kty' | 'x' | 'y', string>>;

  constructor(pem: string) {
    this.#key = createPrivateKey(pem);
    const { crv, kty, x, y } = createPublicKey(this.#key).export({ format: 'jwk' });
    this.jwk = { crv: crv as string, kty: kty as string, x: x as string, y: y as string };
  }

  /** RFC 7638: the members in this order, without blanks. */
  get thumbprint(): string {
    const { crv, kty, x, y } = this.jwk;
    return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
  }

  sign(input: string): string {
    return sign('sha256', Buffer.from(input), { key: this.#key, dsaEncoding: 'ieee-p1363' }).toString('base64url');
  }
}

export class AcmeTransport {
  readonly #key: AcmeKey;
  readonly #ca: string | undefined;
  #nonces: string[] = [];
  #nonceUrl = '';
  /** Of the account, once there is one (§6.2). */
  account = '';

  /** `ca` in PEM: instead of the usual roots. */
  constructor(key: AcmeKey, ca?: string) {
    this.#key = key;
    this.#ca = ca;
  }

  set nonceUrl(url: string) {
    this.#nonceUrl = url;
  }

  /** Without a signature. Throws `AcmeError`. */
  async get(url: string, signal: AbortSignal): Promise<AcmeAnswer> {
    return checked(await this.#send('GET', url, undefined, signal));
  }

  /** `payload` undefined: POST-as-GET (§6.3). Throws `AcmeError`. */
  async post(url: string, payload: unknown, signal: AbortSignal): Promise<AcmeAnswer> {
    for (let left = NONCES; ; left--) {
      const nonce = await this.#nonce(signal);
      const who = this.account === '' ? { jwk: this.#key.jwk } : { kid: this.account };
      const header = encoded({ alg: 'ES256', nonce, url, ...who });
      const body = payload === undefined ? '' : encoded(payload);
      const jws = { protected: header, payload: body, signature: this.#key.sign(`${header}.${body}`) };
      const answer = await this.#send('POST', url, JSON.stringify(jws), signal);
      try {
        return checked(answer);
      } catch (error) {
        if (!(error instanceof AcmeError) || error.type !== 'badNonce' || left === 1) throw error;
      }
    }
  }

  async #nonce(signal: AbortSignal): Promise<string> {
    if (this.#nonces.length === 0) await this.#send('HEAD', this.#nonceUrl, undefined, signal);
    const nonce = this.#nonces.pop();
    if (nonce === undefined) throw new AcmeError('the server gives no nonce');
    return nonce;
  }

  async #send(method: string, url: string, body: string | undefined, signal: AbortSignal): Promise<AcmeAnswer> {
    const target = new URL(url);
    const here = isLoopback(target.hostname) || target.hostname === 'localhost';
    if (target.protocol !== 'https:' && !(here && target.protocol === 'http:'))
      throw new AcmeError(`${url}: ACME is spoken over https only`);
    const send = target.protocol === 'https:' ? tlsRequest : plainRequest;
    const { promise, resolve, reject } = Promise.withResolvers<AcmeAnswer>();
    const request = send(target, {
      method,
      agent: false,
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
      headers: {
        'user-agent': 'pabal',
        ...(body !== undefined && {
          'content-type': 'application/jose+json',
          'content-length': Buffer.byteLength(body),
        }),
      },
      ...(this.#ca !== undefined && { ca: this.#ca }),
    });
    request.on('error', reject).on('response', (response) => {
      const pieces: Buffer[] = [];
      let size = 0;
      response.on('error', reject).on('data', (piece: Buffer) => {
        size += piece.length;
        if (size > MOST_BYTES) response.destroy(new AcmeError('the server answers too much'));
        else pieces.push(piece);
      });
      response.on('end', () => {
        const { statusCode = 0, headers } = response;
        resolve({ status: statusCode, headers, body: Buffer.concat(pieces) });
      });
    });
    request.end(body);
    const answer = await promise;
    const nonce = answer.headers['replay-nonce'];
    if (typeof nonce === 'string' && /^[A-Za-z0-9_-]{1,200}$/.test(nonce))
      this.#nonces = [...this.#nonces, nonce].slice(-10);
    return answer;
  }
}

/** A number of seconds or a date (RFC 9110 §10.2.3), at most a day. */
export function retryAfterOf({ headers }: AcmeAnswer): number | undefined {
  const text = headers['retry-after'];
  if (typeof text !== 'string') return undefined;
  const ms = /^\d{1,9}$/.test(text) ? 1000 * Number(text) : Date.parse(text) - Date.now();
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), 86_400_000) : undefined;
}

export function jsonOf(answer: AcmeAnswer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(answer.body.toString('utf8'));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // As below.
  }
  throw new AcmeError('the server answers no JSON object');
}

function checked(answer: AcmeAnswer): AcmeAnswer {
  if (answer.status >= 200 && answer.status < 300) return answer;
  let type = '';
  let detail = `the server answers ${answer.status}`;
  try {
    const problem = jsonOf(answer);
    if (typeof problem['type'] === 'string') type = problem['type'].slice(problem['type'].lastIndexOf(':') + 1);
    if (typeof problem['detail'] === 'string') detail = problem['detail'].slice(0, 500);
  } catch {
    // The status says enough.
  }
  throw new AcmeError(detail, type, retryAfterOf(answer));
}

export function encoded(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
